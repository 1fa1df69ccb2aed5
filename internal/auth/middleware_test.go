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

// refused is how a request with these Authorization headers was refused; the zero
// refused is that it was not.
type refused struct {
	status        int
	code, message string
}

func ask(t *testing.T, v auth.Verifier, headers ...string) (edu.Viewer, refused) {
	t.Helper()
	var viewer edu.Viewer
	reached := false
	h := auth.Middleware(v)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		viewer, reached = edu.ViewerFrom(r.Context()), true
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil)
	r.Header["Authorization"] = headers
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if reached {
		return viewer, refused{}
	}
	var answer struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || len(answer.Errors) != 1 {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	if challenged := rec.Header().Get("WWW-Authenticate") != ""; challenged != (rec.Code == http.StatusUnauthorized) {
		t.Errorf("%d with the challenge %q", rec.Code, rec.Header().Get("WWW-Authenticate"))
	}
	return edu.Viewer{}, refused{rec.Code, answer.Errors[0].Extensions.Code, answer.Errors[0].Message}
}

// Each refusal says what to do about it.
func TestMiddlewareRefuses(t *testing.T) {
	t.Parallel()
	k := &known{accounts: map[auth.Identity]auth.Account{
		{ID: 7}:             account,
		{ID: 7, Session: 1}: {ID: 7, Role: edu.RoleStudent, Active: true, SessionEnded: true},
		{ID: 8}:             {ID: 8, Role: edu.RoleStudent},
	}}
	a := &auth.Authenticator{Tokens: made(t, secret, ""), Accounts: accountsOf(t, k)}
	bearer := func(v edu.Viewer, at time.Time) string { return "Bearer " + mint(t, v, at, time.Minute) }
	now := time.Now()
	good := bearer(somebody, now)
	if v, r := ask(t, a); v.SignedIn() || r != (refused{}) {
		t.Errorf("without a header: %+v, %+v", v, r)
	}
	if v, r := ask(t, a, good); v.ID != 7 || v.Plan != edu.PlanPremium || r != (refused{}) {
		t.Errorf("with a good one: %+v, %+v", v, r)
	}
	for name, c := range map[string]struct {
		headers []string
		message string
	}{
		"expired":        {[]string{bearer(somebody, now.Add(-time.Hour))}, "the token has expired: refresh the session"},
		"broken":         {[]string{good + "x"}, "the token is not valid: sign in again"},
		"session over":   {[]string{bearer(edu.Viewer{ID: 7, Role: edu.RoleStudent, Session: 1}, now)}, "the session has ended: sign in again"},
		"inactive":       {[]string{bearer(edu.Viewer{ID: 8, Role: edu.RoleStudent}, now)}, "the account is not active: ask support"},
		"nobody":         {[]string{bearer(edu.Viewer{ID: 9, Role: edu.RoleStudent}, now)}, "there is no account for this token: sign in again, or sign up"},
		"too long":       {[]string{"Bearer " + strings.Repeat("x", 8193)}, "the token has 8193 bytes, 8192 is the most: sign in again"},
		"just not":       {[]string{"Bearer " + strings.Repeat("x", 8192)}, "the token is not valid: sign in again"},
		"two":            {[]string{good, good}, "there are 2 Authorization headers: send one"},
		"empty":          {[]string{""}, `credentials are taken as "Authorization: Bearer …" only`},
		"another scheme": {[]string{"Basic eDp5"}, `credentials are taken as "Authorization: Bearer …" only`},
	} {
		if _, r := ask(t, a, c.headers...); r != (refused{http.StatusUnauthorized, "UNAUTHENTICATED", c.message}) {
			t.Errorf("%s: %+v, want 401 and %q", name, r, c.message)
		}
	}
}

// What cannot be checked is neither good nor bad, and a fault of ours is told
// without its details.
func TestMiddlewareUnavailable(t *testing.T) {
	t.Parallel()
	k := &known{accounts: map[auth.Identity]auth.Account{{ID: 7}: account}, err: errors.New("secret detail")}
	a := &auth.Authenticator{Tokens: made(t, secret, ""), Accounts: accountsOf(t, k)}
	good := "Bearer " + mintBy(t, a.Tokens)
	want := refused{http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "accounts cannot be checked just now: try again"}
	if _, r := ask(t, a, good); r != want {
		t.Errorf("%+v, want %+v", r, want)
	}
	if _, r := ask(t, a, good+"x"); r.status != http.StatusUnauthorized {
		t.Errorf("a broken token needs no database: %+v", r)
	}
	if _, r := ask(t, broken{}, good); r.code != "UNAUTHENTICATED" || strings.Contains(r.message, "detail") {
		t.Errorf("%+v", r)
	}
}

// broken is a Verifier that does not keep its word.
type broken struct{}

func (broken) VerifyToken(context.Context, string) (edu.Viewer, error) {
	return edu.Viewer{ID: 1}, errors.New("secret detail")
}
