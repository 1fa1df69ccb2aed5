package gql_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// newWarmServer is a server that keeps answers, in a Redis unless that is nil.
func newWarmServer(t *testing.T, dsn string, r *cache.Redis) *gql.Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	l := invalidation.New(r, log)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { l.PollDatabase(ctx, db) })
	t.Cleanup(func() { stop(); running.Wait() })
	if err := l.AwaitLease(ctx); err != nil {
		t.Fatal(err)
	}
	a := respcache.New(respcache.Options{InvalidationLog: l, Redis: r, MaxBytes: 1 << 20})
	t.Cleanup(a.Close)
	return gql.New(gql.Options{
		Store: db, Log: log, Introspection: true, ResponseCache: a, OperationTimeout: time.Minute,
		Extensions: []graphql.HandlerExtension{&persisted.Extension{
			Mode: persisted.ModeAPQ, Store: cache.NewMemory(1 << 20), TTL: time.Hour,
			Documents: persisted.NewList(trustedDocuments(t)), Uses: new(persisted.UsageCounter), Log: log,
		}},
	})
}

// readWarmOperation reads a request from a file, as people write them.
func readWarmOperation(t *testing.T, request string) gql.WarmOperation {
	t.Helper()
	file := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(file, []byte(request), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := gql.ReadWarmOperations(file)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	return all[0]
}

// What can be kept is made once; what cannot is told and not run.
func TestWarm(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	s := newWarmServer(t, dsn, nil)
	const withSchema = `{"query": "query Q($s: Boolean!) { categories { name } __schema @include(if: $s) { queryType { name } } }", "variables": {"s": `
	for _, c := range []struct{ request, why, failed string }{
		{`{"query": "{ categories { id } }"}`, "", ""},
		{withSchema + `false}}`, "", ""},
		{withSchema + `true}}`, "max-age-0", ""},
		{`{"query": "{ __schema { queryType { name } } }"}`, "max-age-0", ""},
		{`{"query": "{ viewer { name } }"}`, "anonymous-private", ""},
		{`{"query": "mutation { signUp(input: {email: \"warm@7p.example\", name: \"W\", password: \"correct horse battery\"}) { userErrors { code } } }"}`, "mutation", ""},
		{`{"query": "{ platformDashboard { __typename } }"}`, "errors", "sign in first"},
		{`{"query": "{ nowhere }"}`, "", "nowhere"},
		{`{"query": "{ categories { ... @defer { name } } }"}`, "", "many answers"},
		{`{"documentId": "unlisted"}`, "", "not found"},
		{`{"query": "{ courses(first: 100) { nodes { videos(first: 100) { nodes { course { videos(first: 100) { nodes { id } } } } } } } }"}`, "", "cost"},
	} {
		for _, there := range []bool{false, true} {
			w := s.WarmCache(t.Context(), readWarmOperation(t, c.request))
			failed := ""
			if len(w.Errors) > 0 {
				failed = w.Errors[0].Message
			}
			if w.NotCachedReason != c.why || (failed == "") != (c.failed == "") || !strings.Contains(failed, c.failed) || w.AlreadyCached != (there && c.why+c.failed == "") {
				t.Errorf("%s, the second time %t: %+v, want %q, %q", c.request, there, w, c.why, c.failed)
			}
		}
	}
	if n := queryOne[int](t, testdb.OpenPool(t, dsn), "SELECT count(*)::int FROM users WHERE email = 'warm@7p.example'"); n != 0 {
		t.Error("a mutation was run")
	}
	// Cache-Status says the same of a request.
	rec := postBody(t, s, withSchema+`true}}`)
	if got := rec.Header().Get("Cache-Status"); got != `"7p"; fwd=miss; detail=max-age-0` || rec.Code != http.StatusOK {
		t.Errorf("%d, %s", rec.Code, got)
	}
}

// Clients who leave out the operation's name and empty variables get the same answer.
func TestOneAnswerHoweverItIsAsked(t *testing.T) {
	t.Parallel()
	s := newWarmServer(t, testdb.NewWithDemo(t), nil)
	for i, rest := range []string{``, `, "variables": {}`, `, "operationName": "Q", "variables": null`, `, "operationName": "Q", "variables": {}`} {
		rec := postBody(t, s, `{"query": "query Q { categories { name } }"`+rest+`}`)
		if got := rec.Header().Get("Cache-Status"); strings.HasPrefix(got, `"7p"; hit`) != (i > 0) {
			t.Errorf("with %q: %s", rest, got)
		}
	}
	// The names tell operations of one text apart.
	const two = `{"query": "query A { categories { name } } query B { categories { slug } }", "operationName": "`
	a, b := postBody(t, s, two+`A"}`), postBody(t, s, two+`B"}`)
	if a.Body.String() == b.Body.String() || strings.Contains(b.Header().Get("Cache-Status"), "hit") {
		t.Errorf("A and B: %s", b.Header().Get("Cache-Status"))
	}
}

// A stale answer is made anew, by Warm and beside a request, for all instances.
func TestStaleIsMadeAnew(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Deadline: 10 * time.Second, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	dsn := testdb.NewWithDemo(t)
	const query = `{"query": "{ categories { name } }"}`
	fresh := func() bool {
		rec := postBody(t, newWarmServer(t, dsn, r), query)
		got := rec.Header().Get("Cache-Status")
		return strings.HasPrefix(got, `"7p"; hit; ttl=`) && !strings.Contains(got, "ttl=-")
	}
	if w := newWarmServer(t, dsn, r).WarmCache(t.Context(), readWarmOperation(t, query)); w.NotCachedReason != "" || w.Errors != nil || !fresh() {
		t.Fatalf("%+v", w)
	}

	old := ageRedisEntry(t, r)
	if fresh() { // and it makes a new one
		t.Error("an old answer is fresh")
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !readRedisEntry(t, r).made.After(old); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it was not made anew for the others")
		}
	}

	ageRedisEntry(t, r)
	if w := newWarmServer(t, dsn, r).WarmCache(t.Context(), readWarmOperation(t, query)); w.AlreadyCached || w.NotCachedReason != "" || w.Errors != nil || !fresh() {
		t.Errorf("%+v", w)
	}
	if far, err := respcache.ReadRedisStats(t.Context(), r); err != nil || far.Entries != 1 || far.MemoryBytes < 100_000 {
		t.Errorf("%+v, %v", far, err)
	}
}

// redisEntry is an answer as Redis has it. Its bytes 2 to 9 say when it was made.
type redisEntry struct {
	key  string
	text []byte
	made time.Time
}

// readRedisEntry returns the only answer in Redis, once nobody has the lock to make it.
func readRedisEntry(t *testing.T, r *cache.Redis) (a redisEntry) {
	t.Helper()
	err := r.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		keys, err := c.Keys(ctx, r.PrefixedKey("answer:*")).Result()
		for ; len(keys) > 1; keys, err = c.Keys(ctx, r.PrefixedKey("answer:*")).Result() {
			time.Sleep(time.Millisecond)
		}
		if err != nil || len(keys) != 1 {
			t.Fatalf("%q, %v", keys, err)
		}
		a.key = keys[0]
		a.text, err = c.Get(ctx, a.key).Bytes()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	a.made = time.UnixMilli(int64(binary.BigEndian.Uint64(a.text[2:])))
	return a
}

// ageRedisEntry makes that answer 70 s older, and returns when it then was made.
func ageRedisEntry(t *testing.T, r *cache.Redis) time.Time {
	t.Helper()
	a := readRedisEntry(t, r)
	made := a.made.Add(-70 * time.Second)
	binary.BigEndian.PutUint64(a.text[2:], uint64(made.UnixMilli()))
	if err := r.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		return c.Set(ctx, a.key, a.text, redis.KeepTTL).Err()
	}); err != nil {
		t.Fatal(err)
	}
	return made
}

// Files that are no operations are named.
func TestReadOperations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"query": 1}`:                 `must be a string`,
		`{"variables": {}}`:            `neither a "query" nor a "documentId"`,
		`[{"query": "{a}"}, {"x": 1}]`: `neither a "query"`,
		`[]`:                           `empty`,
		`[1]`:                          `number 1`,
		`"x"`:                          `must be a JSON object`,
		`{"query": `:                   `not valid JSON`,
	} {
		for _, name := range []string{"a.json", "dir/b.json"} {
			file := filepath.Join(t.TempDir(), name)
			_ = os.MkdirAll(filepath.Dir(file), 0o700)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := gql.ReadWarmOperations(file); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), file+": ") {
				t.Errorf("%s: %v, want %q", text, err, want)
			}
		}
	}
	body, _ := json.Marshal(make([]struct {
		DocumentID string `json:"documentId"`
	}, 50))
	file := filepath.Join(t.TempDir(), "many.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := gql.ReadWarmOperations(file); err != nil || len(all) != 50 || all[49].Name != file+", number 50" {
		t.Errorf("%d, %v", len(all), err)
	}
}
