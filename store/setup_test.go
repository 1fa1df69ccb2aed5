package store_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// setup opens a store on a database of testdb, and a pool of the same database.
func setup(t *testing.T, dsn string) (*store.Store, *pgxpool.Pool) {
	t.Helper()
	return open(t, store.Config{URL: dsn, MaxConns: 4}), testdb.OpenPool(t, dsn)
}

// open opens a store that is closed with the test.
func open(t *testing.T, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func exec(t *testing.T, db *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// value returns the value that a query selects.
func value[T any](t *testing.T, db *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := db.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// recordStats runs do and returns the statistics of the statements that it sends.
func recordStats(t *testing.T, do func(context.Context)) *store.Stats {
	t.Helper()
	stats := &store.Stats{}
	do(store.WithStats(t.Context(), stats))
	return stats
}
