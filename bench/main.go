// Command bench measures the server beside a yardstick: a handler that responds to the same requests
// without GraphQL, each with one hand-written SQL statement. See README.md.
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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/embedpg"
)

type options struct {
	quick         bool
	databaseOnly  bool
	writes        bool
	cache, peers  bool
	hostile, live bool
	locks, search bool
	evictions     bool
	fleet         bool
	scales        string
	overload      bool
	starts        bool
	instances     bool
	hits          bool
	base          string
	operation     string
	out           string
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "measure one short round at 1 and 16 connections; print only")
	flag.BoolVar(&o.databaseOnly, "database", false, "only start the database and print its URL, for the benchmarks in process")
	flag.BoolVar(&o.writes, "writes", false, "measure the writes, beside pgbench")
	flag.BoolVar(&o.cache, "cache", false, "measure cache hits, beside a handler that writes the same responses from a map")
	flag.BoolVar(&o.peers, "peers", false, "measure the server beside other GraphQL servers, the yardstick and the map, with npm")
	flag.BoolVar(&o.hostile, "hostile", false, "measure what hostile callers can do to the server; exit status 1 if a goal is not met")
	flag.BoolVar(&o.live, "live", false, "measure subscriptions and live queries")
	flag.BoolVar(&o.locks, "locks", false, "measure how long requests lock a course, and what others notice; exit status 1 if a goal is not met")
	flag.BoolVar(&o.evictions, "evictions", false, "check that lock-outs survive a Redis that evicts them; exit status 1 if a goal is not met")
	flag.BoolVar(&o.fleet, "fleet", false, "measure two servers behind nginx, with PgBouncer, a replica and Redis; exit status 1 if a goal is not met")
	flag.StringVar(&o.scales, "scales", "", "with -fleet: also measure the operations on one connection with demo data of these scales, e.g. small,medium,large")
	flag.BoolVar(&o.overload, "overload", false, "measure the server at up to three times its capacity; exit status 1 if a goal is not met")
	flag.BoolVar(&o.starts, "starts", false, "measure starts of 1, 12 and 100 servers at once, also of the server of -base")
	flag.BoolVar(&o.instances, "instances", false, "measure eight servers over one PostgreSQL and one Redis, also while one stops or dies")
	flag.BoolVar(&o.hits, "hits", false, "measure what each part of the work around a cache hit costs")
	flag.BoolVar(&o.search, "search", false, "measure searches and suggestions with 50,000 courses, also by the servers of the revisions of -base")
	flag.StringVar(&o.base, "base", "", "compare the server of this revision, e.g. main, with that of the working tree; print only, unless with -starts, or with -search, where it may be a list with commas")
	flag.StringVar(&o.operation, "operation", "", "measure only this operation, e.g. BrowseTree, or with -cache this load, e.g. \"catalog of 2 kB\" or mixed, or with -hostile this scenario; print only")
	flag.StringVar(&o.out, "out", "", "file of the report; by default that of the mode in bench/, e.g. bench/WRITES.md")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := runBenchmark
	if file := os.Getenv(responsesFileEnv); file != "" {
		run = func(ctx context.Context, _ options) error { return serveMapHandler(ctx, file) }
	}
	if err := run(ctx, o); err != nil {
		printStatus("bench: %v", err)
		os.Exit(1)
	}
}

// benchmark is one run of the benchmark.
type benchmark struct {
	dir         string   // for binaries and logs
	environment []string // of the contenders
	tokens      *auth.Tokens
}

func (b *benchmark) binaryPath(name string) string { return filepath.Join(b.dir, name) }

func runBenchmark(ctx context.Context, o options) (err error) {
	start := startDatabase
	if o.search || o.starts {
		start = startEmptyDatabase
	}
	database, err := start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Stop(context.WithoutCancel(ctx))) }()
	if o.databaseOnly {
		fmt.Println(database.DSN())
		<-ctx.Done()
		return nil
	}
	measure, out := benchmarkReads, "bench/RESULTS.md"
	switch {
	case o.writes:
		measure, out = benchmarkWrites, "bench/WRITES.md"
	case o.cache:
		measure, out = benchmarkCache, "bench/CACHE.md"
	case o.peers:
		measure, out = benchmarkPeers, "bench/PEERS.md"
	case o.hostile:
		measure, out = benchmarkHostile, "bench/HOSTILE.md"
	case o.live:
		measure, out = benchmarkLive, "bench/LIVE.md"
	case o.locks:
		measure, out = benchmarkLocks, "bench/LOCKS.md"
	case o.search:
		measure, out = benchmarkSearch, "bench/SEARCH.md"
	case o.fleet:
		measure, out = benchmarkFleet, "bench/LOAD.md"
	case o.evictions:
		measure, out = benchmarkEvictions, "bench/EVICTIONS.md"
	case o.overload:
		measure, out = benchmarkOverload, "bench/OVERLOAD.md"
	case o.starts:
		measure, out = benchmarkStarts, "bench/STARTS.md"
	case o.instances:
		measure, out = benchmarkInstances, "bench/FLEET.md"
	case o.hits:
		measure, out = benchmarkHitParts, "bench/HITS.md"
	case o.base != "":
		measure = benchmarkRevisions
	}
	report, err := measure(ctx, database, o)
	if err != nil {
		return err
	}
	fmt.Print(report)
	if (o.hostile || o.locks || o.evictions || o.fleet || o.overload) && missesGoal(report) {
		err = errGoalMissed
	}
	if o.quick || o.operation != "" || o.base != "" && !o.search && !o.starts {
		return err
	}
	if writeErr := os.WriteFile(cmp.Or(o.out, out), []byte(report), 0o644); writeErr != nil {
		return fmt.Errorf("write the report: %w", writeErr)
	}
	return err
}

// benchmarkReads measures the read operations beside the yardstick, and returns the report.
func benchmarkReads(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	printStatus("building the yardstick")
	if err := buildBinary(ctx, ".", "github.com/7p-education/api/bench/yardstick", b.binaryPath("yardstick")); err != nil {
		return "", err
	}
	pool, err := pgxpool.New(ctx, database.DSN())
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	printStatus("sending each request to both contenders, and comparing the responses")
	prepared, err := b.prepareReads(ctx, pool)
	if err != nil {
		return "", fmt.Errorf("prepare the requests: %w", err)
	}
	r, err := b.measureReads(ctx, database, prepared, o)
	if err != nil {
		return "", err
	}
	if r.machine, err = readMachine(ctx, pool); err != nil {
		return "", err
	}
	return r.renderMarkdown(), nil
}

// newBenchmark builds the server. Contenders use the database at dsn.
func newBenchmark(ctx context.Context, dsn string) (*benchmark, error) {
	dir, err := os.MkdirTemp("", "7p-bench-run-")
	if err != nil {
		return nil, fmt.Errorf("create a directory for the binaries: %w", err)
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
	return b, buildBinary(ctx, ".", "github.com/7p-education/api", b.binaryPath("7p"))
}

// launchServer starts the server with additional settings, and discards its log.
func (b *benchmark) launchServer(ctx context.Context, settings ...string) (*contender, error) {
	return launchContender(ctx, "server", b.binaryPath("7p"), os.DevNull, slices.Concat(b.environment, settings))
}

// launchYardstick starts the yardstick.
func (b *benchmark) launchYardstick(ctx context.Context) (*contender, error) {
	return launchContender(ctx, "yardstick", b.binaryPath("yardstick"), os.DevNull, b.environment)
}

// measureReads measures every operation at every number of connections.
func (b *benchmark) measureReads(ctx context.Context, database *embedpg.Server, prepared map[string]*preparedLoad, o options) (r *readResults, err error) {
	connections, rounds, warmup, length := []int{1, 16, 64}, 3, time.Second, 4*time.Second
	if o.quick {
		connections, rounds, warmup, length = []int{1, 16}, 1, 500*time.Millisecond, 3*time.Second
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
	postmaster, err := postmasterPID(database)
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
			l := loadProfile{connections: n, warmup: warmup, duration: length}
			medians, err := measureInTurn(rounds, len(contenders), func(i int) (sample, error) {
				c := contenders[i]
				s, err := l.applyLoad(ctx, c.addr, prepared[op.name].encodedRequests, newCPUMeter(c, postmaster, nil))
				if err != nil {
					err = fmt.Errorf("%s, %d connections to the %s: %w", op.title, n, c.name, err)
				}
				return s, err
			})
			if err != nil {
				return nil, err
			}
			r.cells = append(r.cells, readCell{op, n, prepared[op.name], medians[0], medians[1]})
		}
	}
	for i, c := range contenders {
		if r.peakMemory[i], err = c.readPeakMemory(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// launchContenders starts the server and the yardstick, in this order. The server writes its log as in
// production.
func (b *benchmark) launchContenders(ctx context.Context) ([]*contender, error) {
	server, err := b.launchServer(ctx)
	if err != nil {
		return nil, err
	}
	yardstick, err := b.launchYardstick(ctx)
	if err != nil {
		return nil, errors.Join(err, server.stopProcess())
	}
	return []*contender{server, yardstick}, nil
}

func printStatus(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
