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
	fromMap = iota
	cold
	local
	shared
	cacheContenders
)

var cacheNames = [cacheContenders]string{"map", "cold", "in process", "with Redis"}

// cacheBench is a run over the contenders.
type cacheBench struct {
	*bench
	postgres   string
	redis      *redisServer
	contenders [cacheContenders]*contender
}

// cacheLoad is what is asked again and again, by numbers of connections.
type cacheLoad struct {
	title       string
	requests    []request
	shots       []shot
	bytes       int // of an answer, on average
	connections []int
	times       int // as many rounds as others have; 0 is 1
}

// goalTimes is how many times more rounds the two loads have that the goals name:
// neighbours on the machine move the medians of five by a tenth.
const goalTimes = 3

// cacheCell is a load by a number of connections.
type cacheCell struct {
	load        *cacheLoad
	connections int
	samples     [cacheContenders]sample
}

// runCache measures kept answers, and how many are still good where one request in a
// hundred writes, and returns the report.
func runCache(ctx context.Context, database *embedpg.Server, o options) (text string, err error) {
	b, err := newBench(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	c := &cacheBench{bench: b}
	if c.postgres, err = postmaster(database); err != nil {
		return "", err
	}
	r := &cacheResults{rounds: 5, length: 1200 * time.Millisecond, mixed: 8 * time.Second}
	if o.quick {
		r.rounds, r.length, r.mixed = 1, time.Second, 3*time.Second
	}
	plans, err := c.warm(ctx, database.DSN(), o, r)
	if err != nil {
		return "", err
	}
	if o.operation != "" && !strings.EqualFold(o.operation, mixedLoad) {
		return r.markdown(), nil
	}
	if err := c.mix(ctx, database, plans, r); err != nil {
		return "", fmt.Errorf("reads and writes: %w", err)
	}
	return r.markdown(), nil
}

// warm measures answers all of which are kept, and returns the requests of each
// operation.
func (c *cacheBench) warm(ctx context.Context, dsn string, o options, r *cacheResults) (plans map[string][]request, err error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	if err := r.machine.machine(ctx, pool); err != nil {
		return nil, err
	}
	if c.redis, err = startRedis(ctx, c.dir); err != nil {
		return nil, err
	}
	r.redis = c.redis.version
	defer func() { err = errors.Join(err, c.redis.stop()) }()
	defer func() {
		for _, contender := range c.contenders {
			if contender != nil {
				err = errors.Join(err, contender.stop())
			}
		}
	}()
	for i, environment := range map[int][]string{cold: nil, local: {"CACHE=on"}, shared: {"CACHE=on", "REDIS_URL=" + c.redis.url()}} {
		if c.contenders[i], err = launch(ctx, "server", c.binary("7p"), os.DevNull, append(c.environment[:len(c.environment):len(c.environment)], environment...)); err != nil {
			return nil, err
		}
	}
	plans, loads, err := c.loads(ctx, pool, o)
	if err != nil {
		return nil, err
	}
	say("asking for each answer, cold and kept, and comparing them")
	if err := c.prepare(ctx, loads); err != nil {
		return nil, fmt.Errorf("prepare the answers: %w", err)
	}
	for _, l := range loads {
		for _, n := range l.connections {
			say("%s, %d connections", l.title, n)
			cell, err := c.cell(ctx, l, n, r)
			if err != nil {
				return nil, fmt.Errorf("%s, %d connections %w", l.title, n, err)
			}
			r.cells = append(r.cells, cell)
		}
	}
	return plans, nil
}

// cell puts a load on all contenders in turn.
func (c *cacheBench) cell(ctx context.Context, l *cacheLoad, n int, r *cacheResults) (cacheCell, error) {
	cell := cacheCell{load: l, connections: n}
	var samples [cacheContenders][]sample
	for range r.rounds * max(1, l.times) {
		for i, contender := range c.contenders {
			if i >= local {
				if err := touch(ctx, contender.addr, l.shots); err != nil {
					return cell, fmt.Errorf("to the server %s: %w", cacheNames[i], err)
				}
			}
			s, err := load{connections: n, warm: 300 * time.Millisecond, length: r.length}.fire(ctx, contender.addr, l.shots, c.meter(i))
			if err != nil {
				return cell, fmt.Errorf("to the server %s: %w", cacheNames[i], err)
			}
			samples[i] = append(samples[i], s)
		}
	}
	for i := range cell.samples {
		cell.samples[i] = median(samples[i])
		if t := cell.samples[i].tallies[0]; i >= local && t.share() < leastWarm {
			say("of the answers of the server %s only %.1f %% were kept: of another it says %s", cacheNames[i], 100*t.share(), t.other)
		}
	}
	return cell, nil
}

// meter reads the CPU time of a contender and of what it uses.
func (c *cacheBench) meter(i int) meter {
	return usage(c.contenders[i], c.postgres, c.redis, i == shared)
}

func usage(server *contender, postgres string, redis *redisServer, counted bool) meter {
	return func() (s spent, err error) {
		var problems [3]error
		s.server, problems[0] = server.cpu()
		s.database, problems[1] = familyCPU(postgres)
		if counted {
			s.redis, problems[2] = redis.cpu()
		}
		return s, errors.Join(problems[:]...)
	}
}

// loads are the operations, and a short and a long answer. The long one is in the
// middle of those that a page of 100 courses can have.
func (c *cacheBench) loads(ctx context.Context, pool *pgxpool.Pool, o options) (plans map[string][]request, loads []*cacheLoad, err error) {
	ask := func(_ context.Context, r request) ([]byte, error) {
		answer, _, err := askOnce(c.contenders[cold], r, c.tokens)
		return answer, err
	}
	if plans, err = plan(ctx, pool, ask); err != nil || strings.EqualFold(o.operation, mixedLoad) {
		return plans, nil, err
	}
	connections, few := []int{1, 16, 64}, []int{16}
	if o.quick {
		connections = []int{1, 16}
	}
	for _, op := range operations {
		loads = append(loads, &cacheLoad{title: op.title, requests: keepable(plans[op.name]), connections: connections})
	}
	for _, kilobytes := range []int{2, 64} {
		requests, err := sized(ctx, kilobytes<<10, ask)
		if err != nil {
			return nil, nil, err
		}
		loads = append(loads, &cacheLoad{title: fmt.Sprintf("catalog of %d kB", kilobytes), requests: requests, connections: few, times: goalTimes})
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

// keepable leaves out the course pages of those who are not signed in: they share
// theirs, and this load is of answers that each caller has alone.
func keepable(requests []request) []request {
	return slices.DeleteFunc(slices.Clone(requests), func(r request) bool {
		return r.operation.name == "CoursePage" && !r.viewer.SignedIn()
	})
}
