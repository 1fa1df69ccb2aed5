package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	authn "github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

const (
	updateProfile  = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { name email avatarUrl } userErrors { code field } } }"
	changePassword = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { revokedSessionsCount userErrors { code field } } }"
	revokeSession  = "mutation($input: RevokeSessionInput!) { revokeSession(input: $input) { revokedSessionId userErrors { code field } } }"
	listSessions   = "{ viewer { sessions { id device createdAt lastUsedAt isCurrent } } }"
)

// wantProblem checks that a mutation returned exactly one user error, with a code at a path.
func wantProblem(t *testing.T, got response, mutation string, code edu.UserErrorCode, path ...string) {
	t.Helper()
	if want := []string{fmt.Sprint(code, " ", strings.Join(path, "."))}; !cmp.Equal(want, userErrors(got, mutation)) {
		t.Errorf("response %s, want %v", got.body, want)
	}
}

// TestUpdateProfile checks the new name of a viewer, also where courses are searched by it.
func TestUpdateProfile(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	const search = `{ searchCourses(query: "zauberberg") { totalCount nodes { instructor { name } } } }`
	if n := a.mustExecute(t, anonymous, search, nil); valueAt(n, "searchCourses", "totalCount") != 0.0 {
		t.Fatalf("found %v before the change", n)
	}
	d := a.mustExecute(t, instructor, updateProfile, inputVariables("name", "Zoe\u0308 Zauberberg"))
	if got := valueAt(d, "updateProfile", "user", "name"); got != "Zoë Zauberberg" {
		t.Errorf("the name is %q, want it in the form C", got)
	}
	if n := a.mustExecute(t, anonymous, search, nil); valueAt(n, "searchCourses", "nodes", 0, "instructor", "name") != "Zoë Zauberberg" {
		t.Errorf("found %v, want courses of the instructor", n)
	}
	for _, unchanged := range []map[string]any{inputVariables(), inputVariables("name", nil)} {
		if d := a.mustExecute(t, instructor, updateProfile, unchanged); valueAt(d, "updateProfile", "user", "name") != "Zoë Zauberberg" {
			t.Errorf("%v changed the name: %v", unchanged, d)
		}
	}
	for _, invalid := range []string{"", "  ", "two\nlines", strings.Repeat("a", 101)} {
		wantProblem(t, a.execute(t, instructor, updateProfile, inputVariables("name", invalid)), "updateProfile", edu.UserInvalid, "input", "name")
	}
	for _, c := range []struct {
		input map[string]any
		want  any
	}{
		{inputVariables("avatarUrl", "https://7p.example/a.png"), "https://7p.example/a.png"}, {inputVariables("name", nil), "https://7p.example/a.png"}, {inputVariables("avatarUrl", nil), nil},
	} {
		if got := valueAt(a.mustExecute(t, instructor, updateProfile, c.input), "updateProfile", "user", "avatarUrl"); got != c.want {
			t.Errorf("%v: the picture is %v, want %v", c.input, got, c.want)
		}
	}
	wantProblem(t, a.execute(t, instructor, updateProfile, inputVariables("avatarUrl", "javascript:1")), "updateProfile", edu.UserInvalid, "input", "avatarUrl")
	wantError(t, a.execute(t, anonymous, updateProfile, inputVariables("name", "A")), edu.Unauthenticated)
	if n := queryOne[int](t, a, "SELECT count(*) FROM users WHERE name = 'Zoë Zauberberg'"); n != 1 {
		t.Errorf("%d users have the name, want the viewer", n)
	}
}

// TestChangePassword checks that the new password replaces the old one, and that all other sessions end.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	const email, next = "student@7p.example", "another tall ship"
	own, phone, laptop := e.signIn(t, email, demo.Password), e.signIn(t, email, demo.Password), e.signIn(t, email, demo.Password)
	stranger := e.signIn(t, "instructor@7p.example", demo.Password)
	e.exec(t, "UPDATE refresh_tokens SET expires_at = now() WHERE session_id = $1", laptop.viewer.Session)
	change := func(as edu.Viewer, current, next string) response {
		return e.execute(t, as, changePassword, inputVariables("currentPassword", current, "newPassword", next))
	}
	wantProblem(t, change(own.viewer, "a wrong password", next), "changePassword", edu.UserInvalidCredentials, "input", "currentPassword")
	wantProblem(t, change(own.viewer, demo.Password, "short"), "changePassword", edu.UserWeakPassword, "input", "newPassword")
	wantProblem(t, change(own.viewer, demo.Password, email), "changePassword", edu.UserWeakPassword, "input", "newPassword")
	wantError(t, change(anonymous, demo.Password, next), edu.Unauthenticated)
	if e.revoked != nil || e.refresh(t, phone.refresh).viewer != phone.viewer {
		t.Fatal("a rejected change ended a session")
	}
	got := change(own.viewer, demo.Password, next)
	if len(userErrors(got, "changePassword")) > 0 || got.At("changePassword", "revokedSessionsCount") != 1.0 { // the laptop's has expired
		t.Errorf("response %s, want 1 other session", got.body)
	}
	if want := []edu.Viewer{{ID: own.viewer.ID}}; !cmp.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want all ended sessions of the user", e.revoked)
	}
	e.refresh(t, phone.refresh).wantUserError(t, edu.UserInvalidCredentials, "input", "refreshToken")
	if again := e.refresh(t, own.refresh); again.viewer != own.viewer {
		t.Errorf("the own session ended: %s", again.body)
	}
	if again := e.refresh(t, stranger.refresh); again.viewer != stranger.viewer {
		t.Errorf("the session of another user ended: %s", again.body)
	}
	e.signIn(t, email, demo.Password).wantUserError(t, edu.UserInvalidCredentials, "input")
	if in := e.signIn(t, email, next); in.viewer.ID != own.viewer.ID {
		t.Errorf("the new password is rejected: %s", in.body)
	}
	e.exec(t, "UPDATE users SET password_hash = NULL WHERE id = $1", own.viewer.ID)
	wantProblem(t, change(own.viewer, "", "yet another one"), "changePassword", edu.UserInvalidCredentials, "input", "currentPassword")
}

// TestSessionsOfUser checks which sessions are listed, with their devices and times.
func TestSessionsOfUser(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	const email, firefox = "student@7p.example", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	variables := inputVariables("email", email, "password", demo.Password)
	signInWith := func(header string) {
		if got := gqltest.NewClient(e.handler).Query(t, anonymous, signIn, variables, header).Result(t); got.At("session", "accessToken") == nil {
			t.Fatalf("response %+v", got)
		}
	}
	first := e.signIn(t, email, demo.Password)
	signInWith("User-Agent: " + firefox)
	signInWith("User-Agent: 7p\xff/1")
	ended, expired := e.signIn(t, email, demo.Password), e.signIn(t, email, demo.Password)
	e.mustExecute(t, ended.viewer, signOut, nil)
	e.exec(t, "UPDATE refresh_tokens SET expires_at = now() WHERE session_id = $1", expired.viewer.Session)
	e.signIn(t, "instructor@7p.example", demo.Password)
	list := func() any { return valueAt(e.mustExecute(t, first.viewer, listSessions, nil), "viewer", "sessions") }
	if got := fieldValues(list(), "device"); !cmp.Equal(got, []string{"7p", "Firefox on Linux", "<nil>"}) {
		t.Errorf("devices %q, want the last used first", got)
	}
	if current := fieldValues(list(), "isCurrent"); !cmp.Equal(current, []string{"false", "false", "true"}) {
		t.Errorf("current sessions %v, want the first", current)
	}
	before := list()
	e.refresh(t, first.refresh)
	if now := list(); valueAt(now, 0, "id") != valueAt(before, 2, "id") || valueAt(now, 0, "createdAt") != valueAt(before, 2, "createdAt") || valueAt(now, 0, "lastUsedAt") == valueAt(before, 2, "lastUsedAt") {
		t.Errorf("sessions after a refresh\n%v\nbefore it\n%v", now, before)
	}
	other := e.execute(t, instructor, fmt.Sprintf("{ user(id: %q) { sessions { id } } }", globalID(edu.KindUser, student.ID)), nil)
	wantError(t, other, edu.Forbidden)
	// A session is no node.
	if got := e.mustExecute(t, first.viewer, fmt.Sprintf("{ node(id: %q) { id } }", valueAt(before, 0, "id")), nil); valueAt(got, "node") != nil {
		t.Errorf("the session is the node %v", got)
	}
}

// TestRevokeSession checks that viewers end their own sessions only.
func TestRevokeSession(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	own, other := e.signIn(t, "student@7p.example", demo.Password), e.signIn(t, "student@7p.example", demo.Password)
	stranger := e.signIn(t, "instructor@7p.example", demo.Password)
	revoke := func(as, target edu.Viewer) response {
		return e.execute(t, as, revokeSession, inputVariables("id", globalID(edu.KindSession, target.Session)))
	}
	wantProblem(t, revoke(own.viewer, stranger.viewer), "revokeSession", edu.UserNotFound, "input", "id")
	wantProblem(t, revoke(admin, own.viewer), "revokeSession", edu.UserNotFound, "input", "id")
	wantProblem(t, revoke(own.viewer, edu.Viewer{Session: 1}), "revokeSession", edu.UserNotFound, "input", "id")
	wantProblem(t, e.execute(t, own.viewer, revokeSession, inputVariables("id", globalID(edu.KindUser, 1))), "revokeSession", edu.UserInvalid, "input", "id")
	wantError(t, revoke(anonymous, own.viewer), edu.Unauthenticated)
	if e.revoked != nil {
		t.Fatalf("revoked %v", e.revoked)
	}
	for range 2 {
		if got := revoke(own.viewer, other.viewer); got.At("revokeSession", "revokedSessionId") != globalID(edu.KindSession, other.viewer.Session) {
			t.Errorf("response %s", got.body)
		}
	}
	e.refresh(t, other.refresh).wantUserError(t, edu.UserInvalidCredentials, "input", "refreshToken")
	if again := e.refresh(t, stranger.refresh); again.viewer != stranger.viewer {
		t.Errorf("the session of another user ended: %s", again.body)
	}
	// Later fields do not run as the viewer whose session has ended.
	got := e.execute(t, own.viewer, fmt.Sprintf(`mutation { a: revokeSession(input: {id: %q}) { revokedSessionId } b: updateProfile(input: {name: "B"}) { user { name } } }`,
		globalID(edu.KindSession, own.viewer.Session)), nil)
	if len(got.Errors) != 1 || got.Errors[0].Code() != string(edu.Unauthenticated) || fmt.Sprint(got.Errors[0].Path) != "[b]" {
		t.Errorf("response %s", got.body)
	}
	ends := func(v edu.Viewer) edu.Viewer { return edu.Viewer{ID: v.ID, Session: v.Session} }
	if want := []edu.Viewer{ends(other.viewer), ends(other.viewer), ends(own.viewer)}; !slices.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want %v", e.revoked, want)
	}
}

const (
	requestReset        = "mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { requested userErrors { code field } } }"
	resetPassword       = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { passwordReset userErrors { code field } } }"
	requestVerification = "mutation { requestEmailVerification { requested } }"
	verifyEmail         = "mutation($input: VerifyEmailInput!) { verifyEmail(input: $input) { email userErrors { code field } } }"
)

// TestRequestPasswordReset checks that a request is the same for emails with and without an account: the
// response, the statements and the row that is written.
func TestRequestPasswordReset(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	known := e.execute(t, anonymous, requestReset, inputVariables("email", " student@7p.example\n"))
	unknown := e.execute(t, anonymous, requestReset, inputVariables("email", "nobody@7p.example"))
	if string(known.body) != string(unknown.body) || known.cost.Statements != unknown.cost.Statements || known.cost.RoundTrips != unknown.cost.RoundTrips || known.At("requestPasswordReset", "requested") != true {
		t.Errorf("responses %s %+v and %s %+v, want equal ones", known.body, known.cost, unknown.body, unknown.cost)
	}
	if rows := queryColumn[string](t, e.testAPI, "SELECT kind || ' ' || email FROM outbox ORDER BY id"); !cmp.Equal(rows, []string{"password_reset student@7p.example", "password_reset nobody@7p.example"}) || e.queued.Load() != 2 {
		t.Errorf("the outbox has %q, announced %d", rows, e.queued.Load())
	}
	// A mail that waits is written again, because a commit without a write takes less time.
	const versions = "SELECT xmin::text FROM outbox ORDER BY id"
	before := queryColumn[string](t, e.testAPI, versions)
	for _, email := range []string{"student@7p.example", "NOBODY@7p.example"} {
		e.mustExecute(t, anonymous, requestReset, inputVariables("email", email))
	}
	if after := queryColumn[string](t, e.testAPI, versions); len(after) != 2 || after[0] == before[0] || after[1] == before[1] {
		t.Errorf("versions %v of the rows after another request, and %v before", after, before)
	}
	for _, invalid := range []string{"", "ada", "a@b@c", strings.Repeat("a", 250) + "@7p.example"} {
		wantProblem(t, e.execute(t, anonymous, requestReset, inputVariables("email", invalid)), "requestPasswordReset", edu.UserInvalid, "input", "email")
	}
	without := setup(t, testdb.New(t))
	wantError(t, without.execute(t, anonymous, requestReset, inputVariables("email", "a@7p.example")), edu.Forbidden)
	wantError(t, without.execute(t, student, requestVerification, nil), edu.Forbidden)
}

// TestResetPassword checks that the token of a mail sets the password once, within its time, and ends all
// sessions.
func TestResetPassword(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	const email, next = "student@7p.example", "another tall ship"
	in, stranger := e.signIn(t, email, demo.Password), e.signIn(t, "instructor@7p.example", demo.Password)
	e.exec(t, "INSERT INTO sign_in_addresses (hash, user_id) SELECT sha256(id::text::bytea), id FROM users WHERE id IN (1, 2)")
	reset := func(token, password string) response {
		return e.execute(t, anonymous, resetPassword, inputVariables("token", token, "newPassword", password))
	}
	token, other := insertMailToken(t, e.testAPI, student.ID, "password_reset"), insertMailToken(t, e.testAPI, student.ID, "password_reset")
	foreign := insertMailToken(t, e.testAPI, instructor.ID, "password_reset")
	wantProblem(t, reset(token, "short"), "resetPassword", edu.UserWeakPassword, "input", "newPassword")
	wantProblem(t, reset(token, email), "resetPassword", edu.UserWeakPassword, "input", "newPassword")
	invalid := func(name, token string) {
		t.Helper()
		t.Log(name)
		wantProblem(t, reset(token, next), "resetPassword", edu.UserInvalidCredentials, "input", "token")
	}
	invalid("empty", "")
	invalid("unknown", strings.Repeat("A", 43))
	invalid("of another kind", insertMailToken(t, e.testAPI, student.ID, "email_verification"))
	invalid("a refresh token", in.refresh)
	for name, sql := range map[string][2]string{
		"expired":             {"UPDATE account_tokens SET expires_at = now()", "UPDATE account_tokens SET expires_at = now() + interval '1 hour'"},
		"of another email":    {"UPDATE users SET email = 'x' || email", "UPDATE users SET email = substr(email, 2)"},
		"of a locked account": {"UPDATE users SET active = false", "UPDATE users SET active = true"},
	} {
		e.exec(t, sql[0])
		invalid(name, token)
		e.exec(t, sql[1])
	}
	if e.revoked != nil || e.refresh(t, in.refresh).viewer != in.viewer {
		t.Fatal("a rejected token ended a session")
	}
	if got := reset(token, next); got.At("resetPassword", "passwordReset") != true {
		t.Fatalf("response %s", got.body)
	}
	invalid("spent", token)
	invalid("another one of the account", other)
	if want := []edu.Viewer{{ID: student.ID}}; !cmp.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want all sessions of the user", e.revoked)
	}
	e.refresh(t, in.refresh).wantUserError(t, edu.UserInvalidCredentials, "input", "refreshToken")
	if e.refresh(t, stranger.refresh).viewer != stranger.viewer {
		t.Error("the session of another user ended")
	}
	e.signIn(t, email, demo.Password).wantUserError(t, edu.UserInvalidCredentials, "input")
	again := e.signIn(t, email, next)
	if got := e.mustExecute(t, again.viewer, "{ viewer { emailVerifiedAt } }", nil); valueAt(got, "viewer", "emailVerifiedAt") == nil {
		t.Error("the email is not verified, although its mail was read")
	}
	if n := queryColumn[int64](t, e.testAPI, "SELECT user_id FROM sign_in_addresses"); !cmp.Equal(n, []int64{instructor.ID}) {
		t.Errorf("known addresses of %v are left", n)
	}
	// A change of the password ends the links of mails.
	e.mustExecute(t, stranger.viewer, changePassword, inputVariables("currentPassword", demo.Password, "newPassword", next))
	invalid("from before a change of the password", foreign)
}

// TestResetPasswordAfterClaim checks that a link from before the claim of an account by an identity provider gives it
// no password again, also if the claim comes between the read of the token and its use.
func TestResetPasswordAfterClaim(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	text := insertMailToken(t, e.testAPI, student.ID, "password_reset")
	if claimed, err := e.store.ClaimAccount(t.Context(), student.ID, true); err != nil || !claimed {
		t.Fatal(claimed, err)
	}
	got := e.execute(t, anonymous, resetPassword, inputVariables("token", text, "newPassword", "another tall ship"))
	wantProblem(t, got, "resetPassword", edu.UserInvalidCredentials, "input", "token")
	token, _ := authn.ParseRefreshToken(text)
	if done, err := e.store.ResetPassword(t.Context(), student.ID, token.Hash(), "hash"); err != nil || done {
		t.Errorf("the token was spent: %t, %v", done, err)
	}
	if n := queryOne[int](t, e.testAPI, "SELECT count(*) FROM users WHERE id = 1 AND password_hash IS NULL"); n != 1 {
		t.Error("the account has a password again")
	}
}

// TestResetPasswordOnce checks that of concurrent requests with a token only one sets the password.
func TestResetPasswordOnce(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	token := insertMailToken(t, e.testAPI, student.ID, "password_reset")
	var wg sync.WaitGroup
	var done atomic.Int64
	for n := range 4 {
		wg.Go(func() {
			got := e.execute(t, anonymous, resetPassword, inputVariables("token", token, "newPassword", fmt.Sprint("another tall ship ", n)))
			if got.At("resetPassword", "passwordReset") == true {
				done.Add(1)
			} else if problems := userErrors(got, "resetPassword"); !cmp.Equal(problems, []string{"INVALID_CREDENTIALS input.token"}) {
				t.Errorf("response %s", got.body)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 {
		t.Errorf("the token was spent %d times", done.Load())
	}
}

// TestVerifyEmail checks that the token of a mail verifies the email that it was sent to, once.
func TestVerifyEmail(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	request := func() any { return e.mustExecute(t, student, requestVerification, nil)["requestEmailVerification"] }
	if got := request(); !cmp.Equal(got, any(map[string]any{"requested": true})) {
		t.Errorf("response %v", got)
	}
	if rows := queryColumn[string](t, e.testAPI, "SELECT kind || ' ' || email FROM outbox"); !cmp.Equal(rows, []string{"email_verification student@7p.example"}) || e.queued.Load() != 1 {
		t.Errorf("the outbox has %q, announced %d", rows, e.queued.Load())
	}
	wantError(t, e.execute(t, anonymous, requestVerification, nil), edu.Unauthenticated)
	verify := func(token string) response {
		return e.execute(t, anonymous, verifyEmail, inputVariables("token", token))
	}
	token := insertMailToken(t, e.testAPI, student.ID, "email_verification")
	wantProblem(t, verify(insertMailToken(t, e.testAPI, student.ID, "password_reset")), "verifyEmail", edu.UserInvalidCredentials, "input", "token")
	e.exec(t, "UPDATE users SET email = 'x@7p.example' WHERE id = 1")
	wantProblem(t, verify(token), "verifyEmail", edu.UserInvalidCredentials, "input", "token")
	e.exec(t, "UPDATE users SET email = 'student@7p.example' WHERE id = 1")
	if got := verify(token); got.At("verifyEmail", "email") != "student@7p.example" {
		t.Errorf("response %s", got.body)
	}
	wantProblem(t, verify(token), "verifyEmail", edu.UserInvalidCredentials, "input", "token")
	if got := request(); !cmp.Equal(got, any(map[string]any{"requested": false})) || e.queued.Load() != 1 {
		t.Errorf("response %v for a verified email", got)
	}
	verified := func() any {
		return valueAt(e.mustExecute(t, student, "{ viewer { emailVerifiedAt } }", nil), "viewer", "emailVerifiedAt")
	}
	if verified() == nil {
		t.Error("the email is not verified")
	}
	e.exec(t, "UPDATE users SET email = 'STUDENT@7p.example' WHERE id = 1")
	if verified() == nil {
		t.Error("another case of the same email is not verified")
	}
	e.exec(t, "UPDATE users SET email = 'x@7p.example' WHERE id = 1")
	if verified() != nil {
		t.Error("another email is verified")
	}
}
