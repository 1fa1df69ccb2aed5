package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

type options struct {
	quick        bool
	databaseOnly bool
	operation    string
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "fewer and shorter cells, about 90 s in all")
	flag.BoolVar(&o.databaseOnly, "database", false, "only bring up the database and print its address, for the benchmarks in process")
	flag.StringVar(&o.operation, "operation", "", "only this operation, e.g. BrowseTree")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		say("bench: %v", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	server, err := startDatabase(ctx)
	if err != nil {
		return err
	}
	if o.databaseOnly {
		fmt.Println(server.DSN())
		<-ctx.Done()
		return server.Stop(context.WithoutCancel(ctx))
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
