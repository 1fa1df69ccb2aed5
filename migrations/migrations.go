// Package migrations holds the database's schema as ordered SQL files, and
// applies them. It must never know of the server's configuration or logging.
package migrations

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// FS holds the SQL files, in the format of goose.
//
//go:embed *.sql
var FS embed.FS

// Migration is one migration and whether the database has it.
type Migration struct {
	Version int64
	File    string
	Applied bool
}

// ApplyPending applies what the database lacks and returns how many migrations that were. Its
// statements may take as long as they need, whatever the pool's may.
// Servers that start at once queue on an advisory lock.
func ApplyPending(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	var n int
	err := withProvider(pool, func(p *goose.Provider) error {
		done, err := p.Up(ctx)
		n = len(done)
		return err
	})
	return n, err
}

// RevertLatest takes back the newest migration and returns its file; "" where there is
// none.
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

// ListMigrations lists every migration, the oldest first.
func ListMigrations(ctx context.Context, pool *pgxpool.Pool) ([]Migration, error) {
	var list []Migration
	err := withProvider(pool, func(p *goose.Provider) error {
		all, err := p.Status(ctx)
		for _, m := range all {
			list = append(list, Migration{m.Source.Version, m.Source.Path, m.State == goose.StateApplied})
		}
		return err
	})
	return list, err
}

// CountPending counts the migrations that the database lacks.
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

func withProvider(pool *pgxpool.Pool, do func(*goose.Provider) error) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	// The pool's connections end a statement that takes long, as a migration of large
	// tables does. How long it may wait for locks, and keep others waiting, stays.
	config := pool.Config().ConnConfig
	config.RuntimeParams["statement_timeout"] = "0"
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
