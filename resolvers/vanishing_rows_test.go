package resolvers_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/testdb"
)

// writtenTables are the tables that each mutation writes.
var writtenTables = map[string][]string{
	"signUp": {"users", "sessions", "refresh_tokens"}, "signIn": {"users", "sessions", "refresh_tokens"},
	"refreshSession": {"sessions", "refresh_tokens"}, "signOut": {"sessions"}, "revokeSession": {"sessions"}, "changePassword": {"users"}, "updateProfile": {"users"},
	"deleteAccount": {"users"}, "requestPasswordReset": {"outbox"}, "resetPassword": {"users", "account_tokens"}, "requestEmailVerification": {"outbox"}, "verifyEmail": {"users", "account_tokens"},
	"updatePreferences": {"users"}, "updateInstructorProfile": {"users"},
	"enroll": {"enrollments"}, "unenroll": {"enrollments"}, "bulkEnroll": {"enrollments"}, "reviewCourse": {"reviews"},
	"addToWishlist": {"wishlist_items"}, "removeFromWishlist": {"wishlist_items"},
	"deleteReview": {"reviews"}, "replyToReview": {"reviews"}, "deleteReviewReply": {"reviews"},
	"recordVideoProgress": {"video_progress", "enrollments"}, "addVideo": {"videos"},
	"addSection": {"sections"}, "updateSection": {"sections"}, "deleteSection": {"sections"}, "reorderSections": {"sections"},
	"deleteCourse": {"courses"}, "updateVideo": {"videos"}, "deleteVideo": {"videos"}, "reorderVideos": {"videos"},
	"createCourse": {"courses"}, "importCourses": {"courses"}, "updateCourse": {"courses"}, "publishCourse": {"courses"}, "publishCourses": {"courses"}, "unpublishCourse": {"courses"},
}

// vanishingOutcomes are the outcomes of mutations while a row is deleted, if they are not "ok": the mutation
// does not need the row, or reports its absence as data.
var vanishingOutcomes = map[string]string{
	"refreshSession users": "INVALID_CREDENTIALS", "refreshSession sessions": "INVALID_CREDENTIALS",
	"signIn users": "INVALID_CREDENTIALS", "updatePreferences users": "UNAUTHENTICATED", "updateInstructorProfile users": "UNAUTHENTICATED",
	"revokeSession users": "NOT_FOUND", "changePassword users": "INVALID_CREDENTIALS", "deleteAccount users": "INVALID_CREDENTIALS", "resetPassword users": "INVALID_CREDENTIALS", "verifyEmail users": "INVALID_CREDENTIALS", "updateProfile users": "UNAUTHENTICATED",
	"enroll users": "UNAUTHENTICATED", "enroll courses": "NOT_FOUND",
	"unenroll users": "NOT_ENROLLED", "unenroll courses": "NOT_FOUND",
	"bulkEnroll courses": "NOT_FOUND",
	"reviewCourse users": "NOT_ENROLLED", "reviewCourse courses": "NOT_FOUND",
	"recordVideoProgress users": "NOT_ENROLLED", "recordVideoProgress courses": "NOT_FOUND", "recordVideoProgress videos": "NOT_FOUND",
	"addToWishlist users": "UNAUTHENTICATED", "addToWishlist courses": "NOT_FOUND",
	"deleteReview users": "NOT_FOUND", "deleteReview courses": "NOT_FOUND",
	"replyToReview users": "UNAUTHENTICATED", "replyToReview courses": "NOT_FOUND", "deleteReviewReply courses": "NOT_FOUND",
	"addVideo courses":    "NOT_FOUND",
	"updateVideo courses": "NOT_FOUND", "deleteVideo courses": "NOT_FOUND", "reorderVideos courses": "NOT_FOUND",
	"addSection courses": "NOT_FOUND", "updateSection courses": "NOT_FOUND", "deleteSection courses": "NOT_FOUND", "reorderSections courses": "NOT_FOUND",
	"createCourse users": "UNAUTHENTICATED", "createCourse categories": "NOT_FOUND",
	"importCourses users": "UNAUTHENTICATED", "importCourses categories": "NOT_FOUND",
	"updateCourse categories": "NOT_FOUND",
}

// vanishingRun is one mutation with the rows that it names.
type vanishingRun struct {
	fixture
	viewer   edu.Viewer
	account  int64 // that is deleted from users
	category int64
}

// newVanishingRun returns a viewer who may run the mutation and whom nothing but cascading rows refer to,
// with the arguments of the mutation.
func newVanishingRun(t *testing.T, a *testAPI, mutation, suffix string) (r vanishingRun, variables map[string]any) {
	t.Helper()
	r = vanishingRun{fixture: insertFixture(t, a, suffix)}
	r.category = queryOne[int64](t, a, "INSERT INTO categories (name, slug) VALUES ('Other', 'other' || $1) RETURNING id", suffix)
	i := slices.IndexFunc(mutationCases, func(c mutationCase) bool { return c.mutation == mutation })
	if i < 0 {
		t.Fatalf("%s has no case", mutation)
	}
	variables = mutationCases[i].arguments(t, r.fixture, r.course, r.video)
	r.viewer = r.student
	switch mutation {
	case "enroll", "addToWishlist":
		r.viewer = r.otherStudent
	case "createCourse", "importCourses", "updateInstructorProfile":
		r.viewer = r.otherInstructor
	case "replyToReview", "deleteReviewReply", "deleteCourse", "addVideo", "updateVideo", "deleteVideo", "reorderVideos", "updateCourse",
		"addSection", "updateSection", "deleteSection", "reorderSections", "publishCourse", "publishCourses", "unpublishCourse", "bulkEnroll":
		r.viewer = r.admin
	}
	r.account = r.viewer.ID
	category := globalID(edu.KindCategory, r.category)
	switch input, _ := variables["input"].(map[string]any); mutation {
	case "createCourse", "updateCourse":
		input["categoryId"] = category
	case "importCourses":
		input["courses"].([]any)[0].(map[string]any)["categoryId"] = category
	case "bulkEnroll":
		r.account = queryOne[int64](t, a, "SELECT id FROM users WHERE email = $1", input["emails"].([]any)[0])
	case "signOut":
		r.viewer.Session = queryOne[int64](t, a, "INSERT INTO sessions (user_id) VALUES ($1) RETURNING id", r.viewer.ID)
	}
	return r, variables
}

// delete deletes the row of a table that the mutation names, and returns the number of all rows then.
func (r *vanishingRun) delete(t *testing.T, tx pgx.Tx, table string) string {
	t.Helper()
	row := map[string]string{
		"users": fmt.Sprint("id = ", r.account), "courses": fmt.Sprint("id = ", r.course), "videos": fmt.Sprint("id = ", r.video),
		"categories": fmt.Sprint("id = ", r.category), "sessions": fmt.Sprint("user_id = ", r.account),
	}[table]
	if row == "" {
		t.Fatalf("no row of %s to delete", table)
	}
	if _, err := tx.Exec(t.Context(), "DELETE FROM "+table+" WHERE "+row); err != nil {
		t.Fatal(err)
	}
	var rows string
	if err := tx.QueryRow(t.Context(), countAllRows).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// countAllRows selects the number of rows of each table that a mutation writes.
const countAllRows = `SELECT concat_ws(' ', (SELECT count(*) FROM users), (SELECT count(*) FROM sessions), (SELECT count(*) FROM refresh_tokens),
	(SELECT count(*) FROM courses), (SELECT count(*) FROM videos), (SELECT count(*) FROM enrollments), (SELECT count(*) FROM reviews), (SELECT count(*) FROM video_progress), (SELECT count(*) FROM wishlist_items), (SELECT count(*) FROM certificates), (SELECT count(*) FROM sections))`

// awaitResponseOrLock returns when the request has its response, or waits for a lock.
func awaitResponseOrLock(t *testing.T, a *testAPI, responses <-chan response) (got response, done bool) {
	t.Helper()
	for {
		select {
		case got := <-responses:
			return got, true
		default:
		}
		if queryOne[int](t, a, "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0 {
			return response{}, false
		}
		if t.Context().Err() != nil {
			t.Fatal("neither a response nor a lock")
		}
	}
}

// TestVanishingRows runs every mutation while a row that it refers to is deleted: the deletion is committed
// when the mutation waits for it, after the reads that need no lock. The mutation reports what is missing,
// and writes nothing then.
func TestVanishingRows(t *testing.T) {
	t.Parallel()
	a := setupSessions(t, testdb.New(t)).testAPI
	for _, f := range gql.ExecutableSchema().Schema().Mutation.Fields {
		tables := writtenTables[f.Name]
		if tables == nil {
			t.Errorf("%s has no tables: add them to writtenTables", f.Name)
			continue
		}
		referenced := queryColumn[string](t, a, `SELECT DISTINCT confrelid::regclass::text FROM pg_constraint
			WHERE contype = 'f' AND conrelid = ANY ($1::text[]::regclass[]) UNION SELECT 'users' WHERE 'users' = ANY ($1) ORDER BY 1`, tables)
		for i, table := range referenced {
			t.Run(f.Name+" "+table, func(t *testing.T) {
				r, variables := newVanishingRun(t, a, f.Name, fmt.Sprintf("-%s-%d", strings.ToLower(f.Name), i))
				tx, err := a.db.Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				rows := r.delete(t, tx, table)
				responses := make(chan response, 1)
				go func() { responses <- a.execute(t, r.viewer, mutationDocument(f.Name), variables) }()
				got, done := awaitResponseOrLock(t, a, responses)
				if err := tx.Commit(t.Context()); err != nil {
					t.Fatal(err)
				}
				if !done {
					got = <-responses
				}
				checkVanished(t, got, f.Name, table)
				if now := queryOne[string](t, a, countAllRows); outcomeOf(got, f.Name) != "ok" && now != rows {
					t.Errorf("%s rows, want %s", now, rows)
				}
				checkCounters(t, a)
			})
		}
	}
}

// outcomeOf returns the code of the first error or problem of a response, "ok" without one.
func outcomeOf(got response, mutation string) string {
	if len(got.Errors) > 0 {
		return got.Errors[0].Code()
	}
	if problems := userErrors(got, mutation); len(problems) > 0 {
		return strings.Fields(problems[0])[0]
	}
	return "ok"
}

// checkVanished checks the outcome of a mutation against vanishingOutcomes.
func checkVanished(t *testing.T, got response, mutation, table string) {
	t.Helper()
	want := cmp.Or(vanishingOutcomes[mutation+" "+table], "ok")
	if outcome := outcomeOf(got, mutation); outcome != want {
		t.Errorf("outcome %s, want %s; response %s", outcome, want, got.body)
	}
}

// checkCounters checks that the counters of courses agree with the enrollments.
func checkCounters(t *testing.T, a *testAPI) {
	t.Helper()
	if n := queryOne[int](t, a, "SELECT count(*)::int FROM courses c WHERE enrollment_count <> (SELECT count(*) FROM enrollments e WHERE e.course_id = c.id)"); n != 0 {
		t.Errorf("%d courses with a wrong counter", n)
	}
}

// TestFailedWritesAreErrors checks that no mutation reports a write that failed as a success: every table
// that it writes rejects the write.
func TestFailedWritesAreErrors(t *testing.T) {
	t.Parallel()
	a := setupSessions(t, testdb.New(t)).testAPI
	a.exec(t, "CREATE FUNCTION reject_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rejected'; END $$")
	for _, f := range gql.ExecutableSchema().Schema().Mutation.Fields {
		t.Run(f.Name, func(t *testing.T) {
			r, variables := newVanishingRun(t, a, f.Name, "-"+strings.ToLower(f.Name))
			switch f.Name {
			case "publishCourse":
				variables = courseVariables(r.draft)
			case "publishCourses":
				variables = map[string]any{"ids": []any{globalID(edu.KindCourse, r.draft)}}
			}
			for _, table := range writtenTables[f.Name] {
				a.exec(t, "CREATE TRIGGER reject_write BEFORE INSERT OR UPDATE OR DELETE ON "+table+" FOR EACH ROW EXECUTE FUNCTION reject_write()")
			}
			before := databaseHash(t, a)
			got := a.execute(t, r.viewer, mutationDocument(f.Name), variables)
			if len(got.Errors) != 1 || got.At() != nil || databaseHash(t, a) != before {
				t.Errorf("response %s, want an error, and nothing written", got.body)
			}
			for _, table := range writtenTables[f.Name] {
				a.exec(t, "DROP TRIGGER reject_write ON "+table)
			}
		})
	}
}
