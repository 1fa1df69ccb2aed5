package gql_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gqltest"
)

// The responses of a trusted document and of a persisted query have parts as those of their texts have.
func TestDeferredDocuments(t *testing.T) {
	t.Parallel()
	const text = `{ course(id: "Q291cnNlOjI0") { title ... @defer(label: "more") { slug } } }`
	document, err := persisted.NewDocument("more", text)
	if err != nil {
		t.Fatal(err)
	}
	local := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = local.Close() })
	h := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog, Extensions: []graphql.HandlerExtension{&persisted.Extension{
		Mode: persisted.ModeAPQ, Store: local, TTL: time.Minute, Log: discardLog,
		Documents: persisted.NewList([]*persisted.Document{document}), Uses: new(persisted.UsageCounter),
	}}})
	c := gqltest.NewClient(h)
	const other = `{ course(id: "Q291cnNlOjI0") { title ... @defer { slug } } }`
	apq := `{"persistedQuery":{"version":1,"sha256Hash":"` + persisted.HashText(other) + `"}}`
	for _, accept := range []string{accept2022, accept02} {
		header := "Accept: " + accept
		for name, resp := range map[string]*gqltest.Response{
			"a document":        c.Post(t, edu.Viewer{}, `{"documentId":"more"}`, header),
			"a text and a hash": c.Post(t, edu.Viewer{}, `{"query":`+strconv.Quote(other)+`,"extensions":`+apq+`}`, header),
			"a hash":            c.Post(t, edu.Viewer{}, `{"extensions":`+apq+`}`, header),
		} {
			data, errs := mergeParts(t, readParts(t, resp))
			want := map[string]any{"course": map[string]any{"title": "Confident Node.js: The Event Loop", "slug": "confident-node-js-the-event-loop"}}
			if diff := cmp.Diff(want, data); diff != "" || len(errs) > 0 {
				t.Errorf("%s, %s: errors %v, %s", name, accept, errs, diff)
			}
		}
	}
}

// A server that stops waits for the parts of a response, as for any response.
func TestDeferredShutdown(t *testing.T) {
	t.Parallel()
	db := openDemoStore(t)
	lock := lockReviews(t, db)
	s := httptest.NewServer(gql.New(gql.Options{Store: db, Log: discardLog, OperationTimeout: time.Minute}))
	t.Cleanup(s.Close)
	client := openDeferredAt(t, s.URL, deferredReviews)
	client.next(t)
	stopped := make(chan error)
	go func() { stopped <- s.Config.Shutdown(t.Context()) }()
	for {
		resp, err := http.Get(s.URL)
		if err != nil {
			break // it accepts no connections any more
		}
		_ = resp.Body.Close()
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last := client.next(t) + client.next(t); !strings.HasSuffix(last, `"hasNext":false}`) {
		t.Errorf("got %s", last)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
