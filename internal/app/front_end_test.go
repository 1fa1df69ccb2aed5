package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/frontend"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/web"
)

// openWeb opens a server with demo data and settings as flags.
func openWeb(t *testing.T, flags ...string) *Server {
	t.Helper()
	var settings struct {
		config.Config `embed:""`
	}
	flags = append([]string{"--database-url=" + testdb.NewWithDemo(t), "--jwt-secret=" + secret}, flags...)
	if _, err := config.Parse(&settings, &settings.Config, flags); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), &settings.Config, new(logBuffer))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.startBackground(t.Context())
	if err := s.responseCache.invalidation.AwaitLease(t.Context()); err != nil { // no response is cached before
		t.Fatal(err)
	}
	return s
}

// browser sends requests as a page of the server does, with the cookies that it received.
type browser struct {
	*Server
	t       *testing.T
	cookies map[string]string
}

func (s *Server) newBrowser(t *testing.T) *browser {
	return &browser{Server: s, t: t, cookies: map[string]string{}}
}

func (b *browser) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "http://localhost:8080"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Requested-With", "7p-app")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) signIn(email string) {
	b.t.Helper()
	if w := b.send("POST", "/session", `{"email":"`+email+`","password":"`+demo.Password+`"}`); w.Code != http.StatusOK || len(b.cookies) != 2 {
		b.t.Fatalf("sign in: %d %s", w.Code, w.Body)
	}
}

// viewer returns the role of the viewer in a page's data, "" for none.
func viewerOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	_, rest, _ := strings.Cut(w.Body.String(), `id="page-data">`)
	text, _, _ := strings.Cut(rest, "</script>")
	var data struct{ Viewer struct{ Role string } }
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatalf("%v: %.200s", err, w.Body)
	}
	return data.Viewer.Role
}

const (
	viewerQuery = `{"query":"{ viewer { role } }"}`
	renameText  = `{"query":"mutation { updateCourse(input: {id: \"%s\", title: \"A new title of the course\"}) { course { slug } userErrors { message } } }"}`
)

// A user signs in, reads own pages, continues with the refresh token alone, and signs out.
func TestSessionOfBrowser(t *testing.T) {
	t.Parallel()
	b := openWeb(t).newBrowser(t)
	if w := b.send("GET", "/", ""); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" || viewerOf(t, w) != "" || strings.Contains(w.Body.String(), demo.Password) {
		t.Errorf("anonymous: %d %v", w.Code, w.Header())
	}
	if w := b.send("POST", "/session", `{"email":"student@7p.example","password":"wrong password"}`); w.Code != http.StatusUnauthorized || len(b.cookies) != 0 {
		t.Errorf("a wrong password: %d %s", w.Code, w.Body)
	}
	b.signIn("student@7p.example")
	if w := b.send("GET", "/", ""); w.Header().Get("Cache-Control") != "no-store" || viewerOf(t, w) != "STUDENT" {
		t.Errorf("signed in: %v", w.Header())
	}
	if w := b.send("POST", "/graphql", viewerQuery); w.Body.String() != `{"data":{"viewer":{"role":"STUDENT"}}}` {
		t.Errorf("a query of the page: %s", w.Body)
	}
	for _, headers := range [][]string{{"X-Requested-With", ""}, {"Sec-Fetch-Site", "cross-site"}} {
		if w := b.send("POST", "/graphql", viewerQuery, headers...); w.Body.String() != `{"data":{"viewer":null}}` {
			t.Errorf("%v: %s", headers, w.Body)
		}
	}
	refresh := b.cookies["7p-refresh"]
	delete(b.cookies, "7p-access")
	if w := b.send("GET", "/", ""); viewerOf(t, w) != "STUDENT" || b.cookies["7p-access"] == "" || b.cookies["7p-refresh"] == refresh {
		t.Errorf("with the refresh token: %v", b.cookies)
	}
	ended := b.cookies["7p-access"]
	if w := b.send("DELETE", "/session", ""); w.Code != http.StatusNoContent || len(b.cookies) != 0 {
		t.Errorf("sign out: %d %v", w.Code, b.cookies)
	}
	b.cookies["7p-access"] = ended
	if w := b.send("POST", "/graphql", viewerQuery); w.Code != http.StatusUnauthorized || len(b.cookies) != 0 {
		t.Errorf("after the sign-out: %d %s", w.Code, w.Body)
	}
}

// A public page shows a change at once, and 304 only while nothing has changed.
func TestPagesAreNeverStale(t *testing.T) {
	t.Parallel()
	s := openWeb(t)
	reader, admin := s.newBrowser(t), s.newBrowser(t)
	admin.signIn("admin@7p.example")
	var found struct {
		Data struct {
			Courses struct{ Nodes []struct{ ID, Slug string } }
		}
	}
	_ = json.Unmarshal(reader.send("POST", "/graphql", `{"query":"{ courses(first: 1) { nodes { id slug } } }"}`).Body.Bytes(), &found)
	course := found.Data.Courses.Nodes[0]
	path := "/courses/" + course.Slug
	first := reader.send("GET", path, "")
	tag := first.Header().Get("ETag")
	if first.Code != 200 || tag == "" || strings.Contains(first.Body.String(), "A new title") {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	if w := reader.send("GET", path, "", "If-None-Match", tag); w.Code != http.StatusNotModified {
		t.Errorf("unchanged: %d", w.Code)
	}
	if w := admin.send("POST", "/graphql", strings.Replace(renameText, "%s", course.ID, 1)); !strings.Contains(w.Body.String(), `"userErrors":[]`) {
		t.Fatal(w.Body)
	}
	w := reader.send("GET", path, "", "If-None-Match", tag)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "<h1>A new title of the course</h1>") || !strings.Contains(w.Body.String(), "<title>A new title of the course") {
		t.Errorf("after the change: %d", w.Code)
	}
	if w := reader.send("GET", "/courses/no-such-course", ""); w.Code != http.StatusNotFound {
		t.Errorf("no course: %d", w.Code)
	}
}

// maxPageBytes is the size of a page that arrives with the first packets of a connection.
const maxPageBytes = 14 << 10

// The first pages fit the first packets in each coding, with their data and styles.
func TestPageBudgets(t *testing.T) {
	t.Parallel()
	b := openWeb(t).newBrowser(t)
	var found struct {
		Data struct {
			Courses struct{ Nodes []struct{ Slug string } }
		}
	}
	_ = json.Unmarshal(b.send("POST", "/graphql", `{"query":"{ courses(first: 20, orderBy: {field: ENROLLMENTS}) { nodes { slug } } }"}`).Body.Bytes(), &found)
	paths := []string{"/", "/search?q=photography", "/sign-in"}
	for _, c := range found.Data.Courses.Nodes {
		paths = append(paths, "/courses/"+c.Slug)
	}
	for _, path := range paths {
		for _, coding := range []string{"zstd", "gzip", "br"} {
			if w := b.send("GET", path, "", "Accept-Encoding", coding); w.Code != 200 || w.Header().Get("Content-Encoding") != coding || w.Body.Len() > maxPageBytes {
				t.Errorf("%s in %s: %d, %d bytes", path, w.Header().Get("Content-Encoding"), w.Code, w.Body.Len())
			}
		}
	}
}

// The documents of the pages run in every mode, and no others where only listed ones do.
func TestPagesInEveryMode(t *testing.T) {
	t.Parallel()
	texts, err := frontend.Documents(web.Build(false))
	if err != nil || len(texts) == 0 {
		t.Fatal(err)
	}
	own := ""
	for _, text := range texts {
		if strings.HasPrefix(text, "query Viewer") && strings.Contains(text, "role") {
			own = `{"documentId":"sha256:` + persisted.HashText(text) + `"}`
		}
	}
	for _, mode := range []string{"trusted", "off"} {
		b := openWeb(t, "--persisted-queries="+mode).newBrowser(t)
		b.signIn("student@7p.example")
		if w := b.send("GET", "/", ""); w.Code != 200 || viewerOf(t, w) != "STUDENT" || !strings.Contains(w.Body.String(), `"searchCourses":`) {
			t.Errorf("%s: %d", mode, w.Code)
		}
		if w := b.send("POST", "/graphql", own); w.Code != 200 || !strings.Contains(w.Body.String(), "STUDENT") {
			t.Errorf("%s: %d %s", mode, w.Code, w.Body)
		}
		if w := b.send("POST", "/graphql", viewerQuery); (w.Code == 200) != (mode == "off") {
			t.Errorf("%s: a text: %d %s", mode, w.Code, w.Body)
		}
	}
}

// Search engines find each published course, and only these.
func TestFilesForSearchEngines(t *testing.T) {
	t.Parallel()
	s := openWeb(t, "--public-url=https://7p.example")
	b := s.newBrowser(t)
	var found struct {
		Data struct{ Courses struct{ TotalCount int } }
	}
	_ = json.Unmarshal(b.send("POST", "/graphql", `{"query":"{ courses(first: 1) { totalCount } }"}`).Body.Bytes(), &found)
	w := b.send("GET", "/sitemap.xml", "")
	if links := strings.Count(w.Body.String(), "<loc>https://7p.example/courses/"); w.Code != 200 || links == 0 || links != found.Data.Courses.TotalCount {
		t.Errorf("sitemap: %d, %d courses of %d", w.Code, links, found.Data.Courses.TotalCount)
	}
	if w := b.send("GET", "/robots.txt", ""); w.Code != 200 || !strings.HasSuffix(w.Body.String(), "\nSitemap: https://7p.example/sitemap.xml\n") {
		t.Errorf("robots.txt: %d %s", w.Code, w.Body)
	}
	if _, err := s.db.PrimaryPool().Exec(t.Context(), "UPDATE courses SET published = false"); err != nil {
		t.Fatal(err)
	}
	if w := s.newBrowser(t).send("GET", "/sitemap.xml?part=1", ""); w.Code != 200 || strings.Count(w.Body.String(), "<url>") != 1 {
		t.Errorf("without courses: %d %s", w.Code, w.Body)
	}
}

// Without the front end the server has the API's own page, and accepts no cookies.
func TestWebOff(t *testing.T) {
	t.Parallel()
	b := openWeb(t, "--web=off").newBrowser(t)
	if w := b.send("GET", "/", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "/playground") || strings.Contains(w.Body.String(), "page-data") {
		t.Errorf("/: %d", w.Code)
	}
	for _, path := range []string{"/robots.txt", "/sitemap.xml"} {
		if w := b.send("GET", path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for method, path := range map[string]string{"POST": "/session", "GET": "/vitals"} {
		if w := b.send(method, path, `{}`); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	b.cookies["7p-access"] = "anything"
	if w := b.send("POST", "/graphql", viewerQuery); w.Body.String() != `{"data":{"viewer":null}}` {
		t.Errorf("a cookie: %s", w.Body)
	}
}

// The figures of browsers are for admins, and HSTS is as set.
func TestVitalsAndHSTS(t *testing.T) {
	t.Parallel()
	b := openWeb(t, "--hsts=preload", "--web=lite").newBrowser(t)
	if w := b.send("POST", "/vitals", `{"route":"catalogue","release":"x","metrics":[{"name":"LCP","value":900}]}`); w.Code != http.StatusNoContent {
		t.Errorf("a report: %d", w.Code)
	}
	for email, want := range map[string]int{"": 401, "student@7p.example": 403, "admin@7p.example": 200} {
		reader := b.newBrowser(t)
		if email != "" {
			reader.signIn(email)
		}
		w := reader.send("GET", "/vitals", "", "X-Requested-With", "7p-app")
		if w.Code != want || want == 200 && !strings.Contains(w.Body.String(), `{"route":"catalogue","metrics":[{"name":"LCP","count":1,`) {
			t.Errorf("%s: %d %s", email, w.Code, w.Body)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://7p.example/", nil)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if got := w.Header().Get("Strict-Transport-Security"); got != "max-age=63072000; includeSubDomains; preload" || !strings.Contains(w.Body.String(), `"lite":true`) {
		t.Errorf("HSTS %q", got)
	}
}
