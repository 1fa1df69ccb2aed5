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

// maxTokenBytes is the most bytes of a token: those of identity providers with many
// claims take some 2,000.
const maxTokenBytes = 8 << 10

// Verifier tells whom a token names. Its errors are an *edu.Error, of the code
// edu.Unavailable where the token may well be good.
type Verifier interface {
	VerifyToken(ctx context.Context, token string) (edu.Viewer, error)
}

// Authenticator is the Verifier of the server: a token must be of our keys, or of
// the provider's, and its account must be good now.
type Authenticator struct {
	Tokens   *Tokens
	Provider *Provider // nil for none
	Accounts *AccountCache
}

// VerifyToken returns the account that a token names, as of AccountTTL ago at most.
func (a *Authenticator) VerifyToken(ctx context.Context, token string) (edu.Viewer, error) {
	if a.Provider.isIssuerOf(token) {
		who, err := a.Provider.VerifyIdentity(ctx, token)
		if err != nil {
			return edu.Viewer{}, err
		}
		return a.Accounts.ResolveViewer(ctx, who)
	}
	v, err := a.Tokens.VerifyToken(ctx, token)
	if err != nil {
		return edu.Viewer{}, err
	}
	return a.Accounts.ResolveViewer(ctx, Identity{ID: v.ID, Session: v.Session})
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
			token, err := parseBearerToken(headers)
			var v edu.Viewer
			if err == nil {
				v, err = verifier.VerifyToken(r.Context(), token)
			}
			if err != nil {
				writeRejection(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(edu.WithViewer(r.Context(), v)))
		})
	}
}

// parseBearerToken returns the token of a request's Authorization headers.
func parseBearerToken(headers []string) (string, error) {
	if len(headers) > 1 {
		return "", edu.Errorf(edu.Unauthenticated, "there are %d Authorization headers: send one", len(headers))
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", edu.Errorf(edu.Unauthenticated, `credentials are taken as "Authorization: Bearer …" only`)
	case len(token) > maxTokenBytes:
		return "", edu.Errorf(edu.Unauthenticated, "the token has %d bytes, %d is the most: sign in again", len(token), maxTokenBytes)
	}
	return token, nil
}

// writeRejection answers in the shape of a GraphQL answer; a 401 has the challenge that
// RFC 6750 section 3 asks for.
func writeRejection(w http.ResponseWriter, err error) {
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
