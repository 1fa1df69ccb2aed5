package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/store"
)

// progressMonths is the number of monthly partitions of video_progress, as after two years of use.
const progressMonths = 24

// copyDatabase copies the database, so that the read operations never see the writes, and returns the
// URL of the copy. Commits to the copy wait for the disk, as in production; by default, those to a
// private PostgreSQL do not.
func copyDatabase(ctx context.Context, database *embedpg.Server) (dsn string, drop func() error, err error) {
	config, err := pgx.ParseConfig(database.DSN())
	if err != nil {
		return "", nil, err
	}
	name := config.Database + "_writes"
	execute := func(ctx context.Context, statements ...string) error {
		conn, err := pgx.Connect(ctx, database.DSNFor("postgres"))
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		for _, s := range statements {
			if _, err := conn.Exec(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	}
	copied := pgx.Identifier{name}.Sanitize()
	drop = func() error {
		return execute(context.WithoutCancel(ctx), "DROP DATABASE "+copied+" WITH (FORCE)")
	}
	err = execute(ctx, "DROP DATABASE IF EXISTS "+copied,
		"CREATE DATABASE "+copied+" TEMPLATE "+pgx.Identifier{config.Database}.Sanitize()+" STRATEGY file_copy",
		"ALTER DATABASE "+copied+" SET synchronous_commit = on")
	if err != nil {
		return "", nil, err
	}
	dsn = database.DSNFor(name)
	db, err := store.Open(ctx, store.Config{URL: dsn})
	if err != nil {
		return "", nil, err
	}
	defer db.Close()
	_, err = db.EnsurePartitions(ctx, time.Now().AddDate(0, 2-progressMonths, 0), progressMonths)
	return dsn, drop, err
}

const (
	undoEnrollments = "DELETE FROM enrollments WHERE id > $1"
	undoProgress    = `WITH recorded AS (DELETE FROM video_progress WHERE id > $1)
		UPDATE enrollments e SET progress = b.progress, last_accessed_at = b.last_accessed_at, completed_at = b.completed_at
		FROM bench_enrollments b WHERE e.id = b.id AND e.last_accessed_at IS DISTINCT FROM b.last_accessed_at`
)

// undoRound removes the rows after a key, vacuums the tables and forces a checkpoint, so that all rounds
// start in the same state.
func undoRound(ctx context.Context, pool *pgxpool.Pool, w writeWorkload, last int64) error {
	_, err := pool.Exec(ctx, w.undoSQL, last)
	for _, s := range []string{"VACUUM " + w.table + ", " + w.otherTable, "CHECKPOINT"} {
		if err == nil {
			_, err = pool.Exec(ctx, s)
		}
	}
	if err != nil {
		return fmt.Errorf("undo a round: %w", err)
	}
	return nil
}

func readLastKey(ctx context.Context, pool *pgxpool.Pool, table string) (last int64, err error) {
	if err = pool.QueryRow(ctx, "SELECT max(id) FROM "+table).Scan(&last); err != nil {
		err = fmt.Errorf("read the last key of %s: %w", table, err)
	}
	return last, err
}
