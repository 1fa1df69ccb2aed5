package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

// The contenders of a load on kept answers: the bare handler, and the server that
// keeps none, keeps them in its process, and shares them through Redis.
const (
	mapHandler = iota
	noCache
	memoryCache
	redisCache
	contenderCount
)

var contenderNames = [contenderCount]string{"map", "cold", "in process", "with Redis"}

// cacheBenchmark is a run over the contenders.
type cacheBenchmark struct {
	*benchmark
	postgresPID int
	redis       *redisServer
	contenders  [contenderCount]*contender
}

// cacheLoad is what is asked again and again, by numbers of connections.
type cacheLoad struct {
	title           string
	requests        []request
	encodedRequests []encodedRequest
	meanBytes       int // of an answer, on average
	connections     []int
	roundFactor     int // as many rounds as others have; 0 is 1
}

// goalRoundFactor is how many times more rounds the two loads have that the goals name:
// neighbours on the machine move the medians of five by a tenth.
const goalRoundFactor = 3

// cacheCell is a load by a number of connections.
type cacheCell struct {
	load        *cacheLoad
	connections int
	samples     [contenderCount]sample
}

// benchmarkCache measures kept answers, and how many are still good where one request in a
// hundred writes, and returns the report.
func benchmarkCache(ctx context.Context, database *embedpg.Server, o options) (text string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	c := &cacheBenchmark{benchmark: b}
	if c.postgresPID, err = postmasterPID(database); err != nil {
		return "", err
	}
	r := &cacheResults{rounds: 5, roundLength: 1200 * time.Millisecond, mixedLength: 8 * time.Second}
	if o.quick {
		r.rounds, r.roundLength, r.mixedLength = 1, time.Second, 3*time.Second
	}
	plans, err := c.measureHits(ctx, database.DSN(), o, r)
	if err != nil {
		return "", err
	}
	if o.operation != "" && !strings.EqualFold(o.operation, mixedLoad) {
		return r.renderMarkdown(), nil
	}
	if err := c.measureMixedLoads(ctx, database, plans, r); err != nil {
		return "", fmt.Errorf("reads and writes: %w", err)
	}
	return r.renderMarkdown(), nil
}

// measureHits measures answers all of which are kept, and returns the requests of each
// operation.
func (c *cacheBenchmark) measureHits(ctx context.Context, dsn string, o options, r *cacheResults) (plans map[string][]request, err error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	if err := r.machine.recordMachine(ctx, pool); err != nil {
		return nil, err
	}
	if c.redis, err = startRedis(ctx, c.dir); err != nil {
		return nil, err
	}
	r.redisVersion = c.redis.version
	defer func() { err = errors.Join(err, c.redis.killProcess()) }()
	defer func() {
		for _, contender := range c.contenders {
			if contender != nil {
				err = errors.Join(err, contender.stopProcess())
			}
		}
	}()
	for i, environment := range map[int][]string{noCache: nil, memoryCache: {"RESPONSE_CACHE=on"}, redisCache: {"RESPONSE_CACHE=on", "REDIS_URL=" + c.redis.socketURL()}} {
		if c.contenders[i], err = launchContender(ctx, "server", c.binaryPath("7p"), os.DevNull, append(c.environment[:len(c.environment):len(c.environment)], environment...)); err != nil {
			return nil, err
		}
	}
	plans, loads, err := c.planLoads(ctx, pool, o)
	if err != nil {
		return nil, err
	}
	printStatus("asking for each answer, cold and kept, and comparing them")
	if err := c.prepareResponses(ctx, loads); err != nil {
		return nil, fmt.Errorf("prepare the answers: %w", err)
	}
	for _, l := range loads {
		for _, n := range l.connections {
			printStatus("%s, %d connections", l.title, n)
			cell, err := c.measureCell(ctx, l, n, r)
			if err != nil {
				return nil, fmt.Errorf("%s, %d connections %w", l.title, n, err)
			}
			r.cells = append(r.cells, cell)
		}
	}
	return plans, nil
}

// measureCell puts a load on all contenders in turn.
func (c *cacheBenchmark) measureCell(ctx context.Context, l *cacheLoad, n int, r *cacheResults) (cacheCell, error) {
	cell := cacheCell{load: l, connections: n}
	var samples [contenderCount][]sample
	for range r.rounds * max(1, l.roundFactor) {
		for i, contender := range c.contenders {
			if i >= memoryCache {
				if err := refreshResponses(ctx, contender.addr, l.encodedRequests); err != nil {
					return cell, fmt.Errorf("to the server %s: %w", contenderNames[i], err)
				}
			}
			s, err := loadProfile{connections: n, warmup: 300 * time.Millisecond, duration: r.roundLength}.applyLoad(ctx, contender.addr, l.encodedRequests, c.contenderMeter(i))
			if err != nil {
				return cell, fmt.Errorf("to the server %s: %w", contenderNames[i], err)
			}
			samples[i] = append(samples[i], s)
		}
	}
	for i := range cell.samples {
		cell.samples[i] = medianSample(samples[i])
		if t := cell.samples[i].counts[0]; i >= memoryCache && t.hitRate() < minWarmHitRate {
			printStatus("of the answers of the server %s only %.1f %% were kept: of another it says %s", contenderNames[i], 100*t.hitRate(), t.lastMissStatus)
		}
	}
	return cell, nil
}

// contenderMeter reads the CPU time of a contender and of what it uses.
func (c *cacheBenchmark) contenderMeter(i int) cpuMeter {
	return newCPUMeter(c.contenders[i], c.postgresPID, c.redis, i == redisCache)
}

func newCPUMeter(server *contender, postgres int, redis *redisServer, counted bool) cpuMeter {
	return func() (s cpuTimes, err error) {
		var problems [3]error
		s.server, problems[0] = server.readCPUTime()
		s.database, problems[1] = readTreeCPUTime(postgres)
		if counted {
			s.redis, problems[2] = redis.readCPUTime()
		}
		return s, errors.Join(problems[:]...)
	}
}

// planLoads are the operations, and a short and a long answer. The long one is in the
// middle of those that a page of 100 courses can have.
func (c *cacheBenchmark) planLoads(ctx context.Context, pool *pgxpool.Pool, o options) (plans map[string][]request, loads []*cacheLoad, err error) {
	ask := func(_ context.Context, r request) ([]byte, error) {
		answer, _, err := fetchOnce(c.contenders[noCache], r, c.tokens)
		return answer, err
	}
	if plans, err = planRequests(ctx, pool, ask); err != nil || strings.EqualFold(o.operation, mixedLoad) {
		return plans, nil, err
	}
	connections, few := []int{1, 16, 64}, []int{16}
	if o.quick {
		connections = []int{1, 16}
	}
	for _, op := range operations {
		loads = append(loads, &cacheLoad{title: op.title, requests: cacheableRequests(plans[op.name]), connections: connections})
	}
	for _, kilobytes := range []int{2, 64} {
		requests, err := planSizedPages(ctx, kilobytes<<10, ask)
		if err != nil {
			return nil, nil, err
		}
		loads = append(loads, &cacheLoad{title: fmt.Sprintf("catalog of %d kB", kilobytes), requests: requests, connections: few, roundFactor: goalRoundFactor})
	}
	if o.operation == "" {
		return plans, loads, nil
	}
	for i, l := range loads {
		if strings.EqualFold(o.operation, l.title) || i < len(operations) && strings.EqualFold(o.operation, operations[i].name) {
			return plans, loads[i : i+1], nil
		}
	}
	return nil, nil, fmt.Errorf("there is no operation %s", o.operation)
}

// cacheableRequests leaves out the course pages of those who are not signed in: they share
// theirs, and this load is of answers that each caller has alone.
func cacheableRequests(requests []request) []request {
	return slices.DeleteFunc(slices.Clone(requests), func(r request) bool {
		return r.operation.name == "CoursePage" && !r.viewer.SignedIn()
	})
}
