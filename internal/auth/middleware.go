package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

// maxTokenBytes is the maximum size of a token in bytes. Tokens of identity providers with many
// claims have about 2,000.
const maxTokenBytes = 8 << 10

// Verifier verifies tokens. Its errors are an *edu.Error, with the code edu.Unavailable if the
// token could not be checked.
type Verifier interface {
	VerifyToken(ctx context.Context, token string) (edu.Viewer, error)
}

// Authenticator is the Verifier of the server. It accepts a token signed by this server or by the
// provider whose account is active and whose session has not ended.
type Authenticator struct {
	Tokens   *Tokens
	Provider *Provider // nil without an identity provider
	Accounts *AccountCache
}

// VerifyToken returns the account of a token, at most AccountTTL old.
func (a *Authenticator) VerifyToken(ctx context.Context, token string) (edu.Viewer, error) {
	if a.Provider.isIssuerOf(token) {
		id, err := a.Provider.VerifyIdentity(ctx, token)
		if err != nil {
			return edu.Viewer{}, err
		}
		return a.Accounts.ResolveViewer(ctx, id)
	}
	v, err := a.Tokens.VerifyToken(ctx, token)
	if err != nil {
		return edu.Viewer{}, err
	}
	return a.Accounts.ResolveViewer(ctx, Identity{ID: v.ID, Session: v.Session})
}

// FailureLimit limits the failed authentications of a client's address. Its methods write the response to
// a request that they reject, and report whether they did.
type FailureLimit interface {
	// RejectBlocked rejects a request whose address has no failures left.
	RejectBlocked(http.ResponseWriter, *http.Request) bool
	// RejectFailure counts a failure, and rejects the request if its address has none left.
	RejectFailure(http.ResponseWriter, *http.Request) bool
}

// Middleware stores the viewer of a bearer token in the request's context. Requests without
// credentials are anonymous. Invalid credentials get 401; they are never treated as anonymous.
// Credentials that cannot be checked get 503.
//
// failures limits the requests with invalid credentials; nil limits none. If an address has no failures
// left, its tokens are rejected before their signatures are checked, except tokens that this process
// has issued or accepted before, until they expire: other clients may share the address. Expired tokens do
// not count, and their signatures are not checked. Tokens of ended sessions and of missing accounts do not
// count either.
func Middleware(verifier Verifier, failures FailureLimit) func(http.Handler) http.Handler {
	g := newGate(verifier, failures)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			headers := r.Header["Authorization"]
			if len(headers) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			if v, ok := g.authenticate(w, r, headers); ok {
				next.ServeHTTP(w, r.WithContext(edu.WithViewer(r.Context(), v)))
			}
		})
	}
}

// gate authenticates requests with credentials.
type gate struct {
	verifier Verifier
	failures FailureLimit   // nil without a limit
	tokens   *Tokens        // knows the tokens that this process has issued or verified; nil with another verifier
	accepted acceptedTokens // of the identity provider, or of another verifier
}

func newGate(verifier Verifier, failures FailureLimit) *gate {
	g := &gate{verifier: verifier, failures: failures, accepted: newAcceptedTokens()}
	if a, ok := verifier.(*Authenticator); ok {
		g.tokens = a.Tokens
	}
	return g
}

// authenticate returns the viewer of a request's credentials. Otherwise it writes the rejection.
func (g *gate) authenticate(w http.ResponseWriter, r *http.Request, headers []string) (v edu.Viewer, ok bool) {
	token, err := parseBearerToken(headers)
	known := g.isOwnToken(token) || g.accepted.hasToken(token)
	if !known && g.failures != nil && g.failures.RejectBlocked(w, r) {
		return edu.Viewer{}, false
	}
	if err == nil {
		v, err = g.verifier.VerifyToken(r.Context(), token)
	}
	switch {
	case err == nil:
		if !known && !g.isOwnToken(token) { // a token of this server is known since it was verified
			g.accepted.addToken(token)
		}
		return v, true
	case known:
		if !errors.Is(err, edu.Unavailable) {
			g.accepted.removeToken(token) // its next failure counts
		}
		writeRejection(w, err)
	case g.failures != nil && isCountedFailure(err) && g.failures.RejectFailure(w, r):
	default:
		writeRejection(w, err)
	}
	return edu.Viewer{}, false
}

// isOwnToken reports whether this process has issued or verified a token of this server.
func (g *gate) isOwnToken(token string) bool { return g.tokens != nil && g.tokens.KnowsToken(token) }

// isCountedFailure reports whether an error counts as a failed authentication. The token of an ended
// session, or of an account that is missing or inactive, has a valid signature: its client shares the
// address with others, and is not guessing.
func isCountedFailure(err error) bool {
	for _, uncounted := range []error{edu.Unavailable, ErrTokenExpired, ErrSessionEnded, ErrNoAccount, ErrAccountInactive} {
		if errors.Is(err, uncounted) {
			return false
		}
	}
	return true
}

// parseBearerToken returns the token of the Authorization headers of a request.
func parseBearerToken(headers []string) (string, error) {
	if len(headers) > 1 {
		return "", edu.Errorf(edu.Unauthenticated, "there are %d Authorization headers: send one", len(headers))
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", edu.Errorf(edu.Unauthenticated, `only "Authorization: Bearer …" is accepted as credentials`)
	case len(token) > maxTokenBytes:
		return "", edu.Errorf(edu.Unauthenticated, "the token has %d bytes, the maximum is %d: sign in again", len(token), maxTokenBytes)
	}
	return token, nil
}

// writeRejection writes err as a GraphQL error response. A 401 has the challenge that RFC 6750
// section 3 requires.
func writeRejection(w http.ResponseWriter, err error) {
	problem, ok := errors.AsType[*edu.Error](err)
	if !ok { // the Verifier broke its contract
		problem = &edu.Error{Code: edu.Unauthenticated, Message: "the token is rejected: sign in again"}
	}
	status := http.StatusUnauthorized
	if problem.Code == edu.Unavailable {
		status = http.StatusServiceUnavailable
	} else {
		w.Header().Set("WWW-Authenticate", `Bearer realm="7p", error="invalid_token"`)
	}
	response.WriteError(w, status, string(problem.Code), problem.Message)
}
