package store_test

import (
	"context"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

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

const ignoredSettings = "ignore_startup_parameters = plan_cache_mode,jit,pg_trgm.word_similarity_threshold,lock_timeout,statement_timeout"

// Each way to a database is detected, and a write whose argument is JSON works on all of them.
func TestPooler(t *testing.T) {
	t.Parallel()
	dsn := testdb.Direct(t, testdb.NewWithDemo(t))
	for name, c := range map[string]struct {
		url  string
		kind store.Pooler
		want bool
	}{
		"a direct connection":               {dsn, store.PoolerAuto, false},
		"a pooler that rejects settings":    {startPooler(t, dsn), store.PoolerAuto, true},
		"a pooler that ignores settings":    {startPooler(t, dsn, ignoredSettings), store.PoolerAuto, true},
		"a pooler in exec mode":             {startPooler(t, dsn, "default_pool_size = 1") + "&default_query_exec_mode=exec", store.PoolerTransaction, true},
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
			if _, err := s.DirectPool(t.Context()); (err == nil) == c.want {
				t.Errorf("a pool of sessions: %v", err)
			}
		})
	}
}

// Through a pooler, statements run with the settings of direct connections, and leave none behind.
func TestPoolerSettings(t *testing.T) {
	t.Parallel()
	dsn := testdb.Direct(t, testdb.NewWithDemo(t))
	s := open(t, store.Config{URL: startPooler(t, dsn, "default_pool_size = 1"), DirectURL: dsn, MaxConns: 4, StatementTimeout: 1234 * time.Millisecond})
	want := map[string]string{
		"plan_cache_mode": "force_generic_plan", "jit": "off", "TimeZone": "UTC", "lock_timeout": "2s",
		"statement_timeout": "1234ms", "pg_trgm.word_similarity_threshold": "0.4",
	}
	inTx := func(ctx context.Context, s *store.Store, into *map[string]string) error {
		return s.WriteInTx(ctx, func(tx *store.Tx) error { return tx.RunQueries(ctx, store.ReadSettings(into)) })
	}
	for way, read := range map[string]func(context.Context, *map[string]string) error{
		"a read": func(ctx context.Context, into *map[string]string) error {
			return s.RunQueries(ctx, store.ReadSettings(into))
		},
		"a batch": func(ctx context.Context, into *map[string]string) error {
			return s.RunQueries(ctx, store.ReadSettings(into), store.ReadSettings(into))
		},
		"a write": func(ctx context.Context, into *map[string]string) error { return inTx(ctx, s, into) },
		"a savepoint": func(ctx context.Context, into *map[string]string) error {
			return s.RunAtomically(ctx, func(s *store.Store) error { return inTx(ctx, s, into) })
		},
	} {
		got := map[string]string{}
		if err := read(t.Context(), &got); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", way, got, err, want)
		}
	}
	var left map[string]string
	if err := s.PrimaryPool().QueryRow(t.Context(), "SELECT jsonb_object_agg(name, setting) FROM pg_settings WHERE source = 'session'").Scan(&left); err != nil || left["jit"] != "" || left["statement_timeout"] != "" {
		t.Errorf("left on the connection of the pooler: %v, %v", left, err)
	}
	if _, err := s.DirectPool(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.RefreshAnalytics(t.Context()); err != nil {
		t.Error(err)
	}
}

// A direct connection to another database is rejected.
func TestDirectConnectionToAnotherDatabase(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	s := open(t, store.Config{URL: dsn, DirectURL: testdb.Direct(t, testdb.New(t)), MaxConns: 2})
	if _, err := s.DirectPool(t.Context()); err == nil {
		t.Error("it was accepted")
	}
}

// awaitNoServers waits until a PgBouncer has noticed that all its connections to databases are closed.
func awaitNoServers(t *testing.T, through string) {
	t.Helper()
	config, err := pgx.ParseConfig(through)
	if err != nil {
		t.Fatal(err)
	}
	config.Database, config.DefaultQueryExecMode = "pgbouncer", pgx.QueryExecModeSimpleProtocol
	admin, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.WithoutCancel(t.Context()))
	for servers := true; servers; {
		rows, err := admin.Query(t.Context(), "SHOW SERVERS")
		if err != nil {
			t.Fatal(err)
		}
		servers = rows.Next()
		rows.Close()
	}
}

// A pooler that leads to another server under open connections changes the identity before the result of a statement
// is returned.
func TestPoolerLeadsElsewhere(t *testing.T) {
	if os.Getenv("POOLER_LOAD") == "" {
		t.Skip("starts two clusters: make pgbouncer runs it")
	}
	t.Parallel()
	first, second := testdb.StartCluster(t), testdb.StartCluster(t)
	target := testdb.StartProxy(t, first.DSN())
	for _, dsn := range []string{first.DSN(), second.DSN()} {
		db, err := pgxpool.New(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		exec(t, db, "CREATE TABLE database_identity (id int)")
		exec(t, db, `CREATE FUNCTION identify_database(OUT origin text, OUT history text, OUT standby boolean) LANGUAGE sql STABLE AS
			$$ SELECT system_identifier::text, 'h', false FROM pg_control_system() $$`)
		db.Close()
	}
	through := startPooler(t, target.DSN())
	s := open(t, store.Config{URL: through, MaxConns: 2})
	before, _ := s.CurrentIdentity()
	conns := s.PrimaryPool().Stat().NewConnsCount()
	target.SwitchTo(t, second.DSN())
	awaitNoServers(t, through)
	var settings map[string]string
	if err := s.RunQueries(t.Context(), store.ReadSettings(&settings)); err != nil {
		t.Fatal(err)
	}
	if after, _ := s.CurrentIdentity(); !before.IsKnown() || !after.IsKnown() || after == before {
		t.Errorf("the identity is %v, and was %v", after, before)
	}
	if n := s.PrimaryPool().Stat().NewConnsCount(); n != conns {
		t.Errorf("%d connections, want the %d before", n, conns)
	}
}
