package testdb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/migrations"
)

// template is a database to clone. Its name contains a hash of its content, so databases of several
// versions of the code can share a cluster.
type template struct {
	name string
	base string // the database it is cloned from: another template, or PostgreSQL's own
	fill func(context.Context, *pgxpool.Pool) error
}

// migratedTemplate returns the template of the schema without data.
var migratedTemplate = sync.OnceValue(func() template {
	return template{
		name: "tpl_" + hashMigrations(),
		base: "template1",
		fill: func(ctx context.Context, pool *pgxpool.Pool) error {
			_, err := migrations.ApplyPending(ctx, pool)
			return err
		},
	}
})

const demoSeed = 7

// demoTemplate returns the template of the schema with the small demo data.
var demoTemplate = sync.OnceValue(func() template {
	base := migratedTemplate().name
	return template{
		name: "tpl_demo_" + hashParts(base, demo.Version, demoSeed, Now),
		base: base,
		fill: func(ctx context.Context, pool *pgxpool.Pool) error {
			if err := demo.Load(ctx, pool, demo.Options{Scale: demo.Small, Seed: demoSeed, Now: Now}); err != nil {
				return err
			}
			// The jobs of servers add the partitions of the months until the real time. Their triggers would begin another
			// history of the database, for which nothing is cached.
			_, err := pool.Exec(ctx, "SELECT ensure_progress_partitions($1, now() + interval '3 months')", Now)
			return err
		},
	}
})

func hashMigrations() string {
	var content []any
	err := fs.WalkDir(migrations.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		sql, err := fs.ReadFile(migrations.FS, path)
		content = append(content, path, string(sql))
		return err
	})
	if err != nil {
		panic(err) // the files are embedded in the program
	}
	return hashParts(content...)
}

func hashParts(parts ...any) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%v\x00", part)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// builtTemplates holds the names of the templates that this process has found complete.
var builtTemplates sync.Map

// ensureBuilt builds the template unless it exists. An advisory lock makes one process build it while
// the others wait. A complete template has IS_TEMPLATE set; at the same moment it stops accepting
// connections, because a database in use cannot be cloned.
func (tpl template) ensureBuilt(ctx context.Context, admin string) (err error) {
	if _, done := builtTemplates.Load(tpl.name); done {
		return nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("building the template database %s: %w", tpl.name, err)
		}
	}()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // which releases the lock
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, tpl.name); err != nil {
		return err
	}
	var finished bool
	err = conn.QueryRow(ctx, `SELECT datistemplate FROM pg_database WHERE datname = $1`, tpl.name).Scan(&finished)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if !finished {
		if err := tpl.buildTemplate(ctx, admin, conn); err != nil {
			return err
		}
	}
	builtTemplates.Store(tpl.name, true)
	return nil
}

// buildTemplate builds the template from scratch. An existing database of its name was left by a process
// that died while building it.
func (tpl template) buildTemplate(ctx context.Context, admin string, conn *pgx.Conn) error {
	if tpl.base == migratedTemplate().name {
		if err := migratedTemplate().ensureBuilt(ctx, admin); err != nil {
			return err
		}
	}
	for _, sql := range []string{
		`DROP DATABASE IF EXISTS ` + tpl.name + ` WITH (FORCE)`,
		`CREATE DATABASE ` + tpl.name + ` TEMPLATE ` + tpl.base + ` STRATEGY FILE_COPY`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	dsn, err := replaceDatabase(admin, tpl.name)
	if err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return err
	}
	err = tpl.fill(ctx, pool)
	pool.Close()
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `ALTER DATABASE `+tpl.name+` WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`)
	return err
}
