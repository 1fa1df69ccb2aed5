// Command 7p is the GraphQL API of an online-education company: one server over
// PostgreSQL and Redis. Without a DATABASE_URL it brings up a private PostgreSQL
// with demo data.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	cli, command, err := config.Parse(os.Args[1:])
	if err == nil {
		err = run(ctx, cli, command)
	}
	switch {
	case errors.Is(err, embedpg.ErrNoBinaries):
		say("7p: %v", err)
		os.Exit(2)
	case err != nil && (ctx.Err() == nil || !errors.Is(err, context.Canceled)): // told to stop is no failure
		say("7p: %v", err)
		os.Exit(1)
	}
}

// serve runs the server until the context ends, and leaves nothing behind.
func serve(ctx context.Context, c *config.Config) (err error) {
	log := newLog(c)
	tokens, lasting, err := tokens(c)
	if err != nil {
		return err
	}
	if !lasting {
		log.Warn("JWT_SECRET is not set: tokens are good for this process only")
	}
	cors, err := middleware.CORS(c.CORSAllowedOrigins, false)
	if err != nil {
		return fmt.Errorf("CORS_ALLOWED_ORIGINS: %w", err)
	}
	shared, err := openShared(c, log)
	if err != nil {
		return err
	}
	defer shared.close()
	db, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := db.prepare(ctx); err != nil {
		return err
	}
	health := middleware.NewHealth(log, 2*time.Second, append(shared.checks(), db.checks()...)...)
	handler := routes(c, log, &services{db: db, tokens: tokens, shared: shared, health: health, cors: cors})
	defer runtime.KeepAlive(ballast())
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s (ADDR): %w", c.Addr, err)
	}
	background, stopJobs := context.WithCancel(ctx)
	done := jobs.Start(background, log, jobs.All(db.Store))
	defer func() { stopJobs(); <-done }()
	welcome(c, listener.Addr(), db)
	log.Info("listening", "addr", listener.Addr().String())
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-db.ended():
		return errors.New("the private PostgreSQL has ended: its log is beside its data")
	case <-ctx.Done():
	}
	health.Drain()
	return drain(c, log, srv)
}

// services are what requests are answered with.
type services struct {
	db     *database
	tokens *auth.Tokens
	shared *shared
	health *middleware.Health
	cors   func(http.Handler) http.Handler
}

// routes is the whole HTTP face: what is answered where, and what every request
// passes through, the outermost first.
func routes(c *config.Config, log *slog.Logger, s *services) http.Handler {
	api := gql.New(gql.Options{
		Store: s.db.Store, Log: log, Timeout: c.OperationTimeout, Introspection: c.Introspection,
		Extensions: []graphql.HandlerExtension{s.shared.persistedQueries(c)},
	})
	playground := web.Playground("/playground", "/graphql")
	mux := http.NewServeMux()
	mux.Handle("/graphql", toPlayground(auth.Middleware(s.tokens)(s.shared.limited(api))))
	mux.Handle("/playground", playground)
	mux.Handle("/playground/", playground)
	mux.HandleFunc("GET /schema.graphql", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(gql.SDL()))
	})
	mux.HandleFunc("GET /healthz", s.health.Live)
	mux.HandleFunc("GET /readyz", s.health.Ready)
	mux.Handle("/", web.Home())

	chain := []func(http.Handler) http.Handler{
		middleware.RequestID(),
		middleware.AccessLog(log),
		middleware.Recover(log),
		middleware.SecurityHeaders(),
		s.cors,
		middleware.Compress(),
	}
	var h http.Handler = mux
	for i := len(chain) - 1; i >= 0; i-- {
		h = chain[i](h)
	}
	return h
}

// toPlayground sends a browser that was pointed at the endpoint to the page that
// can use it.
func toPlayground(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.RawQuery == "" && strings.Contains(r.Header.Get("Accept"), "text/html") {
			http.Redirect(w, r, "/playground", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// drain lets requests under way finish. For a while before that, the server goes
// on as ever while /readyz says that it is draining.
func drain(c *config.Config, log *slog.Logger, srv *http.Server) error {
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

func newLog(c *config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // kong checked it
	return slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: level}))
}

// welcome tells the person at the terminal where to go.
func welcome(c *config.Config, addr net.Addr, db *database) {
	_, port, _ := net.SplitHostPort(addr.String())
	base := "http://localhost:" + port
	say("\n  Playground  %s/playground\n  GraphQL     %s/graphql\n  Schema      %s/schema.graphql\n  Health      %s/healthz  %s/readyz", base, base, base, base, base)
	if db.embedded != nil {
		say("  Database    psql %q", db.embedded.DSN())
		say("\n  Demo accounts: student@7p.example, instructor@7p.example, admin@7p.example")
		say("  A token for one:  go run . token --email student@7p.example")
	}
	say("")
}
