package gqltest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/invalidation"
)

// StreamOptions returns options of streams whose changes arrive by Publish only.
func StreamOptions(t testing.TB) transport.StreamOptions {
	t.Helper()
	return NewStreamOptions(live.NewHub(live.Options{Changes: invalidation.New(nil, slog.New(slog.NewTextHandler(t.Output(), nil)))}))
}

// NewStreamOptions returns options of the streams of a hub, without limits and for anonymous clients.
func NewStreamOptions(hub *live.Hub) transport.StreamOptions {
	return transport.StreamOptions{
		Hub:            hub,
		Caller:         func(*http.Request) memory.Caller { return memory.Caller{} },
		TransferCaller: func(_, to context.Context) context.Context { return to },
		ConsumeRequest: func(context.Context) error { return nil },
		Authenticate: func(context.Context, string) (edu.Viewer, time.Time, error) {
			return edu.Viewer{}, time.Time{}, edu.Errorf(edu.Unauthenticated, "no tokens")
		},
	}
}

// FirstEvent posts a body as a viewer, and returns the first response of its stream, as a single response of
// status 200. The handler has returned then.
func (c *Client) FirstEvent(t testing.TB, as edu.Viewer, body string) *Response {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &firstEventWriter{ResponseRecorder: httptest.NewRecorder(), done: cancel}
	c.handler.ServeHTTP(w, Request{Context: ctx, As: as, Body: body, Headers: []string{"Accept: text/event-stream"}}.httpRequest())
	_, data, ok := bytes.Cut(w.Body.Bytes(), []byte("\ndata: "))
	if !ok {
		t.Fatalf("no event: %d %s", w.Code, w.Body)
	}
	data, _, _ = bytes.Cut(data, []byte("\n"))
	return &Response{Status: w.Code, Header: w.Header(), Body: data}
}

// firstEventWriter ends the request with the first event.
type firstEventWriter struct {
	*httptest.ResponseRecorder
	done func()
}

func (w *firstEventWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseRecorder.Write(b)
	if bytes.Contains(b, []byte("\ndata: ")) {
		w.done()
	}
	return n, err
}
