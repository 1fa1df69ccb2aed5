package transport_test

import (
	"testing"

	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
)

// The clients that accept everything for every query get single responses, which caches store.
func TestAcceptEventStream(t *testing.T) {
	t.Parallel()
	h := transport.New(newExecutor(respondHello), transport.Options{MaxBodyBytes: maxBody, Streams: gqltest.StreamOptions(t)})
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
