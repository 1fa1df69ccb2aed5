package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/migrations"
	"github.com/7p-education/api/store"
)

// poolSize is the number of connections of each contender.
const poolSize = 8

// startDatabase starts the benchmark's own PostgreSQL, with medium demo data and everything
// precomputed. Its directory stays, so that only the first run of a week loads the data, which takes
// about a minute.
func startDatabase(ctx context.Context) (*embedpg.Server, error) {
	return startScale(ctx, demo.Medium)
}

// startScale starts a PostgreSQL with demo data of a scale, in a directory of its own.
func startScale(ctx context.Context, scale demo.Scale) (*embedpg.Server, error) {
	dir := "7p-bench"
	if scale != demo.Medium {
		dir += "-" + string(scale)
	}
	name, err := databaseName(time.Now())
	if err != nil {
		return nil, err
	}
	server, err := embedpg.Start(ctx, embedpg.Options{
		Dir: filepath.Join(os.TempDir(), dir), Database: name, Fetch: true, Progress: printStatus,
	})
	if err != nil {
		return nil, err
	}
	if err := fillDatabase(ctx, server, name, scale); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the database: %w", err), server.Stop(context.WithoutCancel(ctx)))
	}
	return server, nil
}

// startEmptyDatabase starts a PostgreSQL that is removed with the process.
func startEmptyDatabase(ctx context.Context) (*embedpg.Server, error) {
	return embedpg.Start(ctx, embedpg.Options{Ephemeral: true, Database: "postgres", Fetch: true, Progress: printStatus})
}

// databaseName changes with the schema, with the demo data and with the week: dashboards show the last
// 30 days, which are empty with old data.
func databaseName(now time.Time) (string, error) {
	h := fnv.New32a()
	year, week := now.ISOWeek()
	fmt.Fprintln(h, demo.Version, year, week)
	files, err := fs.Glob(migrations.FS, "*.sql")
	for _, file := range files {
		var sql []byte
		if sql, err = fs.ReadFile(migrations.FS, file); err != nil {
			break
		}
		_, _ = h.Write(sql)
	}
	if err != nil {
		return "", fmt.Errorf("read the migrations: %w", err)
	}
	return fmt.Sprintf("bench_%08x", h.Sum32()), nil
}

func fillDatabase(ctx context.Context, server *embedpg.Server, name string, scale demo.Scale) error {
	if err := dropOldDatabases(ctx, server, name); err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Config{URL: server.DSN(), MaxConns: poolSize})
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := migrations.ApplyPending(ctx, db.PrimaryPool()); err != nil {
		return err
	}
	loaded, err := demo.HasData(ctx, db.PrimaryPool())
	if err != nil {
		return err
	}
	if !loaded {
		printStatus("loading the %s demo data", scale)
		start := time.Now()
		err := demo.Load(ctx, db.PrimaryPool(), demo.Options{Scale: scale, Seed: planSeed, Now: start.UTC().Truncate(time.Second)})
		if err != nil {
			return err
		}
		printStatus("loaded in %.0f s", time.Since(start).Seconds())
	}
	// The server's jobs would otherwise do this work during the measurement.
	for _, j := range jobs.ServerJobs(db, 0) {
		if _, err := jobs.RunNow(ctx, db, slog.New(slog.DiscardHandler), j); err != nil {
			return err
		}
	}
	return nil
}

// dropOldDatabases drops the databases of earlier schemas, demo data and weeks.
func dropOldDatabases(ctx context.Context, server *embedpg.Server, name string) error {
	conn, err := pgx.Connect(ctx, server.DSNFor("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database d WHERE starts_with(datname, 'bench_') AND datname <> $1
		AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)`, name)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, o := range old {
		if err == nil {
			_, err = conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{o}.Sanitize())
		}
	}
	return err
}

// postmasterPID returns the process id of PostgreSQL's postmaster, the parent of all its processes.
func postmasterPID(server *embedpg.Server) (int, error) {
	text, err := os.ReadFile(filepath.Join(server.Dir(), "data", "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("find PostgreSQL's process: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(line))
}
