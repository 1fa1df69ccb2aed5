package store_test

import (
	"crypto/rand"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// A store that has connections is ready while the database accepts no more.
func TestPingAtConnectionLimit(t *testing.T) {
	t.Parallel()
	dsn := testdb.Direct(t, testdb.New(t))
	db := testdb.OpenPool(t, dsn)
	role := "limited_" + strings.ToLower(rand.Text())
	exec(t, db, "CREATE ROLE "+role+" LOGIN CONNECTION LIMIT 1")
	// The role ends with the cluster of the tests.
	exec(t, db, "GRANT SELECT ON categories, database_identity TO "+role)
	url := db.Config().ConnConfig
	s := open(t, store.Config{URL: "host=" + url.Host + " port=5432 dbname=" + url.Database + " user=" + role, MaxConns: 1})
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if err := s.CheckWritable(t.Context()); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	s.PrimaryPool().Reset() // the only connection is closed
	exec(t, db, "ALTER ROLE "+role+" CONNECTION LIMIT 0")
	if s.Ping(t.Context()) == nil {
		t.Error("a store without a connection is ready")
	}
}

// A store that was opened needs one connection for its first statements and probes. When its pool is busy, probes get a
// second one, which no statement takes.
func TestPingConnections(t *testing.T) {
	t.Parallel()
	dsn := testdb.Direct(t, testdb.New(t))
	db := testdb.OpenPool(t, dsn)
	s := open(t, store.Config{URL: dsn, MaxConns: 1})
	probe := func(want int) {
		t.Helper()
		writable := make(chan error, 1)
		go func() { writable <- s.CheckWritable(t.Context()) }()
		if err := errors.Join(s.Ping(t.Context()), <-writable); err != nil {
			t.Error(err)
		}
		var n int
		const text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
		if err := db.QueryRow(t.Context(), text).Scan(&n); err != nil || n != want {
			t.Errorf("%d connections, want %d: %v", n, want, err)
		}
	}
	probe(1)
	conn, err := s.PrimaryPool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	probe(2)
	conn.Release()
	probe(2)
}

// Without Config.MaxConns a pool has four connections for each processor that a quota leaves.
func TestDefaultPoolSize(t *testing.T) {
	t.Parallel()
	s := open(t, store.Config{URL: testdb.New(t)})
	if got, want := s.PrimaryPool().Config().MaxConns, int32(4*runtime.GOMAXPROCS(0)); got != want {
		t.Errorf("%d connections, want %d", got, want)
	}
}

func TestCheckWritable(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	s := open(t, store.Config{URL: dsn, MaxConns: 1})
	if err := s.CheckWritable(t.Context()); err != nil {
		t.Error(err)
	}
	exec(t, db, "ALTER DATABASE "+db.Config().ConnConfig.Database+" SET default_transaction_read_only = on")
	s = open(t, store.Config{URL: testdb.Direct(t, dsn), MaxConns: 1})
	public, ok := errors.AsType[interface {
		error
		HealthCause() string
	}](s.CheckWritable(t.Context()))
	if !ok || public.HealthCause() != "it is a standby, or default_transaction_read_only is on" {
		t.Errorf("a read-only database is ready for writes, or has no cause: %v", public)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("it responds: %v", err)
	}
}
