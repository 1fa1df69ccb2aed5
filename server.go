// Command 7p is the GraphQL API of an online-education company: one server over
// PostgreSQL and Redis. Without a DATABASE_URL it brings up a private PostgreSQL
// with demo data.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/telemetry"
	"github.com/7p-education/api/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	cli, command, err := config.Parse(os.Args[1:])
	if err == nil {
		err = runCommand(ctx, cli, command)
	}
	switch {
	case errors.Is(err, embedpg.ErrNoBinaries):
		status("7p: %v", err)
		os.Exit(2)
	case err != nil && (ctx.Err() == nil || !errors.Is(err, context.Canceled)): // told to stop is no failure
		status("7p: %s", userMessage(err))
		os.Exit(1)
	}
}

// serve runs the server until the context ends, and leaves nothing behind.
func serve(ctx context.Context, c *config.Config) (err error) {
	log := newLogger(c)
	cors, err := middleware.CORS(c.CORSAllowedOrigins, c.CORSCredentials)
	if err != nil {
		return fmt.Errorf("CORS_ALLOWED_ORIGINS: %w", err)
	}
	proxies, err := middleware.ParseProxies(c.TrustedProxies)
	if err != nil {
		return fmt.Errorf("TRUSTED_PROXIES: %w", err)
	}
	shared, err := openSharedState(c, log)
	if err != nil {
		return err
	}
	defer shared.closeStore()
	responses := openResponseCache(c, log, shared.redis)
	db, err := openDatabase(ctx, c, responses.changePublisher())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.closeAndStop()) }()
	if err := db.prepareSchema(ctx); err != nil {
		return err
	}
	health := middleware.NewHealth(log, 2*time.Second, append(shared.readinessChecks(), db.readinessChecks()...)...)
	background, stopBackground := context.WithCancel(ctx)
	defer stopBackground()
	authenticator, err := openAuthentication(background, c, log, db, shared.redis)
	if err != nil {
		return err
	}
	defer authenticator.Accounts.Close()
	documents, err := openDocuments(ctx, c, log, db.Store)
	if err != nil {
		return err
	}
	warmable, err := gql.ReadWarmOperations(c.CacheWarm...)
	if err != nil {
		return fmt.Errorf("CACHE_WARM: %w", err)
	}
	handler, api := buildRoutes(c, log, &services{db: db, authentication: authenticator, documents: documents, shared: shared, responseCache: responses, health: health, proxies: proxies, cors: cors, accessLog: os.Stdout})
	defer runtime.KeepAlive(reserveHeap())
	listener, err := openListener(c.Addr)
	if err != nil {
		return err
	}
	migrated := db.migrationsApplied(background)
	done := jobs.StartPeriodic(background, log, migrated, append(jobs.ServerJobs(db.Store), documents.backgroundJobs()...))
	following, stopFollowing := context.WithCancel(context.WithoutCancel(ctx)) // while requests are answered
	responses.startInvalidation(following, db.Store, migrated)
	responses.warmInBackground(background, log, api, warmable)
	defer func() { stopBackground(); <-done; documents.flushOnClose(); stopFollowing(); responses.waitAndClose() }()
	printBanner(c, listener.Addr(), db)
	log.Info("listening", "addr", listener.Addr().String())
	srv := newHTTPServer(handler, log, productionTimeouts)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(middleware.LimitSlowReaders(listener, productionTimeouts.write)) }()
	select {
	case err := <-failed:
		return err
	case <-db.embeddedExited():
		return errors.New("the private PostgreSQL has ended: its log is beside its data")
	case <-ctx.Done():
	}
	health.StartDraining()
	return drainRequests(c, log, srv)
}

// userMessage is what a command that failed says: codes are for programs.
func userMessage(err error) string {
	text := err.Error()
	if known, ok := errors.AsType[*edu.Error](err); ok {
		text = strings.ReplaceAll(text, known.Error(), known.Message)
	}
	return strings.TrimPrefix(text, "store: ")
}

func openListener(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("ADDR=%s is in use by another program: choose another port, such as ADDR=:8081", addr)
	case err != nil:
		return nil, fmt.Errorf("ADDR=%s cannot be listened on: write a port after a colon, such as ADDR=:8081 or ADDR=127.0.0.1:8081: %w", addr, err)
	}
	return listener, nil
}

// clientTimeouts are how long a client may take: to send the header of a request, to send
// all of it, to take a piece of its answer (see middleware.LimitSlowReaders), and to send
// the next request.
type clientTimeouts struct{ header, read, write, idle time.Duration }

var productionTimeouts = clientTimeouts{header: 5 * time.Second, read: 15 * time.Second, write: 15 * time.Second, idle: 2 * time.Minute}

// maxHeaderBytes is the most bytes of a request's line and header. A GET has the
// variables of an operation there, which gql takes up to 100 kB of.
const maxHeaderBytes = 128 << 10

func newHTTPServer(h http.Handler, log *slog.Logger, t clientTimeouts) *http.Server {
	return &http.Server{
		Handler:           middleware.CloseChunked()(h),
		ReadHeaderTimeout: t.header, ReadTimeout: t.read, IdleTimeout: t.idle,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// services are what requests are answered with.
type services struct {
	db             *database
	authentication *authentication
	documents      *documentSync
	shared         *sharedState
	responseCache  *responseCache
	health         *middleware.Health
	proxies        middleware.TrustedProxies
	cors           func(http.Handler) http.Handler
	accessLog      io.Writer // of the access log
}

// buildRoutes is the whole HTTP face: what is answered where, and what every request
// passes through, the outermost first. It returns what answers GraphQL beside it.
func buildRoutes(c *config.Config, log *slog.Logger, s *services) (http.Handler, *gql.Server) {
	persisted, metrics := s.documents.persistedExtension(c, s.shared.cacheStore), telemetry.New()
	addServerMetrics(metrics, s, persisted)
	o := operationOptions(c, log, s, persisted)
	o.MaxBodyBytes, o.MaxBulkBodyBytes = c.Limits.Body, c.Limits.BulkBody
	o.MaxBatchSize, o.PartialStatus, o.Budget, o.Sessions = c.Limits.Batch, c.PartialStatus == 294, s.shared.rateLimits, s.authentication.sessionOptions(c, s.shared.rateLimits)
	api := gql.New(o)
	playground := web.PlaygroundHandler("/playground", "/graphql")
	mux := http.NewServeMux()
	mux.Handle("/graphql", redirectBrowsers(auth.Middleware(s.authentication)(s.shared.rateLimits.Middleware(clientAddress)(api))))
	mux.Handle("/playground", playground)
	mux.Handle("/playground/", playground)
	mux.HandleFunc("GET /schema.graphql", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(gql.SDL()))
	})
	mux.Handle("GET /.well-known/jwks.json", s.authentication.Tokens.JWKSHandler())
	mux.HandleFunc("GET /healthz", s.health.ServeLiveness)
	mux.HandleFunc("GET /readyz", s.health.ServeReadiness)
	home := web.HomeHandler()
	mux.Handle("GET /metrics", metrics.Handler(c.MetricsToken, home))
	mux.Handle("/", home)

	chain := []func(http.Handler) http.Handler{
		middleware.ResolveClient(s.proxies),
		middleware.RequestID(),
		middleware.AccessLog(s.accessLog, parseLogLevel(c)),
		middleware.ObserveRequests(requestObserver(metrics)),
		middleware.Recover(log),
		middleware.SecurityHeaders(),
		s.cors,
		middleware.Compress(),
	}
	var h http.Handler = mux
	for i := len(chain) - 1; i >= 0; i-- {
		h = chain[i](h)
	}
	return h, api
}

// operationOptions are the options of whatever answers operations, of requests or ahead of
// them: both find the answers that the other kept.
func operationOptions(c *config.Config, log *slog.Logger, s *services, persisted *gql.Persisted) gql.Options {
	return gql.Options{
		Store: s.db.Store, Log: log, OperationTimeout: c.OperationTimeout, Introspection: c.Introspection, Limits: queryLimits(c),
		Extensions:    []graphql.HandlerExtension{persisted},
		ResponseCache: s.responseCache.cache, CacheVersion: buildFingerprint(),
	}
}

// queryLimits are those of one operation.
func queryLimits(c *config.Config) limits.Limits {
	l := limits.Defaults()
	l.Cost, l.Depth, l.Tokens, l.Aliases = c.Limits.Cost, c.Limits.Depth, c.Limits.Tokens, c.Limits.Aliases
	l.RootFields, l.MutationFields, l.Directives = c.Limits.RootFields, max(1, c.Limits.RootFields/3), c.Limits.Directives
	l.Fragments, l.Spreads = c.Limits.Fragments, 2*c.Limits.Fragments
	l.SameFieldPerSet = c.Limits.Repeated
	return l
}

func clientAddress(r *http.Request) netip.Addr { return middleware.ClientFrom(r).Address }

// redirectBrowsers sends a browser that was pointed at the endpoint to the page that
// can use it.
func redirectBrowsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.RawQuery == "" && strings.Contains(r.Header.Get("Accept"), "text/html") {
			http.Redirect(w, r, "/playground", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// drainRequests lets requests under way finish. For a while before that, the server goes
// on as ever while /readyz says that it is draining.
func drainRequests(c *config.Config, log *slog.Logger, srv *http.Server) error {
	log.Info("stopping", "new_requests_for", c.ShutdownDelay.String(), "requests_under_way_for", c.ShutdownTimeout.String())
	time.Sleep(c.ShutdownDelay)
	ctx, cancel := context.WithTimeout(context.Background(), c.ShutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return fmt.Errorf("some requests did not finish within SHUTDOWN_TIMEOUT=%s: %w", c.ShutdownTimeout, err)
	}
	log.Info("stopped")
	return nil
}

func newLogger(c *config.Config) *slog.Logger {
	return slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: parseLogLevel(c)}))
}

func parseLogLevel(c *config.Config) (level slog.Level) {
	_ = level.UnmarshalText([]byte(c.LogLevel)) // kong checked it
	return level
}

// printBanner tells the person at the terminal where to go.
func printBanner(c *config.Config, addr net.Addr, db *database) {
	_, port, _ := net.SplitHostPort(addr.String())
	base := "http://localhost:" + port
	status("\n  Playground  %s/playground\n  GraphQL     %s/graphql\n  Schema      %s/schema.graphql\n  Health      %s/healthz  %s/readyz", base, base, base, base, base)
	if db.embedded != nil {
		status("  Database    psql %q", db.embedded.DSN())
		status("\n  Demo accounts: student@7p.example, instructor@7p.example, admin@7p.example")
		status("  Password of each: %s", demo.Password)
		environment := ""
		if c.EmbeddedDir != "" {
			environment = fmt.Sprintf("EMBEDDED_DIR=%q ", c.EmbeddedDir)
		}
		status("  A token for one:  %sgo run . token --email student@7p.example", environment)
	}
	status("")
}
