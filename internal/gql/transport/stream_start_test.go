package transport_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
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
