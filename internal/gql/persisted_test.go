package gql_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
)

// The test vector that Apollo's documentation of the protocol gives.
const (
	typename     = `{__typename}`
	typenameHash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"
)

func parsePersistedHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func newLocalStore(t testing.TB) *cache.Memory {
	t.Helper()
	l := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func openTestRedis(t testing.TB, o cache.RedisOptions) *cache.Redis {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	r, err := cache.OpenRedis(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// newPersisted is the extension in a mode, without a list of documents.
func newPersisted(mode persisted.Mode, store cache.Store, list ...*persisted.Document) *persisted.Extension {
	return &persisted.Extension{
		Mode: mode, Store: store, TTL: time.Minute, Log: slog.New(slog.DiscardHandler),
		Documents: persisted.NewList(list), Uses: new(persisted.UsageCounter),
	}
}

func newAPQ(store cache.Store, ttl time.Duration) graphql.HandlerExtension {
	p := newPersisted(persisted.ModeAPQ, store)
	p.TTL = ttl
	return p
}

// newPersistedServer is the real server with extensions; no operation here needs its database.
func newPersistedServer(extensions ...graphql.HandlerExtension) http.Handler {
	return gql.New(gql.Options{Log: slog.New(slog.DiscardHandler), Extensions: extensions})
}

// persistedExtensions is extensions with a hash.
func persistedExtensions(hash string) string {
	return fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":%q}}`, hash)
}

// send asks by POST or GET, leaving out what is "".
func send(t *testing.T, h http.Handler, method, query, extensions string) *httptest.ResponseRecorder {
	t.Helper()
	if method == http.MethodGet {
		values := url.Values{}
		if query != "" {
			values.Set("query", query)
		}
		if extensions != "" {
			values.Set("extensions", extensions)
		}
		return ask(t, h, method, "/graphql?"+values.Encode(), "", "Apollo-Require-Preflight: 1")
	}
	body := map[string]any{}
	if query != "" {
		body["query"] = query
	}
	if extensions != "" {
		body["extensions"] = json.RawMessage(extensions)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return postBody(t, h, string(text))
}

func wantAnswer(t *testing.T, rec *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if rec.Code != status || rec.Body.String() != body {
		t.Errorf("got %d %s, want %d %s", rec.Code, rec.Body, status, body)
	}
}

func wantTypename(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	wantAnswer(t, rec, 200, `{"data":{"__typename":"Query"}}`)
}

func wantNotFound(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	wantAnswer(t, rec, 200, `{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}`)
	if got := rec.Header().Get("Cache-Control"); got != "private, no-cache, no-store, must-revalidate" {
		t.Errorf("Cache-Control: %s", got)
	}
}

func TestAPQ(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			h := newPersistedServer(newAPQ(newLocalStore(t), time.Minute))
			wantTypename(t, send(t, h, method, typename, ""))
			wantNotFound(t, send(t, h, method, "", persistedExtensions(typenameHash)))
			for range 2 {
				wantTypename(t, send(t, h, method, typename, persistedExtensions(typenameHash)))
				wantTypename(t, send(t, h, method, "", persistedExtensions(typenameHash)))
			}
			wantTypename(t, send(t, h, method, typename, `{"persistedQuery":null}`))
			wantTypename(t, send(t, h, method, "", `{"persistedQuery":{"sha256Hash":"`+typenameHash+`","version":1.0,"more":[]}}`))
			// The hash is of the bytes as they are, and of no other text.
			wantNotFound(t, send(t, h, method, "", persistedExtensions(parsePersistedHash(typename+"\n"))))
		})
	}
}

func TestAPQRefuses(t *testing.T) {
	t.Parallel()
	upper := strings.ToUpper(typenameHash)
	store := newLocalStore(t)
	for _, key := range []string{"", upper, typenameHash[1:], "g" + typenameHash[1:]} {
		store.Set(t.Context(), "apq:"+key, []byte(typename), time.Minute)
	}
	h := newPersistedServer(newAPQ(store, time.Minute))
	const code = "BAD_REQUEST"
	for name, tt := range map[string]struct{ query, extensions, code, message string }{
		"mismatch":       {"{ __typename }", persistedExtensions(typenameHash), "PERSISTED_QUERY_HASH_MISMATCH", "provided sha does not match query"},
		"version 2":      {"", `{"persistedQuery":{"version":2,"sha256Hash":"` + typenameHash + `"}}`, code, "Unsupported persisted query version"},
		"version string": {typename, `{"persistedQuery":{"version":"1","sha256Hash":"` + typenameHash + `"}}`, code, "Unsupported persisted query version"},
		"no version":     {"", `{"persistedQuery":{"sha256Hash":"` + typenameHash + `"}}`, code, "Unsupported persisted query version"},
		"upper case":     {"", persistedExtensions(upper), code, "64 lower-case hex"},
		"63 digits":      {"", persistedExtensions(typenameHash[1:]), code, "64 lower-case hex"},
		"not hex":        {"", persistedExtensions("g" + typenameHash[1:]), code, "64 lower-case hex"},
		"empty":          {typename, persistedExtensions(""), code, "64 lower-case hex"},
		"no hash":        {"", `{"persistedQuery":{"version":1}}`, code, "64 lower-case hex"},
		"a number":       {"", `{"persistedQuery":{"version":1,"sha256Hash":1}}`, code, "64 lower-case hex"},
		"not an object":  {"", `{"persistedQuery":"` + typenameHash + `"}`, code, "must be an object"},
		"neither":        {"", `{"persistedQuery":null}`, code, `as "query", its hash`},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			t.Run(name+" by "+method, func(t *testing.T) {
				t.Parallel()
				rec := send(t, h, method, tt.query, tt.extensions)
				a := decodeResponse(t, rec)
				if rec.Code != 400 || a.Data != nil || len(a.Errors) != 1 {
					t.Fatalf("got %d %s", rec.Code, rec.Body)
				}
				if e := a.Errors[0]; e.Extensions["code"] != tt.code || !strings.Contains(e.Message, tt.message) {
					t.Errorf("got %s", rec.Body)
				}
				if got := rec.Header().Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control: %s", got)
				}
			})
		}
	}
}

// rejectAll stands for a limit on what operations may cost.
type rejectAll struct{}

func (rejectAll) ExtensionName() string                   { return "refuseAll" }
func (rejectAll) Validate(graphql.ExecutableSchema) error { return nil }

func (rejectAll) MutateOperationContext(context.Context, *graphql.OperationContext) *gqlerror.Error {
	return &gqlerror.Error{Message: "too much", Extensions: map[string]any{"code": "TOO_MUCH"}}
}

// TestAPQKeepsOnlyWhatMayRun sends text and hash that fit and asks by hash after.
func TestAPQKeepsOnlyWhatMayRun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text   string
		before []graphql.HandlerExtension
		status int
	}{
		"does not parse":      {"{", nil, 400},
		"is not valid":        {"{nope}", nil, 422},
		"two operations":      {"query A{__typename} query B{__typename}", nil, 422},
		"needs variables":     {"query($n:Int!){__typename @skip(if:false) a:__typename @include(if:$n)}", nil, 422},
		"variable is missing": {"query($b:Boolean!){__typename @skip(if:$b)}", nil, 422},
		"costs too much":      {typename, []graphql.HandlerExtension{rejectAll{}}, 422},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newLocalStore(t)
			h := newPersistedServer(append(tt.before, newAPQ(store, time.Minute))...)
			if rec := send(t, h, http.MethodPost, tt.text, persistedExtensions(parsePersistedHash(tt.text))); rec.Code != tt.status {
				t.Errorf("got %d %s, want %d", rec.Code, rec.Body, tt.status)
			}
			if text, ok := store.Get(t.Context(), "apq:"+parsePersistedHash(tt.text), 0); ok {
				t.Errorf("%s was kept", text)
			}
			wantNotFound(t, send(t, h, http.MethodPost, "", persistedExtensions(parsePersistedHash(tt.text))))
		})
	}
}

// TestAPQMutationByGet would find a mutation that a hash hides from the rule that
// a GET may not run one.
func TestAPQMutationByGet(t *testing.T) {
	t.Parallel()
	const text = `mutation{wave}`
	exec := executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return newSchema },
		ExecFunc:   func(context.Context) graphql.ResponseHandler { return resolveHello },
	})
	exec.Use(newAPQ(newLocalStore(t), time.Minute))
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gql.HTTP{MaxBodyBytes: maxBody}.HandleRequest(w, r, exec)
	})
	for _, query := range []string{text, ""} {
		if rec := send(t, h, http.MethodPost, query, persistedExtensions(parsePersistedHash(text))); rec.Code != 200 || decodeResponse(t, rec).Data == nil {
			t.Errorf("by POST: got %d %s", rec.Code, rec.Body)
		}
	}
	if rec := send(t, h, http.MethodGet, "", persistedExtensions(parsePersistedHash(text))); rec.Code != 405 {
		t.Errorf("by GET: got %d %s", rec.Code, rec.Body)
	}
}

// TestAPQRenews uses two texts that expire soon, one by hash and one with its
// text, and leaves a third alone.
func TestAPQRenews(t *testing.T) {
	t.Parallel()
	store, ctx := newLocalStore(t), t.Context()
	h := newPersistedServer(newAPQ(store, time.Minute))
	texts := []string{"{a:__typename}", "{b:__typename}", "{c:__typename}"}
	for _, text := range texts {
		store.Set(ctx, "apq:"+parsePersistedHash(text), []byte(text), 300*time.Millisecond)
	}
	wantAnswer(t, send(t, h, http.MethodPost, "", persistedExtensions(parsePersistedHash(texts[0]))), 200, `{"data":{"a":"Query"}}`)
	wantAnswer(t, send(t, h, http.MethodPost, texts[1], persistedExtensions(parsePersistedHash(texts[1]))), 200, `{"data":{"b":"Query"}}`)

	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for gone := false; !gone; <-poll.C {
		_, ok := store.Get(ctx, "apq:"+parsePersistedHash(texts[2]), 0)
		gone = !ok
	}
	for _, text := range texts[:2] {
		if _, ok := store.Get(ctx, "apq:"+parsePersistedHash(text), 0); !ok {
			t.Errorf("%s was used and expired", text)
		}
	}
}

func TestAPQIsSharedByRedis(t *testing.T) {
	t.Parallel()
	at, prefix := redistest.NewKeyspace(t)
	var servers []http.Handler
	for range 2 {
		r := openTestRedis(t, cache.RedisOptions{URL: at, Prefix: prefix, Deadline: time.Minute})
		servers = append(servers, newPersistedServer(newAPQ(cache.NewTiered(newLocalStore(t), r, time.Minute), time.Hour)))
	}
	wantNotFound(t, send(t, servers[0], http.MethodGet, "", persistedExtensions(typenameHash)))
	wantTypename(t, send(t, servers[0], http.MethodPost, typename, persistedExtensions(typenameHash)))
	for range 2 {
		wantTypename(t, send(t, servers[1], http.MethodGet, "", persistedExtensions(typenameHash)))
	}
}

// TestAPQWithoutRedis has a client that goes on, at the price of a second round
// trip.
func TestAPQWithoutRedis(t *testing.T) {
	t.Parallel()
	h := newPersistedServer(newAPQ(openTestRedis(t, cache.RedisOptions{URL: "unix:///nonexistent/redis.sock"}), time.Hour))
	for range 10 {
		wantNotFound(t, send(t, h, http.MethodGet, "", persistedExtensions(typenameHash)))
		wantTypename(t, send(t, h, http.MethodPost, typename, persistedExtensions(typenameHash)))
	}
}

func TestNoAPQ(t *testing.T) {
	t.Parallel()
	h := newPersistedServer(newPersisted(persisted.ModeOff, newLocalStore(t)))
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		wantTypename(t, send(t, h, method, typename, ""))
		wantTypename(t, send(t, h, method, typename, `{"persistedQuery":null}`))
		for _, query := range []string{"", typename} {
			rec := send(t, h, method, query, persistedExtensions(typenameHash))
			wantAnswer(t, rec, 200, `{"errors":[{"message":"PersistedQueryNotSupported","extensions":{"code":"PERSISTED_QUERY_NOT_SUPPORTED"}}]}`)
			if got := rec.Header().Get("Cache-Control"); got != "private, no-cache, no-store, must-revalidate" {
				t.Errorf("Cache-Control: %s", got)
			}
		}
		if rec := send(t, h, method, "", `{"other":1}`); rec.Code != 400 || decodeResponse(t, rec).Errors[0].Extensions["code"] != "BAD_REQUEST" {
			t.Errorf("got %d %s", rec.Code, rec.Body)
		}
	}
}

func BenchmarkAPQ(b *testing.B) {
	// A text of 2 kB, a usual size for a page of a website.
	text := "{" + strings.Repeat("\n"+strings.Repeat(" ", 60)+"__typename", 28) + "}"
	h := newPersistedServer(newAPQ(newLocalStore(b), time.Minute))
	for _, bb := range []struct{ name, body string }{
		{"text", fmt.Sprintf(`{"query":%q}`, text)},
		{"text and hash", fmt.Sprintf(`{"query":%q,"extensions":%s}`, text, persistedExtensions(parsePersistedHash(text)))},
		{"hash", fmt.Sprintf(`{"extensions":%s}`, persistedExtensions(parsePersistedHash(text)))},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader(bb.body))
				r.Header.Set("Content-Type", "application/json")
				rec := httptest.NewRecorder()
				if h.ServeHTTP(rec, r); rec.Code != 200 || strings.HasPrefix(rec.Body.String(), `{"errors"`) {
					b.Fatal(rec.Body)
				}
			}
		})
	}
}
