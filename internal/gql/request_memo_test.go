package gql

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// newMemoServer keeps answers, in this process, and writes an access log.
func newMemoServer(t *testing.T, access io.Writer) (http.Handler, *store.Store, *invalidation.Log) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	quiet := slog.New(slog.DiscardHandler)
	followed := invalidation.New(nil, quiet)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); followed.PollDatabase(ctx, db) }()
	kept := respcache.New(respcache.Options{InvalidationLog: followed, MaxBytes: 1 << 20})
	t.Cleanup(func() { stop(); <-done; kept.Close() })
	if err := followed.AwaitLease(ctx); err != nil {
		t.Fatal(err)
	}
	s := New(Options{Store: db, Log: quiet, Introspection: true, ResponseCache: kept})
	return middleware.RequestID()(middleware.AccessLog(access, slog.LevelInfo)(s)), db, followed
}

// waitUntil returns once something is so.
func waitUntil(so func() bool) {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for !so() {
		<-poll.C
	}
}

// A body that is remembered is answered, and run where it has to be, as one that is
// read for the first time.
func TestRememberedBodies(t *testing.T) {
	t.Parallel()
	var access bytes.Buffer
	s, db, followed := newMemoServer(t, &access)
	const query = "query Titles($n: Int) { courses(first: $n) { nodes { title } } }"
	visit := func(n int, status string, headers ...string) string {
		t.Helper()
		r := newQueryRequest(query, map[string]any{"n": n})
		for _, h := range headers {
			r.Header.Set(h, "1")
		}
		access.Reset()
		w := serve(s, r.WithContext(edu.WithViewer(t.Context(), edu.Viewer{})))
		if got := w.Header().Get("Cache-Status"); !strings.HasPrefix(got, `"7p"; `+status) {
			t.Errorf("%d titles: Cache-Status is %s, want %s", n, got, status)
		}
		if got := strings.Count(w.Body.String(), `"title"`); got != n {
			t.Errorf("%d titles were asked for and %d came: %s", n, got, w.Body)
		}
		if !strings.Contains(access.String(), `"operation":"query Titles"`) {
			t.Errorf("the access log does not name the operation: %s", &access)
		}
		return w.Body.String()
	}
	made := visit(2, "fwd=miss; stored")
	for range 3 { // from the second on it is remembered
		if again := visit(2, "hit"); again != made {
			t.Errorf("made was %s, kept is %s", made, again)
		}
	}
	visit(3, "fwd=miss; stored")
	visit(2, "fwd=bypass; detail=cost-requested", "GraphQL-Cost")

	found := followed.Stats().UnpublishedChanges
	if _, err := db.PrimaryPool().Exec(t.Context(), "UPDATE courses SET title = 'Changed'"); err != nil {
		t.Fatal(err)
	}
	waitUntil(func() bool { return followed.Stats().UnpublishedChanges > found })
	made = visit(2, "fwd=miss; stored")
	if again := visit(2, "hit"); strings.Count(made, "Changed") != 2 || again != made {
		t.Errorf("after the change made was %s, kept is %s", made, again)
	}
}

// A list of documents that comes later is asked of bodies that are remembered, too.
func TestRememberedBodiesPassGates(t *testing.T) {
	t.Parallel()
	list := persisted.NewList(nil)
	l := newCachingServer(t, func(o *Options) { o.Extensions[0].(*persisted.Extension).Documents = list })
	for range 3 {
		if w := serve(l, newQueryRequest(titles, nil)); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	retired, err := persisted.NewDocument("titles", titles)
	if err != nil {
		t.Fatal(err)
	}
	retired.RetiredAt = new(time.Time)
	list.ReplaceDocuments([]*persisted.Document{retired})
	if w := serve(l, newQueryRequest(titles, nil)); !strings.Contains(w.Body.String(), response.CodePersistedQueryRetired) {
		t.Errorf("a retired document is answered: %s", w.Body)
	}
}

// acceptingInspector is an extension that looks at every operation and never says that it need
// not.
type acceptingInspector struct {
	graphql.HandlerExtension
	looked *int
}

func (e acceptingInspector) MutateOperationParameters(context.Context, *graphql.RawParams) *gqlerror.Error {
	*e.looked++
	return nil
}

// An extension that is no Gate is never passed by.
func TestNothingIsRememberedPastExtensions(t *testing.T) {
	t.Parallel()
	looked := 0
	l := newCachingServer(t, func(o *Options) {
		o.Extensions = append(o.Extensions, acceptingInspector{introspectionExtension{}, &looked})
	})
	const requests = 4
	for range requests {
		if w := serve(l, newQueryRequest(titles, nil)); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if looked != requests {
		t.Errorf("of %d operations it was shown %d", requests, looked)
	}
}

// What extensions refer to may change, and large bodies take room.
func TestBodiesThatAreNotRemembered(t *testing.T) {
	t.Parallel()
	before := newRequestMemo(nil, nil)
	for body, may := range map[string]bool{
		`{"query":"{ a }"}`:                                             true,
		`{"query":"{ a }","extensions":{}}`:                             false,
		`{"query":"{ a }","documentId":"x"}`:                            false,
		`{"documentId":"x"}`:                                            false,
		`{"query":"{ a }"}` + strings.Repeat(" ", maxMemoizedBodyBytes): false,
		`[{"query":"{ a }"}]`:                                           false,
		`{"query":"{ a }","variables":{"a":1},"operationName":""}`:      true,
	} {
		in, ref := decodeRequestBody([]byte(body), 1)
		if ref != nil {
			t.Fatalf("%s: %v", body, ref)
		}
		if got := before.newCandidate([]byte(body), in.params) != nil; got != may {
			t.Errorf("%.60s: may be remembered is %v, want %v", body, got, may)
		}
	}
}
