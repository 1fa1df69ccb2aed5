package gql_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

// A mutation with a key that costs too much is rejected before it runs; without the key it runs.
func TestIdempotencyLimitsCost(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	nested := strings.Replace(enrollDocument(s.courses[0]), "enrollmentCount", "category { courses(first: 100) { nodes { reviews(first: 11) { nodes { id } } } } }", 1)
	got := s.sendMutation(t.Context(), s.student, "key", gqltest.QueryBody(nested, nil))
	wantCode(t, got, http.StatusUnprocessableEntity, "COST_ESTIMATED_TOO_EXPENSIVE")
	if !strings.Contains(got.Text(), "the limit is 1000") {
		t.Errorf("got %s", got)
	}
	s.wantRows(t, 0, "enrollments")
	if got := s.sendMutation(t.Context(), s.student, "", gqltest.QueryBody(nested, nil)); strings.Contains(got.Text(), `"errors"`) {
		t.Errorf("got %s", got)
	}
	s.wantRows(t, 1, "enrollments")
}

// A response with a key that is too large is rolled back.
func TestIdempotencyLimitsResponse(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	s.execSQL(t, "UPDATE courses SET description = repeat('x', 100000)")
	describe := func(times int) string {
		var fields strings.Builder
		for i := range times {
			fmt.Fprintf(&fields, " d%d: description", i)
		}
		return gqltest.QueryBody(strings.Replace(enrollDocument(s.courses[0]), "enrollmentCount", fields.String(), 1), nil)
	}
	got := s.sendMutation(t.Context(), s.student, "key", describe(3))
	wantCode(t, got, http.StatusUnprocessableEntity, "BAD_USER_INPUT")
	if !strings.Contains(got.Text(), "may have 256 KiB; this one has 294 KiB") {
		t.Errorf("got %s", got)
	}
	s.wantRows(t, 0, "enrollments")
	checkReplay(t, s.sendMutation(t.Context(), s.student, "key", describe(2)), s.sendMutation(t.Context(), s.student, "key", describe(2)))
}

// An account, an address and all together store a limited number of bytes. Beyond it new keys are
// rejected before they run, replays are returned, and others are not affected.
func TestIdempotencyLimitsStoredBytes(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	enroll := func(as edu.Viewer, key string, course int) *gqltest.Response {
		return s.sendMutation(t.Context(), as, key, gqltest.QueryBody(enrollDocument(s.courses[course]), nil))
	}
	first := enroll(s.student, "first", 0)
	s.wantRows(t, 1, "idempotent_answers WHERE owner = $1 AND bytes = octet_length(answer) + 256", s.student.ID)
	s.execSQL(t, "UPDATE idempotent_answers SET bytes = $1", 16<<20)
	got := enroll(s.student, "second", 1)
	wantCode(t, got, http.StatusTooManyRequests, "RATE_LIMITED")
	if !strings.Contains(got.Text(), "have reached 16 MiB") {
		t.Errorf("got %s", got)
	}
	checkReplay(t, first, enroll(s.student, "first", 0))
	if got := enroll(s.other, "second", 1); strings.Contains(got.Text(), `"errors"`) {
		t.Errorf("another account: got %s", got)
	}
	if got := enroll(s.student, "", 2); strings.Contains(got.Text(), `"errors"`) {
		t.Errorf("without a key: got %s", got)
	}
	// An expired response counts no more.
	s.execSQL(t, "UPDATE idempotent_answers SET created_at = now() - interval '24 hours' WHERE owner = $1", s.student.ID)
	if got := enroll(s.student, "second", 1); strings.Contains(got.Text(), `"errors"`) {
		t.Errorf("after a day: got %s", got)
	}

	signIn := gqltest.QueryBody(`mutation { signIn(input: {email: "a@b.example", password: "x"}) { userErrors { code } } }`, nil)
	if got := s.sendMutation(t.Context(), edu.Viewer{}, "third", signIn); got.Status != http.StatusOK {
		t.Errorf("got %s", got)
	}
	s.wantRows(t, 1, "idempotent_answers WHERE owner < 0")
	long := gqltest.QueryBody(`mutation { signIn(input: {email: "a@b.example", password: "x"}) { userErrors { `+strings.Repeat("x", 9<<10)+`: code } } }`, nil)
	if got := s.sendMutation(t.Context(), edu.Viewer{}, "long", long); !strings.Contains(got.Text(), "may have 8 KiB; this one has 10 KiB") {
		t.Errorf("got %s", got)
	}
	s.execSQL(t, "UPDATE idempotent_answers SET bytes = $1 WHERE owner < 0", 4<<20)
	wantCode(t, s.sendMutation(t.Context(), edu.Viewer{}, "fourth", signIn), http.StatusTooManyRequests, "RATE_LIMITED")
	if got := enroll(s.other, "fifth", 2); strings.Contains(got.Text(), `"errors"`) {
		t.Errorf("an account beside a stranger: got %s", got)
	}
}
