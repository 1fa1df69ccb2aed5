package frontend_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/frontend"
	"github.com/7p-education/api/internal/frontend/api"
	"github.com/7p-education/api/internal/frontend/session"
	"github.com/7p-education/api/internal/middleware"
)

const (
	catalogText = "query CatalogPage($first: Int!, $tags: [String!]) {\n  searchCourses(first: $first) { totalCount }\n}"
	courseText  = "query CoursePage($slug: String!) {\n  course(slug: $slug) { title }\n}"
	styles      = `body{margin:0}a::after{content:"<&'"}`
	entryJS     = "console.log('the app')"
)

// newBuild returns a small build of the app.
func newBuild() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"manifest.json": file(`{
			"entry": {"js": "assets/app-1a.js", "css": "assets/app-2b.css", "preload": ["assets/react-3c.js"]},
			"routes": [
				{"name": "catalogue", "pattern": "/", "chunk": "assets/catalogue-4d.js", "css": [], "document": "CatalogPage", "variables": {
					"first": 24, "rating": {"from": "query", "name": "rating", "type": "float"}, "free": {"from": "query", "name": "free", "type": "boolean"},
					"tags": {"from": "query", "name": "tag", "type": "strings"}, "sort": {"from": "query", "name": "sort", "type": "string", "default": "TITLE"}}},
				{"name": "course", "pattern": "/courses/{slug}", "chunk": "assets/course-5e.js", "document": "CoursePage",
					"variables": {"slug": {"from": "path", "name": "slug", "type": "string"}}},
				{"name": "sign-in", "pattern": "/sign-in"},
				{"name": "dashboard", "pattern": "/dashboard", "document": "CatalogPage", "private": true}
			]}`),
		"documents.json":         file(`{` + quote(hash(catalogText)) + `: ` + quote(catalogText) + `, ` + quote(hash(courseText)) + `: ` + quote(courseText) + `}`),
		"assets/app-1a.js":       file(entryJS),
		"assets/app-1a.js.br":    file("as Brotli"),
		"assets/app-1a.js.gz":    file("as gzip"),
		"assets/app-2b.css":      file(styles),
		"assets/react-3c.js":     file("react"),
		"assets/catalogue-4d.js": file("catalogue"),
		"assets/course-5e.js":    file("course"),
	}
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func quote(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// endpoint is a GraphQL endpoint that records what it received.
type endpoint struct {
	status   int
	body     string
	tag      string
	header   http.Header
	received []received
}

type received struct {
	Method, Token string
	DocumentID    string
	Query         string
	Variables     map[string]any
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	got := received{Method: r.Method, Token: r.Header.Get("Authorization")}
	_ = json.Unmarshal(body, &got)
	e.received = append(e.received, got)
	h := w.Header()
	for name, values := range e.header {
		h[name] = values
	}
	switch {
	case strings.Contains(got.Query, "PageViewer"):
		_, _ = w.Write([]byte(`{"data":{"viewer":{"id":"U1","name":"Sofía <3","role":"STUDENT"}}}`))
		return
	case e.tag != "":
		h.Set("ETag", e.tag)
		if r.Header.Get("If-None-Match") == e.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(e.status)
	_, _ = w.Write([]byte(e.body))
}

// tokens accepts the access token "good".
type tokens struct{}

func (tokens) VerifyToken(_ context.Context, token string) (edu.Viewer, error) {
	if token == "good" {
		return edu.Viewer{ID: 1, Role: edu.RoleStudent}, nil
	}
	return edu.Viewer{}, edu.Errorf(edu.Unauthenticated, "no")
}

// newPages returns the pages of the build over an endpoint, behind the middleware of the server.
func newPages(t *testing.T, e *endpoint, change func(*frontend.Options)) http.Handler {
	t.Helper()
	client := api.Client{Endpoint: e, Name: "7p-app"}
	o := frontend.Options{Dist: newBuild(), API: client, Sessions: &session.Sessions{API: client, Tokens: tokens{}}, FileOrigins: []string{"https://media.example.com"}}
	if change != nil {
		change(&o)
	}
	h, err := frontend.New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	h.Register(mux)
	mux.Handle("/", h.NotFound())
	return middleware.RequestID()(middleware.SecurityHeaders("max-age=1")(middleware.Compress()(mux)))
}

// get sends a GET with headers as pairs of name and value.
func get(t *testing.T, h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
