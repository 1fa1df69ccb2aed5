package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/7p-education/api/web"
)

// newPlayground returns the playground at /play, of an API at /api.
func newPlayground() http.Handler { return web.PlaygroundHandler(playOptions) }

var playOptions = web.PlaygroundOptions{Prefix: "/play", Endpoint: "/api", Schema: "/sdl"}

// send sends one request, with headers as pairs of name and value.
func send(t *testing.T, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var assetLink = regexp.MustCompile(`(?:src|href)="(/play/assets/[^"]+)"`)

// assetLinks returns the addresses of the assets of the page at /play.
func assetLinks(t *testing.T, h http.Handler) []string {
	t.Helper()
	var links []string
	for _, m := range assetLink.FindAllStringSubmatch(send(t, h, "GET", "/play").Body.String(), -1) {
		links = append(links, m[1])
	}
	if len(links) < 9 {
		t.Fatalf("the page links %d assets: %v", len(links), links)
	}
	return links
}

func TestPlaygroundPage(t *testing.T) {
	t.Parallel()
	h := newPlayground()
	for _, path := range []string{"/play", "/play/"} {
		w := send(t, h, "GET", path)
		nonce := regexp.MustCompile(`<script [^>]*nonce="([A-Z2-7]{26})"`).FindStringSubmatch(w.Body.String())
		if nonce == nil {
			t.Fatalf("GET %s: the page has no nonce", path)
		}
		got := map[string]string{}
		for name := range w.Header() {
			got[name] = w.Header().Get(name)
		}
		want := map[string]string{
			"Content-Type":               "text/html; charset=utf-8",
			"Cache-Control":              "no-store",
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'; " +
				"frame-ancestors 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce[1] + "'; " +
				"style-src-attr 'unsafe-hashes' 'sha256-H22cvujYHDQPJvzf4ie16OHKC3HsNj7RmRT3jO07Y/U=' " +
				"'sha256-Eaamrrh0b5a/naRsV/zg7s6+kGvexMXZQARWP6ukkg4='; connect-src 'self'",
		}
		if diff := cmp.Diff(want, got); w.Code != http.StatusOK || diff != "" {
			t.Errorf("GET %s: %d, headers (-want +got):\n%s", path, w.Code, diff)
		}
	}
	if first, second := send(t, h, "GET", "/play").Body, send(t, h, "GET", "/play").Body; first.String() == second.String() {
		t.Error("two responses have the same nonce")
	}
}

func TestPlaygroundRejects(t *testing.T) {
	t.Parallel()
	h := newPlayground()
	for _, tt := range []struct {
		method, path string
		code         int
	}{
		{"GET", "/play/assets/react.000000000000.js", http.StatusNotFound},
		{"GET", "/play/assets/react.js", http.StatusNotFound},
		{"GET", "/play/assets/", http.StatusNotFound},
		{"GET", "/play/other", http.StatusNotFound},
		{"GET", "/play/operations/catalog.graphql", http.StatusNotFound},
		{"POST", "/play", http.StatusMethodNotAllowed},
	} {
		if w := send(t, h, tt.method, tt.path); w.Code != tt.code {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, w.Code, tt.code)
		}
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	h := newPlayground()
	for _, link := range assetLinks(t, h) {
		plain := send(t, h, "GET", link)
		if plain.Code != http.StatusOK || plain.Body.Len() == 0 {
			t.Fatalf("GET %s: %d, %d bytes", link, plain.Code, plain.Body.Len())
		}
		if got := plain.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", link, got)
		}
		if got := plain.Header().Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("%s: Vary %q", link, got)
		}
		want := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
		if got := plain.Header().Get("Content-Type"); got != want[filepath.Ext(link)] {
			t.Errorf("%s: Content-Type %q", link, got)
		}

		zipped := send(t, h, "GET", link, "Accept-Encoding", "br, gzip;q=0.5")
		if got := zipped.Header().Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("%s: Content-Encoding %q, want gzip", link, got)
		}
		unzip, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(unzip)
		if err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%s: the decompressed body differs from the plain one (error: %v)", link, err)
		}
		if plain.Header().Get("ETag") == zipped.Header().Get("ETag") {
			t.Errorf("%s: the same ETag for both forms", link)
		}

		again := send(t, h, "GET", link, "Accept-Encoding", "gzip", "If-None-Match", zipped.Header().Get("ETag"))
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s with If-None-Match: %d, %d bytes", link, again.Code, again.Body.Len())
		}
	}
}

func TestAssetNegotiation(t *testing.T) {
	t.Parallel()
	h := newPlayground()
	link := assetLinks(t, h)[0]
	for header, want := range map[string]string{
		"":                    "",
		"gzip":                "gzip",
		"GZIP":                "gzip",
		"deflate, gzip ; q=1": "gzip",
		"gzip;q=0":            "",
		"gzip;q=0.000":        "",
		"gzip;q=x":            "",
		"br":                  "",
		"x-gzip-like":         "",
	} {
		w := send(t, h, "GET", link, "Accept-Encoding", header)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", header, got, want)
		}
	}
}

// TestPolicyCoversEditorMarkup checks that the policy allows exactly the style attributes of the editor's
// markup.
func TestPolicyCoversEditorMarkup(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("playground/third_party/graphiql.js")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile(`<\w+[^<>]* style="([^"]*)"`).FindAllSubmatch(script, -1) {
		got = append(got, string(m[1]))
	}
	if diff := cmp.Diff([]string{"width: 10em", "color: #888"}, got); diff != "" {
		t.Errorf("style attributes (-policy +script):\n%s", diff)
	}
}

// playgroundConfig is the configuration of the page's scripts.
type playgroundConfig struct {
	Endpoint, Schema, Documents, Lookup string
	IDsOnly                             bool
	Demo                                *web.DemoAccounts
	Collections                         []struct {
		Title      string
		Operations []struct{ Query, Variables string }
	}
	Session map[string]struct{ ID, Query string }
}

// readConfig returns the configuration of a page.
func readConfig(t *testing.T, h http.Handler) playgroundConfig {
	t.Helper()
	_, rest, _ := strings.Cut(send(t, h, "GET", "/play").Body.String(), `<script type="application/json" id="config">`)
	text, _, _ := strings.Cut(rest, "</script>")
	var config playgroundConfig
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	return config
}

// loadSchema returns the schema of the API.
func loadSchema(t *testing.T) *ast.Schema {
	t.Helper()
	files, err := filepath.Glob("../graph/schema/*.graphqls")
	if err != nil || len(files) == 0 {
		t.Fatalf("no schema: %v", err)
	}
	var sources []*ast.Source
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: file, Input: string(text)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestPageConfig checks that the page has the options, and no accounts unless it is a demo.
func TestPageConfig(t *testing.T) {
	t.Parallel()
	config := readConfig(t, newPlayground())
	if config.Endpoint != "/api" || config.Schema != "/sdl" || config.Documents != "" || config.IDsOnly || config.Demo != nil {
		t.Errorf("config %+v", config)
	}
	o := playOptions
	o.Documents, o.IDsOnly = "/list", true
	o.Demo = &web.DemoAccounts{Emails: []string{"student@7p.example"}, Password: "public"}
	config = readConfig(t, web.PlaygroundHandler(o))
	if diff := cmp.Diff(o.Demo, config.Demo); config.Documents != "/list" || !config.IDsOnly || diff != "" {
		t.Errorf("config %+v, accounts (-want +got):\n%s", config, diff)
	}
}

// TestExamplesFitSchema checks that the examples are valid operations of the schema, with values for
// their variables, and narrow enough for a phone.
func TestExamplesFitSchema(t *testing.T) {
	t.Parallel()
	schema, config := loadSchema(t), readConfig(t, newPlayground())
	var names []string
	for _, collection := range config.Collections {
		for _, example := range collection.Operations {
			names = append(names, checkExample(t, schema, example.Query, example.Variables))
		}
	}
	want := []string{
		"Catalog", "Search", "Suggestions", "CoursePage", "BrowseTree", "Instructor", "MyDashboard", "MyCertificates", "Wishlist",
		"Enroll", "RecordProgress", "ReviewCourse", "InstructorDashboard", "CreateCourse", "PlatformDashboard",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("examples (-want +got):\n%s", diff)
	}
	if _, errs := gqlparser.LoadQueryWithRules(schema, config.Lookup, nil); errs != nil {
		t.Errorf("the lookup of ids: %v", errs)
	}
}

// maxExampleColumns is how many columns an editor has on a phone that is 390 pixels wide. Longer lines, such as
// descriptions and values, are wrapped.
const maxExampleColumns = 38

// checkExample checks one example and returns its name.
func checkExample(t *testing.T, schema *ast.Schema, query, values string) string {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(schema, query, nil)
	if errs != nil {
		t.Fatalf("%v\n%s", errs, query)
	}
	op := doc.Operations[0]
	if !strings.HasPrefix(query, "# ") {
		t.Errorf("%s has no description", op.Name)
	}
	for line := range strings.SplitSeq(query, "\n") {
		if !strings.HasPrefix(line, "# ") && len(line) > maxExampleColumns {
			t.Errorf("%s: line of %d columns: %s", op.Name, len(line), line)
		}
	}
	variables := map[string]any{}
	if err := json.Unmarshal([]byte(values), &variables); err != nil {
		t.Errorf("%s: %v", op.Name, err)
	}
	if _, err := validator.VariableValues(schema, op, variables); err != nil {
		t.Errorf("%s: %v", op.Name, err)
	}
	for name := range variables {
		if op.VariableDefinitions.ForName(name) == nil {
			t.Errorf("%s has no variable %s", op.Name, name)
		}
	}
	return op.Name
}

// TestSessionOperationsFitSchema checks the operations by which the page signs in. Each has the id under which it
// is found in a list of documents.
func TestSessionOperationsFitSchema(t *testing.T) {
	t.Parallel()
	schema, config := loadSchema(t), readConfig(t, newPlayground())
	texts := web.SessionOperations()
	if len(texts) != 4 || len(config.Session) != 4 {
		t.Fatalf("%d texts, %d operations", len(texts), len(config.Session))
	}
	for name, operation := range config.Session {
		if _, errs := gqlparser.LoadQueryWithRules(schema, operation.Query, nil); errs != nil {
			t.Errorf("%s: %v", name, errs)
		}
		sum := sha256.Sum256([]byte(operation.Query))
		if want := "sha256:" + hex.EncodeToString(sum[:]); operation.ID != want || !slices.Contains(texts, operation.Query) {
			t.Errorf("%s has the id %s, want %s", name, operation.ID, want)
		}
	}
}
