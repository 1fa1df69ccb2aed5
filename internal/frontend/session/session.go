// Package session signs browsers in with cookies that no script can read. The cookies hold the same tokens that other
// clients store themselves; they are exchanged by the same operations, with the same limits.
package session

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/frontend/api"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

// requestHeader must have the value requestValue in requests to the API that use the cookies. A page of another origin
// cannot send the header unless CORS allows it.
const (
	requestHeader = "X-Requested-With"
	requestValue  = "7p-app"
)

// Verifier verifies access tokens. It is an auth.Verifier.
type Verifier interface {
	VerifyToken(ctx context.Context, token string) (edu.Viewer, error)
}

// Sessions are the sessions of browsers.
type Sessions struct {
	// API executes the operations of sessions by their text.
	API api.Client
	// Tokens verifies access tokens.
	Tokens Verifier
	// RefreshTTL is how long a refresh token is valid.
	RefreshTTL time.Duration
}

// Viewer is the signed-in user as pages show it.
type Viewer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// Credentials are what the cookies of a request are worth.
type Credentials struct {
	// Token is a valid access token, "" for an anonymous request.
	Token string
	// Ended reports that the cookies belong to a session that has ended. They are removed from the browser.
	Ended bool
	// Failure is the response to a refresh that may succeed later, nil for none.
	Failure *api.Response
}

// Resolve returns the credentials of a request. If only the refresh token is valid, it is exchanged, and the response
// sets the new cookies.
func (s *Sessions) Resolve(w http.ResponseWriter, r *http.Request) Credentials {
	access, refresh := readCookie(r, accessCookie), readCookie(r, refreshCookie)
	if access != "" {
		if _, err := s.Tokens.VerifyToken(r.Context(), access); err == nil || errors.Is(err, edu.Unavailable) {
			return Credentials{Token: access}
		}
	}
	if refresh == "" {
		if access == "" {
			return Credentials{}
		}
		clearCookies(w, r)
		return Credentials{Ended: true}
	}
	// The request is recorded for the operation that it is for.
	exchanged := s.start(middleware.TransferRequest(r.Context(), r.Context()), w, r, refreshText, map[string]any{"refreshToken": refresh})
	switch {
	case exchanged.token != "":
		return Credentials{Token: exchanged.token}
	case len(exchanged.problems) > 0:
		clearCookies(w, r)
		return Credentials{Ended: true}
	}
	return Credentials{Failure: exchanged.response}
}

// Authenticate turns the cookies of requests from this server's own pages into access tokens. All other requests,
// including WebSockets, pass without them.
func (s *Sessions) Authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header["Authorization"] != nil || r.Header["Cookie"] == nil || r.Header.Get(requestHeader) != requestValue || !IsSameOrigin(r) {
			next.ServeHTTP(w, r)
			return
		}
		c := s.Resolve(w, r)
		switch {
		case c.Failure != nil:
			c.Failure.Write(w)
			return
		case c.Ended:
			response.WriteError(w, http.StatusUnauthorized, string(edu.Unauthenticated), "the session has ended: sign in again")
			return
		case c.Token != "":
			r = r.Clone(r.Context())
			r.Header["Authorization"] = []string{"Bearer " + c.Token}
		}
		next.ServeHTTP(w, r)
	})
}

// ReadViewer returns the user of an access token, nil if it cannot be read.
func (s *Sessions) ReadViewer(r *http.Request, token string) *Viewer {
	var data struct{ Viewer *Viewer }
	s.API.Send(middleware.TransferRequest(r.Context(), r.Context()), r, api.Operation{Text: viewerText, Method: api.Query, Token: token}).Data(&data)
	return data.Viewer
}

// started is the result of an operation that starts or continues a session.
type started struct {
	token    string // the access token, "" if there is no session
	viewer   *Viewer
	problems []problem // with what the user entered
	response *api.Response
}

// problem is a UserError of the schema.
type problem struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Field   []string `json:"field"`
}

// start executes an operation that starts or continues a session, and sets its cookies.
func (s *Sessions) start(ctx context.Context, w http.ResponseWriter, r *http.Request, text string, input map[string]any) started {
	resp := s.API.Send(ctx, r, api.Operation{Text: text, Method: api.Post, Variables: map[string]any{"input": input}})
	var data struct {
		Session struct {
			AccessToken  string
			RefreshToken string
			ExpiresAt    time.Time
			User         *Viewer
			UserErrors   []problem
		}
	}
	resp.Data(&data)
	setErrorStatus(resp)
	session := data.Session
	if session.AccessToken != "" {
		setCookie(w, r, accessCookie, session.AccessToken, time.Until(session.ExpiresAt)-earlyExpiry)
		setCookie(w, r, refreshCookie, session.RefreshToken, s.RefreshTTL)
	}
	return started{token: session.AccessToken, viewer: session.User, problems: session.UserErrors, response: resp}
}

// setErrorStatus gives a response without data, which the endpoint sends with 200 if the operation failed while it was
// executed, the status of its first error.
func setErrorStatus(r *api.Response) {
	var envelope struct {
		Errors []struct{ Extensions struct{ Code string } }
	}
	if r.Status == http.StatusOK && !r.Data(&struct{}{}) && json.Unmarshal(r.Body, &envelope) == nil && len(envelope.Errors) > 0 {
		r.Status = response.HTTPStatusOf(envelope.Errors[0].Extensions.Code)
	}
}

// The operations of sessions.
const (
	sessionFields = `{ accessToken refreshToken expiresAt user { id name role } userErrors { code message field } }`
	signInText    = `mutation SignIn($input: SignInInput!) { session: signIn(input: $input) ` + sessionFields + ` }`
	signUpText    = `mutation SignUp($input: SignUpInput!) { session: signUp(input: $input) ` + sessionFields + ` }`
	refreshText   = `mutation RefreshSession($input: RefreshSessionInput!) { session: refreshSession(input: $input) ` + sessionFields + ` }`
	signOutText   = `mutation SignOut { signOut { signedOut } }`
	viewerText    = `query PageViewer { viewer { id name role } }`
)

// Texts returns the operations of sessions.
func Texts() []string { return []string{signInText, signUpText, refreshText, signOutText, viewerText} }

// writeJSON writes a response that caches must not store.
func writeJSON(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only if the client has disconnected
}
