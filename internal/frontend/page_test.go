package frontend_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/frontend"
)

var update = flag.Bool("update", false, "write the golden files")

const catalogBody = `{"data":{"searchCourses":{"totalCount":2,"edges":[` +
	`{"node":{"id":"C1","slug":"photography","title":"Photography </script><script>alert(1)</script>","difficulty":"BEGINNER","durationSeconds":12000,` +
	`"rating":4.7,"reviewCount":12,"enrollmentCount":340,"price":{"amount":"49.00","currencyCode":"USD"},` +
	`"thumbnail":{"url":"https://x.example/a-640.webp","width":640,"height":360,"thumbhash":"3OcRJYB4d3h/iIeHeEh3eIhw+j2w",` +
	`"sources":[{"mimeType":"image/avif","srcset":"https://x.example/a-320.avif 320w, https://x.example/a-640.avif 640w"},{"mimeType":"image/webp","srcset":"https://x.example/a-320.webp 320w"}]},` +
	`"category":{"id":"K1","name":"Arts"},"instructor":{"id":"U2","name":"Daniel Okafor"}}},` +
	`{"node":{"id":"C2","slug":"go","title":"Go","difficulty":"ADVANCED","durationSeconds":600,"rating":null,"reviewCount":0,"enrollmentCount":0,` +
	`"price":{"amount":"0.00","currencyCode":"USD"},"thumbnail":null,"category":{"id":"K2","name":"Programming"},"instructor":{"id":"U2","name":"Daniel Okafor"}}}]}}}`

const courseBody = `{"data":{"course":{"id":"C1","slug":"photography","title":"Photography","description":"Light & shadow.\n\nFor all.","difficulty":"BEGINNER","durationSeconds":12000,` +
	`"language":"en","rating":4.7,"reviewCount":12,"enrollmentCount":340,"price":{"amount":"49.00","currencyCode":"USD"},` +
	`"thumbnail":{"url":"https://x.example/a-640.webp","width":640,"height":360,"thumbhash":"3OcRJYB4d3h/iIeHeEh3eIhw+j2w","sources":[{"mimeType":"image/avif","srcset":"https://x.example/a-320.avif 320w"}]},` +
	`"category":{"id":"K1","name":"Arts"},"instructor":{"id":"U2","name":"Daniel Okafor"}}}}`

// shownData is the data that a page has for the app.
type shownData struct {
	Route, Document string
	Variables       map[string]any
	Result          json.RawMessage
	Viewer          map[string]string
	Release         string
	Lite            bool
	DemoAccounts    *frontend.DemoAccounts
}

// pageData returns the data of a page.
func pageData(t *testing.T, page string) (data shownData) {
	t.Helper()
	_, rest, _ := strings.Cut(page, `<script type="application/json" id="page-data">`)
	text, _, _ := strings.Cut(rest, "</script>")
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatalf("%v in %s", err, page)
	}
	return data
}

// The documents of the public pages, byte for byte. Another encoding of a path makes no other document.
func TestGoldenPages(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ path, body string }{
		"catalogue": {"/", catalogBody}, "course": {"/courses/%70hotography", courseBody}, "sign-in": {"/sign-in", ""}, "not-found": {"/nowhere", ""},
	} {
		h := newPages(t, &endpoint{status: 200, body: tt.body, tag: `"1"`}, func(o *frontend.Options) { o.PublicURL = "https://7p.example" })
		got := get(t, h, tt.path, "Accept", "text/html").Body.String()
		file := "testdata/" + name + ".html"
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got); run with -update:\n%s", name, diff)
		}
	}
}

// A page has the answer of its query, with markup in it escaped, and the same variables as the app computes.
func TestPageData(t *testing.T) {
	t.Parallel()
	e := &endpoint{status: 200, body: catalogBody, tag: `"1"`}
	h := newPages(t, e, func(o *frontend.Options) {
		o.Demo = &frontend.DemoAccounts{Emails: []string{"student@7p.example"}, Password: "public"}
	})
	w := get(t, h, "/?rating=4.5&tag=a&tag=b&free=true&page=2")
	data := pageData(t, w.Body.String())
	want := map[string]any{"first": 24.0, "rating": 4.5, "tags": []any{"a", "b"}, "free": true, "sort": "TITLE"}
	if diff := cmp.Diff(want, data.Variables); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if data.Route != "catalogue" || data.Document != "CatalogPage" || data.Viewer != nil || data.Release == "" || data.DemoAccounts == nil {
		t.Errorf("data %+v", data)
	}
	if links, root := strings.Index(w.Body.String(), `<nav class="developer-links"`), strings.Index(w.Body.String(), `<div id="root">`); links < 0 || links > root {
		t.Errorf("the links for developers are at %d, the app at %d", links, root)
	}
	var result, original any
	_ = json.Unmarshal(data.Result, &result)
	_ = json.Unmarshal([]byte(catalogBody), &original)
	if diff := cmp.Diff(original, result); diff != "" || strings.Contains(w.Body.String(), "<script>alert") {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	got := e.received[0]
	if got.Method != "QUERY" || got.DocumentID != "sha256:"+hash(catalogText) || got.Token != "" || !cmp.Equal(got.Variables, want) {
		t.Errorf("request %+v", got)
	}
	if data := pageData(t, get(t, h, "/?rating=high").Body.String()); data.Variables["rating"] != nil {
		t.Errorf("variables %v", data.Variables)
	}
}

// The policy has the hash of the page's style, allows no other inline code, and has the browser check sinks of DOM XSS.
func TestContentPolicy(t *testing.T) {
	t.Parallel()
	h := newPages(t, &endpoint{status: 200, body: catalogBody, tag: `"1"`}, nil)
	w := get(t, h, "/")
	_, rest, _ := strings.Cut(w.Body.String(), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"connect-src 'self' https://media.example.com", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "base-uri 'none'",
	} {
		if !strings.Contains(policy+";", want+";") {
			t.Errorf("no %q in %s", want, policy)
		}
	}
	if style != styles || strings.Contains(policy, "unsafe") || strings.Contains(w.Body.String(), " style=") || strings.Contains(w.Body.String(), " onload=") {
		t.Errorf("policy %s of\n%s", policy, w.Body)
	}
	for name, want := range map[string]string{"Referrer-Policy": "strict-origin-when-cross-origin", "X-Dns-Prefetch-Control": "on", "X-Content-Type-Options": "nosniff"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A public page is rendered once for an answer of the API. A browser that has it receives 304.
func TestPublicPageIsRevalidated(t *testing.T) {
	t.Parallel()
	e := &endpoint{status: 200, body: catalogBody, tag: `"1"`}
	h := newPages(t, e, nil)
	first := get(t, h, "/")
	tag := first.Header().Get("ETag")
	if first.Code != 200 || first.Header().Get("Cache-Control") != "no-cache" || tag == "" || !strings.Contains(first.Header().Get("Vary")+first.Header().Values("Vary")[1], "Cookie") {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	if w := get(t, h, "/", "If-None-Match", "W/"+tag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("with the ETag: %d", w.Code)
	}
	if w := get(t, h, "/"); w.Body.String() != first.Body.String() {
		t.Error("the page has changed with the same answer")
	}
	e.body, e.tag = strings.ReplaceAll(catalogBody, "Photography", "Painting"), `"2"`
	w := get(t, h, "/", "If-None-Match", tag)
	if w.Code != 200 || w.Header().Get("ETag") == tag || !strings.Contains(w.Body.String(), "Painting") {
		t.Errorf("after a change: %d %v", w.Code, w.Header())
	}
	if w := get(t, h, "/", "If-None-Match", tag, "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("compressed: %v", w.Header())
	}
}

// Pages of signed-in users have their name and their answer, and no cache stores them.
func TestPersonalPage(t *testing.T) {
	t.Parallel()
	e := &endpoint{status: 200, body: catalogBody, tag: `"1"`}
	h := newPages(t, e, nil)
	for _, path := range []string{"/", "/dashboard"} {
		w := get(t, h, path, "Cookie", "7p-access=good")
		data := pageData(t, w.Body.String())
		if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" || data.Viewer["name"] != "Sofía <3" || data.Result == nil {
			t.Errorf("%s: %d %v %+v", path, w.Code, w.Header(), data)
		}
		if got := e.received[len(e.received)-1]; got.Token != "Bearer good" {
			t.Errorf("%s: request %+v", path, got)
		}
	}
	e.received = nil
	w := get(t, h, "/dashboard")
	if data := pageData(t, w.Body.String()); w.Header().Get("Cache-Control") != "no-store" || data.Viewer != nil || data.Result != nil || len(e.received) != 0 {
		t.Errorf("anonymous: %v %+v", w.Header(), data)
	}
	w = get(t, h, "/", "Cookie", "7p-access=bad")
	if len(w.Result().Cookies()) != 2 || w.Header().Get("Cache-Control") != "no-store" || pageData(t, w.Body.String()).Viewer != nil {
		t.Errorf("with an ended session: %v", w.Header())
	}
}

// A page reports what the API reports: missing objects, limits and failures.
func TestPageStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path, body string
		status     int
		want       int
		control    string
	}{
		{"/courses/none", `{"data":{"course":null}}`, 200, 404, "no-cache"},
		{"/courses/photography", courseBody, 200, 200, "no-cache"},
		{"/", `{"errors":[{"message":"slow down","extensions":{"code":"RATE_LIMITED"}}]}`, 429, 429, "no-store"},
		{"/", `{"errors":[{"message":"later","extensions":{"code":"SERVICE_UNAVAILABLE"}}]}`, 503, 503, "no-store"},
		{"/courses/photography", `{"errors":[{"message":"away","extensions":{"code":"SERVICE_UNAVAILABLE"}}],"data":{"course":null}}`, 200, 503, "no-store"},
		{"/", `{"errors":[{"message":"away","extensions":{"code":"SERVICE_UNAVAILABLE"}}],"data":null}`, 200, 503, "no-store"},
		{"/", `{"errors":[{"message":"a bug","extensions":{"code":"INTERNAL_SERVER_ERROR"}}],"data":null}`, 200, 500, "no-store"},
		{"/nowhere", "", 200, 404, "no-cache"},
	} {
		h := newPages(t, &endpoint{status: tt.status, body: tt.body, tag: `"1"`, header: http.Header{"Retry-After": {"3"}}}, nil)
		w := get(t, h, tt.path, "Accept", "text/html")
		if w.Code != tt.want || w.Header().Get("Cache-Control") != tt.control || !strings.HasPrefix(w.Body.String(), "<!doctype html>") {
			t.Errorf("%s: %d %v, want %d %s", tt.path, w.Code, w.Header(), tt.want, tt.control)
		}
		if tt.status >= 429 && (w.Header().Get("Retry-After") != "3" || !strings.Contains(string(pageData(t, w.Body.String()).Result), "extensions")) {
			t.Errorf("%s: %v", tt.path, w.Header())
		}
	}
	away := &endpoint{status: 200, body: `{"errors":[{"message":"away","extensions":{"code":"SERVICE_UNAVAILABLE"}}],"data":null}`}
	if w := get(t, newPages(t, away, nil), "/"); w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("without Retry-After of the API: %d %v", w.Code, w.Header())
	}
	h := newPages(t, &endpoint{}, nil)
	if w := get(t, h, "/nowhere.json"); w.Code != 404 || strings.Contains(w.Body.String(), "<") {
		t.Errorf("a program: %d %s", w.Code, w.Body)
	}
}

// A CDN may store public pages as long as the answer in them, and receives its surrogate keys.
func TestPageInCDN(t *testing.T) {
	t.Parallel()
	e := &endpoint{status: 200, body: catalogBody, tag: `"1"`, header: http.Header{"Xkey": {"k1 k2"}, "Cache-Control": {"public, max-age=0, s-maxage=10"}}}
	h := newPages(t, e, func(o *frontend.Options) { o.KeysHeader = "Xkey" })
	for range 2 {
		w := get(t, h, "/")
		if w.Header().Get("Xkey") != "k1 k2" || w.Header().Get("Cache-Control") != "public, max-age=0, s-maxage=10" {
			t.Errorf("%v", w.Header())
		}
	}
	if w := get(t, h, "/", "Cookie", "7p-access=bad"); w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("a response that removes cookies: %v", w.Header())
	}
}

// Browsers receive early hints over HTTP/2, and programs over HTTP/1.1 none.
func TestEarlyHints(t *testing.T) {
	t.Parallel()
	h := newPages(t, &endpoint{status: 200, body: catalogBody, tag: `"1"`}, nil)
	for major, want := range map[int]bool{1: false, 2: true} {
		w := &hintRecorder{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.ProtoMajor = major
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		h.ServeHTTP(w, r)
		if got := w.hints != ""; got != want || w.Code != 200 {
			t.Errorf("HTTP/%d: %q", major, w.hints)
		}
		const low = "; rel=modulepreload; fetchpriority=low"
		if link := "</assets/app-1a.js>" + low + ", </assets/react-3c.js>" + low + ", </assets/catalogue-4d.js>" + low; w.Header().Get("Link") != link || want && w.hints != link {
			t.Errorf("HTTP/%d: Link %q", major, w.Header().Get("Link"))
		}
	}
}

// hintRecorder records the Link header of a 103.
type hintRecorder struct {
	*httptest.ResponseRecorder
	hints string
}

func (w *hintRecorder) WriteHeader(status int) {
	if status == http.StatusEarlyHints {
		w.hints = w.Header().Get("Link")
		return
	}
	w.ResponseRecorder.WriteHeader(status)
}

// A build without a file of its manifest is rejected.
func TestIncompleteBuild(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"manifest.json", "documents.json", "assets/app-1a.js", "assets/app-2b.css", "assets/course-5e.js"} {
		build := newBuild()
		delete(build, name)
		if _, err := frontend.New(frontend.Options{Dist: build}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
