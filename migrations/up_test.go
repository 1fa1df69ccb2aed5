package migrations_test

import (
	"testing"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/migrations"
)

// The pool of a server ends statements that take long; those of a migration may.
func TestUpTakesItsTime(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenTimeoutPool(t, testdb.New(t))
	for file := "some"; file != ""; {
		var err error
		if file, err = migrations.RevertLatest(t.Context(), pool); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := migrations.ApplyPending(t.Context(), pool); err != nil || n == 0 {
		t.Errorf("%d migrations: %v", n, err)
	}
}
