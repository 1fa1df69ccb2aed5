package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/store"
)

// BenchmarkHit returns one response repeatedly, through all handlers of the server except net/http:
// cached in this process, cached with Redis, and from a map.
func BenchmarkHit(b *testing.B) {
	for _, size := range []int{2, 64} {
		for _, from := range []string{"map", "process", "Redis"} {
			b.Run(fmt.Sprintf("%dkB/%s", size, from), func(b *testing.B) { benchmarkHit(b, size<<10, from) })
		}
	}
}

func benchmarkHit(b *testing.B, size int, from string) {
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
	h := newCachingHandlers(b, db, tokens, from)
	requests, err := planSizedPages(b.Context(), size, func(ctx context.Context, r request) ([]byte, error) { return sendOnce(ctx, h, tokens, r) })
	if err != nil {
		b.Fatal(err)
	}
	response, err := sendOnce(b.Context(), h, tokens, requests[0])
	if err != nil {
		b.Fatal(err)
	}
	c, err := newRepeatedRequest(b.Context(), tokens, requests[0])
	if err != nil {
		b.Fatal(err)
	}
	if from == "map" {
		body, _ := requests[0].encodeBody()
		responses := responseMap{}
		responses.addResponse("", string(body), response)
		h = responses
	}
	out := &responseCounter{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		c.body.Seek(0, io.SeekStart)
		clear(out.header)
		h.ServeHTTP(out, c.request)
	}
	if status := out.header.Get("Cache-Status"); from != "map" && !strings.HasPrefix(status, string(hitPrefix)) {
		b.Fatalf("the last response was no hit: %s", status)
	}
	b.ReportMetric(float64(len(response)), "bytes/response")
}

// newCachingHandlers returns the handlers of the server, with a response cache.
func newCachingHandlers(b *testing.B, db *store.Store, tokens *auth.Tokens, from string) http.Handler {
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	var redis *cache.Redis
	if from == "Redis" {
		url, prefix := redistest.NewKeyspace(b)
		var err error
		if redis, err = cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Log: log}); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = redis.Close() })
	}
	cors, err := middleware.NewCORS(middleware.CORSOptions{})
	if err != nil {
		b.Fatal(err)
	}
	changes := invalidation.New(redis, log)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); changes.PollDatabase(ctx, db) }()
	responses := respcache.New(respcache.Options{InvalidationLog: changes, Redis: redis, MaxBytes: 64 << 20, MaxRedisBytes: 1 << 20, ShareFirst: true})
	b.Cleanup(func() { stop(); <-done; responses.Close() })
	if err := changes.AwaitLease(ctx); err != nil {
		b.Fatal(err)
	}
	h := auth.Middleware(tokens, nil)(http.Handler(gql.New(gql.Options{Store: db, Log: log, OperationTimeout: 10 * time.Second, Introspection: true, ResponseCache: responses})))
	for _, wrap := range []func(http.Handler) http.Handler{
		middleware.Compress(), cors.Handler, middleware.SecurityHeaders("max-age=63072000"), middleware.Recover(log), middleware.ObserveRequests(func() {}, func(middleware.CompletedRequest) {}),
		middleware.NewAccessLog(io.Discard, middleware.AccessLogOptions{}).Log, middleware.RequestID(), middleware.ResolveClient(nil, ""), middleware.CloseChunked(),
	} {
		h = wrap(h)
	}
	return h
}
