package migrations_test

import (
	"testing"

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
