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
