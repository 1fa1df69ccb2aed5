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
	complete atomic.Bool     // it is known to lack no migration
}

// openDatabase opens it; changed is told what its writes changed, unless it is nil.
func openDatabase(ctx context.Context, c *config.Config, changed func(context.Context, []store.Change)) (*database, error) {
	db := &database{}
	url := c.DatabaseURL
	if url == "" {
		var err error
		db.embedded, err = embedpg.Start(ctx, embedpg.Options{Dir: embeddedDir(c, "postgres"), Fetch: c.EmbeddedFetch, Progress: say})
		if err != nil {
			return nil, err
		}
		url = db.embedded.DSN()
	}
	var err error
	db.Store, err = store.Open(ctx, store.Config{
		URL: url, ReplicaURL: c.ReadReplicaURL, MaxConns: c.DatabasePool, Timeout: c.StatementTimeout, Changed: changed,
	})
	if err != nil {
		return nil, errors.Join(err, db.stop())
	}
	return db, nil
}

// close closes the connections and stops a private PostgreSQL.
func (db *database) close() error {
	db.Close()
	return db.stop()
}

func (db *database) stop() error {
	if db.embedded == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return db.embedded.Stop(ctx)
}

// ended is closed when a private PostgreSQL of ours has ended by itself.
func (db *database) ended() <-chan struct{} {
	if db.embedded == nil {
		return nil
	}
	return db.embedded.Done()
}

// checks tells readiness of the database: whether it answers, and whether it has
// the schema that this program was made for.
func (db *database) checks() []middleware.Check {
	return []middleware.Check{
		{Name: "database", Required: true, Probe: db.Ping},
		{Name: "migrations", Required: true, Probe: db.checkMigrations},
	}
}

// checkMigrations returns an error while the database lacks migrations. Once it lacks
// none, that is not looked for again.
func (db *database) checkMigrations(ctx context.Context) error {
	if db.complete.Load() {
		return nil
	}
	n, err := migrations.Pending(ctx, db.Primary())
	if err == nil && n > 0 {
		err = fmt.Errorf("%d migrations are pending: run \"7p migrate up\"", n)
	}
	db.complete.Store(err == nil)
	return err
}

// pendingEvery is how often a server looks whether it was migrated meanwhile.
const pendingEvery = 3 * time.Second

// migrated is closed once the database lacks no migration.
func (db *database) migrated(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(pendingEvery)
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

// prepare migrates a private database and loads the small demo data once. Any
// other is left as it is: whether it lacks migrations is told.
func (db *database) prepare(ctx context.Context) error {
	if db.embedded == nil {
		n, err := migrations.Pending(ctx, db.Primary())
		if err == nil && n > 0 {
			say("The database lacks %d migrations: run \"7p migrate up\". Until then /readyz is 503.", n)
		}
		return err
	}
	if err := db.migrate(ctx); err != nil {
		return err
	}
	loaded, err := demo.Loaded(ctx, db.Primary())
	if err != nil || loaded {
		return err
	}
	return seed(ctx, db, config.Seed{Scale: string(demo.Small), Seed: 7})
}

// migrate applies what the database lacks, and tells of it.
func (db *database) migrate(ctx context.Context) error {
	n, err := migrations.Up(ctx, db.Primary())
	if err == nil && n > 0 {
		say("Migrated the database (%d migrations).", n)
	}
	return err
}

// seed loads demo data, telling how far it is.
func seed(ctx context.Context, db *database, s config.Seed) error {
	start := time.Now()
	bar := newBar(os.Stderr)
	err := demo.Load(ctx, db.Primary(), demo.Options{Scale: demo.Scale(s.Scale), Seed: s.Seed, Now: time.Now().UTC().Truncate(time.Second), Progress: bar.show})
	bar.end()
	if err != nil {
		return err
	}
	say("Loaded the %s demo data in %.1f s.", s.Scale, time.Since(start).Seconds())
	return nil
}

// tokens returns what makes and checks access tokens, and whether its keys
// outlive the process.
func tokens(c *config.Config) (t *auth.Tokens, lasting bool, err error) {
	bundle, err := readKeys(c.JWTKeys)
	if err != nil {
		return nil, false, err
	}
	secret, lasting := c.JWTSecret, true
	switch {
	case secret+bundle != "":
	case c.DatabaseURL != "":
		secret, lasting = rand.Text()+rand.Text(), false
	default:
		if secret, err = keptSecret(embeddedDir(c, "jwt-secret")); err != nil {
			return nil, false, err
		}
	}
	t, err = auth.NewTokens(secret, bundle)
	return t, lasting, err
}

// keptSecret reads the secret beside the private PostgreSQL, or makes one.
func keptSecret(file string) (string, error) {
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

// embeddedDir is where the private PostgreSQL and what belongs to it live.
func embeddedDir(c *config.Config, name string) string {
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
