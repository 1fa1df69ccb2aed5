package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

// rejection is the error response to a request; zero for an accepted one.
type rejection struct {
	status        int
	code, message string
}

// authenticate sends a request with the given Authorization headers through the middleware.
func authenticate(t *testing.T, v auth.Verifier, headers ...string) (edu.Viewer, rejection) {
	t.Helper()
	var viewer edu.Viewer
	reached := false
	h := auth.Middleware(v, nil)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		viewer, reached = edu.ViewerFrom(r.Context()), true
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil)
	r.Header["Authorization"] = headers
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if reached {
		return viewer, rejection{}
	}
	var response struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &response); err != nil || len(response.Errors) != 1 {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	if challenged := rec.Header().Get("WWW-Authenticate") != ""; challenged != (rec.Code == http.StatusUnauthorized) {
		t.Errorf("status %d with challenge %q", rec.Code, rec.Header().Get("WWW-Authenticate"))
	}
	return edu.Viewer{}, rejection{rec.Code, response.Errors[0].Extensions.Code, response.Errors[0].Message}
}

// TestMiddlewareRejects checks that the message of each rejection says what to do.
func TestMiddlewareRejects(t *testing.T) {
	t.Parallel()
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{
		{ID: 7}:             account,
		{ID: 7, Session: 1}: {ID: 7, Role: edu.RoleStudent, Active: true, SessionEnded: true},
		{ID: 8}:             {ID: 8, Role: edu.RoleStudent},
	}}
	a := &auth.Authenticator{Tokens: newTokens(t, secret, ""), Accounts: newAccountCache(t, k)}
	bearer := func(v edu.Viewer, at time.Time) string { return "Bearer " + issueTokenFor(t, v, at, time.Minute) }
	now := time.Now()
	good := bearer(student, now)
	if v, r := authenticate(t, a); v.SignedIn() || r != (rejection{}) {
		t.Errorf("without a header: %+v, %+v", v, r)
	}
	if v, r := authenticate(t, a, good); v.ID != 7 || v.Plan != edu.PlanPremium || r != (rejection{}) {
		t.Errorf("with a valid token: %+v, %+v", v, r)
	}
	for name, c := range map[string]struct {
		headers []string
		message string
	}{
		"expired":        {[]string{bearer(student, now.Add(-time.Hour))}, "the token has expired: refresh the session"},
		"broken":         {[]string{good + "x"}, "the token is not valid: sign in again"},
		"session ended":  {[]string{bearer(edu.Viewer{ID: 7, Role: edu.RoleStudent, Session: 1}, now)}, "the session has ended: sign in again"},
		"inactive":       {[]string{bearer(edu.Viewer{ID: 8, Role: edu.RoleStudent}, now)}, "the account is not active: contact support"},
		"no account":     {[]string{bearer(edu.Viewer{ID: 9, Role: edu.RoleStudent}, now)}, "there is no account for this token: sign in again, or sign up"},
		"too long":       {[]string{"Bearer " + strings.Repeat("x", 8193)}, "the token has 8193 bytes, the maximum is 8192: sign in again"},
		"maximum length": {[]string{"Bearer " + strings.Repeat("x", 8192)}, "the token is not valid: sign in again"},
		"two":            {[]string{good, good}, "there are 2 Authorization headers: send one"},
		"empty":          {[]string{""}, `only "Authorization: Bearer …" is accepted as credentials`},
		"another scheme": {[]string{"Basic eDp5"}, `only "Authorization: Bearer …" is accepted as credentials`},
	} {
		if _, r := authenticate(t, a, c.headers...); r != (rejection{http.StatusUnauthorized, "UNAUTHENTICATED", c.message}) {
			t.Errorf("%s: %+v, want 401 and %q", name, r, c.message)
		}
	}
}

// TestMiddlewareUnavailable checks that an account that cannot be checked gets 503, and that no
// response contains details of an internal error.
func TestMiddlewareUnavailable(t *testing.T) {
	t.Parallel()
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{{ID: 7}: account}, err: errors.New("secret detail")}
	a := &auth.Authenticator{Tokens: newTokens(t, secret, ""), Accounts: newAccountCache(t, k)}
	good := "Bearer " + issueToken(t, a.Tokens)
	want := rejection{http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "accounts cannot be checked just now: try again"}
	if _, r := authenticate(t, a, good); r != want {
		t.Errorf("%+v, want %+v", r, want)
	}
	if _, r := authenticate(t, a, good+"x"); r.status != http.StatusUnauthorized {
		t.Errorf("invalid token while accounts are unavailable: %+v", r)
	}
	if _, r := authenticate(t, brokenVerifier{}, good); r.code != "UNAUTHENTICATED" || strings.Contains(r.message, "detail") {
		t.Errorf("%+v", r)
	}
}

// brokenVerifier is a Verifier that breaks its contract: its error is no *edu.Error.
type brokenVerifier struct{}

func (brokenVerifier) VerifyToken(context.Context, string) (edu.Viewer, error) {
	return edu.Viewer{ID: 1}, errors.New("secret detail")
}
