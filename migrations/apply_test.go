package migrations_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3/lock"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/migrations"
)

// Migrations are not subject to the statement timeout of the pool.
func TestApplyPendingIgnoresTimeouts(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenTimeoutPool(t, testdb.New(t))
	for file := "unknown"; file != ""; {
		var err error
		if file, err = migrations.RevertLatest(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := migrations.ApplyPending(t.Context(), pool); err != nil || n == 0 {
		t.Errorf("%d migrations: %v", n, err)
	}
}

// The list of migrations is that of goose, also after the latest was reverted and on a database without any, and it is
// there while another process applies migrations.
func TestListMigrations(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenPool(t, testdb.New(t))
	wantPending := func(what string, want int) {
		t.Helper()
		if n, err := migrations.CountPending(t.Context(), pool); err != nil || n != want {
			t.Errorf("%s: %d are pending, %v; want %d", what, n, err, want)
		}
	}
	wantPending("all applied", 0)
	if _, err := migrations.RevertLatest(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	wantPending("the latest reverted", 1)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock($1)", lock.DefaultLockID); err != nil { // as goose does
		t.Fatal(err)
	}
	wantPending("migrations in progress", 1)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := migrations.ApplyPending(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	wantPending("applied again", 0)
	if _, err := pool.Exec(t.Context(), "DROP TABLE goose_db_version"); err != nil {
		t.Fatal(err)
	}
	list, err := migrations.ListMigrations(t.Context(), pool)
	if err != nil || len(list) == 0 || list[0].Version != 1 || list[0].File != "0001_tables.sql" {
		t.Errorf("%v, %v", list, err)
	}
	wantPending("an empty database", len(list))
}

// A migration that waits for a lock fails soon, because later statements on the table wait behind it. It succeeds once
// the lock is released.
func TestMigrationDoesNotWaitForLocks(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	reverted := 0
	for file := ""; file != "0034_large_data.sql"; reverted++ { // It changes an index of courses.
		var err error
		if file, err = migrations.RevertLatest(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), "LOCK TABLE courses IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := migrations.ApplyPending(limited, db); err == nil || !strings.Contains(err.Error(), "lock timeout") {
		t.Errorf("with the table locked: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := migrations.ApplyPending(t.Context(), db); n != reverted || err != nil {
		t.Errorf("%d migrations applied, %v", n, err)
	}
}
