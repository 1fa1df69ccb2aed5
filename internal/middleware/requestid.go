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

// request is what the middlewares of one request share through its context.
type request struct {
	id       string
	header   [1]string // X-Request-Id, in no allocation of its own
	client   Client
	graphql  GraphQL
	database *Database
}

type requestKey struct{}

// begin returns what the middlewares of a request share, and the request that has it
// in its context. The outermost of them makes it: each context costs a copy of r.
func begin(r *http.Request) (*http.Request, *request) {
	if req, ok := r.Context().Value(requestKey{}).(*request); ok {
		return r, req
	}
	req := &request{client: peer(r)}
	return r.WithContext(context.WithValue(r.Context(), requestKey{}, req)), req
}

// RequestID gives every request an id, answers it as X-Request-Id and keeps it
// in the context. The caller's own X-Request-Id is taken if it is 1 to 64
// letters, digits, dots, dashes or underscores, so that a line of log can never
// be forged with it; otherwise the id is 32 random hex digits.
func RequestID() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var id string
			if given := r.Header[requestIDHeader]; len(given) > 0 && saneID(given[0]) {
				id = given[0]
			} else {
				id = newID()
			}
			r, req := begin(r)
			req.id, req.header[0] = id, id
			w.Header()[requestIDHeader] = req.header[:]
			next.ServeHTTP(w, r)
		})
	}
}

// RequestIDOf returns the id of the request that ctx belongs to, or "" where
// there is none.
func RequestIDOf(ctx context.Context) string {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		return req.id
	}
	return ""
}

func saneID(id string) bool {
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

// newID need not be secret, only unique, so the fast generator does.
func newID() string {
	var raw [16]byte
	binary.NativeEndian.PutUint64(raw[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(raw[8:], rand.Uint64())
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}
