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
	"github.com/7p-education/api/internal/answers"
	"github.com/7p-education/api/internal/changes"
	"github.com/7p-education/api/internal/documents"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// keepingServer keeps answers, in this process, and writes an access log.
func keepingServer(t *testing.T, access io.Writer) (http.Handler, *store.Store, *changes.Log) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.Demo(t), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	quiet := slog.New(slog.DiscardHandler)
	followed := changes.New(nil, quiet)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); followed.Run(ctx, db) }()
	kept := answers.New(answers.Options{Changes: followed, MaxBytes: 1 << 20})
	t.Cleanup(func() { stop(); <-done; kept.Close() })
	if err := followed.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	s := New(Options{Store: db, Log: quiet, Introspection: true, Answers: kept})
	return middleware.RequestID()(middleware.AccessLog(access, slog.LevelInfo)(s)), db, followed
}

// awaitThat returns once something is so.
func awaitThat(so func() bool) {
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
	s, db, followed := keepingServer(t, &access)
	const query = "query Titles($n: Int) { courses(first: $n) { nodes { title } } }"
	visit := func(n int, status string, headers ...string) string {
		t.Helper()
		r := request(query, map[string]any{"n": n})
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
	visit(2, "fwd=bypass; detail=cost-asked", headerCost)

	found := followed.Stats().Found
	if _, err := db.Primary().Exec(t.Context(), "UPDATE courses SET title = 'Changed'"); err != nil {
		t.Fatal(err)
	}
	awaitThat(func() bool { return followed.Stats().Found > found })
	made = visit(2, "fwd=miss; stored")
	if again := visit(2, "hit"); strings.Count(made, "Changed") != 2 || again != made {
		t.Errorf("after the change made was %s, kept is %s", made, again)
	}
}

// A list of documents that comes later is asked of bodies that are remembered, too.
func TestRememberedBodiesPassGates(t *testing.T) {
	t.Parallel()
	list := documents.NewList(nil)
	l := newLibrary(t, func(o *Options) { o.Extensions[0].(*Persisted).Documents = list })
	for range 3 {
		if w := serve(l, request(titles, nil)); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	retired, err := documents.New("titles", titles)
	if err != nil {
		t.Fatal(err)
	}
	retired.RetiredAt = new(time.Time)
	list.Replace([]*documents.Document{retired})
	if w := serve(l, request(titles, nil)); !strings.Contains(w.Body.String(), codeRetired) {
		t.Errorf("a retired document is answered: %s", w.Body)
	}
}

// everyText is an extension that looks at every operation and never says that it need
// not.
type everyText struct {
	graphql.HandlerExtension
	looked *int
}

func (e everyText) MutateOperationParameters(context.Context, *graphql.RawParams) *gqlerror.Error {
	*e.looked++
	return nil
}

// An extension that is no Gate is never passed by.
func TestNothingIsRememberedPastExtensions(t *testing.T) {
	t.Parallel()
	looked := 0
	l := newLibrary(t, func(o *Options) { o.Extensions = append(o.Extensions, everyText{introspection{}, &looked}) })
	const requests = 4
	for range requests {
		if w := serve(l, request(titles, nil)); w.Code != http.StatusOK {
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
	before := newAskedBefore(nil, nil)
	for body, may := range map[string]bool{
		`{"query":"{ a }"}`:                                        true,
		`{"query":"{ a }","extensions":{}}`:                        false,
		`{"query":"{ a }","documentId":"x"}`:                       false,
		`{"documentId":"x"}`:                                       false,
		`{"query":"{ a }"}` + strings.Repeat(" ", maxAskedBody):    false,
		`[{"query":"{ a }"}]`:                                      false,
		`{"query":"{ a }","variables":{"a":1},"operationName":""}`: true,
	} {
		in, ref := decodeBody([]byte(body), 1)
		if ref != nil {
			t.Fatalf("%s: %v", body, ref)
		}
		if got := before.candidate([]byte(body), in.params) != nil; got != may {
			t.Errorf("%.60s: may be remembered is %v, want %v", body, got, may)
		}
	}
}
