package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/migrations"
	"github.com/7p-education/api/store"
)

// database is the database of a command: the one that DATABASE_URL names, or a
// private one.
type database struct {
	*store.Store
	embedded *embedpg.Server // nil where DATABASE_URL names one
	upToDate atomic.Bool     // it is known to lack no migration
}

// openDatabase opens it; changed is told what its writes changed, unless it is nil.
func openDatabase(ctx context.Context, c *config.Config, publishChanges func(context.Context, []store.Change)) (*database, error) {
	db := &database{}
	url := c.DatabaseURL
	if url == "" {
		var err error
		db.embedded, err = embedpg.Start(ctx, embedpg.Options{Dir: embeddedPath(c, "postgres"), Fetch: c.EmbeddedFetch, Progress: status})
		if err != nil {
			return nil, err
		}
		url = db.embedded.DSN()
	}
	var err error
	db.Store, err = store.Open(ctx, store.Config{
		URL: url, ReplicaURL: c.ReadReplicaURL, MaxConns: c.DatabasePool, StatementTimeout: c.StatementTimeout, PublishChanges: publishChanges,
	})
	if err != nil {
		return nil, errors.Join(err, db.stopEmbedded())
	}
	return db, nil
}

// closeAndStop closes the connections and stops a private PostgreSQL.
func (db *database) closeAndStop() error {
	db.Close()
	return db.stopEmbedded()
}

func (db *database) stopEmbedded() error {
	if db.embedded == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return db.embedded.Stop(ctx)
}

// embeddedExited is closed when a private PostgreSQL of ours has ended by itself.
func (db *database) embeddedExited() <-chan struct{} {
	if db.embedded == nil {
		return nil
	}
	return db.embedded.Done()
}

// readinessChecks tells readiness of the database: whether it answers, and whether it has
// the schema that this program was made for.
func (db *database) readinessChecks() []middleware.HealthCheck {
	return []middleware.HealthCheck{
		{Name: "database", Required: true, Probe: db.Ping},
		{Name: "migrations", Required: true, Probe: db.checkMigrations},
	}
}

// checkMigrations returns an error while the database lacks migrations. Once it lacks
// none, that is not looked for again.
func (db *database) checkMigrations(ctx context.Context) error {
	if db.upToDate.Load() {
		return nil
	}
	n, err := migrations.CountPending(ctx, db.PrimaryPool())
	if err == nil && n > 0 {
		err = fmt.Errorf("%d migrations are pending: run \"7p migrate up\"", n)
	}
	db.upToDate.Store(err == nil)
	return err
}

// migrationPollInterval is how often a server looks whether it was migrated meanwhile.
const migrationPollInterval = 3 * time.Second

// migrationsApplied is closed once the database lacks no migration.
func (db *database) migrationsApplied(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(migrationPollInterval)
		defer tick.Stop()
		for {
			if db.checkMigrations(ctx) == nil {
				close(done)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return done
}

// prepareSchema migrates a private database and loads the small demo data once. Any
// other is left as it is: whether it lacks migrations is told.
func (db *database) prepareSchema(ctx context.Context) error {
	if db.embedded == nil {
		n, err := migrations.CountPending(ctx, db.PrimaryPool())
		if err == nil && n > 0 {
			status("The database lacks %d migrations: run \"7p migrate up\". Until then /readyz is 503.", n)
		}
		return err
	}
	if err := db.applyMigrations(ctx); err != nil {
		return err
	}
	loaded, err := demo.HasData(ctx, db.PrimaryPool())
	if err != nil || loaded {
		return err
	}
	return loadDemoData(ctx, db, config.Seed{Scale: string(demo.Small), Seed: 7})
}

// applyMigrations applies what the database lacks, and tells of it.
func (db *database) applyMigrations(ctx context.Context) error {
	n, err := migrations.ApplyPending(ctx, db.PrimaryPool())
	if err == nil && n > 0 {
		status("Migrated the database (%d migrations).", n)
	}
	return err
}

// loadDemoData loads demo data, telling how far it is.
func loadDemoData(ctx context.Context, db *database, s config.Seed) error {
	start := time.Now()
	bar := newProgressBar(os.Stderr)
	err := demo.Load(ctx, db.PrimaryPool(), demo.Options{Scale: demo.Scale(s.Scale), Seed: s.Seed, Now: time.Now().UTC().Truncate(time.Second), Progress: bar.showProgress})
	bar.clearLine()
	if err != nil {
		return err
	}
	status("Loaded the %s demo data in %.1f s.", s.Scale, time.Since(start).Seconds())
	return nil
}

// newTokens returns what makes and checks access tokens, and whether its keys
// outlive the process.
func newTokens(c *config.Config) (t *auth.Tokens, persistent bool, err error) {
	bundle, err := readKeyBundle(c.JWTKeys)
	if err != nil {
		return nil, false, err
	}
	secret, persistent := c.JWTSecret, true
	switch {
	case secret+bundle != "":
	case c.DatabaseURL != "":
		secret, persistent = rand.Text()+rand.Text(), false
	default:
		if secret, err = loadOrCreateSecret(embeddedPath(c, "jwt-secret")); err != nil {
			return nil, false, err
		}
	}
	t, err = auth.NewTokens(secret, bundle)
	return t, persistent, err
}

// loadOrCreateSecret reads the secret beside the private PostgreSQL, or makes one.
func loadOrCreateSecret(file string) (string, error) {
	if b, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	secret := rand.Text() + rand.Text()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", fmt.Errorf("keep a secret for tokens: %w", err)
	}
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep a secret for tokens: %w", err)
	}
	return secret, nil
}

// embeddedPath is where the private PostgreSQL and what belongs to it live.
func embeddedPath(c *config.Config, name string) string {
	dir := c.EmbeddedDir
	if dir == "" {
		postgres, err := embedpg.DefaultDir()
		if err != nil {
			return "" // embedpg.Start tells why
		}
		dir = filepath.Dir(postgres)
	}
	return filepath.Join(dir, name)
}
