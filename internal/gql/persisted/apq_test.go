package persisted_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/ratelimit"
)

// The test vector of Apollo's documentation of the protocol.
const (
	typename     = `{__typename}`
	typenameHash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"
)

func newMemoryStore(t testing.TB) *cache.Memory {
	t.Helper()
	m := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = m.Close() })
	return m
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

// newExtension returns an extension in a mode, with a list of documents.
func newExtension(mode persisted.Mode, store cache.Store, list ...*persisted.Document) *persisted.Extension {
	return &persisted.Extension{
		Mode: mode, Store: store, TTL: time.Minute, Log: slog.New(slog.DiscardHandler),
		Documents: persisted.NewList(list), Uses: new(persisted.UsageCounter),
	}
}

func newAPQ(store cache.Store, ttl time.Duration) graphql.HandlerExtension {
	e := newExtension(persisted.ModeAPQ, store)
	e.TTL = ttl
	return e
}

// newServer returns the real server with extensions; no operation of these tests needs a database.
func newServer(extensions ...graphql.HandlerExtension) http.Handler {
	return gql.New(gql.Options{Log: slog.New(slog.DiscardHandler), Extensions: extensions})
}

// hashExtensions returns the extensions of a request with a hash.
func hashExtensions(hash string) string {
	return fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":%q}}`, hash)
}

// send sends a text and extensions by POST or GET, leaving out empty ones.
func send(t *testing.T, h http.Handler, method, query, extensions string) *gqltest.Response {
	t.Helper()
	client, params, body := gqltest.NewClient(h), url.Values{}, map[string]any{}
	if query != "" {
		params.Set("query", query)
		body["query"] = query
	}
	if extensions != "" {
		params.Set("extensions", extensions)
		body["extensions"] = json.RawMessage(extensions)
	}
	if method == http.MethodGet {
		return client.Get(t, edu.Viewer{}, params)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return client.Post(t, edu.Viewer{}, string(text))
}

func wantResponse(t *testing.T, resp *gqltest.Response, status int, body string) {
	t.Helper()
	if resp.Status != status || resp.Text() != body {
		t.Errorf("got %s, want %d %s", resp, status, body)
	}
}

func wantTypename(t *testing.T, resp *gqltest.Response) {
	t.Helper()
	wantResponse(t, resp, 200, `{"data":{"__typename":"Query"}}`)
}

func wantNotFound(t *testing.T, resp *gqltest.Response) {
	t.Helper()
	wantResponse(t, resp, 200, `{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}`)
	if got := resp.Header.Get("Cache-Control"); got != "private, no-cache, no-store, must-revalidate" {
		t.Errorf("Cache-Control: %s", got)
	}
}

func TestAPQ(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			h := newServer(newAPQ(newMemoryStore(t), time.Minute))
			wantTypename(t, send(t, h, method, typename, ""))
			wantNotFound(t, send(t, h, method, "", hashExtensions(typenameHash)))
			for range 2 {
				wantTypename(t, send(t, h, method, typename, hashExtensions(typenameHash)))
				wantTypename(t, send(t, h, method, "", hashExtensions(typenameHash)))
			}
			wantTypename(t, send(t, h, method, typename, `{"persistedQuery":null}`))
			wantTypename(t, send(t, h, method, "", `{"persistedQuery":{"sha256Hash":"`+typenameHash+`","version":1.0,"more":[]}}`))
			// The hash is of the bytes as they are, and of no other text.
			wantNotFound(t, send(t, h, method, "", hashExtensions(persisted.HashText(typename+"\n"))))
		})
	}
}

func TestAPQRejects(t *testing.T) {
	t.Parallel()
	upper := strings.ToUpper(typenameHash)
	store := newMemoryStore(t)
	for _, key := range []string{"", upper, typenameHash[1:], "g" + typenameHash[1:]} {
		store.Set(t.Context(), "apq:"+key, []byte(typename), time.Minute)
	}
	h := newServer(newAPQ(store, time.Minute))
	const code = "BAD_REQUEST"
	for name, tt := range map[string]struct{ query, extensions, code, message string }{
		"mismatch":       {"{ __typename }", hashExtensions(typenameHash), "PERSISTED_QUERY_HASH_MISMATCH", "provided sha does not match query"},
		"version 2":      {"", `{"persistedQuery":{"version":2,"sha256Hash":"` + typenameHash + `"}}`, code, "Unsupported persisted query version"},
		"version string": {typename, `{"persistedQuery":{"version":"1","sha256Hash":"` + typenameHash + `"}}`, code, "Unsupported persisted query version"},
		"no version":     {"", `{"persistedQuery":{"sha256Hash":"` + typenameHash + `"}}`, code, "Unsupported persisted query version"},
		"upper case":     {"", hashExtensions(upper), code, "64 lower-case hex"},
		"63 digits":      {"", hashExtensions(typenameHash[1:]), code, "64 lower-case hex"},
		"not hex":        {"", hashExtensions("g" + typenameHash[1:]), code, "64 lower-case hex"},
		"empty":          {typename, hashExtensions(""), code, "64 lower-case hex"},
		"no hash":        {"", `{"persistedQuery":{"version":1}}`, code, "64 lower-case hex"},
		"a number":       {"", `{"persistedQuery":{"version":1,"sha256Hash":1}}`, code, "64 lower-case hex"},
		"not an object":  {"", `{"persistedQuery":"` + typenameHash + `"}`, code, "must be an object"},
		"neither":        {"", `{"persistedQuery":null}`, code, `as "query", its hash`},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			t.Run(name+" by "+method, func(t *testing.T) {
				t.Parallel()
				resp := send(t, h, method, tt.query, tt.extensions)
				a := resp.Result(t)
				if resp.Status != 400 || a.Data != nil || len(a.Errors) != 1 {
					t.Fatalf("got %d %s", resp.Status, resp.Body)
				}
				if e := a.Errors[0]; e.Extensions["code"] != tt.code || !strings.Contains(e.Message, tt.message) {
					t.Errorf("got %s", resp.Body)
				}
				if got := resp.Header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control: %s", got)
				}
			})
		}
	}
}

// rejectAll rejects every operation, as a limit on their costs does.
type rejectAll struct{}

func (rejectAll) ExtensionName() string                   { return "RejectAll" }
func (rejectAll) Validate(graphql.ExecutableSchema) error { return nil }

func (rejectAll) MutateOperationContext(context.Context, *graphql.OperationContext) *gqlerror.Error {
	return &gqlerror.Error{Message: "too much", Extensions: map[string]any{"code": "TOO_MUCH"}}
}

// TestAPQRegistersValidTextsOnly sends a text with its hash, and then the hash alone.
func TestAPQRegistersValidTextsOnly(t *testing.T) {
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
			store := newMemoryStore(t)
			h := newServer(append(tt.before, newAPQ(store, time.Minute))...)
			if resp := send(t, h, http.MethodPost, tt.text, hashExtensions(persisted.HashText(tt.text))); resp.Status != tt.status {
				t.Errorf("got %d %s, want %d", resp.Status, resp.Body, tt.status)
			}
			if text, ok := store.Get(t.Context(), "apq:"+persisted.HashText(tt.text), 0); ok {
				t.Errorf("%s is registered", text)
			}
			wantNotFound(t, send(t, h, http.MethodPost, "", hashExtensions(persisted.HashText(tt.text))))
		})
	}
}

// TestAPQExtendsTTL sends two of three texts that expire soon, one by its hash and one with its text.
func TestAPQExtendsTTL(t *testing.T) {
	t.Parallel()
	store, ctx := newMemoryStore(t), t.Context()
	h := newServer(newAPQ(store, time.Minute))
	texts := []string{"{a:__typename}", "{b:__typename}", "{c:__typename}"}
	for _, text := range texts {
		store.Set(ctx, "apq:"+persisted.HashText(text), []byte(text), 300*time.Millisecond)
	}
	wantResponse(t, send(t, h, http.MethodPost, "", hashExtensions(persisted.HashText(texts[0]))), 200, `{"data":{"a":"Query"}}`)
	wantResponse(t, send(t, h, http.MethodPost, texts[1], hashExtensions(persisted.HashText(texts[1]))), 200, `{"data":{"b":"Query"}}`)

	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for expired := false; !expired; <-poll.C {
		_, ok := store.Get(ctx, "apq:"+persisted.HashText(texts[2]), 0)
		expired = !ok
	}
	for _, text := range texts[:2] {
		if _, ok := store.Get(ctx, "apq:"+persisted.HashText(text), 0); !ok {
			t.Errorf("%s expired after its use", text)
		}
	}
}

// TestAPQRegistrationsAreLimited checks that one caller cannot displace the texts of others: neither with
// texts that are executed nor in Redis, and the error states the limit.
func TestAPQRegistrationsAreLimited(t *testing.T) {
	t.Parallel()
	at, prefix := redistest.NewKeyspace(t)
	for name, store := range map[string]cache.Store{
		"memory": newMemoryStore(t), // of 1 MiB
		"redis":  cache.NewTiered(newMemoryStore(t), openTestRedis(t, cache.RedisOptions{URL: at, Prefix: prefix, Deadline: time.Minute}), time.Minute),
	} {
		limits := ratelimit.New(ratelimit.Rules{Registrations: ratelimit.Policy{Limit: 256, Window: time.Hour}}, nil)
		e := newExtension(persisted.ModeAPQ, store)
		e.Budget = limits
		as := func(address string) http.Handler {
			return limits.Middleware(func(*http.Request) netip.Addr { return netip.MustParseAddr(address) })(newServer(e))
		}
		others := as("192.0.2.1")
		wantTypename(t, send(t, others, http.MethodPost, typename, hashExtensions(typenameHash)))
		attacker, rejected := as("192.0.2.2"), 0
		for i := range 100 {
			text := fmt.Sprintf("{__typename}#%d%s", i, strings.Repeat("x", 60<<10))
			if resp := send(t, attacker, http.MethodPost, text, hashExtensions(persisted.HashText(text))); strings.Contains(resp.Text(), "RATE_LIMITED") {
				rejected++
				if want := "the limit is 256 KiB in 1 hour"; !strings.Contains(resp.Text(), want) || resp.Header.Get("Retry-After") == "" {
					t.Fatalf("%s: got %s, want %s and Retry-After", name, resp, want)
				}
			}
		}
		if got := e.Stats().Registered; got != 5 || rejected != 96 {
			t.Errorf("%s: %d texts registered and %d rejected, want 1 and 4 of 60 KiB, and 96", name, got, rejected)
		}
		wantTypename(t, send(t, others, http.MethodPost, "", hashExtensions(typenameHash)))
		wantTypename(t, send(t, attacker, http.MethodPost, typename, hashExtensions(typenameHash))) // stored already: free
		wantTypename(t, send(t, attacker, http.MethodPost, "{__typename}#", ""))
	}
}

func TestAPQSharedByRedis(t *testing.T) {
	t.Parallel()
	at, prefix := redistest.NewKeyspace(t)
	var servers []http.Handler
	for range 2 {
		r := openTestRedis(t, cache.RedisOptions{URL: at, Prefix: prefix, Deadline: time.Minute})
		servers = append(servers, newServer(newAPQ(cache.NewTiered(newMemoryStore(t), r, time.Minute), time.Hour)))
	}
	wantNotFound(t, send(t, servers[0], http.MethodGet, "", hashExtensions(typenameHash)))
	wantTypename(t, send(t, servers[0], http.MethodPost, typename, hashExtensions(typenameHash)))
	for range 2 {
		wantTypename(t, send(t, servers[1], http.MethodGet, "", hashExtensions(typenameHash)))
	}
}

// TestAPQWithoutRedis sends the text after each hash: while Redis is unavailable, a client needs a second
// round trip.
func TestAPQWithoutRedis(t *testing.T) {
	t.Parallel()
	h := newServer(newAPQ(openTestRedis(t, cache.RedisOptions{URL: "unix:///nonexistent/redis.sock"}), time.Hour))
	for range 10 {
		wantNotFound(t, send(t, h, http.MethodGet, "", hashExtensions(typenameHash)))
		wantTypename(t, send(t, h, http.MethodPost, typename, hashExtensions(typenameHash)))
	}
}

func TestModeOff(t *testing.T) {
	t.Parallel()
	h := newServer(newExtension(persisted.ModeOff, newMemoryStore(t)))
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		wantTypename(t, send(t, h, method, typename, ""))
		wantTypename(t, send(t, h, method, typename, `{"persistedQuery":null}`))
		for _, query := range []string{"", typename} {
			resp := send(t, h, method, query, hashExtensions(typenameHash))
			wantResponse(t, resp, 200, `{"errors":[{"message":"PersistedQueryNotSupported","extensions":{"code":"PERSISTED_QUERY_NOT_SUPPORTED"}}]}`)
			if got := resp.Header.Get("Cache-Control"); got != "private, no-cache, no-store, must-revalidate" {
				t.Errorf("Cache-Control: %s", got)
			}
		}
		if resp := send(t, h, method, "", `{"other":1}`); resp.Status != 400 || resp.Result(t).Errors[0].Extensions["code"] != "BAD_REQUEST" {
			t.Errorf("got %d %s", resp.Status, resp.Body)
		}
	}
}

func BenchmarkAPQ(b *testing.B) {
	// A text of 2 kB, a usual size for a page of a website.
	text := "{" + strings.Repeat("\n"+strings.Repeat(" ", 60)+"__typename", 28) + "}"
	h := newServer(newAPQ(newMemoryStore(b), time.Minute))
	for _, bb := range []struct{ name, body string }{
		{"text", fmt.Sprintf(`{"query":%q}`, text)},
		{"text and hash", fmt.Sprintf(`{"query":%q,"extensions":%s}`, text, hashExtensions(persisted.HashText(text)))},
		{"hash", fmt.Sprintf(`{"extensions":%s}`, hashExtensions(persisted.HashText(text)))},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader(bb.body))
				r.Header.Set("Content-Type", "application/json")
				resp := httptest.NewRecorder()
				if h.ServeHTTP(resp, r); resp.Code != 200 || strings.HasPrefix(resp.Body.String(), `{"errors"`) {
					b.Fatal(resp.Body)
				}
			}
		})
	}
}
