package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/store"
)

// These benchmarks run one operation per iteration through the handlers, without a network, for profiles
// and counts of allocations. They use the database at BENCH_DATABASE_URL, and are skipped without one.

func BenchmarkCatalog(b *testing.B)     { benchmarkOperation(b, "Catalog") }
func BenchmarkCoursePage(b *testing.B)  { benchmarkOperation(b, "CoursePage") }
func BenchmarkSearch(b *testing.B)      { benchmarkOperation(b, "Search") }
func BenchmarkMyDashboard(b *testing.B) { benchmarkOperation(b, "MyDashboard") }
func BenchmarkBrowseTree(b *testing.B)  { benchmarkOperation(b, "BrowseTree") }

func benchmarkOperation(b *testing.B, operation string) {
	url := os.Getenv("BENCH_DATABASE_URL")
	if url == "" {
		b.Skip("BENCH_DATABASE_URL is not set: see README.md")
	}
	db, err := store.Open(b.Context(), store.Config{URL: url, MaxConns: poolSize, StatementTimeout: 5 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(db.Close)
	tokens, err := auth.NewTokens(strings.Repeat("x", auth.MinSecretBytes), "")
	if err != nil {
		b.Fatal(err)
	}
	h := newHandlers(db, tokens)
	plans, err := planRequests(b.Context(), db.PrimaryPool(), func(ctx context.Context, r request) ([]byte, error) {
		return sendOnce(ctx, h, tokens, r)
	})
	if err != nil {
		b.Fatal(err)
	}
	requests := make([]repeatedRequest, len(plans[operation]))
	for i, r := range plans[operation] {
		if requests[i], err = newRepeatedRequest(b.Context(), tokens, r); err != nil {
			b.Fatal(err)
		}
		if _, err := sendOnce(b.Context(), h, tokens, r); err != nil { // also warms PostgreSQL's cache
			b.Fatal(err)
		}
	}
	out := &responseCounter{header: http.Header{}}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		c := requests[i%len(requests)]
		i++
		c.body.Seek(0, io.SeekStart)
		clear(out.header)
		h.ServeHTTP(out, c.request)
	}
	if out.status > http.StatusOK {
		b.Fatalf("%s: status %d", operation, out.status)
	}
	b.ReportMetric(float64(out.bytes)/float64(i), "bytes/response")
}

func newHandlers(db *store.Store, tokens *auth.Tokens) http.Handler {
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	api := gql.New(gql.Options{Store: db, Log: log, OperationTimeout: 10 * time.Second, Introspection: true})
	return middleware.RequestID()(middleware.NewAccessLog(io.Discard, middleware.AccessLogOptions{}).Log(auth.Middleware(tokens, nil)(api)))
}

// repeatedRequest is a request that can be sent repeatedly, if its body is rewound.
type repeatedRequest struct {
	request *http.Request
	body    *bytes.Reader
}

func newRepeatedRequest(ctx context.Context, tokens *auth.Tokens, r request) (repeatedRequest, error) {
	text, err := r.encodeBody()
	if err != nil {
		return repeatedRequest{}, err
	}
	c := repeatedRequest{body: bytes.NewReader(text)}
	c.request = httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", io.NopCloser(c.body))
	c.request.Header.Set("Content-Type", "application/json")
	if r.viewer.SignedIn() {
		token, err := tokens.IssueToken(r.viewer, time.Now(), time.Hour)
		if err != nil {
			return repeatedRequest{}, err
		}
		c.request.Header.Set("Authorization", "Bearer "+token)
	}
	return c, nil
}

// sendOnce sends a request and returns the response, which must be complete.
func sendOnce(ctx context.Context, h http.Handler, tokens *auth.Tokens, r request) ([]byte, error) {
	c, err := newRepeatedRequest(ctx, tokens, r)
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, c.request)
	response := w.Body.Bytes()
	if err := checkResponse(w.Code, response); err != nil {
		return nil, fmt.Errorf("%s %v: %w", r.operation.name, r.variables, err)
	}
	return response, nil
}

// responseCounter counts the bytes of responses and discards them.
type responseCounter struct {
	header http.Header
	status int
	bytes  int
}

func (c *responseCounter) Header() http.Header { return c.header }

func (c *responseCounter) WriteHeader(status int) { c.status = max(c.status, status) }

func (c *responseCounter) Write(b []byte) (int, error) {
	c.bytes += len(b)
	return len(b), nil
}
