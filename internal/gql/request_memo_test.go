package gql_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/gqltest"
)

// waitUntil polls a condition.
func waitUntil(condition func() bool) {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for !condition() {
		<-poll.C
	}
}

// A memoized request has the same response as the first one, from the cache and after an invalidation.
func TestMemoizedRequests(t *testing.T) {
	t.Parallel()
	s := newCachingServer(t, func(o gql.Options) *gql.Server { o.Extensions = nil; return gql.New(o) })
	const text = "query Titles($n: Int) { courses(first: $n) { nodes { title } } }"
	send := func(n int, status string, headers ...string) string {
		t.Helper()
		s.log.Reset()
		resp := gqltest.NewClient(s).Query(t, edu.Viewer{}, text, map[string]any{"n": n}, headers...)
		if got := resp.Header.Get("Cache-Status"); !strings.HasPrefix(got, `"7p"; `+status) {
			t.Errorf("%d titles: Cache-Status is %s, want %s", n, got, status)
		}
		if got := strings.Count(resp.Text(), `"title"`); got != n {
			t.Errorf("got %d titles, want %d: %s", got, n, resp.Body)
		}
		if !strings.Contains(s.log.String(), `"operation":"query Titles"`) {
			t.Errorf("the access log does not name the operation: %s", &s.log)
		}
		return resp.Text()
	}
	computed := send(2, "fwd=miss; stored")
	for range 3 { // memoized after the first hit
		if cached := send(2, "hit"); cached != computed {
			t.Errorf("computed %s, cached %s", computed, cached)
		}
	}
	send(3, "fwd=miss; stored")
	send(2, "fwd=bypass; detail=cost-requested", "GraphQL-Cost: 1")

	found := s.invalidations.Stats().UnpublishedChanges
	if _, err := s.db.PrimaryPool().Exec(t.Context(), "UPDATE courses SET title = 'Changed'"); err != nil {
		t.Fatal(err)
	}
	waitUntil(func() bool { return s.invalidations.Stats().UnpublishedChanges > found })
	computed = send(2, "fwd=miss; stored")
	if cached := send(2, "hit"); strings.Count(computed, "Changed") != 2 || cached != computed {
		t.Errorf("after the change: computed %s, cached %s", computed, cached)
	}
}

// A list of documents that is loaded later applies to memoized requests, too.
func TestMemoizedRequestsAreInspected(t *testing.T) {
	t.Parallel()
	list := persisted.NewList(nil)
	s := newCachingServer(t, func(o gql.Options) *gql.Server {
		o.Extensions[0].(*persisted.Extension).Documents = list
		return gql.New(o)
	})
	for range 3 {
		if resp := postQuery(t, s, edu.Viewer{}, titles); resp.Status != http.StatusOK {
			t.Fatalf("got %s", resp)
		}
	}
	retired, err := persisted.NewDocument("titles", titles)
	if err != nil {
		t.Fatal(err)
	}
	retired.RetiredAt = new(time.Time)
	list.ReplaceDocuments([]*persisted.Document{retired})
	if resp := postQuery(t, s, edu.Viewer{}, titles); resp.Result(t).Code() != response.CodePersistedQueryRetired {
		t.Errorf("a retired document: got %s", resp)
	}
}

// countingMutator is an extension that mutates the parameters of every operation, and is not a
// TextInspector.
type countingMutator struct{ calls *int }

func (countingMutator) ExtensionName() string                   { return "CountingMutator" }
func (countingMutator) Validate(graphql.ExecutableSchema) error { return nil }

func (m countingMutator) MutateOperationParameters(context.Context, *graphql.RawParams) *gqlerror.Error {
	*m.calls++
	return nil
}

// The memo bypasses no extension that mutates parameters, unless it is a TextInspector.
func TestMemoBypassesNoExtension(t *testing.T) {
	t.Parallel()
	calls := 0
	s := newCachingServer(t, func(o gql.Options) *gql.Server {
		o.Extensions = append(o.Extensions, countingMutator{&calls})
		return gql.New(o)
	})
	const requests = 4
	for range requests {
		if resp := postQuery(t, s, edu.Viewer{}, titles); resp.Status != http.StatusOK {
			t.Fatalf("got %s", resp)
		}
	}
	if calls != requests {
		t.Errorf("the extension was called for %d of %d operations", calls, requests)
	}
}
