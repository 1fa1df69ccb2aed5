package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/frontend"
	"github.com/7p-education/api/internal/frontend/api"
	"github.com/7p-education/api/internal/frontend/session"
	"github.com/7p-education/api/internal/frontend/vitals"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/store"
	"github.com/7p-education/api/web"
)

// The values of WEB.
const (
	webLite = "lite"
	webOff  = "off"
)

// appClient is the name by which the pages' own operations are counted.
const appClient = "7p-app"

// frontEnd is the front end of the server.
type frontEnd struct {
	pages    *frontend.Handler
	sessions *session.Sessions
	vitals   *vitals.Handler
}

// openFrontEnd returns the front end over the GraphQL endpoint, nil if there is none.
func openFrontEnd(c *config.Config, log *slog.Logger, s *services, endpoint http.Handler) (*frontEnd, error) {
	if c.Web == webOff {
		return nil, nil
	}
	trusted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		endpoint.ServeHTTP(w, r.WithContext(persisted.WithTrustedText(r.Context())))
	})
	sessions := &session.Sessions{API: api.Client{Endpoint: trusted, Name: appClient}, Tokens: s.authentication, RefreshTTL: c.RefreshTokenTTL}
	o := frontend.Options{
		Dist: web.Build(c.Web == webLite), Lite: c.Web == webLite, Previous: web.PreviousScripts(),
		API: api.Client{Endpoint: endpoint, Name: appClient}, Sessions: sessions,
		PublicURL: string(c.PublicURL), Courses: listCourses(s.db.Store, log), FileOrigins: fileOrigins(s.publicURL, string(c.MediaBaseURL)),
		KeysHeader: keysHeaders[c.CDN].header,
	}
	if s.db.isDemo() {
		o.Demo = &frontend.DemoAccounts{Emails: demo.AccountEmails(), Password: demo.Password}
	}
	pages, err := frontend.New(o)
	if err != nil {
		return nil, nameSetting("WEB", err)
	}
	metrics := s.metrics.NewWebVitals(pages.Release(), pages.Routes(), pages.Documents())
	return &frontEnd{pages: pages, sessions: sessions, vitals: vitals.New(metrics, log)}, nil
}

// register adds the routes of the front end, and returns the handler of all paths that have no other. limit limits the
// requests of a caller, and authenticate finds who sent one.
func (f *frontEnd) register(mux *http.ServeMux, authenticate, limit func(http.Handler) http.Handler) (fallback http.Handler) {
	if f == nil {
		fallback = web.HomeHandler()
	} else {
		fallback = f.pages.NotFound()
		f.pages.Register(mux)
		f.sessions.Register(mux)
		mux.HandleFunc("GET "+frontend.RobotsPath, f.pages.ServeRobots)
		mux.Handle("GET "+frontend.SitemapPath, wrapHandler(http.HandlerFunc(f.pages.ServeSitemap), limit))
		mux.Handle("POST "+vitals.Path, wrapHandler(http.HandlerFunc(f.vitals.ServeReport), limit))
		mux.Handle("GET "+vitals.Path, wrapHandler(http.HandlerFunc(f.vitals.ServeSummary), f.sessions.Authenticate, authenticate, limit))
	}
	mux.Handle("/", fallback)
	return fallback
}

// acceptCookies accepts the cookies of the pages in requests to the API.
func (f *frontEnd) acceptCookies(next http.Handler) http.Handler {
	if f == nil {
		return next
	}
	return f.sessions.Authenticate(next)
}

// listCourses returns the function that reads the courses of the sitemap.
func listCourses(s *store.Store, log *slog.Logger) frontend.ListCourses {
	return func(ctx context.Context, after, through int64) (links []frontend.CourseLink, last int64, err error) {
		add := func(slug string, updatedAt time.Time) {
			links = append(links, frontend.CourseLink{Slug: slug, UpdatedAt: updatedAt})
		}
		if err = s.RunQueries(ctx, store.LastPublishedCourse(&last), store.PublishedSlugs(after, through, add)); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "sitemap not read", "error", err)
		}
		return links, last, err
	}
}

// fileOrigins returns the origins of URLs.
func fileOrigins(urls ...string) (origins []string) {
	for _, text := range urls {
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			origins = append(origins, u.Scheme+"://"+u.Host)
		}
	}
	return origins
}

// frontEndDocuments returns the documents of the pages, nil without a front end.
func frontEndDocuments(c *config.Config) (*persisted.List, error) {
	if c.Web == webOff {
		return nil, nil
	}
	texts, err := frontend.Documents(web.Build(c.Web == webLite))
	if err != nil {
		return nil, nameSetting("WEB", err)
	}
	var list []*persisted.Document
	for _, text := range texts {
		d, err := persisted.NewDocument("", text)
		if err != nil {
			return nil, nameSetting("WEB", err)
		}
		list = append(list, d)
	}
	return persisted.NewList(list), nil
}
