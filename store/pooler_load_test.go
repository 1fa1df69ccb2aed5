package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/testdb/pgbouncer"
	"github.com/7p-education/api/store"
)

// startDocumentedPooler starts a PgBouncer with the pgbouncer.ini of the documentation, except for its addresses and
// passwords, and returns the DSN of a database through it.
func startDocumentedPooler(t *testing.T, dsn string) string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, ini, _ := strings.Cut(string(doc), "```ini\n[databases]")
	ini, _, found := strings.Cut(ini, "```")
	if !found {
		t.Fatal("no pgbouncer.ini in the documentation")
	}
	target, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pgbouncer.StartWith(t.Context(), func(dir string) string {
		return strings.NewReplacer(
			"host=database port=5432 dbname=sevenp", fmt.Sprintf("host=%s port=%d dbname=%s user=%s", target.Host, target.Port, target.Database, target.User),
			"listen_addr = *", "unix_socket_dir = "+dir,
			"auth_type = scram-sha-256", "auth_type = any",
			"auth_file = /etc/pgbouncer/userlist.txt", "logfile = "+filepath.Join(dir, "log"),
		).Replace("[databases]" + ini)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	return "postgres://sevenp@/sevenp?port=6432&host=" + p.Dir
}

// The pgbouncer.ini of the documentation serves a store.
func TestDocumentedPooler(t *testing.T) {
	t.Parallel()
	s := open(t, store.Config{URL: startDocumentedPooler(t, testdb.Direct(t, testdb.NewWithDemo(t))), MaxConns: 2})
	var r queryResult
	if err := s.RunQueries(t.Context(), store.Categories(countRow[*edu.Category](&r))); err != nil || r.rows != 20 || !s.IsPooled() {
		t.Errorf("%d rows, %v; pooled: %v", r.rows, err, s.IsPooled())
	}
}

// POOLER_LOAD=1: twenty servers have a thousand connections in use, on fifty of the database, and no read fails.
func TestPoolerLoad(t *testing.T) {
	if os.Getenv("POOLER_LOAD") == "" {
		t.Skip("takes a minute: set POOLER_LOAD=1")
	}
	const servers, conns, duration = 20, 49, 10 * time.Second // and one connection of each for the store's health
	url := startDocumentedPooler(t, testdb.Direct(t, testdb.NewWithDemo(t)))
	var mu sync.Mutex
	var times []time.Duration
	var readers sync.WaitGroup
	for range servers {
		s := open(t, store.Config{URL: url, MaxConns: conns, StatementTimeout: 5 * time.Second})
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range conns {
			readers.Go(func() {
				for end := time.Now().Add(duration); time.Now().Before(end); {
					began := time.Now()
					var r queryResult
					err := s.RunQueries(t.Context(), store.Categories(countRow[*edu.Category](&r)), store.CoursesByID([]int64{1}, 0, countRow[*edu.Course](&r)))
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					times = append(times, time.Since(began))
					mu.Unlock()
				}
			})
		}
	}
	readers.Wait()
	slices.Sort(times)
	t.Logf("%d reads, p50 %s, p95 %s", len(times), times[len(times)/2], times[len(times)*95/100])
}
