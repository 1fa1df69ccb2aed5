package gql_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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

// newWarmServer is a server with a response cache, in a Redis too unless that is nil.
func newWarmServer(t *testing.T, dsn string, r *cache.Redis) *gql.Server {
	t.Helper()
	db := openStore(t, store.Config{URL: dsn, MaxConns: 4})
	l := invalidation.New(r, discardLog)
	pollChanges(t, l, db)
	c := respcache.New(respcache.Options{InvalidationLog: l, Redis: r, MaxBytes: 1 << 20, MaxRedisBytes: 1 << 20, ShareFirst: true})
	t.Cleanup(c.Close)
	local := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = local.Close() })
	listed, err := persisted.NewDocument("listed", "query Listed { __typename }")
	if err != nil {
		t.Fatal(err)
	}
	return gql.New(gql.Options{
		Store: db, Log: discardLog, Introspection: true, ResponseCache: c, OperationTimeout: time.Minute,
		Extensions: []graphql.HandlerExtension{&persisted.Extension{
			Mode: persisted.ModeAPQ, Store: local, TTL: time.Hour,
			Documents: persisted.NewList([]*persisted.Document{listed}), Uses: new(persisted.UsageCounter), Log: discardLog,
		}},
	})
}

// readWarmOperation reads a request from a file.
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

// A cacheable operation is executed once. Any other is not executed, and the result has the reason.
func TestWarmCache(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	s := newWarmServer(t, dsn, nil)
	const withSchema = `{"query": "query Q($s: Boolean!) { categories { name } __schema @include(if: $s) { queryType { name } } }", "variables": {"s": `
	for _, tt := range []struct{ request, reason, message string }{
		{`{"query": "{ categories { id } }"}`, "", ""},
		{withSchema + `false}}`, "", ""},
		{withSchema + `true}}`, "max-age-0", ""},
		{`{"query": "{ __schema { queryType { name } } }"}`, "max-age-0", ""},
		{`{"query": "{ viewer { name } }"}`, "anonymous-private", ""},
		{`{"query": "mutation { signUp(input: {email: \"warm@7p.example\", name: \"W\", password: \"correct horse battery\"}) { userErrors { code } } }"}`, "mutation", ""},
		{`{"query": "{ platformDashboard { __typename } }"}`, "errors", "sign in first"},
		{`{"query": "{ nowhere }"}`, "", "nowhere"},
		{`{"query": "{ categories { ... @defer { name } } }"}`, "", ""},
		{`{"documentId": "unlisted"}`, "", "not found"},
		{`{"query": "{ courses(first: 100) { nodes { videos(first: 100) { nodes { course { videos(first: 100) { nodes { id } } } } } } } }"}`, "", "cost"},
	} {
		for _, second := range []bool{false, true} {
			w := s.WarmCache(t.Context(), readWarmOperation(t, tt.request))
			message := ""
			if len(w.Errors) > 0 {
				message = w.Errors[0].Message
			}
			if w.NotCachedReason != tt.reason || (message == "") != (tt.message == "") || !strings.Contains(message, tt.message) || w.AlreadyCached != (second && tt.reason+tt.message == "") {
				t.Errorf("%s, second time %t: %+v, want %q, %q", tt.request, second, w, tt.reason, tt.message)
			}
		}
	}
	if n := queryOne[int](t, testdb.OpenPool(t, dsn), "SELECT count(*)::int FROM users WHERE email = 'warm@7p.example'"); n != 0 {
		t.Error("the mutation was executed")
	}
	// The Cache-Status of a request has the same reason.
	resp := post(t, s, withSchema+`true}}`)
	if got := resp.Header.Get("Cache-Status"); got != `"7p"; fwd=miss; detail=max-age-0` || resp.Status != http.StatusOK {
		t.Errorf("%d, %s", resp.Status, got)
	}
}

// Requests with and without the operation's name and empty variables share an entry.
func TestEquivalentRequestsShareEntry(t *testing.T) {
	t.Parallel()
	s := newWarmServer(t, testdb.NewWithDemo(t), nil)
	for i, rest := range []string{``, `, "variables": {}`, `, "operationName": "Q", "variables": null`, `, "operationName": "Q", "variables": {}`} {
		if resp := post(t, s, `{"query": "query Q { categories { name } }"`+rest+`}`); isHit(resp) != (i > 0) {
			t.Errorf("with %q: %s", rest, resp.Header.Get("Cache-Status"))
		}
	}
	// The name distinguishes the operations of one document.
	const two = `{"query": "query A { categories { name } } query B { categories { slug } }", "operationName": "`
	a, b := post(t, s, two+`A"}`), post(t, s, two+`B"}`)
	if a.Text() == b.Text() || isHit(b) {
		t.Errorf("A and B: %s", b.Header.Get("Cache-Status"))
	}
}

// A stale response is revalidated for all instances, by WarmCache and beside a request.
func TestStaleEntryIsRevalidated(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Deadline: 10 * time.Second, Log: discardLog})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	dsn := testdb.NewWithDemo(t)
	const text = `{"query": "{ categories { name } }"}`
	isFresh := func() bool {
		resp := post(t, newWarmServer(t, dsn, r), text)
		return isHit(resp) && !strings.Contains(resp.Header.Get("Cache-Status"), "ttl=-")
	}
	if w := newWarmServer(t, dsn, r).WarmCache(t.Context(), readWarmOperation(t, text)); w.NotCachedReason != "" || w.Errors != nil || !isFresh() {
		t.Fatalf("%+v", w)
	}

	createdAt := ageRedisEntry(t, r)
	if isFresh() { // and this request revalidates it
		t.Error("an old entry is fresh")
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !readRedisEntry(t, r).createdAt.After(createdAt); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the entry in Redis was not revalidated")
		}
	}

	ageRedisEntry(t, r)
	if w := newWarmServer(t, dsn, r).WarmCache(t.Context(), readWarmOperation(t, text)); w.AlreadyCached || w.NotCachedReason != "" || w.Errors != nil || !isFresh() {
		t.Errorf("%+v", w)
	}
	if stats, err := respcache.ReadRedisStats(t.Context(), r); err != nil || stats.Entries != 1 || stats.MemoryBytes < 100_000 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// redisEntry is an encoded entry. Its bytes 2 to 9 are the time of its creation.
type redisEntry struct {
	key       string
	encoded   []byte
	createdAt time.Time
}

// readRedisEntry returns the only entry in Redis, after the lock to compute it was released: the lock is
// then a mark of the request.
func readRedisEntry(t *testing.T, r *cache.Redis) (e redisEntry) {
	t.Helper()
	r.AwaitWrites()
	err := r.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		keys, err := c.Keys(ctx, r.HistoryKey("answer:*")).Result()
		if err != nil {
			return err
		}
		for _, key := range keys {
			if !strings.HasSuffix(key, ":lock") {
				e.key = key
				continue
			}
			for ctx.Err() == nil && c.Get(ctx, key).Val() != "requested" {
				time.Sleep(time.Millisecond)
			}
		}
		e.encoded, err = c.Get(ctx, e.key).Bytes()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	e.createdAt = time.UnixMilli(int64(binary.BigEndian.Uint64(e.encoded[2:])))
	return e
}

// ageRedisEntry makes that entry 70 s older, and returns the time of its creation.
func ageRedisEntry(t *testing.T, r *cache.Redis) time.Time {
	t.Helper()
	e := readRedisEntry(t, r)
	createdAt := e.createdAt.Add(-70 * time.Second)
	binary.BigEndian.PutUint64(e.encoded[2:], uint64(createdAt.UnixMilli()))
	if err := r.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		return c.Set(ctx, e.key, e.encoded, redis.KeepTTL).Err()
	}); err != nil {
		t.Fatal(err)
	}
	return createdAt
}

// An error about a file names the file.
func TestReadWarmOperations(t *testing.T) {
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
