// Command yardstick responds to the benchmark's operations without GraphQL: for each, one hand-written
// statement builds the finished JSON in PostgreSQL. It is the practical limit that the server is compared
// with. It reads operationName and variables of the same requests, and returns the same responses.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serveYardstick(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "yardstick:", err)
		os.Exit(1)
	}
}

// serveYardstick serves until the context ends. It reads four settings of the server: ADDR, DATABASE_URL,
// DATABASE_MAX_CONNS and JWT_SECRET.
func serveYardstick(ctx context.Context) error {
	tokens, err := auth.NewTokens(os.Getenv("JWT_SECRET"), "")
	if err != nil {
		return err
	}
	pool, err := openPool(ctx)
	if err != nil {
		return fmt.Errorf("connect to DATABASE_URL: %w", err)
	}
	defer pool.Close()
	mux := http.NewServeMux()
	mux.Handle("POST /graphql", auth.Middleware(tokens, nil)(&operationHandler{db: pool, operations: newOperations()}))
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	srv := &http.Server{Addr: os.Getenv("ADDR"), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return srv.Shutdown(context.WithoutCancel(ctx))
	}
}

// openPool opens a pool with the settings of the server's pool.
func openPool(ctx context.Context) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseInt(os.Getenv("DATABASE_MAX_CONNS"), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_MAX_CONNS: %w", err)
	}
	config.MaxConns = int32(n)
	set := config.ConnConfig.RuntimeParams
	set["application_name"] = "yardstick"
	set["plan_cache_mode"] = "force_generic_plan"
	set["jit"] = "off"
	set["timezone"] = "UTC"
	return pgxpool.NewWithConfig(ctx, config)
}

// operationRequest is a request without its document, which the yardstick ignores.
type operationRequest struct {
	OperationName string
	Variables     variables
	viewer        edu.Viewer
}

type operationHandler struct {
	db         *pgxpool.Pool
	operations map[string]operationFunc
}

// operationFunc returns the value of the response's data, as JSON.
type operationFunc func(context.Context, *pgxpool.Pool, operationRequest) ([]byte, error)

var errBadRequest = errors.New("bad request")

// ServeHTTP responds to one request.
func (h *operationHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := operationRequest{viewer: edu.ViewerFrom(r.Context())}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 100<<10))
	if err == nil {
		err = json.Unmarshal(body, &q)
	}
	run, ok := h.operations[q.OperationName]
	if err != nil || !ok {
		http.Error(w, "unknown operationName, or invalid variables", http.StatusBadRequest)
		return
	}
	data, err := run(r.Context(), h.db, q)
	switch {
	case errors.Is(err, errBadRequest):
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(`{"data":}`)+len(data)))
	_, _ = w.Write(append(append(append(make([]byte, 0, len(`{"data":}`)+len(data)), `{"data":`...), data...), '}'))
}
