package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

// During an attack on an email, the owner signs in from the address of an earlier sign-in, and only with
// that email.
func TestOwnerSignsInDuringAttack(t *testing.T) {
	t.Parallel()
	const home, elsewhere = "198.51.100.7", "203.0.113."
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "TRUSTED_PROXIES=127.0.0.1", "RATE_LIMIT=100/15m", "RATE_LIMIT_SIGN_IN=50/15m", "RATE_LIMIT_EMAIL=2/15m")
	try := func(email, password, address string, headers ...string) gqltest.Result {
		_, a := p.startSession(t, signIn, map[string]string{"email": email, "password": password}, append(headers, "X-Forwarded-For: "+address)...)
		return a
	}
	if a := try(student, demo.Password, home); a.At("session", "user", "email") != student {
		t.Fatalf("not signed in: %+v", a)
	}
	if a := try(student, "a wrong password", elsewhere+"1"); a.At("session", "userErrors", 0, "code") != "INVALID_CREDENTIALS" { // after a second
		t.Errorf("the second attempt: %+v", a)
	}
	for name, a := range map[string]gqltest.Result{
		"an unknown address":            try(student, demo.Password, elsewhere+"2"),
		"an unknown address with a key": try(student, demo.Password, elsewhere+"3", "Idempotency-Key: once"),
	} {
		if a.Status != http.StatusTooManyRequests || a.Codes() != "RATE_LIMITED" || !strings.Contains(a.Errors[0].Message, "with this email: the limit is 2 in 15 minutes") {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if a := try(strings.ToUpper(student), demo.Password, home); a.At("session", "user", "email") != student {
		t.Errorf("the owner: %+v", a)
	}
	if a := try(student, demo.Password, home); a.Codes() != "RATE_LIMITED" {
		t.Errorf("more attempts of the owner's address than it has: %+v", a)
	}
	// An email without an account has the same limits.
	for n, want := range []string{"INVALID_CREDENTIALS", "INVALID_CREDENTIALS", ""} {
		a := try("nobody@7p.example", demo.Password, home)
		if code, _ := a.At("session", "userErrors", 0, "code").(string); code != want || (want == "") != (a.Codes() == "RATE_LIMITED") {
			t.Errorf("attempt %d with an unknown email: %+v", n, a)
		}
	}
}

// A refresh with a valid token is no attempt to sign in, and one with an invalid token is: an address without
// attempts can still refresh its sessions, and learns nothing about invalid tokens.
func TestInvalidRefreshesAreAttempts(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "RATE_LIMIT=100/15m", "RATE_LIMIT_SIGN_IN=4/15m", "RATE_LIMIT_EMAIL=off")
	in := map[string]string{"email": student, "password": demo.Password}
	first, _ := p.startSession(t, signIn, in)
	stolen, _ := p.startSession(t, signIn, in)
	current := first
	load := func(name string) {
		t.Helper()
		next, a := p.startSession(t, refresh, map[string]string{"refreshToken": current.refresh})
		if a.Status != http.StatusOK || a.At("session", "user", "email") != student {
			t.Fatalf("%s: %+v", name, a)
		}
		current = next
	}
	for range 6 {
		load("a valid refresh")
	}
	reject := func(name, token string, status int, codes, userCode string, headers ...string) {
		t.Helper()
		_, a := p.startSession(t, refresh, map[string]string{"refreshToken": token}, headers...)
		if got, _ := a.At("session", "userErrors", 0, "code").(string); a.Status != status || a.Codes() != codes || got != userCode {
			t.Errorf("%s: %+v, want %d %s%s", name, a, status, codes, userCode)
		}
	}
	unknown := strings.Repeat("A", 43)
	reject("the first attempt", unknown, http.StatusOK, "", "INVALID_CREDENTIALS") // right passwords took none
	for range 2 {
		if _, a := p.startSession(t, signIn, map[string]string{"email": student, "password": "wrong " + demo.Password}); a.At("session", "userErrors", 0, "code") != "INVALID_CREDENTIALS" {
			t.Errorf("a wrong password: %+v", a)
		}
	}
	reject("the fourth attempt", "no token", http.StatusOK, "", "INVALID_CREDENTIALS", "Idempotency-Key: fourth")
	reject("the fourth attempt again", "no token", http.StatusOK, "", "INVALID_CREDENTIALS", "Idempotency-Key: fourth")
	reject("the fifth attempt", unknown, http.StatusTooManyRequests, "RATE_LIMITED", "")
	reject("the sixth attempt", "no token", http.StatusTooManyRequests, "RATE_LIMITED", "", "Idempotency-Key: sixth")
	load("a valid refresh without attempts left")
	if _, a := p.startSession(t, signIn, in); a.Status != http.StatusTooManyRequests || a.Codes() != "RATE_LIMITED" {
		t.Errorf("a sign-in without attempts left: %+v", a)
	}
	// Without attempts left, a stolen token ends its session all the same.
	next, _ := p.startSession(t, refresh, map[string]string{"refreshToken": stolen.refresh})
	last, _ := p.startSession(t, refresh, map[string]string{"refreshToken": next.refresh})
	for _, headers := range [][]string{{"Idempotency-Key: stolen"}, nil} {
		reject("a stolen token", stolen.refresh, http.StatusTooManyRequests, "RATE_LIMITED", "", headers...)
	}
	reject("the token of an ended session", last.refresh, http.StatusTooManyRequests, "RATE_LIMITED", "")
	if a := p.query(t, whoAmI, nil, last.bearer()); a.Status != http.StatusUnauthorized {
		t.Errorf("an access token outlives the theft of its session: %+v", a)
	}
	load("another session")
}
