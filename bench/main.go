// Command bench measures the server beside a yardstick: a handler that answers
// the same requests without GraphQL, from one hand-written SQL statement each.
// See README.md.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/embedpg"
)

type options struct {
	quick        bool
	databaseOnly bool
	writes       bool
	cache        bool
	operation    string
	out          string
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "one short round at 1 and 16 connections, about 90 s in all; nothing is written")
	flag.BoolVar(&o.databaseOnly, "database", false, "only bring up the database and print its address, for the benchmarks in process")
	flag.BoolVar(&o.writes, "writes", false, "measure the writes, beside pgbench")
	flag.BoolVar(&o.cache, "cache", false, "measure answers that are kept, beside a handler that writes them from a map")
	flag.StringVar(&o.operation, "operation", "", "only this operation, e.g. BrowseTree, or with -cache this load, e.g. \"catalog of 2 kB\" or mixed; nothing is written")
	flag.StringVar(&o.out, "out", "", "where the results are written; bench/RESULTS.md, bench/WRITES.md or bench/CACHE.md by default")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	measured := runBenchmark
	if file := os.Getenv(responsesFileEnv); file != "" {
		measured = func(ctx context.Context, _ options) error { return serveMapHandler(ctx, file) }
	}
	if err := measured(ctx, o); err != nil {
		printStatus("bench: %v", err)
		os.Exit(1)
	}
}

// benchmark is one run of the benchmark.
type benchmark struct {
	dir         string // for binaries and logs
	environment []string
	tokens      *auth.Tokens
}

func (b *benchmark) binaryPath(name string) string { return filepath.Join(b.dir, name) }

func runBenchmark(ctx context.Context, o options) (err error) {
	database, err := startDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Stop(context.WithoutCancel(ctx))) }()
	if o.databaseOnly {
		fmt.Println(database.DSN())
		<-ctx.Done()
		return nil
	}
	measured, out := benchmarkReads, "bench/RESULTS.md"
	switch {
	case o.writes:
		measured, out = benchmarkWrites, "bench/WRITES.md"
	case o.cache:
		measured, out = benchmarkCache, "bench/CACHE.md"
	}
	text, err := measured(ctx, database, o)
	if err != nil {
		return err
	}
	fmt.Print(text)
	if o.quick || o.operation != "" {
		return nil
	}
	if err := os.WriteFile(cmp.Or(o.out, out), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}

// benchmarkReads measures the read operations beside the yardstick, and returns the
// report.
func benchmarkReads(ctx context.Context, database *embedpg.Server, o options) (text string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	printStatus("building the yardstick")
	if err := buildBinary(ctx, "github.com/7p-education/api/bench/yardstick", b.binaryPath("yardstick")); err != nil {
		return "", err
	}
	pool, err := pgxpool.New(ctx, database.DSN())
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	printStatus("asking both contenders each request once, and comparing the answers")
	prepared, err := b.prepareReads(ctx, pool)
	if err != nil {
		return "", fmt.Errorf("prepare the requests: %w", err)
	}
	r, err := b.measureReads(ctx, database, prepared, o)
	if err != nil {
		return "", err
	}
	if err := r.recordMachine(ctx, pool); err != nil {
		return "", err
	}
	return r.renderMarkdown(), nil
}

// newBenchmark builds the server, to run on a database.
func newBenchmark(ctx context.Context, dsn string) (*benchmark, error) {
	dir, err := os.MkdirTemp("", "7p-bench-run-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the binaries: %w", err)
	}
	secret := rand.Text() + rand.Text()
	tokens, err := auth.NewTokens(secret, "")
	if err != nil {
		return nil, err
	}
	b := &benchmark{dir: dir, tokens: tokens, environment: []string{
		"DATABASE_URL=" + dsn, fmt.Sprint("DATABASE_MAX_CONNS=", poolSize), "JWT_SECRET=" + secret,
		"READ_REPLICA_URL=", "REDIS_URL=", "RESPONSE_CACHE=off", "LOG_LEVEL=info", "RATE_LIMIT=off",
	}}
	printStatus("building the server")
	return b, buildBinary(ctx, "github.com/7p-education/api", b.binaryPath("7p"))
}

// measureReads puts every load on both contenders, in turn, so that whatever else the
// machine does falls on both.
func (b *benchmark) measureReads(ctx context.Context, database *embedpg.Server, prepared map[string]*preparedLoad, o options) (r *readResults, err error) {
	connections, rounds, warm, length := []int{1, 16, 64}, 3, time.Second, 4*time.Second
	if o.quick {
		connections, rounds, warm, length = []int{1, 16}, 1, 500*time.Millisecond, 3*time.Second
	}
	contenders, err := b.launchContenders(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, c := range contenders {
			err = errors.Join(err, c.stopProcess())
		}
	}()
	postgres, err := postmasterPID(database)
	if err != nil {
		return nil, err
	}
	r = &readResults{rounds: rounds, roundLength: length}
	for _, op := range operations {
		if o.operation != "" && !strings.EqualFold(o.operation, op.name) {
			continue
		}
		for _, n := range connections {
			printStatus("%s, %d connections", op.title, n)
			l := loadProfile{connections: n, warmup: warm, duration: length}
			var samples [2][]sample
			for range rounds {
				for i, c := range contenders {
					s, err := l.applyLoad(ctx, c.addr, prepared[op.name].encodedRequests, func() (cpuTimes, error) {
						own, err1 := c.readCPUTime()
						family, err2 := readTreeCPUTime(postgres)
						return cpuTimes{server: own, database: family}, errors.Join(err1, err2)
					})
					if err != nil {
						return nil, fmt.Errorf("%s, %d connections to the %s: %w", op.title, n, c.name, err)
					}
					samples[i] = append(samples[i], s)
				}
			}
			r.cells = append(r.cells, readCell{op, n, prepared[op.name], medianSample(samples[0]), medianSample(samples[1])})
		}
	}
	for i, c := range contenders {
		if r.peakMemory[i], err = c.readPeakMemory(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// launchContenders starts the server and the yardstick, in this order. The server's
// log is made as in production, and thrown away.
func (b *benchmark) launchContenders(ctx context.Context) ([]*contender, error) {
	server, err := launchContender(ctx, "server", b.binaryPath("7p"), os.DevNull, b.environment)
	if err != nil {
		return nil, err
	}
	yardstick, err := launchContender(ctx, "yardstick", b.binaryPath("yardstick"), os.DevNull, b.environment)
	if err != nil {
		return nil, errors.Join(err, server.stopProcess())
	}
	return []*contender{server, yardstick}, nil
}

func printStatus(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
