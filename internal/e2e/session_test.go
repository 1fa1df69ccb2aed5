package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
)

const (
	given      = "{ accessToken refreshToken user { email } userErrors { code } }"
	signUp     = "mutation($in: SignUpInput!) { session: signUp(input: $in) " + given + " }"
	signIn     = "mutation($in: SignInInput!) { session: signIn(input: $in) " + given + " }"
	refresh    = "mutation($in: RefreshSessionInput!) { session: refreshSession(input: $in) " + given + " }"
	signOut    = "mutation { signOut { signedOut } }"
	signInText = `mutation { session: signIn(input: { email: "student@7p.example", password: %s }) ` + given + " }"
)

// pair is what a session gave.
type pair struct{ access, refresh string }

func (p pair) bearer() string { return "Authorization: Bearer " + p.access }

// start runs a mutation that gives a session.
func (p *program) start(t *testing.T, mutation string, in map[string]string, headers ...string) (pair, answer) {
	t.Helper()
	variables, err := json.Marshal(map[string]any{"in": in})
	if err != nil {
		t.Fatal(err)
	}
	a := p.query(t, mutation, variables, headers...)
	access, _ := at(a.Data, "session", "accessToken").(string)
	refresh, _ := at(a.Data, "session", "refreshToken").(string)
	return pair{access, refresh}, a
}

// The access tokens of a session die with it: by signing out, and by a spent
// refresh token that comes again.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret)
	in := map[string]string{"email": student, "password": demo.Password}
	who := func(s pair) answer { return p.query(t, whoAmI, nil, s.bearer()) }
	first, a := p.start(t, signIn, in)
	if at(a.Data, "session", "user", "email") != student || at(who(first).Data, "viewer", "email") != student {
		t.Fatalf("not signed in: %+v", a)
	}
	if a := p.query(t, signOut, nil, first.bearer()); at(a.Data, "signOut", "signedOut") != true {
		t.Errorf("not signed out: %+v", a)
	}
	if a := who(first); a.Status != http.StatusUnauthorized || a.code() != "UNAUTHENTICATED" {
		t.Errorf("an access token outlives signOut: %+v", a)
	}
	second, _ := p.start(t, signIn, in)
	// An answer that was lost may be asked for again with its key.
	third, _ := p.start(t, refresh, map[string]string{"refreshToken": second.refresh}, "Idempotency-Key: once")
	if again, _ := p.start(t, refresh, map[string]string{"refreshToken": second.refresh}, "Idempotency-Key: once"); again != third || third.access == "" {
		t.Errorf("refreshed to %+v, and by the same key to %+v", third, again)
	}
	if at(who(second).Data, "viewer", "email") != student || at(who(third).Data, "viewer", "email") != student {
		t.Error("refreshing ended the session")
	}
	if _, a := p.start(t, refresh, map[string]string{"refreshToken": second.refresh}); at(a.Data, "session", "userErrors", 0, "code") != "INVALID_CREDENTIALS" {
		t.Errorf("a spent token was answered %+v", a)
	}
	for _, stolen := range []pair{second, third} {
		if a := who(stolen); a.Status != http.StatusUnauthorized {
			t.Errorf("an access token outlives the theft of its session: %+v", a)
		}
	}
	if a := p.query(t, signOut, nil); a.code() != "UNAUTHENTICATED" {
		t.Errorf("signing out without a token: %+v", a)
	}
}

// breakages are what happens to the database in the middle of a session's
// mutations, and how it is undone. PostgreSQL tells whole rows in the details of
// some of these errors.
var breakages = map[string][2]string{
	"no row fits tokens": {
		"ALTER TABLE refresh_tokens ADD CONSTRAINT none CHECK (created_at < '2000-01-01') NOT VALID", "ALTER TABLE refresh_tokens DROP CONSTRAINT none",
	},
	"no row fits users": {
		"ALTER TABLE users ADD CONSTRAINT none CHECK (last_login < '2000-01-01') NOT VALID", "ALTER TABLE users DROP CONSTRAINT none",
	},
	"no tokens": {"ALTER TABLE refresh_tokens RENAME TO away", "ALTER TABLE away RENAME TO refresh_tokens"},
	"connections die": {
		`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
		CREATE TRIGGER die BEFORE INSERT ON refresh_tokens FOR EACH ROW EXECUTE FUNCTION die()`,
		"DROP FUNCTION die() CASCADE",
	},
}

// No password, token or hash is in the log or in an error, whatever goes wrong.
func TestSessionsTellNoSecrets(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	db := testdb.OpenPool(t, dsn)
	p := serve7p(t, "DATABASE_URL="+dsn, "JWT_SECRET="+secret, "LOG_LEVEL=debug")
	k := &keeper{t: t, p: p, secrets: map[string]string{"the key": secret}}

	k.run("signed up", signUp, map[string]string{"name": "Ada", "email": "ada@7p.example", "password": "hush of the signed up"}, "")
	live := k.run("signed in", signIn, map[string]string{"email": student, "password": demo.Password}, "")
	k.run("taken", signUp, map[string]string{"name": "Eve", "email": student, "password": "hush of the taken"}, "ALREADY_EXISTS")
	k.run("weak", signUp, map[string]string{"name": "Eve", "email": "eve@7p.example", "password": "hush short"[:9]}, "WEAK_PASSWORD")
	k.run("wrong", signIn, map[string]string{"email": student, "password": "hush of the wrong"}, "INVALID_CREDENTIALS")
	k.run("nobody", signIn, map[string]string{"email": "no@7p.example", "password": "hush of nobody"}, "INVALID_CREDENTIALS")
	next := k.run("refreshed", refresh, map[string]string{"refreshToken": live.refresh}, "")
	for name, sql := range breakages {
		k.exec(db, sql[0])
		k.run(name+": sign-up", signUp, map[string]string{"name": "Bob", "email": "bob@7p.example", "password": "hush of " + name}, "failed")
		k.run(name+": sign-in", signIn, map[string]string{"email": student, "password": demo.Password}, "failed")
		if !strings.Contains(name, "users") { // which refreshing leaves alone
			k.run(name+": refreshing", refresh, map[string]string{"refreshToken": next.refresh}, "failed")
		}
		k.exec(db, sql[1])
	}
	next = k.run("refreshed again", refresh, map[string]string{"refreshToken": next.refresh}, "")
	k.run("reused", refresh, map[string]string{"refreshToken": live.refresh}, "INVALID_CREDENTIALS")
	k.run("revoked", refresh, map[string]string{"refreshToken": next.refresh}, "INVALID_CREDENTIALS")
	k.run("no token", refresh, map[string]string{"refreshToken": "hush of no token"}, "INVALID_CREDENTIALS")
	k.refused("a revoked token", "{\"query\":\"{ viewer { email } }\"}", next.bearer())
	k.refused("half a token", "{\"query\":\"{ viewer { email } }\"}", next.bearer()[:80])
	// In the text, where they do not belong, and where it breaks.
	k.keep("text", "hush of the text")
	for _, literal := range []string{`{ is: "hush of the text" }`, `["hush of the text"]`, `"hush of the text`, `"hush of the text" "hush of the text"`, `"hush of the text", nothing: 1`} {
		text, _ := json.Marshal(map[string]any{"query": fmt.Sprintf(signInText, literal)})
		k.refused(literal, string(text))
	}
	k.refused("broken JSON", `{"query":"mutation","variables":{"in":{"password":"hush of the text"}`)
	k.refused("misfit", `{"query":"`+signIn+`","variables":{"in":{"email":1,"password":{"is":"hush of the text"}}}}`)
	k.refused("unknown field", `{"query":"`+signIn+`","variables":{"in":{"email":"a","password":"hush of the text","hush":"hush of the text"}}}`)

	for _, hash := range k.strings(db, `SELECT password_hash FROM users WHERE password_hash IS NOT NULL
		UNION SELECT encode(hash, form) FROM refresh_tokens, (VALUES ('hex'), ('base64')) f (form)`) {
		k.keep("a hash", hash)
	}
	const last = "the-last-request"
	p.ask(t, http.MethodGet, "/healthz", "", "X-Request-Id: "+last)
	p.await(t, "request_id", last)
	logged := p.stdout.String() + p.stderr.String()
	if n := strings.Count(logged, "a GraphQL field"); n < 8 {
		t.Errorf("%d failures are in the log, want those of the broken database:\n%s", n, logged)
	}
	k.silent("the log", logged)
}

// keeper knows the secrets of a test and watches what is told.
type keeper struct {
	t       *testing.T
	p       *program
	secrets map[string]string
}

func (k *keeper) keep(name, secret string) {
	if len(secret) > 5 {
		k.secrets[name+fmt.Sprint(len(k.secrets))] = secret
	}
}

func (k *keeper) silent(where, text string) {
	k.t.Helper()
	for name, secret := range k.secrets {
		if strings.Contains(text, secret) {
			k.t.Errorf("%s tells %s %q:\n%.2000s", where, name, secret, text)
		}
	}
}

// run runs a mutation that ends well, where want is "", with a user error of that
// code, or has "failed".
func (k *keeper) run(name, mutation string, in map[string]string, want string) pair {
	k.t.Helper()
	k.keep(name, in["password"])
	k.keep(name, in["refreshToken"])
	s, a := k.p.start(k.t, mutation, in)
	got, _ := at(a.Data, "session", "userErrors", 0, "code").(string)
	if code := a.code(); code == "INTERNAL_SERVER_ERROR" || code == "SERVICE_UNAVAILABLE" {
		got = "failed"
	}
	if got != want || (s.access != "") != (want == "") {
		k.t.Errorf("%s: answered %+v, want %q", name, a, want)
	}
	if want != "" {
		k.silent(name, fmt.Sprintf("%+v", a))
	}
	k.keep(name, s.access)
	k.keep(name, s.refresh)
	return s
}

// refused sends a body that must be refused.
func (k *keeper) refused(name, body string, headers ...string) {
	k.t.Helper()
	resp, text := k.p.ask(k.t, http.MethodPost, "/graphql", body, append(headers, "Content-Type: application/json")...)
	if !strings.Contains(text, `"errors"`) {
		k.t.Errorf("%s: answered %d %s, want a refusal", name, resp.StatusCode, text)
	}
	k.silent(name, text)
}

func (k *keeper) exec(db *pgxpool.Pool, sql string) {
	k.t.Helper()
	if _, err := db.Exec(k.t.Context(), sql); err != nil {
		k.t.Fatal(err)
	}
}

func (k *keeper) strings(db *pgxpool.Pool, sql string) []string {
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
