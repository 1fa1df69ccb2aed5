package frontend

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The paths of the files for search engines.
const (
	RobotsPath  = "/robots.txt"
	SitemapPath = "/sitemap.xml"
)

// crawlerMaxAge is how long caches, and this process, use the files for search engines.
const crawlerMaxAge = 10 * time.Minute

var crawlerCacheControl = "public, max-age=" + strconv.Itoa(int(crawlerMaxAge.Seconds()))

// sitemapIDs is the number of ids of courses that a sitemap covers. With more there is an index of sitemaps. The
// protocol allows 50,000 URLs; a fifth of them is read and sent in milliseconds.
const sitemapIDs = 10_000

// CourseLink is a published course in a sitemap.
type CourseLink struct {
	Slug      string
	UpdatedAt time.Time
}

// ListCourses returns the published courses with ids above after, up to through, and the greatest id of a published
// course.
type ListCourses func(ctx context.Context, after, through int64) (links []CourseLink, last int64, err error)

// ServeRobots serves robots.txt: search engines may read all pages but results of searches, which have no end.
func (h *Handler) ServeRobots(w http.ResponseWriter, _ *http.Request) {
	text := "User-agent: *\nDisallow: /search\n"
	if h.PublicURL != "" {
		text += "\nSitemap: " + h.PublicURL + SitemapPath + "\n"
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", crawlerCacheControl)
	_, _ = w.Write([]byte(text)) // fails only if the client has disconnected
}

// ServeSitemap serves the sitemap of all published courses: one file, or an index of files with the parameter part.
// Sitemaps have absolute URLs, so there is none without a public URL.
func (h *Handler) ServeSitemap(w http.ResponseWriter, r *http.Request) {
	part, err := strconv.ParseInt(r.URL.Query().Get("part"), 10, 32)
	if !r.URL.Query().Has("part") {
		part, err = 0, nil
	}
	if h.PublicURL == "" || err != nil || part < 0 {
		h.NotFound().ServeHTTP(w, r)
		return
	}
	key := "sitemap " + strconv.FormatInt(part, 10)
	file, _ := h.rendered.GetIfPresent(key)
	if file == nil || time.Now().After(file.expires) {
		body, err := h.renderSitemap(r.Context(), part)
		switch {
		case err != nil:
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Retry-After", "60")
			http.Error(w, "the courses cannot be read at the moment", http.StatusServiceUnavailable)
			return
		case body == nil:
			h.NotFound().ServeHTTP(w, r)
			return
		}
		file = h.newRenderedPage(http.StatusOK, body, "")
		file.expires = time.Now().Add(crawlerMaxAge)
		h.hold(key, file)
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Header().Set("Cache-Control", crawlerCacheControl)
	file.send(w, r)
}

// renderSitemap returns a part of the sitemap, from 1; or, for 0, the whole one or the index of its parts. It returns
// nil for a part that does not exist.
func (h *Handler) renderSitemap(ctx context.Context, part int64) ([]byte, error) {
	after := max(part-1, 0) * sitemapIDs
	links, last, err := h.Courses(ctx, after, after+sitemapIDs)
	parts := (last + sitemapIDs - 1) / sitemapIDs
	switch {
	case err != nil || part > max(parts, 1):
		return nil, err
	case part == 0 && parts > 1:
		return h.renderSitemapIndex(parts), nil
	}
	f := sitemapFile{publicURL: h.PublicURL}
	f.open("urlset")
	if after == 0 {
		f.add("url", "/", time.Time{})
	}
	for _, link := range links {
		f.add("url", "/courses/"+url.PathEscape(link.Slug), link.UpdatedAt)
	}
	return f.close("urlset"), nil
}

func (h *Handler) renderSitemapIndex(parts int64) []byte {
	f := sitemapFile{publicURL: h.PublicURL}
	f.open("sitemapindex")
	for part := range parts {
		f.add("sitemap", SitemapPath+"?part="+strconv.FormatInt(part+1, 10), time.Time{})
	}
	return f.close("sitemapindex")
}

// sitemapFile writes a file in the form of sitemaps.org.
type sitemapFile struct {
	publicURL string
	out       bytes.Buffer
}

func (f *sitemapFile) open(element string) {
	f.out.WriteString(xml.Header + "<" + element + ` xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">` + "\n")
}

// add adds a URL of the server, and when it changed last, if that is known.
func (f *sitemapFile) add(element, path string, changed time.Time) {
	f.out.WriteString("<" + element + "><loc>")
	_ = xml.EscapeText(&f.out, []byte(f.publicURL+path)) // a buffer accepts all writes
	f.out.WriteString("</loc>")
	if !changed.IsZero() {
		f.out.WriteString("<lastmod>" + changed.UTC().Format(time.RFC3339) + "</lastmod>")
	}
	f.out.WriteString("</" + element + ">\n")
}

func (f *sitemapFile) close(element string) []byte {
	f.out.WriteString("</" + element + ">\n")
	return f.out.Bytes()
}
