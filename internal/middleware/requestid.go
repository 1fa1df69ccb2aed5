package middleware

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"

	"github.com/7p-education/api/internal/observe"
)

// requestIDHeader is in canonical form, so that header maps can be accessed directly.
const requestIDHeader = "X-Request-Id"

// requestState is shared by the middlewares of one request through its context.
type requestState struct {
	id        string
	header    [1]string // backs the X-Request-Id header without an allocation
	client    Client
	operation observe.Operation
	database  *DatabaseUsage
}

// requestContext is the context of a request with its state: one allocation for both.
type requestContext struct {
	context.Context
	state requestState
}

// Value returns the state, and the operation that its events are reported to.
func (c *requestContext) Value(key any) any {
	switch key.(type) {
	case requestStateKey:
		return &c.state
	case observe.Key:
		return &c.state.operation
	}
	return c.Context.Value(key)
}

type requestStateKey struct{}

// requestStateFrom returns the state of the request of a context, nil outside RequestID.
func requestStateFrom(ctx context.Context) *requestState {
	req, _ := ctx.Value(requestStateKey{}).(*requestState)
	return req
}

// attachRequestState returns the requestState of r, and r with the state in its context. The
// outermost middleware creates it; each further context would cost a copy of r.
func attachRequestState(r *http.Request) (*http.Request, *requestState) {
	if req, ok := r.Context().Value(requestStateKey{}).(*requestState); ok {
		return r, req
	}
	ctx := &requestContext{Context: r.Context(), state: requestState{client: peerClient(r)}}
	return r.WithContext(ctx), &ctx.state
}

// RequestID assigns an id to every request, sends it as X-Request-Id and stores it in the context.
// The caller's X-Request-Id is accepted if it is 1 to 64 letters, digits, dots, dashes or
// underscores, so that it cannot forge a log line. Otherwise the id is 32 random hex digits.
func RequestID() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var id string
			if values := r.Header[requestIDHeader]; len(values) > 0 && isValidRequestID(values[0]) {
				id = values[0]
			} else {
				id = newRequestID()
			}
			r, req := attachRequestState(r)
			req.id, req.header[0] = id, id
			w.Header()[requestIDHeader] = req.header[:]
			next.ServeHTTP(w, r)
		})
	}
}

// RequestIDFrom returns the id of the request that ctx belongs to, or "" outside a request.
func RequestIDFrom(ctx context.Context) string {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		return req.id
	}
	return ""
}

func isValidRequestID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// newRequestID returns a random id. It must be unique but not secret, so the fast generator
// suffices.
func newRequestID() string {
	var raw [16]byte
	binary.NativeEndian.PutUint64(raw[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(raw[8:], rand.Uint64())
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}
