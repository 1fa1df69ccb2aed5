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

// The contenders of a load of cache hits: a handler that writes responses from a map, and the server
// without a response cache, with one in memory, and with one in memory and Redis.
const (
	mapHandler = iota
	noCache
	memoryCache
	redisCache
	contenderCount
)

var contenderNames = [contenderCount]string{"map", "cold", "in process", "with Redis"}

// cacheBenchmark is a run of the cache hits.
type cacheBenchmark struct {
	*benchmark
	postgresPID int
	redis       *redisServer
	contenders  [contenderCount]*contender
}

// cacheLoad is a list of requests that is sent repeatedly.
type cacheLoad struct {
	title           string
	requests        []request
	encodedRequests []encodedRequest
	meanBytes       int // of a response
	connections     []int
	roundFactor     int // multiplies the number of rounds; 0 means 1
}

// goalRoundFactor multiplies the rounds of the two loads that the goals name: other load on the
// machine moves the medians of five rounds by a tenth.
const goalRoundFactor = 3

// cacheCell is a load at a number of connections.
type cacheCell struct {
	load        *cacheLoad
	connections int
	samples     []sample // of each contender
}

// benchmarkCache measures cache hits, and hit rates if one request in a hundred writes. It returns the
// report.
func benchmarkCache(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
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

// measureHits measures loads whose responses are all cached, and returns the requests of each operation.
func (c *cacheBenchmark) measureHits(ctx context.Context, dsn string, o options, r *cacheResults) (plans map[string][]request, err error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	if r.machine, err = readMachine(ctx, pool); err != nil {
		return nil, err
	}
	if c.redis, err = startRedis(ctx, c.dir); err != nil {
		return nil, err
	}
	r.machine.redis = c.redis.version
	defer func() { err = errors.Join(err, c.redis.killProcess()) }()
	defer func() {
		for _, contender := range c.contenders {
			if contender != nil {
				err = errors.Join(err, contender.stopProcess())
			}
		}
	}()
	for i, environment := range map[int][]string{noCache: nil, memoryCache: {"RESPONSE_CACHE=on"}, redisCache: {"RESPONSE_CACHE=on", "REDIS_URL=" + c.redis.socketURL()}} {
		if c.contenders[i], err = c.launchServer(ctx, environment...); err != nil {
			return nil, err
		}
		c.contenders[i].name = contenderNames[i]
	}
	connections := []int{1, 16, 64}
	if o.quick {
		connections = []int{1, 16}
	}
	plans, loads, err := c.planLoads(ctx, pool, c.contenders[noCache], o.operation, connections)
	if err != nil {
		return nil, err
	}
	printStatus("requesting each response, cold and cached, and comparing them")
	if err := c.prepareResponses(ctx, loads); err != nil {
		return nil, fmt.Errorf("prepare the responses: %w", err)
	}
	for _, l := range loads {
		for _, n := range l.connections {
			printStatus("%s, %d connections", l.title, n)
			cell, err := c.measureCell(ctx, l, n, r)
			if err != nil {
				return nil, fmt.Errorf("%s, %d connections: %w", l.title, n, err)
			}
			r.cells = append(r.cells, cell)
		}
	}
	return plans, nil
}

// measureCell measures a load on each contender in turn.
func (c *cacheBenchmark) measureCell(ctx context.Context, l *cacheLoad, n int, r *cacheResults) (cacheCell, error) {
	profile := loadProfile{connections: n, warmup: 300 * time.Millisecond, duration: r.roundLength}
	samples, err := measureInTurn(r.rounds*max(1, l.roundFactor), len(c.contenders), func(i int) (s sample, err error) {
		addr := c.contenders[i].addr
		if i >= memoryCache {
			err = refreshResponses(ctx, addr, l.encodedRequests)
		}
		if err == nil {
			s, err = profile.applyLoad(ctx, addr, l.encodedRequests, c.contenderMeter(i))
		}
		if err != nil {
			err = fmt.Errorf("contender %q: %w", contenderNames[i], err)
		}
		return s, err
	})
	if err != nil {
		return cacheCell{}, err
	}
	for i := memoryCache; i < contenderCount; i++ {
		warnOfMisses(contenderNames[i], samples[i].counts[0])
	}
	return cacheCell{load: l, connections: n, samples: samples}, nil
}

// warnOfMisses prints a low hit rate of responses that were all requested before.
func warnOfMisses(contender string, c responseCounts) {
	if c.hitRate() < minWarmHitRate {
		printStatus("hit rate of %q is only %.1f %%; Cache-Status of a miss: %s", contender, 100*c.hitRate(), c.lastMissStatus)
	}
}

// contenderMeter returns the meter of a contender.
func (c *cacheBenchmark) contenderMeter(i int) cpuMeter {
	if i == redisCache {
		return newCPUMeter(c.contenders[i], c.postgresPID, c.redis)
	}
	return newCPUMeter(c.contenders[i], c.postgresPID, nil)
}

// planLoads returns the requests of each operation, and the loads: the operations, and pages of courses
// of 2 kB and 64 kB. 64 kB is in the middle of the sizes of a page of 100 courses. If only is not "",
// the load of that name is the only one.
func (b *benchmark) planLoads(ctx context.Context, pool *pgxpool.Pool, server *contender, only string, connections []int) (plans map[string][]request, loads []*cacheLoad, err error) {
	send := func(_ context.Context, r request) ([]byte, error) {
		response, _, err := fetchOnce(server, r, b.tokens)
		return response, err
	}
	if plans, err = planRequests(ctx, pool, send); err != nil || strings.EqualFold(only, mixedLoad) {
		return plans, nil, err
	}
	for _, op := range operations {
		loads = append(loads, &cacheLoad{title: op.title, requests: cacheableRequests(plans[op.name]), connections: connections})
	}
	for _, kilobytes := range []int{2, 64} {
		requests, err := planSizedPages(ctx, kilobytes<<10, send)
		if err != nil {
			return nil, nil, err
		}
		loads = append(loads, &cacheLoad{title: fmt.Sprintf("catalog of %d kB", kilobytes), requests: requests, connections: []int{16}, roundFactor: goalRoundFactor})
	}
	if only == "" {
		return plans, loads, nil
	}
	for i, l := range loads {
		if strings.EqualFold(only, l.title) || i < len(operations) && strings.EqualFold(only, operations[i].name) {
			return plans, loads[i : i+1], nil
		}
	}
	return nil, nil, fmt.Errorf("unknown operation or load: %s", only)
}

// cacheableRequests leaves out course pages for anonymous viewers, who share their entries: in this
// load, each caller has its own.
func cacheableRequests(requests []request) []request {
	return slices.DeleteFunc(slices.Clone(requests), func(r request) bool {
		return r.operation.name == "CoursePage" && !r.viewer.SignedIn()
	})
}
