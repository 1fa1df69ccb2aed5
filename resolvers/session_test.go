package resolvers_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	authn "github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// entry is an api with sessions.
type entry struct {
	*api
	tokens *authn.Tokens

	mu      sync.Mutex
	revoked []edu.Viewer
}

const accessTTL, refreshTTL = 15 * time.Minute, 720 * time.Hour

func setupSessions(t *testing.T, dsn string) *entry {
	t.Helper()
	tokens, err := authn.NewTokens(strings.Repeat("s", authn.MinSecretBytes), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	e := &entry{tokens: tokens}
	e.api = &api{db: testdb.OpenPool(t, dsn), store: s, handler: gql.New(gql.Options{
		Limits: severalLogins(),
		Store:  s, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Introspection: true,
		Sessions: resolvers.SessionOptions{
			Tokens: tokens, AccessTTL: accessTTL, RefreshTTL: refreshTTL,
			RevokeTokens: func(_ context.Context, user, session int64) {
				e.mu.Lock()
				defer e.mu.Unlock()
				e.revoked = append(e.revoked, edu.Viewer{ID: user, Session: session})
			},
		},
	})}
	return e
}

const sessionFields = `{ accessToken refreshToken expiresAt user { name email lastLogin preferences { theme } } userErrors { code message field } }`

var (
	signUp  = "mutation($input: SignUpInput!) { session: signUp(input: $input) " + sessionFields + " }"
	signIn  = "mutation($input: SignInInput!) { session: signIn(input: $input) " + sessionFields + " }"
	renew   = "mutation($input: RefreshSessionInput!) { session: refreshSession(input: $input) " + sessionFields + " }"
	signOut = "mutation { signOut { signedOut } }"
)

// session is what a mutation gave, with whom its access token names.
type session struct {
	access, refresh string
	viewer          edu.Viewer
	user            any
	problems        []any
	answer
}

// start runs a mutation that gives a session or userErrors, and holds it to
// giving either.
func (e *entry) start(t *testing.T, as edu.Viewer, mutation string, input map[string]any) session {
	t.Helper()
	got := e.ask(t, as, mutation, map[string]any{"input": input})
	if len(got.Errors) > 0 {
		t.Fatalf("answered %s", got.body)
	}
	p, _ := got.Data["session"].(map[string]any)
	s := session{answer: got, user: p["user"]}
	s.problems, _ = p["userErrors"].([]any)
	s.access, _ = p["accessToken"].(string)
	s.refresh, _ = p["refreshToken"].(string)
	if len(s.problems) > 0 {
		if s.access != "" || s.refresh != "" || s.user != nil || p["expiresAt"] != nil {
			t.Errorf("tokens beside userErrors: %s", got.body)
		}
		return s
	}
	var err error
	if s.viewer, err = e.tokens.VerifyToken(t.Context(), s.access); err != nil {
		t.Fatalf("the access token is refused: %v: %s", err, got.body)
	}
	expires, err := time.Parse(time.RFC3339, fmt.Sprint(p["expiresAt"]))
	if left := time.Until(expires); err != nil || left > accessTTL || left < accessTTL-time.Minute {
		t.Errorf("expires at %v: %v", p["expiresAt"], err)
	}
	return s
}

func (e *entry) signUp(t *testing.T, name, email, password string) session {
	t.Helper()
	return e.start(t, anonymous, signUp, map[string]any{"name": name, "email": email, "password": password})
}

func (e *entry) signIn(t *testing.T, email, password string) session {
	t.Helper()
	return e.start(t, anonymous, signIn, map[string]any{"email": email, "password": password})
}

func (e *entry) refresh(t *testing.T, token string) session {
	t.Helper()
	return e.start(t, anonymous, renew, map[string]any{"refreshToken": token})
}

// refused holds a session to one problem of a code at a field.
func (s session) refused(t *testing.T, code edu.UserErrorCode, field ...any) {
	t.Helper()
	if len(s.problems) != 1 || at(s.problems, 0, "code") != string(code) || !cmp.Equal(at(s.problems, 0, "field"), field) {
		t.Errorf("answered %s, want %s at %v", s.body, code, field)
	}
}

const password = "a tall ship and a star"

// From sign-up to sign-out, as a front end goes.
func TestSessionLife(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.New(t))
	up := e.signUp(t, "Ada Lovelace", "Ada@7p.example", password)
	if want := map[string]any{"name": "Ada Lovelace", "email": "Ada@7p.example", "preferences": map[string]any{"theme": "system"}, "lastLogin": at(up.user, "lastLogin")}; !cmp.Equal(want, up.user) || at(up.user, "lastLogin") == nil {
		t.Errorf("the user of a sign-up is %v", up.user)
	}
	if up.viewer.Role != edu.RoleStudent || up.viewer.Session == 0 {
		t.Errorf("the access token names %+v", up.viewer)
	}
	in := e.signIn(t, "ADA@7P.EXAMPLE", password)
	if !cmp.Equal(at(in.user, "name"), any("Ada Lovelace")) || at(in.user, "lastLogin") == at(up.user, "lastLogin") {
		t.Errorf("the user of a sign-in is %v, was %v", in.user, up.user)
	}
	again := e.refresh(t, in.refresh)
	if again.viewer != in.viewer || again.refresh == in.refresh || at(again.user, "lastLogin") != at(in.user, "lastLogin") {
		t.Errorf("refreshed %+v to %+v", in, again)
	}
	if in.viewer.Session == up.viewer.Session {
		t.Error("two sign-ins share a session")
	}
	if d := e.data(t, again.viewer, signOut, nil); at(d, "signOut", "signedOut") != true {
		t.Errorf("signing out: %v", d)
	}
	if want := []edu.Viewer{{ID: in.viewer.ID, Session: in.viewer.Session}}; !cmp.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want %v", e.revoked, want)
	}
	e.refresh(t, again.refresh).refused(t, edu.UserInvalidCredentials, "input", "refreshToken")
	if left := e.refresh(t, up.refresh); left.viewer != up.viewer {
		t.Errorf("the other session ended too: %s", left.body)
	}
	// A token that belongs to no session, as `7p token` makes.
	if d := e.data(t, edu.Viewer{ID: up.viewer.ID, Role: edu.RoleStudent}, signOut, nil); at(d, "signOut", "signedOut") != false {
		t.Errorf("signing out of nothing: %v", d)
	}
	wantRefusal(t, e.ask(t, anonymous, signOut, nil), edu.Unauthenticated)
}

// From a session's field on, an operation is its user's; after signOut, nobody's.
func TestSessionWithinAnOperation(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	got := e.ask(t, anonymous, fmt.Sprintf(`mutation {
		first: signIn(input: { email: "student@7p.example", password: %[1]q }) { user { email enrollments(first: 1) { totalCount } } }
		speed: updatePreferences(input: { playbackSpeed: 2 }) { user { email preferences { playbackSpeed } } userErrors { code } }
		second: signIn(input: { email: "instructor@7p.example", password: %[1]q }) { ...Session }
		failed: signIn(input: { email: "admin@7p.example", password: "not this one" }) { ...Session }
		still: updatePreferences(input: { theme: "dark" }) { user { email preferences { theme } } }
		signOut { signedOut }
		nobody: updatePreferences(input: { theme: "light" }) { user { email } }
	} fragment Session on SessionPayload { who: user { mail: email role } }`, demo.Password), nil)
	want := map[string]any{
		"first":   map[string]any{"user": map[string]any{"email": "student@7p.example", "enrollments": map[string]any{"totalCount": 24.0}}},
		"speed":   map[string]any{"user": map[string]any{"email": "student@7p.example", "preferences": map[string]any{"playbackSpeed": 2.0}}, "userErrors": []any{}},
		"second":  map[string]any{"who": map[string]any{"mail": "instructor@7p.example", "role": "INSTRUCTOR"}},
		"failed":  map[string]any{"who": nil},
		"still":   map[string]any{"user": map[string]any{"email": "instructor@7p.example", "preferences": map[string]any{"theme": "dark"}}},
		"signOut": map[string]any{"signedOut": true},
	}
	delete(got.Data, "nobody")
	if len(got.Errors) != 1 || got.Errors[0].code() != string(edu.Unauthenticated) || !cmp.Equal(got.Errors[0].Path, []any{"nobody"}) {
		t.Errorf("answered %s, want UNAUTHENTICATED at nobody alone", got.body)
	}
	if got.Data != nil {
		if diff := cmp.Diff(want, got.Data); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if n := one[int](t, e.api, "SELECT count(*) FROM sessions WHERE revoked_at IS NULL"); n != 1 {
		t.Errorf("%d sessions are left, want the student's", n)
	}
}

// What is wrong with a sign-up is told at its fields, all at once, and makes nothing.
func TestSignUpRefusals(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.New(t))
	e.signUp(t, "Ada Lovelace", "ada@7p.example", password)
	for name, tt := range map[string]struct {
		name, email, password string
		want                  []string
	}{
		"taken":             {"Ada", "ADA@7p.example", password, []string{"ALREADY_EXISTS email"}},
		"all wrong":         {"", "ada", "short", []string{"INVALID name", "INVALID email", "WEAK_PASSWORD password"}},
		"long name":         {strings.Repeat("a", 101), "a@7p.example", password, []string{"INVALID name"}},
		"two lines":         {"Ada\nLovelace", "a@7p.example", password, []string{"INVALID name"}},
		"blank name":        {"   ", "a@7p.example", password, []string{"INVALID name"}},
		"long email":        {"Ada", strings.Repeat("a", 244) + "@7p.example", password, []string{"INVALID email"}},
		"two at signs":      {"Ada", "a@b@7p.example", password, []string{"INVALID email"}},
		"space in email":    {"Ada", " a@7p.example", password, []string{"INVALID email"}},
		"not ASCII":         {"Ada", "ádá@7p.example", password, []string{"INVALID email"}},
		"NUL":               {"Ada", "a\x00@7p.example", password, []string{"INVALID email"}},
		"common password":   {"Ada", "a@7p.example", "Password123", []string{"WEAK_PASSWORD password"}},
		"name as password":  {"Ada Lovelace II", "a@7p.example", "ada lovelace ii", []string{"WEAK_PASSWORD password"}},
		"email as password": {"Ada", "a@7p.example", "A@7P.example", []string{"WEAK_PASSWORD password"}},
		"endless password":  {"Ada", "a@7p.example", strings.Repeat("a", 1025), []string{"WEAK_PASSWORD password"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := e.signUp(t, tt.name, tt.email, tt.password)
			var got []string
			for _, p := range s.problems {
				got = append(got, fmt.Sprint(at(p, "code"), " ", at(p, "field", 1)))
				if at(p, "field", 0) != "input" || len(fmt.Sprint(at(p, "message"))) < 10 {
					t.Errorf("answered %s", s.body)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	if n := one[int](t, e.api, "SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d accounts, want the first alone", n)
	}
}

// The longest and oddest that are taken.
func TestSignUpLimits(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.New(t))
	for _, tt := range [][3]string{
		{strings.Repeat("é", 100), strings.Repeat("a", 243) + "@7p.example", strings.Repeat("ж", 512)},
		{"李", "o'brien+7p@mail.7p.example", "пароль-наш"},
		{"a", "a@localhost", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"},
	} {
		if up := e.signUp(t, tt[0], tt[1], tt[2]); len(up.problems) > 0 {
			t.Errorf("%.40q: %s", tt[1], up.body)
		} else if in := e.signIn(t, tt[1], tt[2]); in.viewer.ID != up.viewer.ID {
			t.Errorf("%.40q: signed in: %s", tt[1], in.body)
		}
	}
}

// Whoever may not in gets the very same answer, whatever the reason.
func TestSignInRefusals(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	e.exec(t, "UPDATE users SET active = false WHERE id = 2")
	e.exec(t, "UPDATE users SET password_hash = NULL WHERE id = 3")
	e.exec(t, "UPDATE users SET password_hash = 'plain text' WHERE id = 4")
	broken := one[string](t, e.api, "SELECT email FROM users WHERE id = 4")
	wrong := e.signIn(t, "student@7p.example", "correct horse batterie")
	wrong.refused(t, edu.UserInvalidCredentials, "input")
	for name, credentials := range map[string][2]string{
		"unknown": {"nobody@7p.example", demo.Password}, "not active": {"instructor@7p.example", demo.Password},
		"no password": {"admin@7p.example", ""}, "a hash that is none": {broken, "plain text"},
		"empty": {"student@7p.example", ""}, "endless": {"student@7p.example", strings.Repeat("x", 50_000)},
		"a pattern": {"%@7p.example", demo.Password}, "no email at all": {"' OR true --", demo.Password},
	} {
		if got := e.signIn(t, credentials[0], credentials[1]); string(got.body) != string(wrong.body) {
			t.Errorf("%s: answered %s, want %s", name, got.body, wrong.body)
		}
	}
	if n := one[int](t, e.api, "SELECT count(*) FROM sessions"); n != 0 {
		t.Errorf("%d sessions were made", n)
	}
}

// A hash of weaker parameters is made anew by the sign-in that proved the
// password; several at once all get in.
func TestSignInRenewsHashes(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	const weak = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$8Tf44YakA6Z5zNBgblq13Nr+Q8FkCFWsjG4z6b1j7rM" // of "password"
	e.exec(t, "UPDATE users SET password_hash = $1 WHERE id = 1", weak)
	if got := e.signIn(t, "student@7p.example", "another one"); len(got.problems) != 1 {
		t.Errorf("answered %s", got.body)
	}
	if one[string](t, e.api, "SELECT password_hash FROM users WHERE id = 1") != weak {
		t.Error("a wrong password changed the hash")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := e.signIn(t, "student@7p.example", "password"); len(got.problems) > 0 {
				t.Errorf("answered %s", got.body)
			}
		})
	}
	wg.Wait()
	if got := one[string](t, e.api, "SELECT password_hash FROM users WHERE id = 1"); !strings.HasPrefix(got, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s", got)
	}
	if got := e.signIn(t, "student@7p.example", "password"); len(got.problems) > 0 {
		t.Errorf("answered %s", got.body)
	}
}

// A spent refresh token that comes back ends its session for good, and every
// refusal is the same.
func TestRefreshRefusals(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	in := e.signIn(t, "student@7p.example", demo.Password)
	next := e.refresh(t, in.refresh)
	reused := e.refresh(t, in.refresh)
	reused.refused(t, edu.UserInvalidCredentials, "input", "refreshToken")
	if want := []edu.Viewer{{ID: 1, Session: in.viewer.Session}}; !cmp.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want %v", e.revoked, want)
	}
	expired, gone := e.signIn(t, "instructor@7p.example", demo.Password), e.signIn(t, "admin@7p.example", demo.Password)
	e.exec(t, "UPDATE refresh_tokens SET expires_at = now() WHERE session_id = $1", expired.viewer.Session)
	e.exec(t, "UPDATE users SET active = false WHERE id = 3")
	unknown, _ := authn.NewRefreshToken()
	for name, token := range map[string]string{
		"the one after": next.refresh, "expired": expired.refresh, "not active": gone.refresh, "unknown": unknown,
		"empty": "", "access token": in.access, "text": "'; DROP TABLE sessions; --", "long": strings.Repeat("A", 50_000),
	} {
		if got := e.refresh(t, token); string(got.body) != string(reused.body) {
			t.Errorf("%s: answered %s, want %s", name, got.body, reused.body)
		}
	}
}

// Of those who refresh with one token at once, one gets a session.
func TestRefreshAtOnce(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	in := e.signIn(t, "student@7p.example", demo.Password)
	results := make(chan session, 6)
	var wg sync.WaitGroup
	for range cap(results) {
		wg.Go(func() { results <- e.refresh(t, in.refresh) })
	}
	wg.Wait()
	close(results)
	won := 0
	for got := range results {
		if len(got.problems) == 0 {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of %d got a session, want 1", won, cap(results))
	}
}

// The database keeps neither passwords nor tokens.
func TestSessionsAtRest(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.New(t))
	up := e.signUp(t, "Ada", "ada@7p.example", password)
	next := e.refresh(t, up.refresh)
	stored := one[string](t, e.api, `SELECT string_agg(r, ' ') FROM (
		SELECT u::text FROM users u UNION ALL SELECT s::text FROM sessions s
		UNION ALL SELECT t::text || encode(t.hash, 'escape') || encode(t.hash, 'base64') FROM refresh_tokens t) rows (r)`)
	for what, secret := range map[string]string{"password": password, "refresh token": up.refresh, "next": next.refresh, "access token": up.access} {
		if strings.Contains(stored, secret) {
			t.Errorf("the %s is in the database", what)
		}
	}
}

// The tokens of a refresh are given even if the user cannot be read after it.
func TestRefreshOutlivesAFailedRead(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	in := e.signIn(t, "student@7p.example", demo.Password)
	e.exec(t, `UPDATE users SET preferences = '{"theme": 7}' WHERE id = 1`) // no theme that can be read
	got := e.ask(t, anonymous, renew, map[string]any{"input": map[string]any{"refreshToken": in.refresh}})
	if len(got.Errors) != 1 || got.Errors[0].code() != "INTERNAL_SERVER_ERROR" || !cmp.Equal(got.Errors[0].Path, []any{"session", "user"}) {
		t.Errorf("answered %s, want an error at the user", got.body)
	}
	token, _ := at(got.Data, "session", "refreshToken").(string)
	e.exec(t, `UPDATE users SET preferences = '{}' WHERE id = 1`)
	if e.refresh(t, token).viewer != in.viewer {
		t.Errorf("answered %s, want tokens", got.body)
	}
}

// severalLogins are limits that let one operation sign in more than once.
func severalLogins() limits.Limits {
	l := limits.Defaults()
	l.Logins = 3
	return l
}
