package gql_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gqltest"
)

const (
	titles      = "{ courses(first: 2) { nodes { title } } }"
	manyCourses = "{ courses(first: 50) { nodes { title description } } }"
)

// The Cache-Status of a rejected operation is not "stored", even if its document is cached.
func TestRejectedOperationsAreNotStored(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	const text = "query($n: Int) { courses(first: $n) { nodes { title } } }"
	for i, want := range []string{`"7p"; fwd=miss; stored`, `"7p"; fwd=miss; detail=rejected`} {
		n := []any{1, 1.5}[i]
		resp := gqltest.NewClient(s).Query(t, edu.Viewer{}, text, map[string]any{"n": n})
		if got := resp.Header.Get("Cache-Status"); got != want {
			t.Errorf("%v titles: %d, Cache-Status %s, want %s", n, resp.Status, got, want)
		}
	}
}

// The headers of cacheable responses are Cache-Control, Age, ETag, Vary and Cache-Status (RFC 9211).
func TestCacheHeaders(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	for i, tt := range []struct {
		name         string
		as           edu.Viewer
		text         string
		headers      []string
		status       int
		cacheStatus  string
		cacheControl string
	}{
		{"public response, miss", edu.Viewer{}, titles, nil, 200, `"7p"; fwd=miss; stored`, "public, max-age=0, s-maxage=60, stale-while-revalidate=60"},
		{"public response, hit", edu.Viewer{}, titles, nil, 200, `"7p"; hit; ttl=`, "public, max-age=0, s-maxage=60, stale-while-revalidate=60"},
		{"public response to a token", student, titles, []string{"Authorization: Bearer x"}, 200, `"7p"; hit; ttl=`, "private, no-cache"},
		{"public response to a cookie", edu.Viewer{}, titles, []string{"Cookie: a=b"}, 200, `"7p"; hit; ttl=`, "private, no-cache"},
		{"public response as application/json", edu.Viewer{}, titles, []string{"Accept: application/json"}, 200, `"7p"; hit; ttl=`, "public, max-age=0, s-maxage=60, stale-while-revalidate=60"},
		{"private response, miss", student, "{ viewer { name } }", []string{"Authorization: Bearer x"}, 200, `"7p"; fwd=miss; stored`, "private, no-cache"},
		{"private response, hit", student, "{ viewer { name } }", []string{"Authorization: Bearer x"}, 200, `"7p"; hit; ttl=`, "private, no-cache"},
		{"private response of an anonymous viewer", edu.Viewer{}, "{ viewer { name } }", nil, 200, `"7p"; fwd=miss; detail=anonymous-private`, "no-store"},
		{"depends on the role, miss", admin, "{ platformDashboard { usersCount } }", nil, 200, `"7p"; fwd=miss; stored`, "private, no-cache"},
		{"depends on the role, another admin", edu.Viewer{ID: 9, Role: edu.RoleAdmin}, "{ platformDashboard { usersCount } }", nil, 200, `"7p"; hit; ttl=`, "private, no-cache"},
		{"depends on the clock", admin, "{ platformDashboard { activeUsersCount } }", nil, 200, `"7p"; fwd=miss; stored`, "private, no-cache"},
		{"depends on the anonymous viewer, miss", edu.Viewer{}, "{ courses(first: 1) { nodes { viewerEnrollment { id } } } }", nil, 200, `"7p"; fwd=miss; stored`, "public, max-age=0, s-maxage=30, stale-while-revalidate=60"},
		{"depends on the anonymous viewer, hit", edu.Viewer{}, "{ courses(first: 1) { nodes { viewerEnrollment { id } } } }", nil, 200, `"7p"; hit; ttl=`, "public, max-age=0, s-maxage=30, stale-while-revalidate=60"},
		{"depends on the viewer", student, "{ courses(first: 1) { nodes { viewerEnrollment { id } } } }", nil, 200, `"7p"; fwd=miss; stored`, "private, no-cache"},
		{"without maxAge", edu.Viewer{}, "{ __typename }", nil, 200, `"7p"; fwd=bypass; detail=max-age-0`, "no-store"},
		{"introspection", edu.Viewer{}, "{ __schema { queryType { name } } }", nil, 200, `"7p"; fwd=bypass; detail=max-age-0`, "no-store"},
		{"response with errors", edu.Viewer{}, "{ courses(first: 1) { nodes { title analytics { completions } } } }", nil, 200, `"7p"; fwd=miss; detail=errors`, "no-store"},
		{"rejected", edu.Viewer{}, "{ nothing }", nil, 422, `"7p"; fwd=bypass; detail=rejected`, "no-store"},
		{"mutation", student, "mutation { updatePreferences(input: {theme: \"dark\"}) { userErrors { code } } }", nil, 200, `"7p"; fwd=bypass; detail=mutation`, "no-store"},
		{"cost requested", edu.Viewer{}, titles, []string{"GraphQL-Cost: 1"}, 200, `"7p"; fwd=bypass; detail=cost-requested`, "no-store"},
	} {
		resp := s.send(t, tt.as, tt.text, tt.headers...)
		h := resp.Header
		if resp.Status != tt.status || !strings.HasPrefix(h.Get("Cache-Status"), tt.cacheStatus) && tt.cacheStatus != "" || h.Get("Cache-Control") != tt.cacheControl {
			t.Errorf("%d, %s: %d, Cache-Status %s, Cache-Control %s\n%.300s", i, tt.name, resp.Status, h.Get("Cache-Status"), h.Get("Cache-Control"), resp.Body)
		}
		if hit := strings.Contains(tt.cacheStatus, "; hit"); hit != (h.Get("Age") != "") {
			t.Errorf("%d, %s: Age %q", i, tt.name, h.Get("Age"))
		}
		vary, wantVary := strings.Join(h.Values("Vary"), ", "), "Accept-Encoding, Accept"
		switch {
		case strings.HasPrefix(tt.cacheControl, "public"):
			wantVary += ", Authorization, Cookie"
		case strings.HasPrefix(tt.cacheControl, "private"):
			wantVary = "*" // revalidated by the back button too
		}
		if cacheable := tt.cacheControl != "no-store"; cacheable != (h.Get("Etag") != "") || vary != wantVary {
			t.Errorf("%d, %s: ETag %s, Vary %s; want %s", i, tt.name, h.Get("Etag"), vary, wantVary)
		}
	}
}

// A cached response is the computed one, byte for byte, in each content coding. It costs no SQL statement,
// and no body if the client has it already.
func TestCachedBodies(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	first := s.get(t, edu.Viewer{}, manyCourses)
	s.log.Reset()
	again := s.get(t, edu.Viewer{}, manyCourses)
	if !bytes.Equal(first.Body, again.Body) || first.Header.Get("Etag") != again.Header.Get("Etag") {
		t.Error("the cached response differs from the first one")
	}
	if strings.Contains(s.log.String(), "sql_statements") {
		t.Errorf("a hit uses the database: %s", &s.log)
	}
	etag := first.Header.Get("Etag")
	for _, coding := range []string{"zstd", "gzip", "br"} {
		one, two := s.get(t, edu.Viewer{}, manyCourses, "Accept-Encoding: "+coding), s.get(t, edu.Viewer{}, manyCourses, "Accept-Encoding: "+coding)
		if one.Header.Get("Content-Encoding") != coding || one.Header.Get("Etag") != "W/"+etag || len(one.Body) >= len(first.Body) ||
			!bytes.Equal(one.Body, two.Body) || one.Header.Get("Content-Length") != fmt.Sprint(len(one.Body)) {
			t.Errorf("%s: %d bytes, %v", coding, len(one.Body), one.Header)
		}
		if plain := decompressBody(t, one); plain != first.Text() {
			t.Errorf("%s decompresses to another body: %.100s", coding, plain)
		}
	}
}

// A body that clients often request is encoded densely beside the requests, for clients that accept br as well as
// other codings.
func TestDenseBodies(t *testing.T) {
	t.Parallel()
	const browser, choosy = "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Encoding: zstd, br;q=0.9"
	s := newCachingServer(t, gql.New)
	plain := s.get(t, edu.Viewer{}, manyCourses)
	first := s.get(t, edu.Viewer{}, manyCourses, browser)
	dense := first
	for dense.Header.Get("Content-Encoding") == "zstd" && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
		dense = s.get(t, edu.Viewer{}, manyCourses, browser)
	}
	if dense.Header.Get("Content-Encoding") != "br" || len(dense.Body) >= len(first.Body) || decompressBody(t, dense) != plain.Text() {
		t.Errorf("%d bytes in place of %d, %v", len(dense.Body), len(first.Body), dense.Header)
	}
	if got := s.get(t, edu.Viewer{}, manyCourses, choosy).Header.Get("Content-Encoding"); got != "zstd" {
		t.Errorf("a client that prefers zstd gets %s", got)
	}
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	etag := s.get(t, edu.Viewer{}, manyCourses).Header.Get("Etag")
	for tags, status := range map[string]int{
		etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200,
	} {
		resp := s.get(t, edu.Viewer{}, manyCourses, "If-None-Match: "+tags)
		if resp.Status != status || status == 304 && (len(resp.Body) > 0 || strings.TrimPrefix(resp.Header.Get("Etag"), "W/") != etag || resp.Header.Get("Cache-Control") == "") {
			t.Errorf("If-None-Match %s: %d with %d bytes, %v", tags, resp.Status, len(resp.Body), resp.Header)
		}
	}
	// A client with a compressed response has it under a weak tag.
	if resp := s.get(t, edu.Viewer{}, manyCourses, "If-None-Match: W/"+etag, "Accept-Encoding: gzip"); resp.Status != 304 || resp.Header.Get("Etag") != "W/"+etag {
		t.Errorf("a weak tag: %d, %v", resp.Status, resp.Header)
	}
	query := gqltest.Request{Method: "QUERY", Body: gqltest.QueryBody(manyCourses, nil), Headers: []string{"If-None-Match: " + etag}}
	if resp := gqltest.NewClient(s).Do(t, query); resp.Status != 304 || len(resp.Body) > 0 || resp.Header.Get("Etag") != etag {
		t.Errorf("QUERY: %s, ETag %s, want a 304 like that of GET", resp, resp.Header.Get("Etag"))
	}
	if resp := gqltest.NewClient(s).Query(t, edu.Viewer{}, manyCourses, nil, "If-None-Match: "+etag); resp.Status != 200 || resp.Header.Get("Etag") != "" {
		t.Errorf("a POST: %d, %v", resp.Status, resp.Header)
	}
	if resp := s.get(t, edu.Viewer{}, "\n"+manyCourses+"\r\n\t "); !isHit(resp) {
		t.Errorf("with white space around the text: %s", resp.Header.Get("Cache-Status"))
	}
}

// Comments, blanks and commas make no other response, and the locations of errors are those of the text that
// was sent.
func TestCommentsShareResponses(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	s.get(t, edu.Viewer{}, titles)
	for i := range 20 {
		text := fmt.Sprintf("# %d\n{courses(first:2,){,nodes{title}}}", i)
		if resp := s.get(t, edu.Viewer{}, text); !isHit(resp) {
			t.Errorf("%q: %s", text, resp.Header.Get("Cache-Status"))
		}
		if resp := gqltest.NewClient(s).Query(t, edu.Viewer{}, text, nil); !isHit(resp) {
			t.Errorf("%q by POST: %s", text, resp.Header.Get("Cache-Status"))
		}
	}
	if resp := s.get(t, edu.Viewer{}, `{ courses(first: 2) { nodes { title } } a: courses(first: 1) { nodes { title } } }`); isHit(resp) {
		t.Error("another document is a hit")
	}
	resp := s.get(t, edu.Viewer{}, "# one\n# two\n{ courses(first: 2) { nodes { titel } } }")
	if want := `"locations":[{"line":3,"column":31}]`; !strings.Contains(resp.Text(), want) {
		t.Errorf("got %s, want %s", resp.Body, want)
	}
}

// A cached response has the media type that the request accepts, whichever was computed first.
func TestCachedMediaType(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	for i, accept := range []string{"application/json", "application/graphql-response+json", "application/json", "application/graphql-response+json"} {
		want := accept + "; charset=utf-8"
		for name, resp := range map[string]*gqltest.Response{
			"GET":  s.get(t, edu.Viewer{}, titles, "Accept: "+accept),
			"POST": gqltest.NewClient(s).Query(t, edu.Viewer{}, titles, nil, "Accept: "+accept),
		} {
			if got := resp.Header.Get("Content-Type"); got != want {
				t.Errorf("%s %d: Content-Type %s, want %s", name, i, got, want)
			}
			if i > 0 && !isHit(resp) {
				t.Errorf("%s %d: %s", name, i, resp.Header.Get("Cache-Status"))
			}
		}
	}
}

// A text whose response is cached is registered as a persisted query, too.
func TestCacheHitsRegisterTexts(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	s.get(t, edu.Viewer{}, titles)
	extensions := fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":%q}}`, persisted.HashText(titles))
	get := func(params url.Values) *gqltest.Response {
		params.Set("extensions", extensions)
		return gqltest.NewClient(s).Get(t, edu.Viewer{}, params)
	}
	if resp := get(url.Values{}); !strings.Contains(resp.Text(), "PersistedQueryNotFound") || !strings.Contains(resp.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("an unknown hash: %v %s", resp.Header, resp.Body)
	}
	if resp := get(url.Values{"query": {titles}}); !isHit(resp) {
		t.Errorf("with its text: %s", resp.Header.Get("Cache-Status"))
	}
	if resp := get(url.Values{}); !isHit(resp) || resp.Header.Get("Cache-Control") != "public, max-age=0, s-maxage=60, stale-while-revalidate=60" {
		t.Errorf("by its hash: %v %s", resp.Header, resp.Body)
	}
}

// shortMaxAge gives every response a maxAge of 1 ns: a cached response is stale at once.
type shortMaxAge struct{ cacheEverything }

func (shortMaxAge) OperationPolicy(*ast.QueryDocument, *ast.OperationDefinition, map[string]any) respcache.Policy {
	return respcache.Policy{MaxAge: 1}
}

// A stale response is sent once more, and revalidated beside the request.
func TestStaleWhileRevalidate(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, func(o gql.Options) *gql.Server { return gql.NewWithPolicies(o, shortMaxAge{}) })
	const text = "{ courses(first: 1) { nodes { title category { name } } } }"
	etag := s.get(t, student, text).Header.Get("Etag")
	// The log does not learn of this change: a response shows whether it was computed after it.
	if _, err := s.db.PrimaryPool().Exec(t.Context(), "SET session_replication_role = replica; UPDATE courses SET title = title || '!'; SET session_replication_role = origin"); err != nil {
		t.Fatal(err)
	}
	if stale := s.get(t, student, text); stale.Header.Get("Etag") != etag || !isHit(stale) {
		t.Errorf("then %v", stale.Header)
	}
	for deadline := time.Now().Add(waitTimeout); s.get(t, edu.Viewer{}, text).Header.Get("Etag") == etag; {
		if time.Now().After(deadline) {
			t.Fatal("the response is not revalidated")
		}
	}
}

// Polling finds changes made by plain SQL, which are not published.
func TestPlainSQLInvalidates(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, gql.New)
	if s.get(t, edu.Viewer{}, titles); !isHit(s.get(t, edu.Viewer{}, titles)) {
		t.Fatal("the response is not cached")
	}
	if _, err := s.db.PrimaryPool().Exec(t.Context(), "UPDATE courses SET title = 'Changed by hand'"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(waitTimeout); !strings.Contains(s.get(t, edu.Viewer{}, titles).Text(), "Changed by hand"); {
		if time.Now().After(deadline) {
			t.Fatal("the change is not found")
		}
	}
}

// With PartialStatus, data beside errors have status 294, except for clients that prefer application/json.
func TestPartialStatus(t *testing.T) {
	t.Parallel()
	const partial = "{ courses(first: 1) { nodes { title analytics { completions } } } }"
	for name, tt := range map[string]struct {
		on      bool
		text    string
		headers []string
		want    int
	}{
		"off":                       {false, partial, nil, 200},
		"on":                        {true, partial, nil, 294},
		"on, without errors":        {true, titles, nil, 200},
		"on, with application/json": {true, partial, []string{"Accept: application/json"}, 200},
		"on, without data":          {true, "{ nothing }", nil, 422},
	} {
		s := newCachingServer(t, func(o gql.Options) *gql.Server { o.PartialStatus = tt.on; return gql.New(o) })
		if resp := s.get(t, edu.Viewer{}, tt.text, tt.headers...); resp.Status != tt.want {
			t.Errorf("%s: %d, want %d", name, resp.Status, tt.want)
		}
	}
}
