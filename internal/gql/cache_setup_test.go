package gql_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/store"
)

// waitTimeout is the maximum time that a test waits for something that takes a few seconds.
const waitTimeout = 20 * time.Second

// pollChanges makes a log poll a database until the test ends. It returns once the log is available.
func pollChanges(t *testing.T, l *invalidation.Log, from invalidation.Source) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { l.PollDatabase(ctx, from) })
	t.Cleanup(func() { cancel(); running.Wait() })
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(waitTimeout); ; {
		if _, ok := l.CurrentPosition(ctx); ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the invalidation log is not available")
		}
	}
}

// newResponseCache returns a cache in memory, and the log that invalidates its entries.
func newResponseCache(t *testing.T, db *store.Store) (*respcache.Cache, *invalidation.Log) {
	t.Helper()
	l := invalidation.New(nil, discardLog)
	pollChanges(t, l, db)
	c := respcache.New(respcache.Options{InvalidationLog: l, MaxBytes: 64 << 20})
	t.Cleanup(c.Close)
	return c, l
}

// cachingServer is a server with a response cache and an access log.
type cachingServer struct {
	http.Handler
	db            *store.Store
	invalidations *invalidation.Log
	log           bytes.Buffer
}

// newCachingServer assembles a server of the demo data with automatic persisted queries.
func newCachingServer(t *testing.T, build func(gql.Options) *gql.Server) *cachingServer {
	t.Helper()
	s := &cachingServer{db: openDemoStore(t)}
	o := gql.Options{Store: s.db, Log: discardLog, Introspection: true}
	o.ResponseCache, s.invalidations = newResponseCache(t, s.db)
	local := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = local.Close() })
	o.Extensions = []graphql.HandlerExtension{&persisted.Extension{
		Mode: persisted.ModeAPQ, Store: local, TTL: time.Hour, Documents: persisted.NewList(nil), Uses: new(persisted.UsageCounter),
	}}
	s.Handler = withAccessLog(middleware.Compress()(build(o)), &s.log)
	return s
}

// get sends a query by GET.
func (s *cachingServer) get(t *testing.T, as edu.Viewer, text string, headers ...string) *gqltest.Response {
	t.Helper()
	return gqltest.NewClient(s).Get(t, as, url.Values{"query": {text}}, headers...)
}

// send sends a query by GET and a mutation by POST.
func (s *cachingServer) send(t *testing.T, as edu.Viewer, text string, headers ...string) *gqltest.Response {
	t.Helper()
	if strings.HasPrefix(text, "mutation") {
		return gqltest.NewClient(s).Query(t, as, text, nil, headers...)
	}
	return s.get(t, as, text, headers...)
}

func isHit(resp *gqltest.Response) bool {
	return strings.HasPrefix(resp.Header.Get("Cache-Status"), `"7p"; hit; ttl=`)
}

// decompressBody returns the body of a response without its content coding.
func decompressBody(t *testing.T, resp *gqltest.Response) string {
	t.Helper()
	var plain []byte
	var err error
	body := bytes.NewReader(resp.Body)
	switch coding := resp.Header.Get("Content-Encoding"); coding {
	case "zstd":
		var r *zstd.Decoder
		if r, err = zstd.NewReader(body); err == nil {
			plain, err = io.ReadAll(r)
			r.Close()
		}
	case "gzip":
		var r *gzip.Reader
		if r, err = gzip.NewReader(body); err == nil {
			plain, err = io.ReadAll(r)
		}
	case "br":
		plain, err = io.ReadAll(brotli.NewReader(body))
	default:
		t.Fatalf("Content-Encoding %q", coding)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}
