package middleware

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// TrustedCallerKey is a secret of callers that send requests for many end users, such as a server that
// renders pages; "" trusts none.
type TrustedCallerKey string

const (
	callerKeyHeader = "Trusted-Caller-Key"
	endUserHeader   = "End-User-Address"
)

// recognizeCaller returns the client of a request. A trusted caller names its end user, who is the client
// then, or else is exempt from the limits of addresses. A caller that names an end user without a valid
// address is an ordinary client: it may repeat what its own client sent.
func (k TrustedCallerKey) recognizeCaller(c Client, h http.Header) Client {
	if !k.isIn(h) {
		return c
	}
	endUser := h[endUserHeader]
	if len(endUser) == 0 {
		c.Trusted = true
		return c
	}
	if address, ok := parseNode(endUser[0]); ok && len(endUser) == 1 {
		c.Address = address
	}
	return c
}

// isIn reports whether the header has the key. The time that it takes does not depend on how much of the
// key is right.
func (k TrustedCallerKey) isIn(h http.Header) bool {
	received := h[callerKeyHeader]
	if k == "" || len(received) != 1 {
		return false
	}
	want, got := sha256.Sum256([]byte(k)), sha256.Sum256([]byte(received[0]))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}
