package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/migrations"
)

const firstCourses = `query First($n: Int!) { courses(first: $n) { nodes { title } } }`

// writeOperations writes files of all kinds: four cacheable operations, two that are not cacheable,
// one that fails, and variables, which are no operation.
func writeOperations(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"titles.graphql":       titles,
		"deep/categories.gql":  "{ categories { name } }",
		"first.json":           `[{"query": "` + firstCourses + `", "variables": {"n": 2}}, {"query": "` + firstCourses + `", "operationName": "First", "variables": {"n": 3}}]`,
		"first.variables.json": `{"n": 2}`,
		"viewer.graphql":       "{ viewer { name } }",
		"sign-out.json":        `{"query": "mutation { signOut { signedOut } }"}`,
		"without.graphql":      firstCourses,
		"notes.text":           "not an operation",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// cacheStatus sends an operation and returns its Cache-Status.
func (p *program) cacheStatus(t *testing.T, query string, variables string) string {
	t.Helper()
	resp := p.send(t, http.MethodPost, "/graphql", gqltest.QueryBody(query, json.RawMessage(variables)), isJSON)
	if resp.Status != http.StatusOK || strings.Contains(resp.Text(), `"errors"`) {
		t.Fatalf("%s: %s", query, resp)
	}
	return resp.Header.Get("Cache-Status")
}

func isHit(status string) bool { return strings.HasPrefix(status, `"7p"; hit`) }

// awaitLease waits until the server holds the invalidation lease.
func (p *program) awaitLease(t *testing.T) {
	t.Helper()
	p.poll(t, "the invalidation lease", func() bool { return p.metrics(t)["sevenp_invalidation_lease_held"] == 1 })
}

// A server finds the responses that a command stored before its start, until they are purged. The
// commands and metrics count them.
func TestCacheCommands(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret, "REDIS_URL=" + redistest.StartServer(t).URL()}
	dir := writeOperations(t)
	for _, want := range []string{"4 stored, 0 already cached, 2 not cacheable, 1 failed", "0 stored, 4 already cached, 2 not cacheable, 1 failed"} {
		stdout, stderr, code := run7p(t, env, "cache", "warm", dir)
		if code != 1 || !strings.Contains(stderr, "1 operations of 7 failed") || !strings.Contains(stdout, want) ||
			!strings.Contains(stdout, "not cacheable: "+filepath.Join(dir, "sign-out.json")+": mutation\n") ||
			!strings.Contains(stdout, "not cacheable: "+filepath.Join(dir, "viewer.graphql")+": ") ||
			!strings.Contains(stdout, "failed: "+filepath.Join(dir, "without.graphql")+": ") {
			t.Errorf("exit code %d, want %s:\n%s%s", code, want, stdout, stderr)
		}
	}

	p := serve7p(t, env...)
	p.awaitLease(t)
	for query, variables := range map[string]string{titles: `null`, "{ categories { name } }": `{}`, firstCourses: `{"n": 3}`} {
		if status := p.cacheStatus(t, query, variables); !isHit(status) {
			t.Errorf("%s after warming: %s", query, status)
		}
	}
	if status := p.cacheStatus(t, firstCourses, `{"n":4}`); isHit(status) {
		t.Errorf("not warmed: %s", status)
	}
	p.cacheStatus(t, titles, `null`)
	got := p.metrics(t)
	for name, want := range map[string]float64{
		`sevenp_cache_lookups_total{result="hit_memory"}`: 1, `sevenp_cache_lookups_total{result="hit_redis"}`: 3, `sevenp_cache_lookups_total{result="miss"}`: 1,
		`sevenp_cache_lookups_total{result="bypass"}`: 0, `sevenp_cache_stale_hits_total`: 0, `sevenp_cache_stores_total`: 1, `sevenp_cache_entries`: 4,
		`sevenp_invalidation_delayed_writes_total`: 0,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	// Redis has the 4 responses that were warmed, and not the fifth, which was requested once.
	p.poll(t, "the size of 4 responses", func() bool { return p.metrics(t)["sevenp_cache_bytes"] > 4*400 })
	if table, want := mustRun7p(t, env, "cache", "stats"), `^Redis *\n +keys +4 .* of this database\n +memory +[1-9]`; !regexp.MustCompile(want).MatchString(table) {
		t.Errorf("no %q in\n%s", want, table)
	}

	if out := mustRun7p(t, env, "cache", "purge", "--tag", "categories", "--tag", "course:Q291cnNlOjE.videos"); !strings.Contains(out, "depend on categories, course:1.videos: servers poll every 250ms") {
		t.Error(out)
	}
	p.poll(t, "the purge of categories", func() bool { return !isHit(p.cacheStatus(t, "{ categories { name } }", `{}`)) })
	if status := p.cacheStatus(t, firstCourses, `{"n": 4}`); !isHit(status) {
		t.Errorf("not purged: %s", status)
	}
	mustRun7p(t, env, "cache", "purge", "--all")
	p.poll(t, "the purge of all responses", func() bool { return !isHit(p.cacheStatus(t, firstCourses, `{"n": 4}`)) })
	if got := p.metrics(t)["sevenp_invalidation_unpublished_changes_total"]; got < 2 {
		t.Errorf("%v unpublished changes", got)
	}
}

// A server warms its cache, without a Redis too.
func TestCacheWarmAtStart(t *testing.T) {
	t.Parallel()
	dir := writeOperations(t)
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "RESPONSE_CACHE_WARM_FILES="+filepath.Join(dir, "first.json")+","+filepath.Join(dir, "titles.graphql"))
	if done := p.await(t, "msg", "response cache warmed"); fmt.Sprint(done["stored"], done["already_cached"], done["not_cacheable"], done["failed"]) != "3 0 0 0" {
		t.Errorf("%v", done)
	}
	for _, n := range []string{"2", "3"} {
		if status := p.cacheStatus(t, firstCourses, `{"n":`+n+`}`); !isHit(status) {
			t.Errorf("n is %s: %s", n, status)
		}
	}
}

// No response is cached while a migration is pending, whose triggers may record what responses
// depend on.
func TestNoCacheBeforeMigrations(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	if _, err := migrations.RevertLatest(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	env := []string{"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret, "REDIS_URL=" + redistest.StartServer(t).URL()}
	p := serve7p(t, env...)
	if _, stderr, code := run7p(t, env, "cache", "warm", writeOperations(t)); code != 1 || !strings.Contains(stderr, "lacks migrations") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if status := p.cacheStatus(t, titles, "{}"); !strings.Contains(status, "invalidation-unavailable") {
		t.Errorf("without the newest migration: %s", status)
	}
	if _, err := migrations.ApplyPending(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	p.poll(t, "a stored response with all of them", func() bool { return strings.HasSuffix(p.cacheStatus(t, titles, "{}"), "stored") })
}

// Commands that cannot run report what they need.
func TestCommandMistakes(t *testing.T) {
	t.Parallel()
	dsn, dir := "DATABASE_URL="+testdb.New(t), writeOperations(t)
	redis := "REDIS_URL=redis://127.0.0.1:1"
	for _, c := range []struct {
		env  []string
		args []string
		want string
	}{
		{[]string{dsn}, []string{"cache", "purge"}, "--all"},
		{[]string{dsn}, []string{"cache", "purge", "--tag=course"}, "nothing was purged: unknown tag \"course\": expected one of *, courses"},
		{[]string{dsn}, []string{"cache", "warm", dir}, "needs the REDIS_URL"},
		{[]string{dsn, redis, "RESPONSE_CACHE=off"}, []string{"cache", "warm", dir}, "RESPONSE_CACHE is off"},
		{[]string{dsn, redis}, []string{"cache", "warm", dir}, "without the invalidation lease"},
		{[]string{dsn, redis}, []string{"cache", "warm", filepath.Join(dir, "first.variables.json")}, "first.variables.json: not a request"},
		{[]string{dsn, redis}, []string{"cache", "warm", filepath.Join(dir, "nowhere")}, "nowhere"},
		{[]string{dsn, redis}, []string{"cache", "warm", t.TempDir()}, "there is no operation in"},
		{[]string{dsn}, []string{"documents", "push", t.TempDir()}, "nothing was pushed: there is no document in"},
		{nil, []string{"cache", "stats"}, "needs the REDIS_URL"},
		{[]string{dsn, redis}, []string{"cache", "stats"}, "count the responses in Redis: "},
		{[]string{dsn}, []string{"cache", "purge", "--tag=user:Q291cnNlOjE"}, "nothing was purged: unknown tag \"user:Q291cnNlOjE\""},
		{[]string{dsn, "RESPONSE_CACHE_WARM_FILES=" + filepath.Join(dir, "notes.text")}, []string{"serve"}, "RESPONSE_CACHE_WARM_FILES: "},
	} {
		if _, stderr, code := runPlain7p(t, c.env, c.args...); code == 0 || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "goroutine") {
			t.Errorf("%q with %q: exit code %d, %s; want %q", c.args, c.env, code, stderr, c.want)
		}
	}
}
