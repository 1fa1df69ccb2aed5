package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

const (
	updateProfile  = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { name email } userErrors { code field } } }"
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
