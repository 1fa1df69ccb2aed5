package e2e

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/migrations"
)

const (
	categoryNames = `{ categories { name } }`
	// discarded is a text of rows that a restore or a failover loses.
	discarded = "DISCARDED"
	discard   = `UPDATE categories SET name = '` + discarded + ` ' || id; UPDATE users SET name = '` + discarded + `'`
)

// execSQL runs statements in a database.
func execSQL(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Servers of two databases share a Redis, or a cluster, and nothing in it: no response, no limit, no
// revocation, no key and no channel.
func TestTwoDatabasesOnOneRedis(t *testing.T) {
	t.Parallel()
	server, cluster := redistest.StartServer(t), redistest.StartCluster(t, 1)
	for name, redis := range map[string]struct {
		url string
		run func(args ...string) string
	}{
		"server":  {server.URL(), server.RunCommand},
		"cluster": {cluster.URL(), func(args ...string) string { return cluster.RunCommand(0, args...) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, two := testdb.NewWithDemo(t), testdb.NewWithDemo(t)
			execSQL(t, one, `UPDATE categories SET name = 'ONE ' || id; UPDATE users SET name = 'ONE'`)
			execSQL(t, two, `UPDATE categories SET name = 'TWO ' || id; UPDATE users SET name = 'TWO'`)
			env := func(dsn string) []string {
				return []string{"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret, "REDIS_URL=" + redis.url, "RATE_LIMIT=200/1h", "RATE_LIMIT_VIEWER=200/1h", "RATE_LIMIT_PREMIUM=200/1h", "RATE_LIMIT_SLOWDOWN=off"}
			}
			bearer := "Authorization: Bearer " + strings.TrimSpace(mustRun7p(t, env(one), "token", "--email", student))
			a, b := serve7p(t, env(one)...), serve7p(t, env(two)...)
			a.awaitLease(t)
			b.awaitLease(t)
			queries := []string{categoryNames, `{ viewer { name } }`}
			askOne := func() {
				t.Helper()
				for _, query := range queries {
					if got := a.query(t, query, nil, bearer); got.Codes() != "" || !strings.Contains(fmt.Sprint(got.At()), "ONE") {
						t.Fatalf("%s of one: %+v", query, got)
					}
				}
			}
			askOne()
			mustRun7p(t, env(one), "cache", "purge", "--all") // what is computed a second time is stored in Redis
			a.poll(t, "two responses in Redis", func() bool {
				askOne()
				keys := strings.Fields(redis.run("KEYS", "*answer*"))
				return len(slices.DeleteFunc(keys, func(key string) bool { return strings.HasSuffix(key, ":lock") })) >= len(queries)
			})
			for _, query := range queries {
				if got := fmt.Sprint(b.query(t, query, nil, bearer).At()); !strings.Contains(got, "TWO") || strings.Contains(got, "ONE") {
					t.Errorf("%s of two: %s", query, got)
				}
			}
			for a.query(t, "mutation { __typename }", nil, bearer).Codes() == "" {
				continue // until the limit is reached
			}
			if got := b.query(t, "mutation { __typename }", nil, bearer); got.Codes() != "" {
				t.Errorf("the limit of one database applies to the other: %+v", got)
			}
			if code := a.query(t, "mutation { __typename }", nil, bearer).Codes(); code != "RATE_LIMITED" {
				t.Errorf("%s, want RATE_LIMITED", code)
			}
			checkKeyspaces(t, strings.Fields(redis.run("KEYS", "*")), "changes", "answer", "limit")
			checkKeyspaces(t, strings.Fields(redis.run("PUBSUB", "CHANNELS")), "revocations")
			mustRun7p(t, env(one), "account", "deactivate", "--email", student)
			if got := b.query(t, `{ viewer { name } }`, nil, bearer); got.Codes() != "" {
				t.Errorf("an account of the other database was deactivated: %+v", got)
			}
			if out := mustRun7p(t, env(one), "cache", "stats"); !regexp.MustCompile(`keys +[1-9]\d* +responses of all servers of this database`).MatchString(out) {
				t.Errorf("cache stats: %s", out)
			}
		})
	}
}

// checkKeyspaces checks that each kind of key exists for both databases, and no key of neither.
func checkKeyspaces(t *testing.T, keys []string, kinds ...string) {
	t.Helper()
	databases := map[string]bool{}
	found := map[string]map[string]bool{}
	for _, key := range keys {
		parts := strings.Split(key, ":")
		if len(parts) < 3 || parts[0] != "7p" || len(parts[1]) != 16 {
			t.Errorf("the key %s has no database", key)
			continue
		}
		databases[parts[1]] = true
		for _, kind := range kinds {
			if strings.Contains(key, ":"+kind) {
				if found[kind] == nil {
					found[kind] = map[string]bool{}
				}
				found[kind][parts[1]] = true
			}
		}
	}
	if len(databases) != 2 {
		t.Errorf("keys of %d databases, want 2: %q", len(databases), keys)
	}
	for _, kind := range kinds {
		if len(found[kind]) != 2 {
			t.Errorf("%s of %d databases, want 2: %q", kind, len(found[kind]), keys)
		}
	}
}

// discardedServer is a server that has cached responses with rows that are about to be discarded.
type discardedServer struct {
	*program
	bearer string
	probes int
}

// serveDiscarded starts a server and has it cache public and private responses, after the rows of a
// database were changed to the text discarded.
func serveDiscarded(t *testing.T, dsn string, env ...string) *discardedServer {
	t.Helper()
	env = append([]string{"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret}, env...)
	s := &discardedServer{program: serve7p(t, env...)}
	s.bearer = "Authorization: Bearer " + strings.TrimSpace(mustRun7p(t, env, "token", "--email", student))
	s.awaitLease(t)
	s.poll(t, "responses with the rows", func() bool { return s.countDiscarded(t) == 2 && isHit(s.cacheStatus(t, categoryNames, "null")) })
	return s
}

// countDiscarded returns how many of two cached responses contain discarded rows.
func (s *discardedServer) countDiscarded(t *testing.T) (n int) {
	t.Helper()
	for _, query := range []string{categoryNames, `{ viewer { name } }`} {
		if strings.Contains(s.send(t, http.MethodPost, "/graphql", fmt.Sprintf(`{"query":%q}`, query), isJSON, s.bearer).Text(), discarded) {
			n++
		}
	}
	return n
}

// reachesOther reports whether a read of the database itself no longer finds the discarded rows.
func (s *discardedServer) reachesOther(t *testing.T) bool {
	t.Helper()
	s.probes++ // another alias is another response
	got := s.query(t, fmt.Sprintf(`{ probe%d: categories { name } }`, s.probes), nil)
	return got.Codes() == "" && !strings.Contains(fmt.Sprint(got.At()), discarded)
}

// expectNoneDiscarded waits until the server reaches the other rows, and checks that from then on no
// response has the discarded ones.
func (s *discardedServer) expectNoneDiscarded(t *testing.T) {
	t.Helper()
	s.poll(t, "the other rows", func() bool { return s.reachesOther(t) })
	for range 20 {
		if n := s.countDiscarded(t); n > 0 {
			t.Fatalf("%d responses with discarded rows", n)
		}
	}
	s.awaitLease(t)
	s.poll(t, "a response that is cached again", func() bool { return isHit(s.cacheStatus(t, categoryNames, "null")) })
	if n := s.countDiscarded(t); n > 0 {
		t.Errorf("%d responses with discarded rows, later", n)
	}
}

// A dump is restored, into the same tables or into a new database of the same name, under a running
// server.
func TestRestoreUnderServer(t *testing.T) {
	t.Parallel()
	redis := redistest.StartServer(t)
	for _, env := range []string{"REDIS_URL=" + redis.URL(), "REDIS_URL="} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			dsn, dump := testdb.NewWithDemo(t), filepath.Join(t.TempDir(), "dump")
			testdb.RunProgram(t, dsn, "pg_dump", "--dbname="+dsn, "--format=custom", "--file="+dump)
			execSQL(t, dsn, discard)
			s := serveDiscarded(t, dsn, env)
			testdb.RestoreInPlace(t, dsn, dump)
			time.Sleep(invalidation.Lease) // no connection is lost: a poll notices, within a lease
			s.expectNoneDiscarded(t)

			execSQL(t, dsn, discard)
			s.poll(t, "responses with the rows", func() bool { return s.countDiscarded(t) == 2 })
			config, err := pgx.ParseConfig(dsn)
			if err != nil {
				t.Fatal(err)
			}
			admin := strings.Replace(dsn, config.Database, "postgres", 1)
			execSQL(t, admin, "DROP DATABASE "+config.Database+" WITH (FORCE)")
			execSQL(t, admin, "CREATE DATABASE "+config.Database)
			testdb.RunProgram(t, admin, "pg_restore", "--dbname="+testdb.Direct(t, dsn), dump)
			s.expectNoneDiscarded(t)
		})
	}
}

// The address of the database leads to a promoted standby that lacks the last commits, and then to a
// cluster that was restored to a point in time.
func TestFailoverUnderServer(t *testing.T) {
	t.Parallel()
	primary := testdb.StartCluster(t)
	pool := testdb.OpenPool(t, primary.DSN())
	if _, err := migrations.ApplyPending(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	if err := demo.Load(t.Context(), pool, demo.Options{Scale: demo.Small, Seed: 7, Now: testdb.Now}); err != nil {
		t.Fatal(err)
	}
	proxy := testdb.StartProxy(t, primary.DSN())
	standby := testdb.CopyCluster(t, primary, "", nil)
	execSQL(t, standby.DSN(), "SELECT pg_promote()") // before the rows that it lacks
	restored := testdb.CopyCluster(t, primary, "here", func() {
		execSQL(t, primary.DSN(), "SELECT pg_create_restore_point('here')")
		execSQL(t, primary.DSN(), discard)
		execSQL(t, primary.DSN(), "SELECT pg_switch_wal()")
	})
	s := serveDiscarded(t, proxy.DSN(), "REDIS_URL="+redistest.StartServer(t).URL())
	proxy.SwitchTo(t, standby.DSN())
	s.expectNoneDiscarded(t)

	execSQL(t, standby.DSN(), discard)
	s.poll(t, "responses with the rows", func() bool { return s.countDiscarded(t) == 2 })
	proxy.SwitchTo(t, restored.DSN())
	s.expectNoneDiscarded(t)
	s.await(t, "msg", "database restored, failed over or restarted: cached responses are discarded")
}
