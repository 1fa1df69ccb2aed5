package resolvers_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
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

// sessionAPI is a testAPI with sessions. It records the viewers whose tokens are revoked.
type sessionAPI struct {
	*testAPI
	tokens *authn.Tokens
	queued atomic.Int64 // announced mails

	mu      sync.Mutex
	revoked []edu.Viewer
}

const accessTTL, refreshTTL = 15 * time.Minute, 720 * time.Hour

// setupSessions returns an API with sessions on a database of testdb.
func setupSessions(t *testing.T, dsn string) *sessionAPI {
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
	e := &sessionAPI{tokens: tokens}
	e.testAPI = &testAPI{db: testdb.OpenPool(t, dsn), store: s, handler: gql.New(gql.Options{
		Limits: limitsWithLogins(),
		Store:  s, Log: newLog(t), Introspection: true,
		Sessions: resolvers.SessionOptions{
			Tokens: tokens, AccessTTL: accessTTL, RefreshTTL: refreshTTL, QueuedMail: func() { e.queued.Add(1) },
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
	signUp         = "mutation($input: SignUpInput!) { session: signUp(input: $input) " + sessionFields + " }"
	signIn         = "mutation($input: SignInInput!) { session: signIn(input: $input) " + sessionFields + " }"
	refreshSession = "mutation($input: RefreshSessionInput!) { session: refreshSession(input: $input) " + sessionFields + " }"
	signOut        = "mutation { signOut { signedOut } }"
)

// session is the payload of a session mutation, with the viewer of its access token.
type session struct {
	access, refresh string
	viewer          edu.Viewer
	user            any
	problems        []any
	response
}

// startSession runs a mutation that returns a session or userErrors, and checks that it does not return both.
func (e *sessionAPI) startSession(t *testing.T, as edu.Viewer, mutation string, input map[string]any) session {
	t.Helper()
	got := e.execute(t, as, mutation, map[string]any{"input": input})
	if len(got.Errors) > 0 {
		t.Fatalf("response %s", got.body)
	}
	p, _ := got.At("session").(map[string]any)
	s := session{response: got, user: p["user"]}
	s.problems, _ = p["userErrors"].([]any)
	s.access, _ = p["accessToken"].(string)
	s.refresh, _ = p["refreshToken"].(string)
	if len(s.problems) > 0 {
		if s.access != "" || s.refresh != "" || s.user != nil || p["expiresAt"] != nil {
			t.Errorf("response %s, want no tokens with userErrors", got.body)
		}
		return s
	}
	var err error
	if s.viewer, err = e.tokens.VerifyToken(t.Context(), s.access); err != nil {
		t.Fatalf("the access token is invalid: %v: %s", err, got.body)
	}
	expires, err := time.Parse(time.RFC3339, fmt.Sprint(p["expiresAt"]))
	if left := time.Until(expires); err != nil || left > accessTTL || left < accessTTL-time.Minute {
		t.Errorf("expiresAt %v (error %v), want a time %v from now", p["expiresAt"], err, accessTTL)
	}
	return s
}

func (e *sessionAPI) signUp(t *testing.T, name, email, password string) session {
	t.Helper()
	return e.startSession(t, anonymous, signUp, map[string]any{"name": name, "email": email, "password": password})
}

func (e *sessionAPI) signIn(t *testing.T, email, password string) session {
	t.Helper()
	return e.startSession(t, anonymous, signIn, map[string]any{"email": email, "password": password})
}

func (e *sessionAPI) refresh(t *testing.T, token string) session {
	t.Helper()
	return e.startSession(t, anonymous, refreshSession, map[string]any{"refreshToken": token})
}

// wantUserError checks that a session mutation returned exactly one user error, with a code at a field.
func (s session) wantUserError(t *testing.T, code edu.UserErrorCode, field ...any) {
	t.Helper()
	if len(s.problems) != 1 || valueAt(s.problems, 0, "code") != string(code) || !cmp.Equal(valueAt(s.problems, 0, "field"), field) {
		t.Errorf("response %s, want %s at %v", s.body, code, field)
	}
}

const password = "a tall ship and a star"

// TestSessionLife goes through the life of a session from sign-up to sign-out, as a client does.
func TestSessionLife(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.New(t))
	up := e.signUp(t, "Ada Lovelace", "Ada@7p.example", password)
	if want := map[string]any{"name": "Ada Lovelace", "email": "Ada@7p.example", "preferences": map[string]any{"theme": "system"}, "lastLogin": valueAt(up.user, "lastLogin")}; !cmp.Equal(want, up.user) || valueAt(up.user, "lastLogin") == nil {
		t.Errorf("the user of the sign-up is %v, want %v", up.user, want)
	}
	if up.viewer.Role != edu.RoleStudent || up.viewer.Session == 0 {
		t.Errorf("the viewer of the access token is %+v, want a student with a session", up.viewer)
	}
	in := e.signIn(t, " ADA@7P.EXAMPLE\r\n", password)
	if !cmp.Equal(valueAt(in.user, "name"), any("Ada Lovelace")) || valueAt(in.user, "lastLogin") == valueAt(up.user, "lastLogin") {
		t.Errorf("the user of the sign-in is %v, was %v", in.user, up.user)
	}
	again := e.refresh(t, in.refresh)
	if again.viewer != in.viewer || again.refresh == in.refresh || valueAt(again.user, "lastLogin") != valueAt(in.user, "lastLogin") {
		t.Errorf("refreshed %+v to %+v, want the same viewer with another refresh token", in, again)
	}
	if in.viewer.Session == up.viewer.Session {
		t.Error("two sign-ins share a session")
	}
	if d := e.mustExecute(t, again.viewer, signOut, nil); valueAt(d, "signOut", "signedOut") != true {
		t.Errorf("response to signOut %v, want signedOut true", d)
	}
	if want := []edu.Viewer{{ID: in.viewer.ID, Session: in.viewer.Session}}; !cmp.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want %v", e.revoked, want)
	}
	e.refresh(t, again.refresh).wantUserError(t, edu.UserInvalidCredentials, "input", "refreshToken")
	if left := e.refresh(t, up.refresh); left.viewer != up.viewer {
		t.Errorf("the other session ended too: %s", left.body)
	}
	// An access token without a session, as `7p token` creates.
	if d := e.mustExecute(t, edu.Viewer{ID: up.viewer.ID, Role: edu.RoleStudent}, signOut, nil); valueAt(d, "signOut", "signedOut") != false {
		t.Errorf("response to signOut without a session %v, want signedOut false", d)
	}
	wantError(t, e.execute(t, anonymous, signOut, nil), edu.Unauthenticated)
}

// TestSignOutChangesViewerWithinOperation checks that later fields see who is signed in: fields after a
// sign-out run anonymously.
func TestSignOutChangesViewerWithinOperation(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	as := student
	as.Session = queryOne[int64](t, e.testAPI, "INSERT INTO sessions (user_id) VALUES ($1) RETURNING id", as.ID)
	got := e.execute(t, as, `mutation {
		before: updatePreferences(input: { theme: "dark" }) { user { email preferences { theme } } }
		signOut { signedOut }
		anonymous: updatePreferences(input: { theme: "light" }) { user { email } }
	}`, nil)
	if len(got.Errors) != 1 || got.Errors[0].Code() != string(edu.Unauthenticated) || !cmp.Equal(got.Errors[0].Path, []any{"anonymous"}) {
		t.Errorf("response %s, want UNAUTHENTICATED only at the field anonymous", got.body)
	}
	if theme := queryOne[string](t, e.testAPI, "SELECT preferences ->> 'theme' FROM users WHERE id = $1", as.ID); theme != "dark" {
		t.Errorf("the theme is %s, want dark", theme)
	}
}

// TestSignUpRejectsInput checks that all problems of a sign-up are reported at their fields, and that no
// account is created.
func TestSignUpRejectsInput(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.New(t))
	e.signUp(t, "Ada Lovelace", "ada@7p.example", password)
	for name, tt := range map[string]struct {
		name, email, password string
		want                  []string
	}{
		"an email that exists":            {"Ada", "ADA@7p.example", password, []string{"ALREADY_EXISTS email"}},
		"all fields invalid":              {"", "ada", "short", []string{"INVALID name", "INVALID email", "WEAK_PASSWORD password"}},
		"a name of 101 characters":        {strings.Repeat("a", 101), "a@7p.example", password, []string{"INVALID name"}},
		"a name of two lines":             {"Ada\nLovelace", "a@7p.example", password, []string{"INVALID name"}},
		"a blank name":                    {"   ", "a@7p.example", password, []string{"INVALID name"}},
		"an email of 255 characters":      {"Ada", strings.Repeat("a", 244) + "@7p.example", password, []string{"INVALID email"}},
		"an email with two at signs":      {"Ada", "a@b@7p.example", password, []string{"INVALID email"}},
		"an email with a space":           {"Ada", "a b@7p.example", password, []string{"INVALID email"}},
		"an email with non-ASCII letters": {"Ada", "ádá@7p.example", password, []string{"INVALID email"}},
		"an email with NUL":               {"Ada", "a\x00@7p.example", password, []string{"INVALID email"}},
		"a common password":               {"Ada", "a@7p.example", "Password123", []string{"WEAK_PASSWORD password"}},
		"the name as password":            {"Ada Lovelace II", "a@7p.example", "ada lovelace ii", []string{"WEAK_PASSWORD password"}},
		"the email as password":           {"Ada", "a@7p.example", "A@7P.example", []string{"WEAK_PASSWORD password"}},
		"a password of 1,025 bytes":       {"Ada", "a@7p.example", strings.Repeat("a", 1025), []string{"WEAK_PASSWORD password"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := e.signUp(t, tt.name, tt.email, tt.password)
			var got []string
			for _, p := range s.problems {
				got = append(got, fmt.Sprint(valueAt(p, "code"), " ", valueAt(p, "field", 1)))
				if valueAt(p, "field", 0) != "input" || len(fmt.Sprint(valueAt(p, "message"))) < 10 {
					t.Errorf("response %s", s.body)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	if n := queryOne[int](t, e.testAPI, "SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d accounts, want only the first", n)
	}
}

// TestSignUpAcceptsLimits checks names, emails and passwords at the limits of what is valid.
func TestSignUpAcceptsLimits(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.New(t))
	for _, tt := range [][3]string{
		{strings.Repeat("é", 100), strings.Repeat("a", 243) + "@7p.example", strings.Repeat("ж", 512)},
		{"李", "o'brien+7p@mail.7p.example", "пароль-наш"},
		{"a", "a@localhost", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"},
	} {
		if up := e.signUp(t, tt[0], tt[1], tt[2]); len(up.problems) > 0 {
			t.Errorf("%.40q: response to signUp %s", tt[1], up.body)
		} else if in := e.signIn(t, tt[1], tt[2]); in.viewer.ID != up.viewer.ID {
			t.Errorf("%.40q: response to signIn %s", tt[1], in.body)
		}
	}
}

// TestSignInFailuresAreEqual checks that every failed sign-in gets the same response, regardless of the
// reason.
func TestSignInFailuresAreEqual(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	e.exec(t, "UPDATE users SET active = false WHERE id = 2")
	e.exec(t, "UPDATE users SET password_hash = NULL WHERE id = 3")
	e.exec(t, "UPDATE users SET password_hash = 'plain text' WHERE id = 4")
	invalidHash := queryOne[string](t, e.testAPI, "SELECT email FROM users WHERE id = 4")
	wrong := e.signIn(t, "student@7p.example", "correct horse batterie")
	wrong.wantUserError(t, edu.UserInvalidCredentials, "input")
	for name, credentials := range map[string][2]string{
		"unknown email": {"unknown@7p.example", demo.Password}, "deactivated account": {"instructor@7p.example", demo.Password},
		"account without password": {"admin@7p.example", ""}, "invalid stored hash": {invalidHash, "plain text"},
		"empty password": {"student@7p.example", ""}, "password of 50,000 bytes": {"student@7p.example", strings.Repeat("x", 50_000)},
		"email as an SQL pattern": {"%@7p.example", demo.Password}, "email as an SQL injection": {"' OR true --", demo.Password},
	} {
		if got := e.signIn(t, credentials[0], credentials[1]); string(got.body) != string(wrong.body) {
			t.Errorf("%s: response %s, want %s", name, got.body, wrong.body)
		}
	}
	if n := queryOne[int](t, e.testAPI, "SELECT count(*) FROM sessions"); n != 0 {
		t.Errorf("%d sessions were created, want none", n)
	}
}

// TestSignInUpgradesHash checks that a successful sign-in replaces a hash with weaker parameters, and that
// several concurrent sign-ins all succeed.
func TestSignInUpgradesHash(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	const weak = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$8Tf44YakA6Z5zNBgblq13Nr+Q8FkCFWsjG4z6b1j7rM" // of "password"
	e.exec(t, "UPDATE users SET password_hash = $1 WHERE id = 1", weak)
	if got := e.signIn(t, "student@7p.example", "another one"); len(got.problems) != 1 {
		t.Errorf("response %s", got.body)
	}
	if queryOne[string](t, e.testAPI, "SELECT password_hash FROM users WHERE id = 1") != weak {
		t.Error("a wrong password changed the hash")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := e.signIn(t, "student@7p.example", "password"); len(got.problems) > 0 {
				t.Errorf("response %s", got.body)
			}
		})
	}
	wg.Wait()
	if got := queryOne[string](t, e.testAPI, "SELECT password_hash FROM users WHERE id = 1"); !strings.HasPrefix(got, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s, want the current parameters", got)
	}
	if got := e.signIn(t, "student@7p.example", "password"); len(got.problems) > 0 {
		t.Errorf("response %s", got.body)
	}
}

// expireReuse ends the time in which spent refresh tokens return their successors again.
func (e *sessionAPI) expireReuse(t *testing.T) {
	t.Helper()
	e.exec(t, "UPDATE refresh_tokens SET spent_at = now() - interval '10 seconds' WHERE spent_at IS NOT NULL")
}

// TestRefreshSurvivesReload checks that a refresh that is repeated within seconds returns the same refresh
// token with an access token of the session, and that theft is detected afterwards.
func TestRefreshSurvivesReload(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	in := e.signIn(t, "student@7p.example", demo.Password)
	next := e.refresh(t, in.refresh)
	for range 3 {
		if again := e.refresh(t, in.refresh); again.refresh != next.refresh || again.viewer != in.viewer || again.refresh == in.refresh {
			t.Errorf("refreshed to %+v, and then to %+v", next, again)
		}
	}
	last := e.refresh(t, next.refresh)
	if again := e.refresh(t, next.refresh); again.refresh != last.refresh || again.viewer != in.viewer {
		t.Errorf("the successor refreshed to %+v, and then to %+v", last, again)
	}
	if n := queryOne[int](t, e.testAPI, "SELECT count(*) FROM refresh_tokens"); n != 3 || len(e.revoked) > 0 {
		t.Errorf("%d refresh tokens and %d revocations, want 3 and none", n, len(e.revoked))
	}
	e.refresh(t, in.refresh).wantUserError(t, edu.UserInvalidCredentials, "input", "refreshToken")
	e.refresh(t, last.refresh).wantUserError(t, edu.UserInvalidCredentials, "input", "refreshToken")
	if want := []edu.Viewer{{ID: 1, Session: in.viewer.Session}}; !cmp.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want %v", e.revoked, want)
	}
}

// TestRefreshFailuresAreEqual checks that a spent refresh token ends its session, and that every failed
// refresh gets the same response.
func TestRefreshFailuresAreEqual(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	in := e.signIn(t, "student@7p.example", demo.Password)
	next := e.refresh(t, in.refresh)
	e.expireReuse(t)
	reused := e.refresh(t, in.refresh)
	reused.wantUserError(t, edu.UserInvalidCredentials, "input", "refreshToken")
	if want := []edu.Viewer{{ID: 1, Session: in.viewer.Session}}; !cmp.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want %v", e.revoked, want)
	}
	expired, deactivated := e.signIn(t, "instructor@7p.example", demo.Password), e.signIn(t, "admin@7p.example", demo.Password)
	e.exec(t, "UPDATE refresh_tokens SET expires_at = now() WHERE session_id = $1", expired.viewer.Session)
	unknown := authn.NewRefreshToken().Encode()
	spent := e.refresh(t, deactivated.refresh) // a moment ago
	e.exec(t, "UPDATE users SET active = false WHERE id = 3")
	signedOut := e.signIn(t, "student@7p.example", demo.Password)
	e.refresh(t, signedOut.refresh)
	e.mustExecute(t, signedOut.viewer, signOut, nil)
	for name, token := range map[string]string{
		"next token of an ended session": next.refresh, "expired": expired.refresh, "unknown": unknown,
		"deactivated account": spent.refresh, "deactivated account, spent a moment ago": deactivated.refresh, "signed out, spent a moment ago": signedOut.refresh,
		"empty": "", "access token": in.access, "SQL": "'; DROP TABLE sessions; --", "50,000 characters": strings.Repeat("A", 50_000),
	} {
		if got := e.refresh(t, token); string(got.body) != string(reused.body) {
			t.Errorf("%s: response %s, want %s", name, got.body, reused.body)
		}
	}
}

// TestConcurrentRefresh checks that several concurrent refreshes with one token return the same next token.
func TestConcurrentRefresh(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	in := e.signIn(t, "student@7p.example", demo.Password)
	results := make(chan session, 6)
	var wg sync.WaitGroup
	for range cap(results) {
		wg.Go(func() { results <- e.refresh(t, in.refresh) })
	}
	wg.Wait()
	first := <-results
	for range cap(results) - 1 {
		if got := <-results; got.refresh != first.refresh || got.viewer != in.viewer || got.refresh == "" {
			t.Errorf("refreshed to %+v, and to %+v", first, got)
		}
	}
	if got := e.refresh(t, first.refresh); got.viewer != in.viewer {
		t.Errorf("the next token: response %s", got.body)
	}
}

// TestSecretsAreNotStored checks that the database contains neither passwords nor tokens.
func TestSecretsAreNotStored(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.New(t))
	up := e.signUp(t, "Ada", "ada@7p.example", password)
	next := e.refresh(t, up.refresh)
	stored := queryOne[string](t, e.testAPI, `SELECT string_agg(r, ' ') FROM (
		SELECT u::text FROM users u UNION ALL SELECT s::text FROM sessions s
		UNION ALL SELECT t::text || encode(t.hash, 'escape') || encode(t.hash, 'base64') FROM refresh_tokens t) rows (r)`)
	for what, secret := range map[string]string{"password": password, "refresh token": up.refresh, "next": next.refresh, "access token": up.access} {
		if strings.Contains(stored, secret) {
			t.Errorf("the %s is in the database", what)
		}
	}
}

// TestRefreshReturnsTokensAfterFailedRead checks that a refresh returns its tokens even if the user cannot
// be read afterwards.
func TestRefreshReturnsTokensAfterFailedRead(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	in := e.signIn(t, "student@7p.example", demo.Password)
	e.exec(t, `UPDATE users SET preferences = '{"theme": 7}' WHERE id = 1`) // an unreadable theme
	got := e.execute(t, anonymous, refreshSession, map[string]any{"input": map[string]any{"refreshToken": in.refresh}})
	if len(got.Errors) != 1 || got.Errors[0].Code() != "INTERNAL_SERVER_ERROR" || !cmp.Equal(got.Errors[0].Path, []any{"session", "user"}) {
		t.Errorf("response %s, want one error at the user", got.body)
	}
	token, _ := got.At("session", "refreshToken").(string)
	e.exec(t, `UPDATE users SET preferences = '{}' WHERE id = 1`)
	if e.refresh(t, token).viewer != in.viewer {
		t.Errorf("response %s, want tokens", got.body)
	}
}

// limitsWithLogins returns limits that allow three sign-ins in one operation.
func limitsWithLogins() limits.Limits {
	l := limits.Defaults()
	l.Logins = 3
	return l
}
