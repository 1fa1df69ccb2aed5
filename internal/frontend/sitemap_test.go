package frontend_test

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/frontend"
)

// sitemapXML is a file in the form of sitemaps.org.
type sitemapXML struct {
	XMLName xml.Name
	URLs    []struct {
		Loc     string `xml:"loc"`
		LastMod string `xml:"lastmod"`
	} `xml:",any"`
}

// courseTable is the courses of a sitemap. It counts the reads.
type courseTable struct {
	slugs map[int64]string
	last  int64
	reads int
	err   error
}

func (c *courseTable) list(_ context.Context, after, through int64) (links []frontend.CourseLink, last int64, err error) {
	c.reads++
	for id := after + 1; id <= through; id++ {
		if slug := c.slugs[id]; slug != "" {
			links = append(links, frontend.CourseLink{Slug: slug, UpdatedAt: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)})
		}
	}
	return links, c.last, c.err
}

func newSitemapPages(t *testing.T, c *courseTable, publicURL string) http.Handler {
	t.Helper()
	h, err := frontend.New(frontend.Options{Dist: newBuild(), PublicURL: publicURL, Courses: c.list})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+frontend.RobotsPath, h.ServeRobots)
	mux.HandleFunc("GET "+frontend.SitemapPath, h.ServeSitemap)
	return mux
}

// locations returns the element and the URLs of a sitemap.
func locations(t *testing.T, h http.Handler, path string) (element string, urls []string) {
	t.Helper()
	w := get(t, h, path)
	var file sitemapXML
	if err := xml.Unmarshal(w.Body.Bytes(), &file); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %d, %v", path, w.Code, err)
	}
	if w.Header().Get("Cache-Control") != "public, max-age=600" || w.Header().Get("Content-Type") != "application/xml; charset=utf-8" {
		t.Errorf("%s: %v", path, w.Header())
	}
	for _, u := range file.URLs {
		urls = append(urls, strings.TrimSpace(u.Loc+" "+u.LastMod))
	}
	return file.XMLName.Local, urls
}

// The sitemap has the published courses, is read once for all requests, and is revalidated by its ETag.
func TestSitemap(t *testing.T) {
	t.Parallel()
	c := &courseTable{slugs: map[int64]string{3: "go", 10_000: "a&b"}, last: 10_000}
	h := newSitemapPages(t, c, "https://7p.example")
	for range 2 {
		element, urls := locations(t, h, "/sitemap.xml")
		want := []string{"https://7p.example/", "https://7p.example/courses/go 2026-11-30T12:00:00Z", "https://7p.example/courses/a&b 2026-11-30T12:00:00Z"}
		if diff := cmp.Diff(want, urls); diff != "" || element != "urlset" {
			t.Errorf("%s (-want +got):\n%s", element, diff)
		}
	}
	if tag := get(t, h, "/sitemap.xml").Header().Get("ETag"); get(t, h, "/sitemap.xml", "If-None-Match", tag).Code != http.StatusNotModified {
		t.Errorf("with the ETag %s", tag)
	}
	if c.reads != 1 {
		t.Errorf("%d reads", c.reads)
	}
	if text := get(t, h, "/robots.txt").Body.String(); text != "User-agent: *\nDisallow: /search\n\nSitemap: https://7p.example/sitemap.xml\n" {
		t.Errorf("robots.txt: %q", text)
	}
}

// More courses than a sitemap has are in several, with an index.
func TestSitemapIndex(t *testing.T) {
	t.Parallel()
	c := &courseTable{slugs: map[int64]string{1: "first", 10_000: "tenth", 10_001: "next", 30_001: "last"}, last: 30_001}
	h := newSitemapPages(t, c, "https://7p.example")
	element, urls := locations(t, h, "/sitemap.xml")
	if element != "sitemapindex" || len(urls) != 4 || urls[3] != "https://7p.example/sitemap.xml?part=4" {
		t.Errorf("%s %q", element, urls)
	}
	for path, want := range map[string]string{"?part=1": "/ /courses/first /courses/tenth", "?part=2": "/courses/next", "?part=3": "", "?part=4": "/courses/last"} {
		_, urls := locations(t, h, "/sitemap.xml"+path)
		got := strings.NewReplacer("https://7p.example", "", " 2026-11-30T12:00:00Z", "").Replace(strings.Join(urls, " "))
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, path := range []string{"?part=5", "?part=-1", "?part=x", "?part="} {
		if w := get(t, h, "/sitemap.xml"+path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Without a public URL there is no sitemap; without a database it is for later.
func TestNoSitemap(t *testing.T) {
	t.Parallel()
	h := newSitemapPages(t, &courseTable{}, "")
	if w := get(t, h, "/sitemap.xml"); w.Code != http.StatusNotFound {
		t.Errorf("without a public URL: %d", w.Code)
	}
	if text := get(t, h, "/robots.txt").Body.String(); strings.Contains(text, "Sitemap") {
		t.Errorf("robots.txt: %q", text)
	}
	c := &courseTable{err: errors.New("away")}
	h = newSitemapPages(t, c, "https://7p.example")
	if w := get(t, h, "/sitemap.xml"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("without a database: %d %v", w.Code, w.Header())
	}
	c.err = nil
	if _, urls := locations(t, h, "/sitemap.xml"); len(urls) != 1 {
		t.Errorf("after a failure: %q", urls)
	}
}
