package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

const (
	fields     = "{ accessToken refreshToken user { email } userErrors { code } }"
	signUp     = "mutation($in: SignUpInput!) { session: signUp(input: $in) " + fields + " }"
	signIn     = "mutation($in: SignInInput!) { session: signIn(input: $in) " + fields + " }"
	refresh    = "mutation($in: RefreshSessionInput!) { session: refreshSession(input: $in) " + fields + " }"
	signOut    = "mutation { signOut { signedOut } }"
	signInText = `mutation { session: signIn(input: { email: "student@7p.example", password: %s }) ` + fields + " }"
)

// tokenPair has the tokens of a session.
type tokenPair struct{ access, refresh string }

func (p tokenPair) bearer() string { return "Authorization: Bearer " + p.access }

// startSession runs a mutation that starts or refreshes a session.
func (p *program) startSession(t *testing.T, mutation string, in map[string]string, headers ...string) (tokenPair, gqltest.Result) {
	t.Helper()
	a := p.query(t, mutation, map[string]any{"in": in}, headers...)
	access, _ := a.At("session", "accessToken").(string)
	refresh, _ := a.At("session", "refreshToken").(string)
	return tokenPair{access, refresh}, a
}

// The access tokens of a session end with it: by signing out, and by the reuse of a refresh token.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	db := testdb.OpenPool(t, dsn)
	p := serve7p(t, "DATABASE_URL="+dsn, "JWT_SECRET="+secret)
	in := map[string]string{"email": student, "password": demo.Password}
	queryViewer := func(s tokenPair) gqltest.Result { return p.query(t, whoAmI, nil, s.bearer()) }
	first, a := p.startSession(t, signIn, in)
	if a.At("session", "user", "email") != student || queryViewer(first).At("viewer", "email") != student {
		t.Fatalf("not signed in: %+v", a)
	}
	if a := p.query(t, signOut, nil, first.bearer()); a.At("signOut", "signedOut") != true {
		t.Errorf("not signed out: %+v", a)
	}
	if a := queryViewer(first); a.Status != http.StatusUnauthorized || a.Codes() != "UNAUTHENTICATED" {
		t.Errorf("an access token outlives signOut: %+v", a)
	}
	second, _ := p.startSession(t, signIn, in)
	// A client that lost the response may repeat the request with its key.
	third, _ := p.startSession(t, refresh, map[string]string{"refreshToken": second.refresh}, "Idempotency-Key: once")
	if again, _ := p.startSession(t, refresh, map[string]string{"refreshToken": second.refresh}, "Idempotency-Key: once"); again != third || third.access == "" {
		t.Errorf("refreshed to %+v, and by the same key to %+v", third, again)
	}
	// A page that is reloaded may repeat it with another key, or without one.
	for _, header := range []string{"Idempotency-Key: again", "X-Request-Id: again"} {
		if again, a := p.startSession(t, refresh, map[string]string{"refreshToken": second.refresh}, header); again.refresh != third.refresh || queryViewer(again).At("viewer", "email") != student {
			t.Errorf("%s: refreshed to %+v, and again to %+v: %+v", header, third, again, a)
		}
	}
	if queryViewer(second).At("viewer", "email") != student || queryViewer(third).At("viewer", "email") != student {
		t.Error("refreshing ended the session")
	}
	if _, err := db.Exec(t.Context(), "UPDATE refresh_tokens SET spent_at = spent_at - interval '10 seconds'"); err != nil {
		t.Fatal(err)
	}
	if _, a := p.startSession(t, refresh, map[string]string{"refreshToken": second.refresh}); a.At("session", "userErrors", 0, "code") != "INVALID_CREDENTIALS" {
		t.Errorf("a reused token: %+v", a)
	}
	for _, stolen := range []tokenPair{second, third} {
		if a := queryViewer(stolen); a.Status != http.StatusUnauthorized {
			t.Errorf("an access token outlives the theft of its session: %+v", a)
		}
	}
	if a := p.query(t, signOut, nil); a.Codes() != "UNAUTHENTICATED" {
		t.Errorf("signing out without a token: %+v", a)
	}
}

// breakages are the statements that break the database during the mutations of a session, and those
// that repair it. PostgreSQL reports whole rows in the details of some of these errors.
var breakages = map[string][2]string{
	"tokens reject every row": {
		"ALTER TABLE refresh_tokens ADD CONSTRAINT none CHECK (created_at < '2000-01-01') NOT VALID", "ALTER TABLE refresh_tokens DROP CONSTRAINT none",
	},
	"users reject every row": {
		"ALTER TABLE users ADD CONSTRAINT none CHECK (last_login < '2000-01-01') NOT VALID", "ALTER TABLE users DROP CONSTRAINT none",
	},
	"the table of tokens is missing": {"ALTER TABLE refresh_tokens RENAME TO away", "ALTER TABLE away RENAME TO refresh_tokens"},
	"connections break": {
		`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
		CREATE TRIGGER die BEFORE INSERT ON refresh_tokens FOR EACH ROW EXECUTE FUNCTION die()`,
		"DROP FUNCTION die() CASCADE",
	},
}

// No password, token or hash is in the log or in an error, even if the database breaks.
func TestSessionsLeakNoSecrets(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	db := testdb.OpenPool(t, dsn)
	p := serve7p(t, "DATABASE_URL="+dsn, "JWT_SECRET="+secret, "LOG_LEVEL=debug")
	k := &secretWatcher{t: t, p: p, secrets: map[string]string{"the key": secret}}

	k.runMutation("signed up", signUp, map[string]string{"name": "Ada", "email": "ada@7p.example", "password": "hush of the signed up"}, "")
	live := k.runMutation("signed in", signIn, map[string]string{"email": student, "password": demo.Password}, "")
	k.runMutation("taken", signUp, map[string]string{"name": "Eve", "email": student, "password": "hush of the taken"}, "ALREADY_EXISTS")
	k.runMutation("weak", signUp, map[string]string{"name": "Eve", "email": "eve@7p.example", "password": "hush short"[:9]}, "WEAK_PASSWORD")
	k.runMutation("wrong", signIn, map[string]string{"email": student, "password": "hush of the wrong"}, "INVALID_CREDENTIALS")
	k.runMutation("nobody", signIn, map[string]string{"email": "no@7p.example", "password": "hush of nobody"}, "INVALID_CREDENTIALS")
	next := k.runMutation("refreshed", refresh, map[string]string{"refreshToken": live.refresh}, "")
	for name, sql := range breakages {
		k.execSQL(db, sql[0])
		k.runMutation(name+": sign-up", signUp, map[string]string{"name": "Bob", "email": "bob@7p.example", "password": "hush of " + name}, "failed")
		k.runMutation(name+": sign-in", signIn, map[string]string{"email": student, "password": demo.Password}, "failed")
		if !strings.Contains(name, "users") { // refreshing does not write users
			k.runMutation(name+": refreshing", refresh, map[string]string{"refreshToken": next.refresh}, "failed")
		}
		k.execSQL(db, sql[1])
	}
	next = k.runMutation("refreshed again", refresh, map[string]string{"refreshToken": next.refresh}, "")
	k.runMutation("reused", refresh, map[string]string{"refreshToken": live.refresh}, "INVALID_CREDENTIALS")
	k.runMutation("revoked", refresh, map[string]string{"refreshToken": next.refresh}, "INVALID_CREDENTIALS")
	k.runMutation("no token", refresh, map[string]string{"refreshToken": "hush of no token"}, "INVALID_CREDENTIALS")
	k.checkRejected("a revoked token", "{\"query\":\"{ viewer { email } }\"}", next.bearer())
	k.checkRejected("half a token", "{\"query\":\"{ viewer { email } }\"}", next.bearer()[:80])
	// Secrets in the text of an operation, in the wrong place or with a syntax error.
	k.addSecret("text", "hush of the text")
	for _, literal := range []string{`{ is: "hush of the text" }`, `["hush of the text"]`, `"hush of the text`, `"hush of the text" "hush of the text"`, `"hush of the text", nothing: 1`} {
		k.checkRejected(literal, gqltest.QueryBody(fmt.Sprintf(signInText, literal), nil))
	}
	k.checkRejected("broken JSON", `{"query":"mutation","variables":{"in":{"password":"hush of the text"}`)
	k.checkRejected("misfit", `{"query":"`+signIn+`","variables":{"in":{"email":1,"password":{"is":"hush of the text"}}}}`)
	k.checkRejected("unknown field", `{"query":"`+signIn+`","variables":{"in":{"email":"a","password":"hush of the text","hush":"hush of the text"}}}`)

	for _, hash := range k.queryStrings(db, `SELECT password_hash FROM users WHERE password_hash IS NOT NULL
		UNION SELECT encode(hash, form) FROM refresh_tokens, (VALUES ('hex'), ('base64')) f (form)`) {
		k.addSecret("a hash", hash)
	}
	const last = "the-last-request"
	p.send(t, http.MethodGet, "/nowhere", "", "X-Request-Id: "+last)
	p.await(t, "request_id", last)
	logged := p.stdout.String() + p.stderr.String()
	if n := strings.Count(logged, "GraphQL field"); n < 8 {
		t.Errorf("%d failures in the log, want those of the broken database:\n%s", n, logged)
	}
	k.checkNoSecrets("the log", logged)
}

// secretWatcher has the secrets of a test and checks that no output contains them.
type secretWatcher struct {
	t       *testing.T
	p       *program
	secrets map[string]string
}

func (k *secretWatcher) addSecret(name, secret string) {
	if len(secret) > 5 {
		k.secrets[name+fmt.Sprint(len(k.secrets))] = secret
	}
}

func (k *secretWatcher) checkNoSecrets(where, text string) {
	k.t.Helper()
	for name, secret := range k.secrets {
		if strings.Contains(text, secret) {
			k.t.Errorf("%s has %s %q:\n%.2000s", where, name, secret, text)
		}
	}
}

// runMutation runs a mutation and checks its outcome: the code of a user error, "failed", or "" for
// success.
func (k *secretWatcher) runMutation(name, mutation string, in map[string]string, want string) tokenPair {
	k.t.Helper()
	k.addSecret(name, in["password"])
	k.addSecret(name, in["refreshToken"])
	s, a := k.p.startSession(k.t, mutation, in)
	got, _ := a.At("session", "userErrors", 0, "code").(string)
	if code := a.Codes(); code == "INTERNAL_SERVER_ERROR" || code == "SERVICE_UNAVAILABLE" {
		got = "failed"
	}
	if got != want || (s.access != "") != (want == "") {
		k.t.Errorf("%s: %+v, want %q", name, a, want)
	}
	if want != "" {
		k.checkNoSecrets(name, fmt.Sprintf("%+v", a))
	}
	k.addSecret(name, s.access)
	k.addSecret(name, s.refresh)
	return s
}

// checkRejected sends a body that must be rejected.
func (k *secretWatcher) checkRejected(name, body string, headers ...string) {
	k.t.Helper()
	resp := k.p.send(k.t, http.MethodPost, "/graphql", body, append(headers, isJSON)...)
	if !strings.Contains(resp.Text(), `"errors"`) {
		k.t.Errorf("%s: %s, want a rejection", name, resp)
	}
	k.checkNoSecrets(name, resp.Text())
}

func (k *secretWatcher) execSQL(db *pgxpool.Pool, sql string) {
	k.t.Helper()
	if _, err := db.Exec(k.t.Context(), sql); err != nil {
		k.t.Fatal(err)
	}
}

func (k *secretWatcher) queryStrings(db *pgxpool.Pool, sql string) []string {
	k.t.Helper()
	rows, err := db.Query(k.t.Context(), sql)
	if err != nil {
		k.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(list) < 3 {
		k.t.Fatalf("%d rows of %s: %v", len(list), sql, err)
	}
	return list
}
