package e2e

import (
	"strings"
	"testing"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
)

// A production environment with a misspelled DATABASE_URL starts no server and no command.
func TestProductionDoesNotBecomeDemo(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URI=postgres://7p:hunter2@db.example/edu", "JWT_SECRET=" + secret, "REDIS_URL=redis://:hunter2@cache.example", "EMBEDDED_POSTGRES_DIR=" + newDataDir(t)}
	for _, args := range [][]string{nil, {"config"}, {"token", "--email", student}, {"account", "deactivate", "--email", student}} {
		stdout, stderr, code := run7p(t, env, args...)
		if code != 1 || !strings.Contains(stderr, "DATABASE_URL: not set") || !strings.Contains(stderr, "is DATABASE_URI meant to be DATABASE_URL?") {
			t.Errorf("7p %q: exit code %d: %s", args, code, stderr)
		}
		if strings.Contains(stdout+stderr, "hunter2") || strings.Contains(stdout+stderr, secret) {
			t.Errorf("7p %q shows a secret:\n%s%s", args, stdout, stderr)
		}
	}
}

// A server on the operator's database has no demo data and no demo accounts, and reports misspelled
// variables by name.
func TestOperatorsDatabaseHasNoDemoAccounts(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	p := serve7p(t, "DATABASE_URL="+dsn, "JWT_SECRET="+secret, "REDIS_URI=redis://:hunter2@cache.example")
	for _, email := range []string{student, "instructor@7p.example", "admin@7p.example"} {
		if _, a := p.startSession(t, signIn, map[string]string{"email": email, "password": demo.Password}); a.At("session", "userErrors", 0, "code") != "INVALID_CREDENTIALS" {
			t.Errorf("%s: %+v", email, a)
		}
	}
	var users int
	if err := testdb.OpenPool(t, dsn).QueryRow(t.Context(), "SELECT count(*) FROM users").Scan(&users); err != nil || users != 0 {
		t.Errorf("%d users, %v", users, err)
	}
	warning := p.await(t, "variable", "REDIS_URI")
	if warning["setting"] != "REDIS_URL" || warning["level"] != "WARN" || strings.Contains(p.stdout.String(), "hunter2") {
		t.Errorf("the warning is %v", warning)
	}
}
