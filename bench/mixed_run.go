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
	mixedLoad        = "mixed" // its name for -operation
	readsPerWrite    = 99
	mixedConnections = 16
)

// mixedRun is a load of reads and writes on a server with a response cache.
type mixedRun struct {
	skewed          bool // some requests are more frequent than others
	withRedis       bool
	encodedRequests []encodedRequest
	sample          sample
}

// measureMixedLoads measures hit rates if one request in a hundred writes, on a copy of the database.
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
	m, err := c.newRequestMixer(ctx, pool, plans, mixedWriteCount)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	r.runs = []mixedRun{{skewed: true}, {skewed: true, withRedis: true}, {}, {withRedis: true}}
	for i := range r.runs {
		run := &r.runs[i]
		printStatus("reads and writes, %s", run.describeRun())
		run.encodedRequests = m.mixRequests(run.skewed, i, len(r.runs))
		if run.sample, err = c.measureMixedRun(ctx, dsn, run, m, r.mixedLength); err != nil {
			return fmt.Errorf("%s: %w", run.describeRun(), err)
		}
	}
	return nil
}

// measureMixedRun measures a load on its own server, after each read was requested once.
func (c *cacheBenchmark) measureMixedRun(ctx context.Context, dsn string, run *mixedRun, m *requestMixer, length time.Duration) (s sample, err error) {
	environment := []string{"RESPONSE_CACHE=on", "DATABASE_URL=" + dsn}
	var redis *redisServer
	if run.withRedis {
		dir, err := os.MkdirTemp(c.dir, "redis")
		if err != nil {
			return s, fmt.Errorf("create a directory for Redis: %w", err)
		}
		if redis, err = startRedis(ctx, dir); err != nil {
			return s, err
		}
		defer func() { err = errors.Join(err, redis.killProcess()) }()
		environment = append(environment, "REDIS_URL="+redis.socketURL())
	}
	server, err := c.launchServer(ctx, environment...)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	for _, reads := range m.reads {
		if err := refreshResponses(ctx, server.addr, reads); err != nil {
			return s, err
		}
	}
	l := loadProfile{connections: mixedConnections, warmup: time.Second, duration: length, groups: len(operations) + len(mixedMutations)}
	return l.applyLoad(ctx, server.addr, run.encodedRequests, newCPUMeter(server, c.postgresPID, redis))
}

// describeRun returns the name of a run in the report.
func (m *mixedRun) describeRun() string {
	name := "equal frequency"
	if m.skewed {
		name = "unequal frequency"
	}
	if m.withRedis {
		return name + ", with Redis"
	}
	return name + ", in process"
}
