package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"

	"github.com/7p-education/api/internal/embedpg"
)

const (
	// usefulTime is the latency up to which a response is of use: its client has not left yet.
	usefulTime = 2 * time.Second
	// maxOpenConns limits the connections of a load; requests beyond it fail.
	maxOpenConns = 3000
)

// overloadKind is a kind of requests of the mixed load.
type overloadKind struct {
	title    string
	share    float64 // of the arrivals
	requests []encodedRequest
	capacity float64 // useful responses a second to requests of this kind alone
}

// expensiveQuery is a query of the lowest priority.
const expensiveQuery = `{ courses(first: 100) { nodes { a: description b: description c: description title } } }`

// overloadBenchmark sends a mixed load at rates up to three times the capacity.
type overloadBenchmark struct {
	*benchmark
	kinds    []overloadKind
	servers  unix.CPUSet // of the server and PostgreSQL
	warmup   time.Duration
	duration time.Duration
}

// benchmarkOverload measures on a copy of the database, and returns the report.
func benchmarkOverload(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	dsn, drop, err := copyDatabase(ctx, database)
	if err != nil {
		return "", fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, drop()) }()
	b, err := newBenchmark(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	l := &overloadBenchmark{benchmark: b, warmup: 4 * time.Second, duration: 12 * time.Second}
	if o.quick {
		l.warmup, l.duration = 2*time.Second, 4*time.Second
	}
	if err := l.planLoads(ctx, pool); err != nil {
		return "", fmt.Errorf("plan the requests: %w", err)
	}
	if err := l.separateProcessors(database); err != nil {
		return "", err
	}
	m, err := readMachine(ctx, pool)
	if err != nil {
		return "", err
	}
	r := &overloadResults{machine: m, kinds: l.kinds, duration: l.duration}
	if err := l.measureAll(ctx, r); err != nil {
		return "", err
	}
	return r.renderMarkdown(), nil
}

// separateProcessors has this process and PostgreSQL run on different processors: an overload is one of the server, and
// not of its clients.
func (l *overloadBenchmark) separateProcessors(database *embedpg.Server) error {
	postmaster, err := postmasterPID(database)
	if err != nil {
		return err
	}
	clients, servers, err := clientProcessors()
	if err != nil {
		return err
	}
	l.servers = servers
	return errors.Join(bindThreads(os.Getpid(), clients), bindThreads(postmaster, servers))
}

// planLoads plans the requests of each kind.
func (l *overloadBenchmark) planLoads(ctx context.Context, pool *pgxpool.Pool) (err error) {
	server, err := l.launchServer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	reads, err := planRequests(ctx, pool, func(_ context.Context, r request) ([]byte, error) {
		response, _, err := fetchOnce(server, r, l.tokens)
		return response, err
	})
	if err != nil {
		return err
	}
	writes, err := planWrites(ctx, pool, writeWorkloads[0])
	if err != nil {
		return err
	}
	encode := func(all []request) (encoded []encodedRequest) {
		for _, r := range all {
			b, encodeErr := encodeRequest(r, "localhost", l.tokens)
			err = errors.Join(err, encodeErr)
			encoded = append(encoded, encodedRequest{bytes: b})
		}
		return encoded
	}
	expensive := encodePost(fmt.Appendf(nil, `{"query":%q}`, expensiveQuery), "localhost", "")
	l.kinds = []overloadKind{
		{title: "mutations, signed in", share: 0.1, requests: encode(writes)},
		{title: "queries, signed in", share: 0.3, requests: encode(reads["MyDashboard"])},
		{title: "queries, anonymous", share: 0.5, requests: encode(slices.Concat(reads["CoursePage"], reads["Catalog"]))},
		{title: "expensive, anonymous", share: 0.1, requests: []encodedRequest{{bytes: expensive}}},
	}
	return err
}

// measureAll estimates the capacity by concurrent clients, and then sends loads at multiples of it.
func (l *overloadBenchmark) measureAll(ctx context.Context, r *overloadResults) (err error) {
	for _, c := range []struct {
		setting   string
		multiples []float64
	}{{"auto", []float64{0.5, 0.75, 1, 1.5, 2, 3}}, {"off", []float64{1, 3}}} {
		server, err := l.launchServer(ctx, fmt.Sprint("DATABASE_MAX_CONNS=", poolSize), "MAX_CONCURRENT_QUERIES="+c.setting, fmt.Sprint("MAX_CONNECTIONS_PER_ADDRESS=", 2*maxOpenConns))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.stopProcess()) }()
		if err := bindThreads(server.cmd.Process.Pid, l.servers); err != nil {
			return err
		}
		if r.capacity == 0 {
			if r.capacity, err = l.measureCapacities(ctx, server.addr); err != nil {
				return err
			}
		}
		for _, multiple := range c.multiples {
			printStatus("limit %s: %.2g times the capacity of %.0f requests a second", c.setting, multiple, r.capacity)
			step, err := l.sendArrivals(ctx, server.addr, multiple*r.capacity)
			if err != nil {
				return err
			}
			step.setting, step.multiple, step.work = c.setting, multiple, l.weighWork(step)
			r.steps = append(r.steps, step)
		}
	}
	return nil
}

// drawRequest draws a kind by the shares, and a request of it.
func (l *overloadBenchmark) drawRequest(random *rand.Rand) (kind int, r encodedRequest) {
	x := random.Float64()
	for x > l.kinds[kind].share && kind < len(l.kinds)-1 {
		x -= l.kinds[kind].share
		kind++
	}
	return kind, l.kinds[kind].drawRequest(random)
}

// drawRequest draws a request of the kind.
func (k overloadKind) drawRequest(random *rand.Rand) encodedRequest {
	return k.requests[random.IntN(len(k.requests))]
}

// measureCapacities returns the capacity of the mixed load, and measures that of each kind.
func (l *overloadBenchmark) measureCapacities(ctx context.Context, addr string) (mixed float64, err error) {
	for i := range l.kinds {
		printStatus("measuring the capacity of %s", l.kinds[i].title)
		if l.kinds[i].capacity, err = l.measureCapacity(ctx, addr, l.kinds[i].drawRequest); err != nil {
			return 0, err
		}
	}
	printStatus("measuring the capacity")
	return l.measureCapacity(ctx, addr, func(random *rand.Rand) encodedRequest {
		_, r := l.drawRequest(random)
		return r
	})
}

// weighWork returns what the useful responses of a load have cost, as a share of the server: the sum over the kinds of
// their rate by the capacity of the kind alone. Responses of kinds that cost more count more.
func (l *overloadBenchmark) weighWork(s *overloadStep) (work float64) {
	for i, k := range l.kinds {
		work += float64(len(s.kinds[i].latencies)) / l.duration.Seconds() / k.capacity
	}
	return work
}

// measureCapacity returns the rate of successful responses to 16 clients, each of which waits for its response.
func (l *overloadBenchmark) measureCapacity(ctx context.Context, addr string, draw func(*rand.Rand) encodedRequest) (float64, error) {
	const clients = 2 * poolSize
	var succeeded [clients]int
	errs := make([]error, clients)
	var group sync.WaitGroup
	start := time.Now().Add(l.warmup)
	end := start.Add(l.duration)
	for i := range clients {
		group.Go(func() {
			random := rand.New(rand.NewPCG(planSeed, uint64(i)))
			conn, err := dialContender(addr)
			if err != nil {
				errs[i] = err
				return
			}
			defer conn.conn.Close()
			for time.Now().Before(end) && ctx.Err() == nil {
				status, body, err := conn.sendRequest(draw(random).bytes)
				if err != nil {
					errs[i] = err
					return
				}
				if isUseful(status, body) && time.Now().After(start) {
					succeeded[i]++
				}
			}
		})
	}
	group.Wait()
	total := 0
	for _, n := range succeeded {
		total += n
	}
	return float64(total) / l.duration.Seconds(), errors.Join(errs...)
}

// isUseful reports whether a response has data and no errors.
func isUseful(status int, body []byte) bool {
	return status == http.StatusOK && !bytes.Contains(body, []byte(`"errors":`)) && bytes.HasPrefix(body, []byte(`{"data":{`))
}

// randomArrivals is a load in progress whose requests arrive at their times, however long the responses take.
type randomArrivals struct {
	addr string
	free chan *clientConn
	mu   sync.Mutex
	step *overloadStep
	open int // connections
}

// sendArrivals sends requests at random times with a mean rate, and measures each from its time of arrival.
func (l *overloadBenchmark) sendArrivals(ctx context.Context, addr string, perSecond float64) (*overloadStep, error) {
	a := &randomArrivals{addr: addr, free: make(chan *clientConn, maxOpenConns), step: &overloadStep{perSecond: perSecond, kinds: make([]kindOutcomes, len(l.kinds))}}
	random := rand.New(rand.NewPCG(planSeed, 1))
	var sending sync.WaitGroup
	measured := time.Now().Add(l.warmup)
	end := measured.Add(l.duration)
	for next := time.Now(); next.Before(end) && ctx.Err() == nil; next = next.Add(time.Duration(random.ExpFloat64() / perSecond * float64(time.Second))) {
		time.Sleep(time.Until(next))
		kind, r := l.drawRequest(random)
		arrival := next
		sending.Go(func() { a.send(kind, r, arrival, arrival.After(measured)) })
	}
	sending.Wait()
	close(a.free)
	for conn := range a.free {
		_ = conn.conn.Close()
	}
	a.step.finish(l.duration)
	return a.step, ctx.Err()
}

// send sends a request on a free connection, or on a new one.
func (a *randomArrivals) send(kind int, r encodedRequest, arrival time.Time, measured bool) {
	conn, err := a.takeConn()
	status, useful := 0, false
	if err == nil {
		var body []byte
		if status, body, err = conn.sendRequest(r.bytes); err == nil {
			useful = isUseful(status, body)
			a.free <- conn
		} else {
			_ = conn.conn.Close()
			a.mu.Lock()
			a.open--
			a.mu.Unlock()
		}
	}
	if took := time.Since(arrival); measured {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.step.kinds[kind].addOutcome(status, useful, took)
	}
}

var errNoConn = errors.New("too many open connections")

func (a *randomArrivals) takeConn() (*clientConn, error) {
	select {
	case conn := <-a.free:
		return conn, nil
	default:
	}
	a.mu.Lock()
	if a.open == maxOpenConns {
		a.mu.Unlock()
		return nil, errNoConn
	}
	a.open++
	a.mu.Unlock()
	conn, err := dialContender(a.addr)
	if err != nil {
		a.mu.Lock()
		a.open--
		a.mu.Unlock()
	}
	return conn, err
}
