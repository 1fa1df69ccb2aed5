package gql_test

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/admission"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

const categoriesQuery = "{ categories { name } }"

// acquireSlot occupies a slot of a limiter. The slot is released with the function that it returns.
func acquireSlot(t *testing.T, l *admission.Limiter) (release func()) {
	t.Helper()
	slot, err := l.Acquire(t.Context(), admission.Trusted)
	if err != nil {
		t.Fatal(err)
	}
	return func() { slot.Release(0) }
}

// awaitStats waits until the sizes of a limiter fulfil a condition.
func awaitStats(t *testing.T, l *admission.Limiter, fulfilled func(admission.Stats) bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(waitTimeout); !fulfilled(l.Stats()); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the limiter has %+v", l.Stats())
		}
	}
}

// TestOverloadByLock checks that queries beyond the limit are rejected while another program locks a table, that a
// mutation succeeds meanwhile, and that the queries in progress end when the lock does.
func TestOverloadByLock(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	limiter := admission.New(admission.Options{Min: 1, Max: 2})
	s := gql.New(gql.Options{Store: openStore(t, store.Config{URL: dsn, MaxConns: 4}), Log: discardLog, Overload: gql.OverloadOptions{Admission: limiter}})
	tx, err := testdb.OpenPool(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE categories IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			resp := postQuery(t, s, edu.Viewer{}, categoriesQuery)
			// On a busy machine the wait for the lock, of 2 s at most, may end first.
			if codes := resp.Result(t).Codes(); resp.Status != http.StatusOK || codes != "" && codes != "SERVICE_UNAVAILABLE" {
				t.Errorf("a query in progress: %.300s", resp)
			}
		})
	}
	awaitStats(t, limiter, func(s admission.Stats) bool { return s.InProgress == 2 })
	resp := postQuery(t, s, edu.Viewer{}, "{ courses(first: 1) { nodes { id } } }")
	retryAfter, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	if resp.Status != http.StatusServiceUnavailable || resp.Result(t).Codes() != "SERVICE_UNAVAILABLE" || retryAfter < 1 || retryAfter > 3 {
		t.Errorf("beyond the limit: %s, Retry-After %d", resp, retryAfter)
	}
	const signIn = `mutation { signIn(input: {email: "nobody@7p.example", password: "wrong"}) { accessToken } }`
	if resp := postQuery(t, s, edu.Viewer{}, signIn); resp.Status != http.StatusOK || resp.Result(t).Codes() != "" {
		t.Errorf("a mutation: %s", resp)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
	if s := limiter.Stats(); s.InProgress != 0 || s.Rejected[admission.Anonymous] != 1 {
		t.Errorf("%+v", s)
	}
}

// TestQueryPriorities checks the priority of each kind of query, by the counts of their rejections, and that the
// operations of a batch are limited one by one.
func TestQueryPriorities(t *testing.T) {
	t.Parallel()
	const trusted = "query Trusted { courses(first: 2) { nodes { id } } }"
	document, err := persisted.NewDocument("trusted", trusted)
	if err != nil {
		t.Fatal(err)
	}
	limiter, local := admission.New(admission.Options{Limit: 1}), cache.NewMemory(1<<20)
	t.Cleanup(func() { _ = local.Close() })
	s := gql.New(gql.Options{
		Store: openDemoStore(t), Log: discardLog, MaxBatchSize: 2, Overload: gql.OverloadOptions{Admission: limiter},
		Extensions: []graphql.HandlerExtension{&persisted.Extension{
			Mode: persisted.ModeAPQ, Store: local, TTL: time.Hour, Documents: persisted.NewList([]*persisted.Document{document}), Uses: new(persisted.UsageCounter),
		}},
	})
	release := acquireSlot(t, limiter)
	expensive := "{ courses(first: 100) { nodes { a: description b: description c: description } } }"
	var queries sync.WaitGroup
	for text, viewer := range map[string]edu.Viewer{
		trusted: {}, "{ courses(first: 3) { nodes { id } } }": student, "{ courses(first: 4) { nodes { id } } }": {}, expensive: student,
	} {
		queries.Go(func() {
			if resp := postQuery(t, s, viewer, text); resp.Status != http.StatusServiceUnavailable {
				t.Errorf("%s: %s", text, resp)
			}
		})
	}
	queries.Wait()
	if got, want := limiter.Stats().Rejected, [...]uint64{1, 1, 1, 1}; got != want {
		t.Errorf("rejected %v, want %v", got, want)
	}
	batch := post(t, s, `[{"query":"{ __typename }"},{"query":"{ categories { id } }"}]`)
	if batch.Status != http.StatusOK || gqltest.Summary(batch.Batch(t)) == "" || limiter.Stats().Rejected[admission.Anonymous] != 3 {
		t.Errorf("a batch: %s, %+v", batch, limiter.Stats())
	}
	release()
	if resp := postQuery(t, s, edu.Viewer{}, expensive); resp.Status != http.StatusOK || resp.Result(t).Codes() != "" {
		t.Errorf("after the overload: %.300s", resp)
	}
	stream := live.WithDependencies(t.Context(), &live.Dependencies{})
	if p := gql.QueryPriority(stream, edu.Viewer{}, &graphql.OperationContext{}); p != admission.SignedIn {
		t.Errorf("the execution of a stream has the priority %v", p)
	}
}

// TestSlotsOfParts checks that a query with @defer has a slot while a part is computed, and none while it is sent,
// and that a panic loses no slot.
func TestSlotsOfParts(t *testing.T) {
	t.Parallel()
	limiter := admission.New(admission.Options{Limit: 1})
	s := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog, Overload: gql.OverloadOptions{Admission: limiter}})
	s.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		if n := limiter.Stats().InProgress; n != 1 {
			t.Errorf("%d queries in progress while a field is computed", n)
		}
		if graphql.GetFieldContext(ctx).Field.Alias == "panics" {
			panic("of a resolver")
		}
		return next(ctx)
	})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(slotProbe{w, t, limiter}, r) })
	parts := readParts(t, postDeferred(t, h, edu.Viewer{}, accept02, "{ courses(first: 2) { nodes { id ... @defer { title } } } }"))
	if len(parts) < 2 {
		t.Errorf("%d parts", len(parts))
	}
	resp := postQuery(t, s, edu.Viewer{}, "{ panics: categories { name } }")
	if resp.Result(t).Codes() != "INTERNAL_SERVER_ERROR" || limiter.Stats().InProgress != 0 {
		t.Errorf("after a panic: %s, %+v", resp, limiter.Stats())
	}
}

// slotProbe fails the test if a slot is occupied while a part is sent.
type slotProbe struct {
	http.ResponseWriter
	t       *testing.T
	limiter *admission.Limiter
}

func (p slotProbe) Flush() {
	if n := p.limiter.Stats().InProgress; n != 0 {
		p.t.Errorf("%d queries in progress while a part is sent", n)
	}
	p.ResponseWriter.(http.Flusher).Flush() //nolint:forcetypeassert // of httptest
}

// newOverloadServer returns a caching server with a limit of one query.
func newOverloadServer(t *testing.T, maxStaleness time.Duration) (*cachingServer, *admission.Limiter) {
	t.Helper()
	limiter := admission.New(admission.Options{Limit: 1})
	return newCachingServer(t, func(o gql.Options) *gql.Server {
		o.Overload = gql.OverloadOptions{Admission: limiter, MaxStaleness: maxStaleness}
		return gql.New(o)
	}), limiter
}

// invalidateCategories renames all categories, and waits until the server notices.
func (s *cachingServer) invalidateCategories(t *testing.T) {
	t.Helper()
	if _, err := s.db.PrimaryPool().Exec(t.Context(), "UPDATE categories SET name = name || ' (new)'"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(waitTimeout); ; time.Sleep(time.Millisecond) {
		resp := s.get(t, edu.Viewer{}, categoriesQuery)
		if !strings.Contains(resp.Header.Get("Cache-Status"), `"7p"; hit; ttl=`) || strings.Contains(resp.Header.Get("Cache-Status"), "overload") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the change is not noticed")
		}
	}
}

// TestStaleUnderOverload checks which requests get a response whose data have changed while the server is overloaded,
// and that it is marked and stored nowhere.
func TestStaleUnderOverload(t *testing.T) {
	t.Parallel()
	s, limiter := newOverloadServer(t, time.Minute)
	before := s.get(t, edu.Viewer{}, categoriesQuery)
	release := acquireSlot(t, limiter)
	s.invalidateCategories(t)
	stale := s.get(t, edu.Viewer{}, categoriesQuery)
	status := stale.Header.Get("Cache-Status")
	if stale.Status != http.StatusOK || !bytes.Equal(stale.Body, before.Body) {
		t.Errorf("an anonymous query: %.300s", stale)
	}
	if !strings.HasPrefix(status, `"7p"; hit; ttl=`) || !strings.HasSuffix(status, "; detail=overload") || stale.Header.Get("Age") == "" ||
		stale.Header.Get("Cache-Control") != "no-store" || stale.Header.Get("ETag") != "" {
		t.Errorf("its header: %v", stale.Header)
	}
	for name, send := range map[string]func() *gqltest.Response{
		"signed in":     func() *gqltest.Response { return s.get(t, student, categoriesQuery) },
		"with a token":  func() *gqltest.Response { return s.get(t, edu.Viewer{}, categoriesQuery, "Authorization: Bearer x") },
		"with a cookie": func() *gqltest.Response { return s.get(t, edu.Viewer{}, categoriesQuery, "Cookie: a=b") },
		"not cached":    func() *gqltest.Response { return s.get(t, edu.Viewer{}, "{ categories { slug } }") },
	} {
		if resp := send(); resp.Status != http.StatusServiceUnavailable || resp.Result(t).Codes() != "SERVICE_UNAVAILABLE" {
			t.Errorf("%s: %.300s", name, resp)
		}
	}
	release()
	if fresh := s.get(t, edu.Viewer{}, categoriesQuery); !strings.Contains(fresh.Text(), "(new)") || !strings.HasSuffix(fresh.Header.Get("Cache-Status"), "stored") {
		t.Errorf("after the overload: %.300s %v", fresh, fresh.Header)
	}
}

// TestNoStaleness checks that a response older than the bound is never returned, and none if there is no bound.
func TestNoStaleness(t *testing.T) {
	t.Parallel()
	for _, bound := range []time.Duration{0, 1} {
		s, limiter := newOverloadServer(t, bound)
		s.get(t, edu.Viewer{}, categoriesQuery)
		release := acquireSlot(t, limiter)
		s.invalidateCategories(t)
		if resp := s.get(t, edu.Viewer{}, categoriesQuery); resp.Status != http.StatusServiceUnavailable {
			t.Errorf("bound %v: %.300s", bound, resp)
		}
		release()
	}
}
