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

// These benchmarks run one operation an iteration through the handlers, without
// a network between, for profiles and counts of allocations. The database is
// that of BENCH_DATABASE_URL; without one they are skipped.

func BenchmarkCatalog(b *testing.B)     { inProcess(b, "Catalog") }
func BenchmarkCoursePage(b *testing.B)  { inProcess(b, "CoursePage") }
func BenchmarkSearch(b *testing.B)      { inProcess(b, "Search") }
func BenchmarkMyDashboard(b *testing.B) { inProcess(b, "MyDashboard") }
func BenchmarkBrowseTree(b *testing.B)  { inProcess(b, "BrowseTree") }

func inProcess(b *testing.B, operation string) {
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
	h := handlers(db, tokens)
	plans, err := planRequests(b.Context(), db.PrimaryPool(), func(ctx context.Context, r request) ([]byte, error) {
		return once(ctx, h, tokens, r)
	})
	if err != nil {
		b.Fatal(err)
	}
	calls := make([]call, len(plans[operation]))
	for i, r := range plans[operation] {
		if calls[i], err = newCall(b.Context(), tokens, r); err != nil {
			b.Fatal(err)
		}
		if _, err := once(b.Context(), h, tokens, r); err != nil { // also warms PostgreSQL's cache
			b.Fatal(err)
		}
	}
	out := &discard{header: http.Header{}}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		c := calls[i%len(calls)]
		i++
		c.body.Seek(0, io.SeekStart)
		clear(out.header)
		h.ServeHTTP(out, c.request)
	}
	if out.status > http.StatusOK {
		b.Fatalf("%s was answered %d", operation, out.status)
	}
	b.ReportMetric(float64(out.bytes)/float64(i), "bytes/answer")
}

func handlers(db *store.Store, tokens *auth.Tokens) http.Handler {
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	api := gql.New(gql.Options{Store: db, Log: log, OperationTimeout: 10 * time.Second, Introspection: true})
	return middleware.RequestID()(middleware.AccessLog(io.Discard, slog.LevelInfo)(auth.Middleware(tokens)(api)))
}

// call is a request that can be sent again and again.
type call struct {
	request *http.Request
	body    *bytes.Reader
}

func newCall(ctx context.Context, tokens *auth.Tokens, r request) (call, error) {
	text, err := r.encodeBody()
	if err != nil {
		return call{}, err
	}
	c := call{body: bytes.NewReader(text)}
	c.request = httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", io.NopCloser(c.body))
	c.request.Header.Set("Content-Type", "application/json")
	if r.viewer.SignedIn() {
		token, err := tokens.IssueToken(r.viewer, time.Now(), time.Hour)
		if err != nil {
			return call{}, err
		}
		c.request.Header.Set("Authorization", "Bearer "+token)
	}
	return c, nil
}

// once sends a request and returns the answer, if it is a good one.
func once(ctx context.Context, h http.Handler, tokens *auth.Tokens, r request) ([]byte, error) {
	c, err := newCall(ctx, tokens, r)
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, c.request)
	answer := w.Body.Bytes()
	if err := checkResponse(w.Code, answer); err != nil {
		return nil, fmt.Errorf("%s %v: %w", r.operation.name, r.variables, err)
	}
	return answer, nil
}

// discard counts an answer and forgets it.
type discard struct {
	header http.Header
	status int
	bytes  int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(status int) { d.status = max(d.status, status) }

func (d *discard) Write(b []byte) (int, error) {
	d.bytes += len(b)
	return len(b), nil
}
