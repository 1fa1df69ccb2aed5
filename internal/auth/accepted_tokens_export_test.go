package auth

import "net/http"

// Gate is what Middleware authenticates requests with.
type Gate = gate

// NewGate returns a Gate without a limit of failures.
func NewGate(v Verifier) *Gate { return newGate(v, nil) }

// Authenticate reports whether a token is accepted, and whether it is among the accepted tokens afterwards.
func (g *Gate) Authenticate(w http.ResponseWriter, r *http.Request, token string) (accepted, remembered bool) {
	_, accepted = g.authenticate(w, r, []string{"Bearer " + token})
	return accepted, g.accepted.hasToken(token)
}
