package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/covers"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/ratelimit"
)

// partialSuccessStatus is the status of responses with data and errors in the newest draft of
// GraphQL over HTTP.
const partialSuccessStatus = 294

// graphqlPath is the path of the GraphQL endpoint.
const graphqlPath = "/graphql"

// buildRoutes returns the handler of the whole server, and the GraphQL server below it.
func buildRoutes(c *config.Config, log *slog.Logger, s *services) (http.Handler, *gql.Server, error) {
	cors, err := middleware.NewCORS(middleware.CORSOptions{Origins: c.CORSAllowedOrigins, Credentials: c.CORSCredentials, Headers: c.CORSAllowedHeaders})
	if err != nil {
		return nil, nil, nameSetting("CORS_ALLOWED_ORIGINS", err)
	}
	persistedQueries, metrics := s.documents.persistedExtension(c, s.shared), s.metrics
	addServerMetrics(metrics, s, persistedQueries)
	o := operationOptions(c, log, s, persistedQueries)
	o.MaxBodyBytes, o.MaxBulkBodyBytes = c.MaxBodyBytes, c.MaxBulkBodyBytes
	o.MaxBatchSize, o.PartialStatus = c.MaxBatch, c.PartialResponseStatus == partialSuccessStatus
	o.Budget, o.Sessions = s.shared.rateLimits, s.authentication.sessionOptions(c)
	if s.mails != nil {
		o.Sessions.QueuedMail = s.mails.Wake
	}
	s.shared.rateLimits.RecognizeAddresses(s.db.HasSignInAddress)
	o.Caller = func(r *http.Request) memory.Caller {
		address := clientAddress(r)
		return memory.Caller{ID: ratelimit.CallerKey(edu.ViewerFrom(r.Context()), address), Address: ratelimit.CallerKey(edu.Viewer{}, address)}
	}
	o.SharedCache = sharedCache(c)
	o.Overload = gql.OverloadOptions{Admission: s.admission, MaxStaleness: c.OverloadStale}
	o.AllowsOrigin, o.Streams = cors.AllowsOrigin, streamOptions(s, o.Caller)
	o.ShowsDatabaseUsage = func(r *http.Request) bool { return s.db.isDemo() || edu.ViewerFrom(r.Context()).IsAdmin() }
	o.AllowsExplain = o.ShowsDatabaseUsage
	observer := &requestObserver{metrics, s.tracer, log, c.SlowOperation}
	o.ObserveSocketOperation = func(ctx context.Context, completed middleware.CompletedRequest) {
		observer.completeOperation(completed)
		if s.accessLog != nil {
			s.accessLog.LogOperation(ctx, graphqlPath, completed)
		}
	}
	api := gql.New(o)
	addLargeOperationMetrics(metrics, api)
	mux := http.NewServeMux()
	rateLimits := s.shared.rateLimits
	authenticate := auth.Middleware(s.authentication, rateLimits.FailedAuthentications(clientAddress))
	limit := rateLimits.Middleware(clientAddress)
	endpoint := wrapHandler(api, exemptTrustedCallers, authenticate, limit)
	pages, err := openFrontEnd(c, log, s, endpoint)
	if err != nil {
		return nil, nil, err
	}
	home := pages.register(mux, authenticate, limit)
	mux.Handle(graphqlPath, wrapHandler(endpoint, redirectBrowsers, pages.acceptCookies))
	addPlayground(mux, c, s)
	s.media.register(mux)
	mux.Handle("GET "+covers.Path, covers.Handler())
	mux.Handle("GET "+playgroundDocumentsPath, wrapHandler(playgroundDocuments{s.documents.list, s.db.isDemo()}, authenticate, limit))
	documentRoutes{DatabaseDocuments{s.db}, string(c.DocumentsToken), c.MaxBulkBodyBytes, log}.register(mux)
	mux.Handle("GET /.well-known/jwks.json", s.authentication.Tokens.JWKSHandler())
	mux.HandleFunc("GET /healthz", s.health.ServeLiveness)
	mux.HandleFunc("GET /readyz", s.health.ServeReadiness)
	mux.Handle("GET /metrics", metrics.Handler(string(c.MetricsToken), home))
	return wrapHandler(mux,
		middleware.ResolveClient(c.TrustedProxies, middleware.TrustedCallerKey(c.TrustedCallerKey)),
		middleware.RequestID(),
		traceRequests(s.tracer),
		logRequests(s.accessLog),
		middleware.ObserveRequests(metrics.BeginRequest, observer.complete),
		middleware.Recover(log),
		middleware.SecurityHeaders(hstsPolicies[c.HSTS]),
		cors.Handler,
		middleware.Compress(),
	), api, nil
}

// hstsPolicies are the values of Strict-Transport-Security by those of HSTS: two years, the least that lists of
// browsers accept.
var hstsPolicies = map[string]string{
	"host": "max-age=63072000", "subdomains": "max-age=63072000; includeSubDomains", "preload": "max-age=63072000; includeSubDomains; preload",
}

// wrapHandler wraps a handler in middleware, the outermost first.
func wrapHandler(h http.Handler, chain ...func(http.Handler) http.Handler) http.Handler {
	for _, wrap := range slices.Backward(chain) {
		h = wrap(h)
	}
	return h
}

// operationOptions returns the options that affect the responses of operations. Serving and
// warming use the same ones, so each finds the responses that the other cached.
func operationOptions(c *config.Config, log *slog.Logger, s *services, persistedQueries *persisted.Extension) gql.Options {
	return gql.Options{
		Store: s.db.Store, Log: log, OperationTimeout: c.OperationTimeout, Introspection: c.Introspection, Limits: queryLimits(c),
		Extensions:    []graphql.HandlerExtension{persistedQueries},
		Media:         s.media.signer,
		ResponseCache: s.responseCache.cache, CacheVersion: buildFingerprint(),
		DocumentCacheBytes: c.DocumentCacheMaxMiB << 20,
		MaxResponseBytes:   c.MaxResponseBytes, ResponseMemory: s.responseMemory,
	}
}

// queryLimits returns the limits of one operation.
func queryLimits(c *config.Config) limits.Limits {
	l := limits.Defaults()
	l.Cost, l.Depth, l.Tokens, l.Aliases = c.MaxCost, c.MaxDepth, c.MaxTokens, c.MaxAliases
	l.RootFields, l.MutationFields, l.Directives = c.MaxRootFields, max(1, c.MaxRootFields/3), c.MaxDirectives
	l.Fragments, l.Spreads = c.MaxFragments, 2*c.MaxFragments
	l.SameFieldPerSet = c.MaxRepeatedFields
	return l
}

func clientAddress(r *http.Request) netip.Addr { return middleware.ClientFrom(r).Address }

// exemptTrustedCallers exempts trusted callers that name no end user from the limits of their address.
func exemptTrustedCallers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if middleware.ClientFrom(r).Trusted {
			r = r.WithContext(ratelimit.WithTrustedAddress(r.Context()))
		}
		next.ServeHTTP(w, r)
	})
}

// redirectBrowsers redirects a browser that opens the endpoint to the playground.
func redirectBrowsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.RawQuery == "" && acceptsHTML(r) {
			http.Redirect(w, r, "/playground", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}
