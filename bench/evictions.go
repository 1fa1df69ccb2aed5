package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/embedpg"
)

const (
	// lockedAddress used up its attempts to sign in, and lockedEmail its own by two addresses.
	lockedAddress, helpingAddress = "198.51.100.1", "198.51.100.2"
	lockedEmail                   = "student@7p.example"
	// attemptsPerAddress is the default of RATE_LIMIT_SIGN_IN. The default of RATE_LIMIT_EMAIL, 10 in 15
	// minutes, allows the next attempt 90 s after the first: all must be checked until then.
	attemptsPerAddress = 5
	lockOut            = 90 * time.Second

	// Strangers stay within their limits: 20 requests of newLargeRead cost less than 200,000. Each sends every request twice, because Redis stores a response from its second
	// request on.
	strangers            = 60
	responsesPerStranger = 10
	concurrentStrangers  = 4
)

// evictionSetup is an arrangement of servers and of Redis.
type evictionSetup struct {
	title    string
	servers  int
	separate bool // whether rate limits have a Redis of their own
}

var evictionSetups = []evictionSetup{
	{title: "one server, one Redis", servers: 1},
	{title: "two servers, `REDIS_LIMITS_URL`", servers: 2, separate: true},
}

// evictionRun is the run of one setup.
type evictionRun struct {
	evictionSetup
	servers        []*contender
	shared, limits *redisServer
	figures        evictionFigures
}

// evictionFigures are the figures of a run.
type evictionFigures struct {
	title          string
	reads          map[string]int // outcomes of the requests of strangers
	responseBytes  int64          // of the responses to strangers
	elapsed        time.Duration
	shared, limits redisFigures
	outcomes       map[string]string // of sign-ins at the end, by what is locked out
}

// benchmarkEvictions checks each setup, and returns the report.
func benchmarkEvictions(ctx context.Context, database *embedpg.Server, _ options) (report string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	pool, err := pgxpool.New(ctx, database.DSN())
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	r := &evictionResults{}
	if r.machine, err = readMachine(ctx, pool); err != nil {
		return "", err
	}
	for _, s := range evictionSetups {
		printStatus("%s", s.title)
		run := &evictionRun{evictionSetup: s, figures: evictionFigures{title: s.title, outcomes: map[string]string{}, reads: map[string]int{}}}
		if err := b.runEvictions(ctx, run); err != nil {
			return "", fmt.Errorf("%s: %w", s.title, err)
		}
		r.machine.redis = run.shared.version
		r.runs = append(r.runs, run.figures)
	}
	return r.renderMarkdown(), nil
}

// runEvictions locks an address and an email out, pushes responses through Redis and checks again.
func (b *benchmark) runEvictions(ctx context.Context, run *evictionRun) (err error) {
	defer func() { err = errors.Join(err, run.stopAll()) }()
	if err := b.launchRun(ctx, run); err != nil {
		return err
	}
	start := time.Now()
	if err := run.lockOut(ctx); err != nil {
		return err
	}
	if err := run.pushResponses(ctx); err != nil {
		return fmt.Errorf("push responses: %w", err)
	}
	if err := run.readFigures(ctx); err != nil {
		return err
	}
	for i, server := range run.servers {
		if err := run.checkLockOut(ctx, i, server); err != nil {
			return err
		}
	}
	if run.figures.elapsed = time.Since(start); run.figures.elapsed > lockOut {
		return fmt.Errorf("the run took %.0f s, and the lock-out ends after %.0f s", run.figures.elapsed.Seconds(), lockOut.Seconds())
	}
	return nil
}

// readFigures reads the figures of each Redis.
func (run *evictionRun) readFigures(ctx context.Context) (err error) {
	if run.figures.shared, err = run.shared.readFigures(ctx); err != nil || run.limits == nil {
		return err
	}
	run.figures.limits, err = run.limits.readFigures(ctx)
	return err
}

// launchRun starts Redis and the servers of a run, with the default limits.
func (b *benchmark) launchRun(ctx context.Context, run *evictionRun) error {
	dir, err := os.MkdirTemp(b.dir, "evictions-")
	if err != nil {
		return err
	}
	if run.shared, err = startRedis(ctx, dir, "--maxmemory", "32mb", "--maxmemory-policy", "allkeys-lru"); err != nil {
		return err
	}
	settings := []string{"RATE_LIMIT=100/15m", "RESPONSE_CACHE=on", "TRUSTED_PROXIES=127.0.0.1", "REDIS_URL=" + run.shared.socketURL()}
	if run.separate {
		dir := filepath.Join(dir, "limits")
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if run.limits, err = startRedis(ctx, dir, "--maxmemory", "32mb", "--maxmemory-policy", "volatile-ttl"); err != nil {
			return err
		}
		settings = append(settings, "REDIS_LIMITS_URL="+run.limits.socketURL())
	}
	for range run.evictionSetup.servers {
		server, err := b.launchServer(ctx, settings...)
		if err != nil {
			return err
		}
		run.servers = append(run.servers, server)
	}
	return nil
}

func (run *evictionRun) stopAll() (err error) {
	for _, s := range run.servers {
		err = errors.Join(err, s.stopProcess())
	}
	for _, r := range []*redisServer{run.shared, run.limits} {
		if r != nil {
			err = errors.Join(err, r.killProcess())
		}
	}
	return err
}

// lockOut sends wrong passwords for one email from two addresses, until both addresses and the email are
// locked out, and checks that they are.
func (run *evictionRun) lockOut(ctx context.Context) error {
	for range attemptsPerAddress {
		if err := run.sendWrongPassword(ctx, lockedAddress); err != nil {
			return err
		}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for range attemptsPerAddress { // at once, because each is delayed by another second
		group.Go(func() error { return run.sendWrongPassword(groupCtx, helpingAddress) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := run.checkLockOut(ctx, 0, run.servers[0]); err != nil {
		return err
	}
	for name, outcome := range run.figures.outcomes {
		if outcome != "RATE_LIMITED" {
			return fmt.Errorf("%s is not locked out: %s", name, outcome)
		}
	}
	return nil
}

func (run *evictionRun) sendWrongPassword(ctx context.Context, address string) error {
	outcome, err := signInFrom(ctx, run.servers[0], address, lockedEmail, "a wrong password")
	if err == nil && outcome != "INVALID_CREDENTIALS" {
		err = fmt.Errorf("a wrong password returned %s", outcome)
	}
	return err
}

// checkLockOut tries to sign in from the locked address with another email, and with the locked email
// and its password from another address, by the n-th server.
func (run *evictionRun) checkLockOut(ctx context.Context, n int, server *contender) (err error) {
	for name, try := range map[string]struct{ address, email, password string }{
		"address": {lockedAddress, fmt.Sprintf("other-%d@7p.example", n), "a wrong password"},
		"email":   {fmt.Sprint("198.51.100.", 10+n), lockedEmail, demo.Password},
	} {
		name = fmt.Sprintf("%s, server %d", name, n+1)
		if run.figures.outcomes[name], err = signInFrom(ctx, server, try.address, try.email, try.password); err != nil {
			return err
		}
	}
	return nil
}

// signInFrom tries to sign in from an address, and returns the outcome.
func signInFrom(ctx context.Context, server *contender, address, email, password string) (outcome string, err error) {
	p := post{
		document:  "mutation($in: SignInInput!) { signIn(input: $in) { user { id } userErrors { code } } }",
		variables: map[string]any{"in": map[string]any{"email": email, "password": password}},
		header:    map[string]string{"X-Forwarded-For": address},
	}
	reply, err := p.sendTo(ctx, server.addr)
	return reply.describeOutcome(), err
}

// pushResponses sends the requests of all strangers, and then all again: a server has forgotten most of
// the first responses until then, and a second server has none of them.
func (run *evictionRun) pushResponses(ctx context.Context) error {
	var mu sync.Mutex
	for again := range 2 {
		server := run.servers[again%len(run.servers)]
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(concurrentStrangers)
		for stranger := range strangers {
			group.Go(func() error {
				for n := range responsesPerStranger {
					reply, err := newLargeRead(stranger, n).sendTo(groupCtx, server.addr)
					if err != nil {
						return err
					}
					mu.Lock()
					run.figures.reads[reply.describeOutcome()]++
					run.figures.responseBytes += int64(len(reply.body))
					mu.Unlock()
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// newLargeRead returns a request whose response has nearly the 256 KiB that may be stored in Redis, and
// which differs from all others by a filter that every course meets.
func newLargeRead(stranger, n int) post {
	var fields strings.Builder
	for page := range 4 {
		fmt.Fprintf(&fields, " p%d: courses(first: 100, filter: {maxDurationSeconds: %d}) { nodes { title description } }", page, 1_000_000+1000*stranger+10*n+page)
	}
	return post{document: "{" + fields.String() + " }", header: map[string]string{"X-Forwarded-For": fmt.Sprint("203.0.113.", stranger+1)}}
}
