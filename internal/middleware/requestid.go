package middleware

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
)

// requestIDHeader is the header's canonical form, so the maps can be used directly.
const requestIDHeader = "X-Request-Id"

// requestState is what the middlewares of one request share through its context.
type requestState struct {
	id       string
	header   [1]string // X-Request-Id, in no allocation of its own
	client   Client
	graphql  GraphQLOutcome
	database *DatabaseUsage
}

type requestStateKey struct{}

// attachRequestState returns what the middlewares of a request share, and the request that has it
// in its context. The outermost of them makes it: each context costs a copy of r.
func attachRequestState(r *http.Request) (*http.Request, *requestState) {
	if req, ok := r.Context().Value(requestStateKey{}).(*requestState); ok {
		return r, req
	}
	req := &requestState{client: peerClient(r)}
	return r.WithContext(context.WithValue(r.Context(), requestStateKey{}, req)), req
}

// RequestID gives every request an id, answers it as X-Request-Id and keeps it
// in the context. The caller's own X-Request-Id is taken if it is 1 to 64
// letters, digits, dots, dashes or underscores, so that a line of log can never
// be forged with it; otherwise the id is 32 random hex digits.
func RequestID() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var id string
			if given := r.Header[requestIDHeader]; len(given) > 0 && isValidRequestID(given[0]) {
				id = given[0]
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

// RequestIDFrom returns the id of the request that ctx belongs to, or "" where
// there is none.
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

// newRequestID need not be secret, only unique, so the fast generator does.
func newRequestID() string {
	var raw [16]byte
	binary.NativeEndian.PutUint64(raw[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(raw[8:], rand.Uint64())
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}
