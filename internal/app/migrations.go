package app

import (
	"context"
	"fmt"
	"time"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/terminal"
	"github.com/7p-education/api/migrations"
)

// migrationPollInterval is how often a server checks whether its database has been migrated.
const migrationPollInterval = 3 * time.Second

// PrepareSchema migrates a private database and loads the small demo data into it once. It does
// not change any other database, but prints a message while migrations are pending there. Then it
// reads the identity of the database.
func (db *Database) PrepareSchema(ctx context.Context) error {
	if err := db.prepareSchema(ctx); err != nil {
		return err
	}
	return db.ReadIdentity(ctx)
}

func (db *Database) prepareSchema(ctx context.Context) error {
	if db.embedded == nil {
		n, err := db.countPending(ctx)
		if err == nil && n > 0 {
			terminal.PrintStatus("The database lacks %d migrations: run \"7p migrate up\". Until then /readyz is 503.", n)
		}
		return err
	}
	if err := db.ApplyMigrations(ctx); err != nil {
		return err
	}
	loaded, err := demo.HasData(ctx, db.PrimaryPool())
	if err != nil || loaded {
		return err
	}
	return LoadDemoData(ctx, db, demo.Small, defaultDemoSeed)
}

// ApplyMigrations applies the pending migrations and prints their number.
func (db *Database) ApplyMigrations(ctx context.Context) error {
	pool, err := db.DirectPool(ctx)
	if err != nil {
		return err
	}
	n, err := migrations.ApplyPending(ctx, pool)
	if err == nil && n > 0 {
		terminal.PrintStatus("Migrated the database (%d migrations).", n)
	}
	return err
}

// checkMigrations returns an error while migrations are pending.
func (db *Database) checkMigrations(ctx context.Context) error {
	n, err := db.countPending(ctx)
	if err == nil && n > 0 {
		err = fmt.Errorf("%d migrations are pending: run \"7p migrate up\"", n)
	}
	return err
}

// countPending returns the number of migrations that are pending. Once there are none it no longer queries the database.
func (db *Database) countPending(ctx context.Context) (int, error) {
	if db.upToDate.Load() {
		return 0, nil
	}
	n, err := migrations.CountPending(ctx, db.PrimaryPool())
	if err == nil && n == 0 {
		db.upToDate.Store(true)
	}
	return n, err
}

// migrationsApplied returns a channel that is closed once no migration is pending.
func (db *Database) migrationsApplied(ctx context.Context) <-chan struct{} {
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
