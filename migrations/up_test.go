package migrations_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/migrations"
)

// The pool of a server ends statements that take long; those of a migration may.
func TestUpTakesItsTime(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig(testdb.New(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["statement_timeout"] = "1"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for file := "some"; file != ""; {
		if file, err = migrations.Down(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := migrations.Up(t.Context(), pool); err != nil || n == 0 {
		t.Errorf("%d migrations: %v", n, err)
	}
}
