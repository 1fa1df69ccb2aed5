// Package migrations contains the database schema as ordered SQL files, and applies them.
package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// FS contains the SQL files, in the format of goose.
//
//go:embed *.sql
var FS embed.FS

// Migration is a migration, and whether it is applied to the database.
type Migration struct {
	Version int64
	File    string
	Applied bool
}

// ApplyPending applies the migrations that the database lacks and returns their number. Their
// statements have no timeout, even if the pool sets one. Servers that start at the same time wait
// for each other on an advisory lock.
func ApplyPending(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	var n int
	err := withProvider(pool, func(p *goose.Provider) error {
		done, err := p.Up(ctx)
		n = len(done)
		return err
	})
	return n, err
}

// RevertLatest reverts the latest migration and returns its file, "" if there is none.
func RevertLatest(ctx context.Context, pool *pgxpool.Pool) (string, error) {
	var file string
	err := withProvider(pool, func(p *goose.Provider) error {
		version, err := p.GetDBVersion(ctx)
		if err != nil || version == 0 {
			return err
		}
		done, err := p.Down(ctx)
		if err == nil && done != nil {
			file = done.Source.Path
		}
		return err
	})
	return file, err
}

// ListMigrations returns all migrations, the oldest first. It reads one table and takes no lock: goose's
// Status waits for a migration that is being applied, and servers that start together for one another.
func ListMigrations(ctx context.Context, pool *pgxpool.Pool) ([]Migration, error) {
	applied, err := readApplied(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	files, err := fs.Glob(FS, "*.sql") // sorted
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	list := make([]Migration, len(files))
	for i, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		list[i] = Migration{version, file, applied[version]}
	}
	return list, nil
}

// readApplied returns the versions of the applied migrations. goose adds a row for each change of a version.
func readApplied(ctx context.Context, pool *pgxpool.Pool) (map[int64]bool, error) {
	const text = "-- name: AppliedMigrations\nSELECT version_id, is_applied FROM goose_db_version ORDER BY id"
	applied := map[int64]bool{}
	var version int64
	var isApplied bool
	rows, err := pool.Query(ctx, text, pgx.QueryExecModeExec)
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&version, &isApplied}, func() error { applied[version] = isApplied; return nil })
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42P01" { // undefined_table: none was ever applied
		return applied, nil
	}
	return applied, err
}

// CountPending returns the number of migrations that the database lacks.
func CountPending(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	list, err := ListMigrations(ctx, pool)
	n := 0
	for _, m := range list {
		if !m.Applied {
			n++
		}
	}
	return n, err
}

// lockTimeout is how long a migration may wait for a lock, as writes of the server may.
const lockTimeout = "2s"

// withProvider runs do with a goose provider on a connection of its own.
func withProvider(pool *pgxpool.Pool, do func(*goose.Provider) error) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	// A migration of large tables may take long. It may not wait long for a lock, because statements that come later
	// wait behind it.
	config := pool.Config().ConnConfig
	for name, value := range map[string]string{"statement_timeout": "0", "lock_timeout": lockTimeout, "timezone": "UTC"} {
		config.RuntimeParams[name] = value
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, FS, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := do(p); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}
