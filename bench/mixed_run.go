package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

const (
	mixedLoad        = "mixed" // as -operation names it
	readsPerWrite    = 99
	mixedConnections = 16
)

// mixedRun is a load of reads and writes on a server that keeps answers.
type mixedRun struct {
	popular         bool // some requests are sent more often than others
	withRedis       bool
	encodedRequests []encodedRequest
	sample          sample
}

// measureMixedLoads measures how many answers are still good where one request in a hundred
// writes, on a copy of the database.
func (c *cacheBenchmark) measureMixedLoads(ctx context.Context, database *embedpg.Server, plans map[string][]request, r *cacheResults) (err error) {
	printStatus("reads and writes: planning")
	dsn, drop, err := copyDatabase(ctx, database)
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, drop()) }()
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	defer pool.Close()
	m, err := newRequestMixer(ctx, pool, c.benchmark, plans)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	r.runs = []mixedRun{{popular: true}, {popular: true, withRedis: true}, {}, {withRedis: true}}
	for i := range r.runs {
		run := &r.runs[i]
		printStatus("reads and writes, %s", run.describeRun())
		run.encodedRequests = m.mixRequests(run.popular, i, len(r.runs))
		if run.sample, err = c.measureMixedRun(ctx, dsn, run, m, r.mixedLength); err != nil {
			return fmt.Errorf("%s: %w", run.describeRun(), err)
		}
	}
	return nil
}

// measureMixedRun puts a load on a server of its own, which was asked for every answer once.
func (c *cacheBenchmark) measureMixedRun(ctx context.Context, dsn string, run *mixedRun, m *requestMixer, length time.Duration) (s sample, err error) {
	environment := append(c.environment[:len(c.environment):len(c.environment)], "RESPONSE_CACHE=on", "DATABASE_URL="+dsn)
	var redis *redisServer
	if run.withRedis {
		dir, err := os.MkdirTemp(c.dir, "redis")
		if err != nil {
			return s, fmt.Errorf("make a directory for Redis: %w", err)
		}
		if redis, err = startRedis(ctx, dir); err != nil {
			return s, err
		}
		defer func() { err = errors.Join(err, redis.killProcess()) }()
		environment = append(environment, "REDIS_URL="+redis.socketURL())
	}
	server, err := launchContender(ctx, "server", c.binaryPath("7p"), os.DevNull, environment)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	for _, reads := range m.reads {
		if err := refreshResponses(ctx, server.addr, reads); err != nil {
			return s, err
		}
	}
	l := loadProfile{connections: mixedConnections, warmup: time.Second, duration: length, groups: len(operations) + 1}
	return l.applyLoad(ctx, server.addr, run.encodedRequests, newCPUMeter(server, c.postgresPID, redis, run.withRedis))
}

func (m *mixedRun) describeRun() string {
	name := "equal frequency"
	if m.popular {
		name = "unequal frequency"
	}
	if m.withRedis {
		return name + ", with Redis"
	}
	return name + ", in process"
}
