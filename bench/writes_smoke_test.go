package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/migrations"
)

// The script of each write covers every statement that the server sends for it, and pgbench runs it.
func TestWriteScripts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	database := testdb.StartCluster(t)
	pool, err := pgxpool.New(ctx, database.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := migrations.ApplyPending(ctx, pool); err != nil {
		t.Fatal(err)
	}
	if err := demo.Load(ctx, pool, demo.Options{Scale: demo.Small, Seed: planSeed, Now: time.Now().UTC().Truncate(time.Second)}); err != nil {
		t.Fatal(err)
	}
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	runner, err := newPgbench(ctx, database, b, pool)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range writeWorkloads {
		t.Run(w.title, func(t *testing.T) {
			if err := runWriteScript(t.Context(), b, runner, pool, w); err != nil {
				t.Error(err)
			}
		})
	}
}

// runWriteScript plans a write, sends it to the server, and runs the script of it for a second.
func runWriteScript(ctx context.Context, b *benchmark, runner *pgbench, pool *pgxpool.Pool, w writeWorkload) error {
	plan, err := planWrites(ctx, pool, w)
	if err != nil {
		return err
	}
	file, err := b.writeScript(ctx, runner, w, plan[len(plan)-1])
	if err != nil {
		return err
	}
	_, err = runner.runScript(ctx, loadProfile{connections: 1, duration: time.Second}, file)
	return err
}
