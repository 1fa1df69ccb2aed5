package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/terminal"
	"github.com/7p-education/api/store"
)

const (
	// stopTimeout is how long the private PostgreSQL may take to stop.
	stopTimeout = 30 * time.Second
	// defaultDemoSeed is the seed of the demo data of a private PostgreSQL.
	defaultDemoSeed = 7
)

// Database is the database of a server or a command: the one of DATABASE_URL, or a private one.
type Database struct {
	*store.Store
	embedded *embedpg.Server // nil with a DATABASE_URL
	upToDate atomic.Bool     // no migration is pending
}

// OpenDatabase opens the database for a command, whose writes are found by the servers' polling.
func OpenDatabase(ctx context.Context, c *config.Config) (*Database, error) {
	return openDatabase(ctx, c, store.Config{})
}

// openDatabase opens the database. The rest of the configuration is that of a store without settings.
func openDatabase(ctx context.Context, c *config.Config, rest store.Config) (*Database, error) {
	db := &Database{}
	url := string(c.DatabaseURL)
	if url == "" {
		var err error
		db.embedded, err = embedpg.Start(ctx, embedpg.Options{Dir: embeddedPath(c, "postgres"), Fetch: c.EmbeddedPostgresFetch, Progress: terminal.PrintStatus})
		if err != nil {
			return nil, err
		}
		url = db.embedded.DSN()
	}
	var err error
	rest.URL, rest.MaxConns, rest.StatementTimeout, rest.ReplicaMaxLag = url, c.DatabaseMaxConns, c.StatementTimeout, c.ReplicaMaxLag
	rest.DirectURL, rest.Pooler = string(c.DirectDatabaseURL), store.Pooler(c.DatabasePooler)
	rest.MaxLockTime, rest.MaxStoredBytes = c.IdempotencyLockTime, c.IdempotencyMaxMiB<<20
	for _, replica := range c.ReadReplicaURLs {
		rest.ReplicaURLs = append(rest.ReplicaURLs, string(replica))
	}
	db.Store, err = store.Open(ctx, rest)
	if err != nil {
		return nil, errors.Join(err, db.stopEmbedded())
	}
	return db, nil
}

// isDemo reports whether the database is the private one, whose data and passwords are public.
func (db *Database) isDemo() bool { return db.embedded != nil }

// Close closes the connections and stops a private PostgreSQL.
func (db *Database) Close() error {
	db.Store.Close()
	return db.stopEmbedded()
}

func (db *Database) stopEmbedded() error {
	if db.embedded == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return db.embedded.Stop(ctx)
}

// embeddedExited returns a channel that is closed when the private PostgreSQL exits by itself.
func (db *Database) embeddedExited() <-chan struct{} {
	if db.embedded == nil {
		return nil
	}
	return db.embedded.Done()
}

// readinessChecks returns the checks that the database answers, that it accepts writes, and that no migration is pending. The checks
// of the replicas are not required: the primary serves their reads.
func (db *Database) readinessChecks() []middleware.HealthCheck {
	checks := []middleware.HealthCheck{
		{Name: "database", Required: true, Probe: db.Ping},
		{Name: "writes", Probe: db.CheckWritable},
		{Name: "migrations", Required: true, Probe: db.checkMigrations},
	}
	for _, replica := range db.Replicas() {
		checks = append(checks, middleware.HealthCheck{Name: replica.Name(), Probe: func(context.Context) error {
			if cause := replica.Stats().Cause; cause != nil {
				return replicaError{cause}
			}
			return nil
		}})
	}
	return checks
}

// replicaError is why a replica serves no reads.
type replicaError struct{ error }

// Unwrap returns the error of the store.
func (e replicaError) Unwrap() error { return e.error }

// HealthCause implements middleware.PublicError.
func (e replicaError) HealthCause() string { return store.ReplicaCause(e.error) }

// LoadDemoData loads demo data and shows the progress.
func LoadDemoData(ctx context.Context, db *Database, scale demo.Scale, seed uint64) error {
	pool, err := db.DirectPool(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	bar := terminal.NewProgressBar(os.Stderr)
	err = demo.Load(ctx, pool, demo.Options{Scale: scale, Seed: seed, Now: time.Now().UTC().Truncate(time.Second), Progress: bar.ShowProgress})
	bar.ClearLine()
	if err != nil {
		return err
	}
	terminal.PrintStatus("Loaded the %s demo data in %.1f s.", scale, time.Since(start).Seconds())
	return nil
}

// embeddedPath returns the path of a file or directory that belongs to the private PostgreSQL.
func embeddedPath(c *config.Config, name string) string {
	dir := c.EmbeddedPostgresDir
	if dir == "" {
		postgres, err := embedpg.DefaultDir()
		if err != nil {
			return "" // embedpg.Start returns the error
		}
		dir = filepath.Dir(postgres)
	}
	return filepath.Join(dir, name)
}
