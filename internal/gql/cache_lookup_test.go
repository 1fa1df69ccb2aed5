package gql

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// cachingServer is a server that keeps answers, with what it logs.
type cachingServer struct {
	http.Handler
	db  *store.Store
	log bytes.Buffer
}

func newCachingServer(t *testing.T, change func(*Options)) *cachingServer {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	kept := respcache.New(respcache.Options{InvalidationLog: newFollowedLog(t, db), MaxBytes: 16 << 20})
	t.Cleanup(kept.Close)
	local := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = local.Close() })
	l := &cachingServer{db: db}
	o := Options{Store: db, Log: slog.New(slog.DiscardHandler), ResponseCache: kept, Introspection: true, Extensions: []graphql.HandlerExtension{&persisted.Extension{
		Mode: persisted.ModeAPQ, Store: local, TTL: time.Hour, Documents: persisted.NewList(nil), Uses: new(persisted.UsageCounter),
	}}}
	if change != nil {
		change(&o)
	}
	l.Handler = middleware.RequestID()(middleware.AccessLog(&l.log, slog.LevelInfo)(middleware.Compress()(New(o))))
	return l
}

// sendQuery sends a query, by GET unless it is a mutation; headers are "Name: value".
func (l *cachingServer) sendQuery(t *testing.T, as edu.Viewer, query string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/graphql?"+url.Values{"query": {query}}.Encode(), nil)
	r.Header.Set("Graphql-Require-Preflight", "1")
	if strings.HasPrefix(query, "mutation") {
		r = newQueryRequest(query, nil)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return serve(l, r.WithContext(edu.WithViewer(t.Context(), as)))
}

const (
	titles = "{ courses(first: 2) { nodes { title } } }"
	many   = "{ courses(first: 50) { nodes { title description } } }"
)

// What was refused before it ran is not said to be stored, though its text is known.
func TestRefusalsAreNotKept(t *testing.T) {
	t.Parallel()
	l := newCachingServer(t, nil)
	const query = "query($n: Int) { courses(first: $n) { nodes { title } } }"
	for i, want := range []string{`"7p"; fwd=miss; stored`, `"7p"; fwd=miss; detail=rejected`} {
		n := []any{1, 1.5}[i]
		w := serve(l, newQueryRequest(query, map[string]any{"n": n}).WithContext(t.Context()))
		if got := w.Header().Get("Cache-Status"); got != want {
			t.Errorf("for %v titles: %d, Cache-Status %s, want %s", n, w.Code, got, want)
		}
	}
}

// What is kept is told by the headers of wire rules: Cache-Control, Age, ETag, Vary
// and Cache-Status (RFC 9211).
func TestKeptHeaders(t *testing.T) {
	t.Parallel()
	l := newCachingServer(t, nil)
	signedIn := edu.Viewer{ID: 1, Role: edu.RoleStudent}
	for i, tt := range []struct {
		name         string
		as           edu.Viewer
		query        string
		headers      []string
		status       int
		cacheStatus  string
		cacheControl string
	}{
		{"a first public answer", edu.Viewer{}, titles, nil, 200, `"7p"; fwd=miss; stored`, "max-age=60, public"},
		{"the same again", edu.Viewer{}, titles, nil, 200, `"7p"; hit; ttl=`, "max-age=60, public"},
		{"of somebody", signedIn, titles, []string{"Authorization: Bearer x"}, 200, `"7p"; hit; ttl=`, "max-age=60, private"},
		{"with a cookie", edu.Viewer{}, titles, []string{"Cookie: a=b"}, 200, `"7p"; hit; ttl=`, "max-age=60, private"},
		{"in legacy JSON", edu.Viewer{}, titles, []string{"Accept: application/json"}, 200, `"7p"; hit; ttl=`, "max-age=60, public"},
		{"a private answer", signedIn, "{ viewer { name } }", []string{"Authorization: Bearer x"}, 200, `"7p"; fwd=miss; stored`, "max-age=30, private"},
		{"the same again", signedIn, "{ viewer { name } }", []string{"Authorization: Bearer x"}, 200, `"7p"; hit; ttl=`, "max-age=30, private"},
		{"a private one of nobody", edu.Viewer{}, "{ viewer { name } }", nil, 200, `"7p"; fwd=miss; detail=anonymous-private`, "no-store"},
		{"who looked at the role", edu.Viewer{ID: 3, Role: edu.RoleAdmin}, "{ platformDashboard { usersCount } }", nil, 200, `"7p"; fwd=miss; stored`, "max-age=30, private"},
		{"another admin", edu.Viewer{ID: 9, Role: edu.RoleAdmin}, "{ platformDashboard { usersCount } }", nil, 200, `"7p"; hit; ttl=`, "max-age=30, private"},
		{"who looked at the clock", edu.Viewer{ID: 3, Role: edu.RoleAdmin}, "{ platformDashboard { activeUsersCount } }", nil, 200, `"7p"; fwd=miss; stored`, "max-age=10, private"},
		{"of nobody, who was looked for", edu.Viewer{}, "{ courses(first: 1) { nodes { viewerEnrollment { id } } } }", nil, 200, `"7p"; fwd=miss; stored`, "max-age=30, private"},
		{"of nobody again", edu.Viewer{}, "{ courses(first: 1) { nodes { viewerEnrollment { id } } } }", nil, 200, `"7p"; hit; ttl=`, "max-age=30, private"},
		{"of somebody, who was looked for", signedIn, "{ courses(first: 1) { nodes { viewerEnrollment { id } } } }", nil, 200, `"7p"; fwd=miss; stored`, "max-age=30, private"},
		{"no maxAge", edu.Viewer{}, "{ __typename }", nil, 200, `"7p"; fwd=bypass; detail=max-age-0`, "no-store"},
		{"introspection", edu.Viewer{}, "{ __schema { queryType { name } } }", nil, 200, `"7p"; fwd=bypass; detail=max-age-0`, "no-store"},
		{"with errors", edu.Viewer{}, "{ courses(first: 1) { nodes { title analytics { completions } } } }", nil, 200, `"7p"; fwd=miss; detail=errors`, "no-store"},
		{"refused", edu.Viewer{}, "{ nothing }", nil, 422, `"7p"; fwd=bypass; detail=rejected`, "no-store"},
		{"a mutation", signedIn, "mutation { updatePreferences(input: {theme: \"dark\"}) { userErrors { code } } }", nil, 200, `"7p"; fwd=bypass; detail=mutation`, "no-store"},
		{"its cost was asked", edu.Viewer{}, titles, []string{"GraphQL-Cost: 1"}, 200, `"7p"; fwd=bypass; detail=cost-requested`, "no-store"},
	} {
		w := l.sendQuery(t, tt.as, tt.query, tt.headers...)
		h := w.Header()
		if w.Code != tt.status || !strings.HasPrefix(h.Get("Cache-Status"), tt.cacheStatus) && tt.cacheStatus != "" || h.Get("Cache-Control") != tt.cacheControl {
			t.Errorf("%d, %s: %d, Cache-Status %s, Cache-Control %s\n%.300s", i, tt.name, w.Code, h.Get("Cache-Status"), h.Get("Cache-Control"), w.Body)
		}
		if hit := strings.Contains(tt.cacheStatus, "; hit"); hit != (h.Get("Age") != "") {
			t.Errorf("%d, %s: Age %q", i, tt.name, h.Get("Age"))
		}
		vary := strings.Join(h.Values("Vary"), ", ")
		if kept := tt.cacheControl != "no-store"; kept != (h.Get("Etag") != "") || kept && (!strings.Contains(vary, "Authorization") || !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "Accept-Encoding")) {
			t.Errorf("%d, %s: ETag %s, Vary %s", i, tt.name, h.Get("Etag"), vary)
		}
	}
}

// A kept answer is the one that was made, byte for byte, in each coding; it costs no
// statement, and nothing where the caller has it.
func TestKeptBodies(t *testing.T) {
	t.Parallel()
	l := newCachingServer(t, nil)
	first := l.sendQuery(t, edu.Viewer{}, many)
	l.log.Reset()
	again := l.sendQuery(t, edu.Viewer{}, many)
	if !bytes.Equal(first.Body.Bytes(), again.Body.Bytes()) || first.Header().Get("Etag") != again.Header().Get("Etag") {
		t.Error("the kept answer is another")
	}
	if strings.Contains(l.log.String(), "sql_statements") {
		t.Errorf("the database was asked: %s", &l.log)
	}
	etag := first.Header().Get("Etag")
	for coding := range map[string]bool{"zstd": true, "gzip": true, "br": true} {
		one, two := l.sendQuery(t, edu.Viewer{}, many, "Accept-Encoding: "+coding), l.sendQuery(t, edu.Viewer{}, many, "Accept-Encoding: "+coding)
		if one.Header().Get("Content-Encoding") != coding || one.Header().Get("Etag") != "W/"+etag || one.Body.Len() >= first.Body.Len() ||
			!bytes.Equal(one.Body.Bytes(), two.Body.Bytes()) || one.Header().Get("Content-Length") != fmt.Sprint(one.Body.Len()) {
			t.Errorf("%s: %d bytes, %v", coding, one.Body.Len(), one.Header())
		}
		if plain := decompressBody(t, one); plain != first.Body.String() {
			t.Errorf("%s is not the same: %.100s", coding, plain)
		}
	}
	for given, status := range map[string]int{
		etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200,
	} {
		w := l.sendQuery(t, edu.Viewer{}, many, "If-None-Match: "+given)
		if w.Code != status || status == 304 && (w.Body.Len() > 0 || strings.TrimPrefix(w.Header().Get("Etag"), "W/") != etag || w.Header().Get("Cache-Control") == "") {
			t.Errorf("If-None-Match %s: %d with %d bytes, %v", given, w.Code, w.Body.Len(), w.Header())
		}
	}
	// Who has it compressed has it under that name still.
	if w := l.sendQuery(t, edu.Viewer{}, many, "If-None-Match: W/"+etag, "Accept-Encoding: gzip"); w.Code != 304 || w.Header().Get("Etag") != "W/"+etag {
		t.Errorf("a compressed one: %d, %v", w.Code, w.Header())
	}
	r := newQueryRequest(many, nil)
	r.Header.Set("If-None-Match", etag)
	if w := serve(l, r); w.Code != 200 || w.Header().Get("Etag") != "" {
		t.Errorf("a POST is answered %d, %v", w.Code, w.Header())
	}
	if w := l.sendQuery(t, edu.Viewer{}, "\n"+many+"\r\n\t "); !strings.Contains(w.Header().Get("Cache-Status"), "; hit") {
		t.Errorf("with white space around it: %s", w.Header().Get("Cache-Status"))
	}
}

// A text whose answer is found is registered all the same.
func TestKeptAnswersRegister(t *testing.T) {
	t.Parallel()
	l := newCachingServer(t, nil)
	l.sendQuery(t, edu.Viewer{}, titles)
	extensions := fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":%q}}`, persisted.HashText(titles))
	ask := func(v url.Values) *httptest.ResponseRecorder {
		v.Set("extensions", extensions)
		r := httptest.NewRequest(http.MethodGet, "/graphql?"+v.Encode(), nil)
		r.Header.Set("Graphql-Require-Preflight", "1")
		return serve(l, r)
	}
	if w := ask(url.Values{}); !strings.Contains(w.Body.String(), "PersistedQueryNotFound") || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("an unknown hash: %v %s", w.Header(), w.Body)
	}
	if w := ask(url.Values{"query": {titles}}); !strings.Contains(w.Header().Get("Cache-Status"), "; hit") {
		t.Errorf("with its text: %s", w.Header().Get("Cache-Status"))
	}
	w := ask(url.Values{})
	if !strings.Contains(w.Header().Get("Cache-Status"), "; hit") || w.Header().Get("Cache-Control") != "max-age=60, public" {
		t.Errorf("by its hash: %v %s", w.Header(), w.Body)
	}
}

// shortMaxAge keeps everything for no time at all: what is kept is stale at once.
type shortMaxAge struct{ cacheEverything }

func (shortMaxAge) OperationPolicy(_ *ast.QueryDocument, _ *ast.OperationDefinition, _ map[string]any) respcache.Policy {
	return respcache.Policy{MaxAge: 1}
}

// A stale answer is given once more, and made anew beside the request.
func TestStaleWhileRevalidate(t *testing.T) {
	t.Parallel()
	l := newCachingServer(t, func(o *Options) { o.policies = shortMaxAge{} })
	const query = "{ courses(first: 1) { nodes { title category { name } } } }"
	first := l.sendQuery(t, edu.Viewer{ID: 1, Role: edu.RoleStudent}, query)
	made := first.Header().Get("Etag")
	// Nobody is told of this change, which so shows what was made when.
	if _, err := l.db.PrimaryPool().Exec(t.Context(), "SET session_replication_role = replica; UPDATE courses SET title = title || '!'; SET session_replication_role = origin"); err != nil {
		t.Fatal(err)
	}
	stale := l.sendQuery(t, edu.Viewer{ID: 1, Role: edu.RoleStudent}, query)
	if got := stale.Header(); got.Get("Etag") != made || !strings.HasPrefix(got.Get("Cache-Status"), `"7p"; hit; ttl=`) {
		t.Errorf("then %v", got)
	}
	for deadline := time.Now().Add(waitTimeout); l.sendQuery(t, edu.Viewer{}, query).Header().Get("Etag") == made; {
		if time.Now().After(deadline) {
			t.Fatal("it is not made anew")
		}
	}
}

// What plain SQL changed, and what nobody announced, is found in the database.
func TestPlainSQLIsFound(t *testing.T) {
	t.Parallel()
	l := newCachingServer(t, nil)
	if l.sendQuery(t, edu.Viewer{}, titles); !strings.Contains(l.sendQuery(t, edu.Viewer{}, titles).Header().Get("Cache-Status"), "; hit") {
		t.Fatal("it is not kept")
	}
	if _, err := l.db.PrimaryPool().Exec(t.Context(), "UPDATE courses SET title = 'Changed by hand'"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(waitTimeout); !strings.Contains(l.sendQuery(t, edu.Viewer{}, titles).Body.String(), "Changed by hand"); {
		if time.Now().After(deadline) {
			t.Fatal("it is not seen")
		}
	}
}

// Data beside errors are 294 where the operator wants it, but for who would take any
// JSON for an answer.
func TestPartialStatus(t *testing.T) {
	t.Parallel()
	const partial = "{ courses(first: 1) { nodes { title analytics { completions } } } }"
	for name, tt := range map[string]struct {
		on      bool
		query   string
		headers []string
		want    int
	}{
		"off":              {false, partial, nil, 200},
		"on":               {true, partial, nil, 294},
		"on, without":      {true, titles, nil, 200},
		"on, and legacy":   {true, partial, []string{"Accept: application/json"}, 200},
		"on, without data": {true, "{ nothing }", nil, 422},
	} {
		l := newCachingServer(t, func(o *Options) { o.PartialStatus = tt.on })
		if w := l.sendQuery(t, edu.Viewer{}, tt.query, tt.headers...); w.Code != tt.want {
			t.Errorf("%s: %d, want %d", name, w.Code, tt.want)
		}
	}
}
