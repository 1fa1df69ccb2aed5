package app

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/telemetry"
)

// loopback is the host of ADMIN_ADDR without one.
const loopback = "127.0.0.1"

// adminAddr returns the address for operators, "" for none, and whether its host is this machine only.
func adminAddr(c *config.Config) (addr string, isLocal bool, err error) {
	if c.AdminAddr == "" {
		return "", true, nil
	}
	host, port, err := net.SplitHostPort(c.AdminAddr)
	if err != nil {
		return "", false, err
	}
	addr = net.JoinHostPort(cmp.Or(host, loopback), port)
	resolved, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return "", false, err
	}
	return addr, resolved.IP.IsLoopback(), nil
}

func checkAdminAddr(c *config.Config) error {
	_, isLocal, err := adminAddr(c)
	switch {
	case err != nil:
		return fmt.Errorf("ADMIN_ADDR: %w: write a port after a colon, such as :9090", err)
	case !isLocal && c.AdminToken == "":
		return fmt.Errorf("ADMIN_ADDR: %s can be reached from other machines, and profiles have data of requests: set ADMIN_TOKEN, or write a port alone, such as :9090",
			c.AdminAddr)
	}
	return nil
}

// serveAdmin serves the address for operators until the returned function is called. Probes of health are those of the
// public address.
func (s *Server) serveAdmin(health http.Handler) (stop func(), err error) {
	addr, isLocal, err := adminAddr(s.config)
	if err != nil || addr == "" {
		return func() {}, err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("ADMIN_ADDR=%s cannot be listened on: choose another port: %w", s.config.AdminAddr, err)
	}
	srv := &http.Server{
		Handler: s.adminHandler(health, isLocal), ReadHeaderTimeout: productionTimeouts.header, ReadTimeout: productionTimeouts.read,
		WriteTimeout: 2 * time.Minute, // a profile takes 30 s, a trace as long as requested
		IdleTimeout:  productionTimeouts.idle, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	go func() { _ = srv.Serve(listener) }()
	s.log.Info("listening for operators", "addr", listener.Addr().String())
	return func() { _ = srv.Close() }, nil
}

// adminHandler returns the routes for operators.
func (s *Server) adminHandler(health http.Handler, isLocal bool) http.Handler {
	private := http.NewServeMux()
	private.Handle("GET /metrics", s.metrics.OpenHandler())
	private.HandleFunc("GET /debug/pprof/", pprof.Index)
	private.HandleFunc("GET /debug/pprof/cmdline", http.NotFound) // flags may have secrets
	private.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	private.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	private.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	private.HandleFunc("GET /log-level", s.showLogLevel)
	private.HandleFunc("PUT /log-level", s.changeLogLevel)
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", health)
	mux.Handle("GET /readyz", health)
	mux.Handle("/", protectAdmin(private, string(s.config.AdminToken), isLocal))
	return mux
}

// protectAdmin rejects requests without the token. On an address of this machine it also rejects other names of the host:
// a page could send requests here by a name of its own that resolves to this machine.
func protectAdmin(next http.Handler, token string, isLocal bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case token != "" && !telemetry.HasBearerToken(r, token):
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the token of ADMIN_TOKEN is missing or wrong: send it as Authorization: Bearer …", http.StatusUnauthorized)
		case isLocal && !isLoopbackName(r.Host):
			http.Error(w, "the host must be localhost or a loopback address", http.StatusForbidden)
		default:
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			next.ServeHTTP(w, r)
		}
	})
}

// isLoopbackName reports whether a Host header names this machine.
func isLoopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")).IsLoopback()
}

// showLogLevel returns the level of the log.
func (s *Server) showLogLevel(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintln(w, strings.ToLower(s.level.Level().String()))
}

// maxLevelBytes is the maximum length of the body with a level.
const maxLevelBytes = 16

// logLevels are the levels that LOG_LEVEL may have too.
var logLevels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// changeLogLevel sets the level of the log until the process ends.
func (s *Server) changeLogLevel(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxLevelBytes))
	level, ok := logLevels[strings.ToLower(strings.TrimSpace(string(body)))]
	if !ok {
		http.Error(w, "send debug, info, warn or error as the body", http.StatusBadRequest)
		return
	}
	before := s.level.Level()
	s.level.Set(level)
	s.log.Warn("log level changed", "from", before, "to", level)
	s.showLogLevel(w, r)
}
