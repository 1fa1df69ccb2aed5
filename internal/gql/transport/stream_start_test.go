package transport_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/invalidation"
)

// streamOptions returns options of streams without limits and changes: tests read their first response.
func streamOptions(t *testing.T) transport.StreamOptions {
	t.Helper()
	return transport.StreamOptions{
		Hub:    live.NewHub(live.Options{Changes: invalidation.New(nil, slog.New(slog.DiscardHandler))}),
		Caller: func(*http.Request) memory.Caller { return memory.Caller{} },
		TransferCaller: func(context.Context) func(context.Context) context.Context {
			return func(to context.Context) context.Context { return to }
		},
	}
}

// The clients that accept everything for every query get single responses, which caches store.
func TestAcceptEventStream(t *testing.T) {
	t.Parallel()
	h := transport.New(newExecutor(respondHello), transport.Options{MaxBodyBytes: maxBody, Streams: streamOptions(t)})
	const stream = "text/event-stream; charset=utf-8"
	for accept, want := range map[string]string{
		"":                                   mediaTypeGraphQL,
		"*/*":                                mediaTypeGraphQL,
		"application/json":                   mediaTypeJSON,
		"text/event-stream":                  stream,
		"text/event-stream, */*":             stream,
		"text/event-stream;q=0, */*":         mediaTypeGraphQL,
		"text/event-stream, multipart/mixed": stream, // urql, subscriptions
		"text/event-stream, application/json;q=0.9": stream,
		"text/event-stream;q=0.9, application/json": mediaTypeJSON,
		"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed": mediaTypeGraphQL, // urql, queries
		"multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9":    mediaTypeGraphQL, // Apollo
	} {
		got := post(t, h, `{"query":"{hello}"}`, "Accept: "+accept)
		if got.Status != 200 || got.Header.Get("Content-Type") != want {
			t.Errorf("Accept %q: got %d %s, want %s", accept, got.Status, got.Header.Get("Content-Type"), want)
		}
	}
}

// A subscription can begin before its object exists. Other errors of the first response end it.
func TestFirstResponseWithError(t *testing.T) {
	t.Parallel()
	for code, wantStream := range map[edu.Code]bool{
		edu.NotFound: true, edu.Unauthenticated: false, edu.Forbidden: false, edu.BadUserInput: false,
	} {
		exec := newExecutor(func(context.Context) *graphql.Response {
			return &graphql.Response{Errors: gqlerror.List{{Message: "no", Extensions: map[string]any{"code": string(code)}}}}
		})
		h := transport.New(exec, transport.Options{MaxBodyBytes: maxBody, Streams: streamOptions(t)})
		first := gqltest.NewClient(h).FirstEvent(t, edu.Viewer{}, `{"query":"subscription{ticks}"}`)
		if got := strings.Contains(first.Text(), "minIntervalMillis"); got != wantStream || first.Result(t).Code() != string(code) {
			t.Errorf("%s: got %s, want a stream: %v", code, first, wantStream)
		}
	}
}

// A response that is too large for a stream is an error, and the stream does not begin.
func TestLargeFirstResponse(t *testing.T) {
	t.Parallel()
	for size, wantStream := range map[int]bool{256<<10 - 64: true, 256 << 10: false} {
		exec := newExecutor(func(context.Context) *graphql.Response {
			return &graphql.Response{Data: []byte(`{"ticks":"` + strings.Repeat("a", size) + `"}`)}
		})
		h := transport.New(exec, transport.Options{MaxBodyBytes: maxBody, Streams: streamOptions(t)})
		first := gqltest.NewClient(h).FirstEvent(t, edu.Viewer{}, `{"query":"subscription{ticks}"}`)
		if got := strings.Contains(first.Text(), "minIntervalMillis"); got != wantStream || !wantStream && first.Result(t).Code() != "MAX_RESPONSE_BYTES_LIMIT" {
			t.Errorf("%d bytes: got %.200s, want a stream: %v", size, first.Text(), wantStream)
		}
	}
}

// A trusted document may have an interval below the server's in its text; other texts and variables may not.
func TestIntervals(t *testing.T) {
	t.Parallel()
	const short, variable = `query S @live(minIntervalMillis: 20) {hello}`, `query V($n: Int) @live(minIntervalMillis: $n) {hello}`
	var documents []*persisted.Document
	for id, text := range map[string]string{"short": short, "variable": variable, "none": `query N @live {hello}`} {
		d, err := persisted.NewDocument(id, text)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, d)
	}
	local := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = local.Close() })
	exec := newExecutor(respondHello, &persisted.Extension{
		Mode: persisted.ModeAPQ, Store: local, TTL: time.Minute, Log: slog.New(slog.DiscardHandler),
		Documents: persisted.NewList(documents), Uses: new(persisted.UsageCounter),
	})
	options := streamOptions(t)
	options.Hub = live.NewHub(live.Options{Changes: invalidation.New(nil, slog.New(slog.DiscardHandler)), MinInterval: 100 * time.Millisecond})
	h := transport.New(exec, transport.Options{MaxBodyBytes: maxBody, Streams: options})
	for body, want := range map[string]int{
		`{"documentId":"short"}`:                                        20,
		`{"query":"` + short + `"}`:                                     20,
		`{"query":"query Other @live(minIntervalMillis: 20) {hello}"}`:  100,
		`{"query":"query Other @live(minIntervalMillis: 200) {hello}"}`: 200,
		`{"documentId":"variable","variables":{"n":20}}`:                100,
		`{"documentId":"variable","variables":{"n":200}}`:               200,
		`{"documentId":"none"}`:                                         100,
		`{"query":"` + variable + `","variables":{"n":-1}}`:             100,
	} {
		first := gqltest.NewClient(h).FirstEvent(t, edu.Viewer{}, body)
		if !strings.Contains(first.Text(), fmt.Sprintf(`"minIntervalMillis":%d}`, want)) {
			t.Errorf("%s: got %s, want %d ms", body, first, want)
		}
	}
}
