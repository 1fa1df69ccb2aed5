package resolvers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
)

const deleteAccount = "mutation($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedUserId userErrors { code field message } } }"

// personalRows counts the rows of a user in all tables that have any, by id and by email.
func personalRows(t *testing.T, a *testAPI, user int64, email string) string {
	t.Helper()
	return queryOne[string](t, a, `SELECT concat_ws(' ', (SELECT count(*) FROM users WHERE id = $1), (SELECT count(*) FROM sessions WHERE user_id = $1),
		(SELECT count(*) FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE s.user_id = $1),
		(SELECT count(*) FROM sign_in_addresses WHERE user_id = $1), (SELECT count(*) FROM account_tokens WHERE user_id = $1),
		(SELECT count(*) FROM enrollments WHERE user_id = $1), (SELECT count(*) FROM reviews WHERE user_id = $1), (SELECT count(*) FROM video_progress WHERE user_id = $1),
		(SELECT count(*) FROM courses WHERE instructor_id = $1), (SELECT count(*) FROM idempotent_answers WHERE owner = $1), (SELECT count(*) FROM outbox WHERE email ILIKE $2))`, user, email)
}

// wantCounters checks that the counters of all courses agree with their rows.
func wantCounters(t *testing.T, a *testAPI) {
	t.Helper()
	if n := queryOne[int](t, a, `SELECT count(*) FROM courses c WHERE enrollment_count <> (SELECT count(*) FROM enrollments e WHERE e.course_id = c.id)
		OR review_count <> (SELECT count(*) FROM reviews r WHERE r.course_id = c.id) OR rating_sum <> (SELECT coalesce(sum(rating), 0) FROM reviews r WHERE r.course_id = c.id)`); n > 0 {
		t.Errorf("%d courses have wrong counters", n)
	}
}

// TestDeleteAccount checks that nothing of a student is left, that the counters of courses are right, and that
// the sessions end.
func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	const email = "student@7p.example"
	in := e.signIn(t, email, demo.Password)
	e.exec(t, "INSERT INTO sign_in_addresses (hash, user_id) VALUES (sha256('1'), 1)")
	e.exec(t, "INSERT INTO idempotent_answers (key, answer, owner) VALUES (sha256('1'), '1', 1), (sha256('2'), '2', 2)")
	e.exec(t, "INSERT INTO outbox (kind, email) VALUES ('email_verification', upper($1)), ('password_reset', 'x' || $1)", email)
	insertMailToken(t, e.testAPI, student.ID, "password_reset")
	for _, wrong := range []map[string]any{inputVariables(), inputVariables("password", nil), inputVariables("password", ""), inputVariables("password", "a wrong one")} {
		got := e.execute(t, in.viewer, deleteAccount, wrong)
		wantProblem(t, got, "deleteAccount", edu.UserInvalidCredentials, "input", "password")
	}
	wantError(t, e.execute(t, anonymous, deleteAccount, inputVariables()), edu.Unauthenticated)
	if e.revoked != nil {
		t.Fatalf("revoked %v", e.revoked)
	}
	reviewed := queryOne[int64](t, e.testAPI, "SELECT min(course_id) FROM reviews WHERE user_id = 1")
	got := e.execute(t, in.viewer, deleteAccount, inputVariables("password", demo.Password))
	if got.At("deleteAccount", "deletedUserId") != globalID(edu.KindUser, student.ID) {
		t.Fatalf("response %s", got.body)
	}
	if rows := personalRows(t, e.testAPI, student.ID, email); rows != "0 0 0 0 0 0 0 0 0 0 0" {
		t.Errorf("rows of the user are left: %s", rows)
	}
	if n := queryOne[int](t, e.testAPI, "SELECT (SELECT count(*) FROM idempotent_answers) + (SELECT count(*) FROM outbox)"); n != 2 {
		t.Errorf("%d rows of others are left, want 2", n)
	}
	wantCounters(t, e.testAPI)
	if want := []edu.Viewer{{ID: student.ID}}; !cmp.Equal(want, e.revoked) {
		t.Errorf("revoked %v, want all sessions of the user", e.revoked)
	}
	e.refresh(t, in.refresh).wantUserError(t, edu.UserInvalidCredentials, "input", "refreshToken")
	e.signIn(t, email, demo.Password).wantUserError(t, edu.UserInvalidCredentials, "input")
	d := e.mustExecute(t, anonymous, fmt.Sprintf("{ user(id: %q) { name } course(id: %q) { reviews { nodes { author { id } } } } }", globalID(edu.KindUser, student.ID), globalID(edu.KindCourse, reviewed)), nil)
	if valueAt(d, "user") != nil || strings.Contains(fmt.Sprint(d), globalID(edu.KindUser, student.ID)+"]") {
		t.Errorf("the user is still shown: %v", d)
	}
	if up := e.signUp(t, "Ada", email, password); up.viewer.ID == student.ID || up.viewer.ID == 0 {
		t.Errorf("the email is not free: %s", up.body)
	}
	other := queryOne[int64](t, e.testAPI, "UPDATE users SET password_hash = NULL WHERE id = (SELECT max(id) - 1 FROM users) AND role = 'student' RETURNING id")
	leaver := edu.Viewer{ID: other, Role: edu.RoleStudent}
	e.exec(t, "UPDATE users SET active = false WHERE id = $1", other)
	wantProblem(t, e.execute(t, leaver, deleteAccount, inputVariables()), "deleteAccount", edu.UserInvalidCredentials, "input", "password")
	e.exec(t, "UPDATE users SET active = true WHERE id = $1", other)
	if got := e.execute(t, leaver, deleteAccount, inputVariables()); got.At("deleteAccount", "deletedUserId") == nil {
		t.Errorf("an account without a password: %s", got.body)
	}
}

// TestDeleteAccountBesideWrites deletes accounts while their users write: each write is whole or rejected with a code,
// and no row of a user is left.
func TestDeleteAccountBesideWrites(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	course := globalID(edu.KindCourse, queryOne[int64](t, e.testAPI, "SELECT min(id) FROM courses WHERE published"))
	video := globalID(edu.KindVideo, queryOne[int64](t, e.testAPI, "SELECT min(v.id) FROM videos v WHERE course_id = (SELECT min(id) FROM courses WHERE published)"))
	writes := []string{
		fmt.Sprintf("mutation { w: enroll(input: {courseId: %q}) { userErrors { code } } }", course),
		fmt.Sprintf("mutation { w: reviewCourse(input: {courseId: %q, rating: 5, body: \"Good\"}) { userErrors { code } } }", course),
		fmt.Sprintf("mutation { w: addToWishlist(input: {courseId: %q}) { userErrors { code } } }", course),
		fmt.Sprintf("mutation { w: recordVideoProgress(input: {events: [{videoId: %q, progressSeconds: 9}]}) { userErrors { code } } }", video),
		`mutation { w: updateProfile(input: {name: "Another"}) { userErrors { code } } }`,
		fmt.Sprintf("mutation { w: signIn(input: {email: %q, password: %q}) { userErrors { code } } }", "EMAIL", password),
		fmt.Sprintf("mutation { w: deleteAccount(input: {password: %q}) { userErrors { code } } }", password),
	}
	for n, write := range writes {
		email := fmt.Sprintf("leaver%d@7p.example", n)
		up := e.signUp(t, "Leaver", email, password)
		e.mustExecute(t, up.viewer, writes[0], nil) // reviews and progress need an enrollment
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				got := e.execute(t, up.viewer, strings.Replace(write, "EMAIL", email, 1), nil)
				if body := string(got.body); strings.Contains(body, "INTERNAL") || got.At("w") == nil && !strings.Contains(body, `"code":"UNAUTHENTICATED"`) {
					t.Errorf("%s\ngot %s", write, body)
				}
			})
		}
		wg.Go(func() {
			if got := e.execute(t, up.viewer, deleteAccount, inputVariables("password", password)); strings.Contains(string(got.body), `"errors"`) && !strings.Contains(string(got.body), "UNAUTHENTICATED") {
				t.Errorf("beside %s\ngot %s", write, got.body)
			}
		})
		wg.Wait()
		if rows := personalRows(t, e.testAPI, up.viewer.ID, email); rows != "0 0 0 0 0 0 0 0 0 0 0" {
			t.Errorf("beside %s\nrows of the user are left: %s", write, rows)
		}
	}
	wantCounters(t, e.testAPI)
}

// TestDeleteAccountOfInstructor checks that published courses prevent the deletion, that courses without students
// are deleted, and that the others stay without the name of their instructor.
func TestDeleteAccountOfInstructor(t *testing.T) {
	t.Parallel()
	e := setupSessions(t, testdb.NewWithDemo(t))
	e.exec(t, "INSERT INTO courses (slug, title, difficulty, instructor_id, category_id) VALUES ('draft', 'Draft', 'beginner', 2, 1)")
	e.exec(t, "INSERT INTO enrollments (user_id, course_id) SELECT 2, id FROM courses WHERE slug = 'draft'")
	input := inputVariables("password", demo.Password)
	got := e.execute(t, instructor, deleteAccount, input)
	if !cmp.Equal(userErrors(got, "deleteAccount"), []string{"INVALID input"}) || !strings.Contains(string(got.body), "unpublish each with unpublishCourse first") {
		t.Errorf("response %s", got.body)
	}
	e.exec(t, "UPDATE courses SET published = false WHERE instructor_id = 2")
	taken := queryOne[int](t, e.testAPI, "SELECT count(DISTINCT e.course_id) FROM enrollments e JOIN courses c ON c.id = e.course_id WHERE c.instructor_id = 2 AND e.user_id <> 2")
	enrollments := queryOne[int](t, e.testAPI, "SELECT count(*) FROM enrollments WHERE user_id <> 2")
	name := queryOne[string](t, e.testAPI, "SELECT name FROM users WHERE id = 2")
	if got := e.execute(t, instructor, deleteAccount, input); got.At("deleteAccount", "deletedUserId") == nil {
		t.Fatalf("response %s", got.body)
	}
	if rows := personalRows(t, e.testAPI, instructor.ID, "instructor@7p.example"); rows != "0 0 0 0 0 0 0 0 0 0 0" {
		t.Errorf("rows of the user are left: %s", rows)
	}
	const archived = "courses c JOIN users u ON u.id = c.instructor_id WHERE u.name = 'Deleted user' AND NOT u.active AND NOT c.published AND c.instructor_key = 'deleted user'"
	if n := queryOne[int](t, e.testAPI, "SELECT count(*) FROM "+archived); n != taken || taken == 0 {
		t.Errorf("%d courses are archived, want the %d that were taken", n, taken)
	}
	if n := queryOne[int](t, e.testAPI, "SELECT count(*) FROM courses WHERE slug = 'draft' OR search_vector::text ILIKE '%' || $1 || '%'", strings.ToLower(strings.Fields(name)[1])); n != 0 {
		t.Errorf("%d courses are left, or found by the name %s", n, name)
	}
	if n := queryOne[int](t, e.testAPI, "SELECT count(*) FROM enrollments WHERE user_id <> 2"); n != enrollments {
		t.Errorf("%d enrollments of students, want %d", n, enrollments)
	}
	wantCounters(t, e.testAPI)
	// The account of deleted users cannot be used.
	e.signIn(t, "deleted user", "").wantUserError(t, edu.UserInvalidCredentials, "input")
	e.signUp(t, "Eve", "deleted user", password).wantUserError(t, edu.UserInvalid, "input", "email")
}
