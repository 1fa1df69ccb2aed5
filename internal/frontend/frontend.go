// Package frontend serves the pages of the platform: the files that the build of web/app wrote, and for each route an
// HTML document that has the answer of the route's first query, so that a page shows its content before a script has
// run. The query is executed in this process, as a request of the browser's user.
package frontend

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/maypok86/otter/v2"

	"github.com/7p-education/api/internal/dense"
	"github.com/7p-education/api/internal/frontend/api"
	"github.com/7p-education/api/internal/frontend/session"
)

// Options are the options of a Handler.
type Options struct {
	// Dist is the build of the app; Lite reports that it is the smaller one.
	Dist fs.FS
	Lite bool
	// Previous has the scripts of the previous release, nil for none.
	Previous fs.FS
	// API executes the documents of the build.
	API api.Client
	// Sessions resolves the cookies of requests.
	Sessions *session.Sessions
	// PublicURL is the URL at which clients reach this server, "" if the operator did not set it. Pages name their own
	// URL only if it is known.
	PublicURL string
	// Courses lists the courses of the sitemap.
	Courses ListCourses
	// FileOrigins are the origins of pictures and videos, besides that of the page.
	FileOrigins []string
	// KeysHeader is the header of surrogate keys of the CDN, "" without one.
	KeysHeader string
	// Demo are the accounts that visitors can use with one click, nil for none. Pages publish them.
	Demo *DemoAccounts
}

// DemoAccounts are accounts whose password is public.
type DemoAccounts struct {
	Emails   []string `json:"emails"`
	Password string   `json:"password"`
}

// Handler serves the front end.
type Handler struct {
	Options
	manifest *manifest
	assets   map[string]*asset
	pages    []*page
	notFound *page
	rendered *otter.Cache[string, *renderedPage]
	dense    dense.Encoder[*renderedPage]
}

// New reads a build. Its error is a mistake of the build.
func New(o Options) (*Handler, error) {
	h := &Handler{Options: o}
	var err error
	if h.manifest, err = readManifest(o.Dist); err != nil {
		return nil, err
	}
	if h.assets, err = loadAssets(o.Dist); err != nil {
		return nil, err
	}
	if o.Previous != nil {
		if err := addDeltas(h.assets, o.Previous); err != nil {
			return nil, err
		}
	}
	for _, rt := range h.manifest.Routes {
		p, err := h.newPage(rt)
		if err != nil {
			return nil, fmt.Errorf("route %s: %w", rt.Name, err)
		}
		h.pages = append(h.pages, p)
	}
	h.notFound, err = h.newPage(route{Name: notFoundRoute})
	h.rendered = newRenderedPages()
	h.dense.IsValid = h.isHeld
	return h, err
}

// notFoundRoute is the name of the route of all paths that have no other.
const notFoundRoute = "not-found"

// Release identifies the build.
func (h *Handler) Release() string { return h.manifest.release }

// Routes returns the names of the routes, and Documents those of the documents.
func (h *Handler) Routes() (names []string) {
	for _, p := range h.pages {
		names = append(names, p.route.Name)
	}
	return names
}

// Documents returns the names of the operations of the build.
func (h *Handler) Documents() (names []string) {
	for name := range h.manifest.documents {
		names = append(names, name)
	}
	return names
}

// Register adds the routes of the pages and their files.
func (h *Handler) Register(mux *http.ServeMux) {
	mux.Handle("GET "+assetsPath, serveAssets(h.assets))
	for _, p := range h.pages {
		pattern := p.route.Pattern
		if strings.HasSuffix(pattern, "/") {
			pattern += "{$}"
		}
		mux.Handle("GET "+pattern, secureHeaders(p))
	}
}

// NotFound returns the handler of all other paths: a page for browsers, and a text for others.
func (h *Handler) NotFound() http.Handler {
	page := secureHeaders(h.notFound)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = "" // metrics count it as a request without a route
		if (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html") {
			page.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}
