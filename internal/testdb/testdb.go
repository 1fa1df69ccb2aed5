// Package testdb provides each test with a PostgreSQL database of its own, in which it may commit any
// changes. Databases are cloned from templates that the first test that needs them builds once.
//
// The cluster is the one at TEST_DATABASE_URL, with a superuser; several test processes may share it,
// and `go run ./internal/testdb/cluster -- go test ./...` provides one. Without it every test process
// starts its own, which ends with the process and leaves nothing behind. With TEST_PGBOUNCER_DIR, the
// directory of a PgBouncer's socket, the DSNs lead through it, except those of OpenPool's connections.
package testdb

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/testdb/pgbouncer"
)

// Now is the time at which the demo data is generated, so that golden files stay the same.
var Now = time.Date(2026, time.November, 1, 12, 0, 0, 0, time.UTC)

// New returns the DSN of a migrated database without data, dropped when the test ends.
func New(t testing.TB) string {
	t.Helper()
	return cloneTemplate(t, migratedTemplate())
}

// NewWithDemo returns the DSN of a database with the small demo data, which is the same in every run. It
// is dropped when the test ends.
func NewWithDemo(t testing.TB) string {
	t.Helper()
	return cloneTemplate(t, demoTemplate())
}

// OpenPool opens a pool on a database of New or NewWithDemo. It closes the pool when the test ends, after
// waiting for the connections that the test still holds.
func OpenPool(t testing.TB, dsn string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), Direct(t, dsn))
	if err != nil {
		t.Fatalf("opening the test database: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// OpenTimeoutPool is OpenPool with a statement timeout of 20 ms, in which any machine sets another one.
func OpenTimeoutPool(t testing.TB, dsn string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(Direct(t, dsn))
	if err != nil {
		t.Fatalf("opening the test database: %v", err)
	}
	config.ConnConfig.RuntimeParams["statement_timeout"] = "20"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("opening the test database: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// clusterDSN returns the DSN of the superuser. A server that it starts needs no Stop: its watchdog stops
// PostgreSQL and removes its directory when this process ends in any way.
var clusterDSN = sync.OnceValues(func() (string, error) {
	if dsn := os.Getenv("TEST_DATABASE_URL"); dsn != "" {
		return dsn, nil
	}
	s, err := embedpg.Start(context.Background(), embedpg.Options{Ephemeral: true, Database: "postgres"})
	if err != nil {
		return "", err
	}
	return s.DSN(), nil
})

// cloneTemplate copies a template file by file: 15 to 50 ms for the empty schema, 25 to 40 ms for the demo
// data. The default strategy, WAL_LOG, writes everything twice. Either takes many times longer while the
// disk is busy; TMPDIR=/dev/shm avoids that.
func cloneTemplate(t testing.TB, tpl template) string {
	t.Helper()
	admin, err := clusterDSN()
	if err != nil {
		t.Fatalf("no cluster for the test database: %v", err)
	}
	if err := tpl.ensureBuilt(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	dsn, err := replaceDatabase(admin, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := execStatement(t.Context(), admin, `CREATE DATABASE `+name+` TEMPLATE `+tpl.name+` STRATEGY FILE_COPY`); err != nil {
		t.Fatalf("creating the test database: %v", err)
	}
	t.Cleanup(func() { // the test's context has ended by now
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := execStatement(ctx, admin, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("dropping the test database: %v", err)
		}
	})
	if dir := os.Getenv(poolerVariable); dir != "" {
		if dsn, err = (&pgbouncer.Server{Dir: dir}).Through(dsn); err != nil {
			t.Fatal(err)
		}
	}
	return dsn
}

// poolerVariable names the directory of the socket of a PgBouncer before the cluster.
const poolerVariable = "TEST_PGBOUNCER_DIR"

// Direct returns the DSN of a database without the PgBouncer that may be before it: for sessions, and for
// programs of PostgreSQL.
func Direct(t testing.TB, dsn string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv(poolerVariable); dir == "" || config.Host != dir {
		return dsn
	}
	admin, err := clusterDSN()
	if err == nil {
		dsn, err = replaceDatabase(admin, config.Database)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

func execStatement(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, sql)
	return err
}

// replaceDatabase returns dsn with another database. A DSN is a URL or a list of key=value, in which the
// last value of a key wins.
func replaceDatabase(dsn, name string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn + " dbname=" + name, nil
	}
	u, err := url.Parse(dsn)
	if err != nil { // err would quote the password
		return "", fmt.Errorf("TEST_DATABASE_URL isn't a URL")
	}
	u.Path, u.RawPath = "/"+name, ""
	return u.String(), nil
}
