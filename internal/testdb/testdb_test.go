package testdb_test

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/testdb"
)

func TestNewIsMigratedAndEmpty(t *testing.T) {
	t.Parallel()
	pool := testdb.OpenPool(t, testdb.New(t))
	var users int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM users`).Scan(&users); err != nil {
		t.Fatal(err)
	}
	if users != 0 {
		t.Errorf("%d users, want none", users)
	}
}

func TestDatabasesAreSeparateAndDropped(t *testing.T) {
	t.Parallel()
	var dsn string
	t.Run("one", func(t *testing.T) {
		dsn = testdb.New(t)
		pool := testdb.OpenPool(t, dsn)
		if _, err := pool.Exec(t.Context(), `CREATE TABLE mine (x int)`); err != nil {
			t.Fatal(err)
		}
	})
	if conn, err := pgx.Connect(t.Context(), dsn); err == nil {
		conn.Close(t.Context())
		t.Error("the database exists after its test")
	}
	pool := testdb.OpenPool(t, testdb.New(t))
	var exists bool
	if err := pool.QueryRow(t.Context(), `SELECT to_regclass('mine') IS NOT NULL`).Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if exists {
		t.Error("a test can see the table of another")
	}
}

func TestDemoIsReproducible(t *testing.T) {
	t.Parallel()
	if got := testdb.Now.Format(time.RFC3339); got != "2026-11-01T12:00:00Z" {
		t.Errorf("Now is %s", got)
	}
	again := testdb.OpenPool(t, testdb.New(t))
	if err := demo.Load(t.Context(), again, demo.Options{Scale: demo.Small, Seed: 7, Now: testdb.Now}); err != nil {
		t.Fatal(err)
	}
	first, second := fingerprints(t, testdb.OpenPool(t, testdb.NewWithDemo(t))), fingerprints(t, again)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("two loads differ (-first +second):\n%s", diff)
	}
	if first["courses"].Rows != 200 {
		t.Errorf("%d courses, want the small scale's 200", first["courses"].Rows)
	}
}

// TestProcessesShareTemplates lets several processes build the templates of a new cluster at once.
func TestProcessesShareTemplates(t *testing.T) {
	t.Parallel()
	s := startCluster(t)
	results := make(chan error)
	const processes = 4
	for range processes {
		go func() {
			cmd := osexec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNewIsMigratedAndEmpty$")
			cmd.Env = append(os.Environ(), "TEST_DATABASE_URL="+s.DSN())
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			results <- err
		}()
	}
	for range processes {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	pool := testdb.OpenPool(t, s.DSN())
	rows, err := pool.Query(t.Context(), `SELECT CASE WHEN datistemplate THEN 'template' ELSE 'database' END
		FROM pg_database WHERE datname ~ '^(tpl|test)_'`)
	if err != nil {
		t.Fatal(err)
	}
	remaining, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"template"}, remaining); diff != "" {
		t.Errorf("remaining databases (-want +got):\n%s", diff)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		testdb.New(b)
	}
}

func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		testdb.NewWithDemo(b)
	}
}

func startCluster(t *testing.T) *embedpg.Server {
	t.Helper()
	s, err := embedpg.Start(t.Context(), embedpg.Options{Ephemeral: true, Database: "postgres"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fingerprint summarizes the rows of a table, independently of their order.
type fingerprint struct {
	Rows int
	Hash string
}

func fingerprints(t *testing.T, pool *pgxpool.Pool) map[string]fingerprint {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT relname FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
		AND relname NOT IN ('goose_db_version', 'course_related_made', 'changes', 'platform_totals') -- these hold times of creation`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]fingerprint, len(tables))
	for _, table := range tables {
		var f fingerprint
		sql := `SELECT count(*), md5(coalesce(string_agg(r::text, E'\n' ORDER BY r::text), '')) FROM ` + pgx.Identifier{table}.Sanitize() + ` r`
		if err := pool.QueryRow(t.Context(), sql).Scan(&f.Rows, &f.Hash); err != nil {
			t.Fatal(err)
		}
		all[table] = f
	}
	return all
}
