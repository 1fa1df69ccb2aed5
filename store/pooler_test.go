package store_test

import (
	"testing"
	"time"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/testdb/pgbouncer"
	"github.com/7p-education/api/store"
)

// startPooler starts a PgBouncer and returns the DSN of a database through it.
func startPooler(t *testing.T, dsn string, settings ...string) string {
	t.Helper()
	p, err := pgbouncer.Start(t.Context(), dsn, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	through, err := p.Through(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return through
}

// settingsOf reads, in a write and in a read, the settings that statements run with.
func TestPoolerDetected(t *testing.T) {
	t.Parallel()
	dsn := testdb.Direct(t, testdb.NewWithDemo(t))
	ignore := "ignore_startup_parameters = plan_cache_mode,jit,pg_trgm.word_similarity_threshold,lock_timeout,statement_timeout,extra_float_digits"
	for name, c := range map[string]struct {
		url  string
		kind store.Pooler
		want bool
	}{
		"a direct connection":               {dsn, store.PoolerAuto, false},
		"a pooler that rejects settings":    {startPooler(t, dsn), store.PoolerAuto, true},
		"a pooler that ignores settings":    {startPooler(t, dsn, ignore), store.PoolerAuto, true},
		"a pooler that is named":            {startPooler(t, dsn, "default_pool_size = 1"), store.PoolerTransaction, true},
		"a pooler with prepared statements": {startPooler(t, dsn, "pool_mode = session"), store.PoolerPrepared, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, store.Config{URL: c.url, Pooler: c.kind, MaxConns: 4, StatementTimeout: 1234 * time.Millisecond})
			if s.IsPooled() != c.want {
				t.Errorf("pooled: %v, want %v", s.IsPooled(), c.want)
			}
			if err := s.UpdatePreferences(t.Context(), viewerFour, store.PreferenceChanges{Theme: ptr("dark")}); err != nil {
				t.Error(err)
			}
		})
	}
}
