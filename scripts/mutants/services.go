package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/migrations"
)

// startRedis starts a Redis for all tests, unless TEST_REDIS_URL has one.
func startRedis(work string) (stop func(), err error) {
	if os.Getenv("TEST_REDIS_URL") != "" {
		return func() {}, nil
	}
	socket := filepath.Join(work, "redis.sock")
	redis := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", work)
	if err := redis.Start(); err != nil {
		return nil, err
	}
	stop = func() { _ = redis.Process.Kill(); _ = redis.Wait() }
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			return stop, os.Setenv("TEST_REDIS_URL", "unix://"+socket)
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	return nil, errors.New("redis-server did not start within 10 s")
}

// validator finds mutated statements that PostgreSQL does not accept.
type validator struct {
	admin, conn *pgx.Conn
	database    string
}

// newValidator creates a migrated database.
func newValidator(ctx context.Context) (*validator, error) {
	admin, err := pgx.Connect(ctx, os.Getenv("TEST_DATABASE_URL"))
	if err != nil {
		return nil, fmt.Errorf("TEST_DATABASE_URL (run this command with go run ./internal/testdb/cluster): %w", err)
	}
	v := &validator{admin: admin, database: fmt.Sprintf("mutants_%d", os.Getpid())}
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+v.database); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(os.Getenv("TEST_DATABASE_URL"))
	if err != nil {
		return nil, err
	}
	config.ConnConfig.Database = v.database
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if _, err := migrations.ApplyPending(ctx, pool); err != nil {
		return nil, err
	}
	v.conn, err = pgx.ConnectConfig(ctx, config.ConnConfig)
	return v, err
}

func (v *validator) close(ctx context.Context) {
	_ = v.conn.Close(ctx)
	_, _ = v.admin.Exec(ctx, "DROP DATABASE "+v.database+" WITH (FORCE)")
	_ = v.admin.Close(ctx)
}

// accepts reports whether PostgreSQL parses the mutated statement. It accepts statements that use a
// temporary table without a check: the original ones fail too.
func (v *validator) accepts(ctx context.Context, m mutant) bool {
	if m.sql == "" {
		return true
	}
	if _, err := v.conn.Prepare(ctx, "", m.mutatedSQL); err == nil {
		return true
	}
	_, err := v.conn.Prepare(ctx, "", m.sql)
	return err != nil
}
