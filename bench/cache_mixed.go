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
	readsOfAWrite    = 99
	mixedConnections = 16
)

// mixedRun is a load of reads and writes on a server that keeps answers.
type mixedRun struct {
	popular bool // some requests are sent more often than others
	shared  bool
	shots   []shot
	sample  sample
}

// mix measures how many answers are still good where one request in a hundred
// writes, on a copy of the database.
func (c *cacheBench) mix(ctx context.Context, database *embedpg.Server, plans map[string][]request, r *cacheResults) (err error) {
	say("reads and writes: planning")
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
	m, err := newMixer(ctx, pool, c.bench, plans)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	r.runs = []mixedRun{{popular: true}, {popular: true, shared: true}, {}, {shared: true}}
	for i := range r.runs {
		run := &r.runs[i]
		say("reads and writes, %s", run.name())
		run.shots = m.shots(run.popular, i, len(r.runs))
		if run.sample, err = c.mixed(ctx, dsn, run, m, r.mixed); err != nil {
			return fmt.Errorf("%s: %w", run.name(), err)
		}
	}
	return nil
}

// mixed puts a load on a server of its own, which was asked for every answer once.
func (c *cacheBench) mixed(ctx context.Context, dsn string, run *mixedRun, m *mixer, length time.Duration) (s sample, err error) {
	environment := append(c.environment[:len(c.environment):len(c.environment)], "CACHE=on", "DATABASE_URL="+dsn)
	var redis *redisServer
	if run.shared {
		dir, err := os.MkdirTemp(c.dir, "redis")
		if err != nil {
			return s, fmt.Errorf("make a directory for Redis: %w", err)
		}
		if redis, err = startRedis(ctx, dir); err != nil {
			return s, err
		}
		defer func() { err = errors.Join(err, redis.stop()) }()
		environment = append(environment, "REDIS_URL="+redis.url())
	}
	server, err := launch(ctx, "server", c.binary("7p"), os.DevNull, environment)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	for _, reads := range m.reads {
		if err := touch(ctx, server.addr, reads); err != nil {
			return s, err
		}
	}
	l := load{connections: mixedConnections, warm: time.Second, length: length, groups: len(operations) + 1}
	return l.fire(ctx, server.addr, run.shots, usage(server, c.postgres, redis, run.shared))
}

func (m *mixedRun) name() string {
	name := "all as often"
	if m.popular {
		name = "some more often"
	}
	if m.shared {
		return name + ", with Redis"
	}
	return name + ", in process"
}
