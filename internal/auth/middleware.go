package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/7p-education/api/edu"
)

// maxToken is the most bytes of a token: those of identity providers with many
// claims take some 2,000.
const maxToken = 8 << 10

// Verifier tells whom a token names. Its errors are an *edu.Error, of the code
// edu.Unavailable where the token may well be good.
type Verifier interface {
	Viewer(ctx context.Context, token string) (edu.Viewer, error)
}

// Authenticator is the Verifier of the server: a token must be of our keys, or of
// the provider's, and its account must be good now.
type Authenticator struct {
	Tokens   *Tokens
	Provider *Provider // nil for none
	Accounts *Accounts
}

// Viewer returns the account that a token names, as of AccountTTL ago at most.
func (a *Authenticator) Viewer(ctx context.Context, token string) (edu.Viewer, error) {
	if a.Provider.issued(token) {
		who, err := a.Provider.Identity(ctx, token)
		if err != nil {
			return edu.Viewer{}, err
		}
		return a.Accounts.Viewer(ctx, who)
	}
	v, err := a.Tokens.Viewer(ctx, token)
	if err != nil {
		return edu.Viewer{}, err
	}
	return a.Accounts.Viewer(ctx, Identity{ID: v.ID, Session: v.Session})
}

// Middleware puts the viewer that a bearer token names into the request's
// context. A request without credentials is anonymous; one whose credentials are
// no good is answered 401 and never taken for anonymous; one whose credentials
// cannot be checked is answered 503.
func Middleware(verifier Verifier) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			headers := r.Header["Authorization"]
			if len(headers) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			token, err := bearer(headers)
			var v edu.Viewer
			if err == nil {
				v, err = verifier.Viewer(r.Context(), token)
			}
			if err != nil {
				refuse(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(edu.WithViewer(r.Context(), v)))
		})
	}
}

// bearer returns the token of a request's Authorization headers.
func bearer(headers []string) (string, error) {
	if len(headers) > 1 {
		return "", edu.Errorf(edu.Unauthenticated, "there are %d Authorization headers: send one", len(headers))
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", edu.Errorf(edu.Unauthenticated, `credentials are taken as "Authorization: Bearer …" only`)
	case len(token) > maxToken:
		return "", edu.Errorf(edu.Unauthenticated, "the token has %d bytes, %d is the most: sign in again", len(token), maxToken)
	}
	return token, nil
}

// refuse answers in the shape of a GraphQL answer; a 401 has the challenge that
// RFC 6750 section 3 asks for.
func refuse(w http.ResponseWriter, err error) {
	problem, ok := errors.AsType[*edu.Error](err)
	if !ok { // of a Verifier that does not keep its word
		problem = &edu.Error{Code: edu.Unauthenticated, Message: "the token is refused: sign in again"}
	}
	message, _ := json.Marshal(problem.Message) // a string
	h, status := w.Header(), http.StatusUnauthorized
	if problem.Code == edu.Unavailable {
		status = http.StatusServiceUnavailable
	} else {
		h.Set("WWW-Authenticate", `Bearer realm="7p", error="invalid_token"`)
	}
	h.Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":[{"message":%s,"extensions":{"code":%q}}]}`, message, problem.Code)
}
