// Command relevance measures how well searches find what people type, on a catalogue of 3,200 courses in
// six languages and judged queries of all kinds:
//
//	go build -o 7p . && go run ./bench/relevance -server ./7p
//
// It starts a PostgreSQL and the server, and prints a table. RELEVANCE.md has its results.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/bench/catalogue"
	"github.com/7p-education/api/internal/embedpg"
)

// catalogueSize is the number of courses.
const catalogueSize = 3200

func main() {
	server := flag.String("server", "", "program of the server to measure")
	verbose := flag.Bool("v", false, "list the queries that find none of their courses among the first five")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measure(ctx, *server, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "relevance:", err)
		os.Exit(1)
	}
}

// measure loads the catalogue, starts the server and prints its figures.
func measure(ctx context.Context, binary string, verbose bool) (err error) {
	courses := catalogue.Generate(catalogueSize)
	judged, err := readJudged(courses)
	if err != nil {
		return err
	}
	db, err := embedpg.Start(ctx, embedpg.Options{Ephemeral: true, Database: "relevance"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Stop(context.Background())) }()
	url := db.DSN()
	environment := append(os.Environ(), "DATABASE_URL="+url, "RESPONSE_CACHE=off", "RATE_LIMIT_COST=off", "JWT_SECRET=0123456789abcdef0123456789abcdef")
	migrate := exec.CommandContext(ctx, binary, "migrate", "up")
	migrate.Env = environment
	if out, err := migrate.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, out)
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	if err := catalogue.Load(ctx, pool, courses); err != nil {
		return err
	}
	address, stop, err := startServer(ctx, binary, environment)
	if err != nil {
		return err
	}
	defer stop()
	p := reporter{client: client{url: "http://" + address + "/graphql"}, out: os.Stdout, courses: courses, verbose: verbose}
	return p.reportQueries(ctx, judged)
}

// startServer starts the server on a free port and waits until it is ready.
func startServer(ctx context.Context, binary string, environment []string) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = append(environment, "ADDR="+address)
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start the server: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	for range 200 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
		if err != nil {
			break
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return address, stop, nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("the server does not become ready")
}
