package gql_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/resolvers"
)

// A field that begins or continues a session is the only one of its mutation, with a key or without one,
// and nothing runs otherwise. Fields that are skipped, and __typename, do not count.
func TestSessionFieldIsAlone(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	variables := map[string]any{"yes": true, "no": false}
	fields := map[string]string{
		"refreshSession":           `refreshSession(input: {refreshToken: "x"}) { userErrors { code } }`,
		"signIn":                   `signIn(input: {email: "a@b.example", password: "x"}) { userErrors { code } }`,
		"signUp":                   `signUp(input: {name: "A", email: "x", password: "x"}) { userErrors { code } }`,
		"changePassword":           `changePassword(input: {currentPassword: "x", newPassword: "x"}) { userErrors { code } }`,
		"deleteAccount":            `deleteAccount(input: {password: "x"}) { userErrors { code } }`,
		"resetPassword":            `resetPassword(input: {token: "x", newPassword: "x"}) { userErrors { code } }`,
		"verifyEmail":              `verifyEmail(input: {token: "x"}) { userErrors { code } }`,
		"requestPasswordReset":     `requestPasswordReset(input: {email: "x"}) { userErrors { code } }`,
		"requestEmailVerification": `requestEmailVerification { requested }`,
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(limits.Defaults().LoginFields)), slices.Sorted(maps.Keys(fields))); diff != "" {
		t.Errorf("fields of limits.Defaults (-want +got):\n%s", diff)
	}
	for name, field := range fields {
		sibling := `createCourse(input: {title: "Beside", description: "", priceAmount: "1", categoryId: "` + s.category + `"}) { course { id } }`
		for mutation, rejected := range map[string]bool{
			"mutation { FIELD }":                                                false,
			"mutation { __typename FIELD }":                                     false,
			"mutation { FIELD SIBLING }":                                        true,
			"mutation { SIBLING FIELD }":                                        true,
			"mutation { a: FIELD SIBLING }":                                     true,
			"mutation { ...F SIBLING } fragment F on Mutation { again: FIELD }": true,
			"mutation { ... on Mutation { FIELD } ...S } fragment S on Mutation { SIBLING }":                true,
			"mutation($no: Boolean!) { FIELD ...S @include(if: $no) } fragment S on Mutation { SIBLING }":   false,
			"mutation($yes: Boolean!) { FIELD ...S @skip(if: $yes) } fragment S on Mutation { SIBLING }":    false,
			"mutation($no: Boolean!) { SIBLING ...F @include(if: $no) } fragment F on Mutation { FIELD }":   false,
			"mutation($yes: Boolean!) { FIELD ...S @include(if: $yes) } fragment S on Mutation { SIBLING }": true,
			"mutation($no: Boolean!) { FIELD ...S @skip(if: $no) } fragment S on Mutation { SIBLING }":      true,
		} {
			mutation = strings.NewReplacer("FIELD", field, "SIBLING", sibling).Replace(mutation)
			for _, key := range []string{"", persisted.HashText(mutation)} {
				got := s.sendMutation(t.Context(), s.teacher, key, gqltest.QueryBody(mutation, variables))
				if rejected {
					wantCode(t, got, http.StatusBadRequest, "BAD_REQUEST")
					if !strings.Contains(got.Text(), name+" must be the only field") {
						t.Errorf("%s\ngot %s", mutation, got)
					}
				} else if strings.Contains(got.Text(), `"errors"`) && !strings.Contains(got.Text(), "this server sends no mails") {
					t.Errorf("%s\ngot %s", mutation, got)
				}
			}
		}
	}
	// Only the documents that skip the session field wrote: one for each field, with a key and without.
	s.wantRows(t, 18, "courses WHERE title = 'Beside'")
	s.wantRows(t, 0, "sessions")
}

// With a key a session field selects nothing that can fail: nothing reveals that a password was right, or
// undoes that a token was spent, and leaves no trace.
func TestIdempotentSessionSelectsPlainFields(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	token := auth.NewRefreshToken()
	hash := token.Hash()
	s.execSQL(t, "WITH s AS (INSERT INTO sessions (user_id) VALUES ($1) RETURNING id) INSERT INTO refresh_tokens SELECT $2, id, now(), now() + interval '1 day' FROM s", s.student.ID, hash[:])
	send := func(key, selection string) *gqltest.Response {
		return s.sendMutation(t.Context(), edu.Viewer{}, key, gqltest.QueryBody("mutation($t: String!) { refreshSession(input: {refreshToken: $t}) { accessToken "+selection+" } }", map[string]any{"t": token.Encode()}))
	}
	for _, selection := range []string{
		"user { dashboard { watchTimeSeconds(days: -1) } }",
		"a: user { name } b: user { ... on Node { ... on User { name x: coursesTaught(first: -1) { totalCount } } } }",
		"user { enrollments { nodes { id } } }",
	} {
		got := send("key", selection)
		wantCode(t, got, http.StatusBadRequest, "BAD_REQUEST")
		if !strings.Contains(got.Text(), "plain fields of its user") {
			t.Errorf("%s\ngot %s", selection, got)
		}
	}
	s.wantRows(t, 0, "refresh_tokens WHERE spent_at IS NOT NULL")
	const plain = "user { __typename id name avatarUrl role createdAt email plan preferences { locale theme } lastLogin } userErrors { code }"
	checkReplay(t, send("key", plain), send("key", plain))
	s.wantRows(t, 1, "refresh_tokens WHERE spent_at IS NOT NULL")
}

// Without a key the failure of a selection below the user leaves the tokens, and what signing in wrote.
func TestSessionKeepsTokensBesideErrors(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	token := auth.NewRefreshToken()
	hash := token.Hash()
	s.execSQL(t, "WITH s AS (INSERT INTO sessions (user_id) VALUES ($1) RETURNING id) INSERT INTO refresh_tokens SELECT $2, id, now(), now() + interval '1 day' FROM s", s.student.ID, hash[:])
	got := s.sendMutation(t.Context(), edu.Viewer{}, "", gqltest.QueryBody("mutation($t: String!) { refreshSession(input: {refreshToken: $t}) { accessToken refreshToken expiresAt user { coursesTaught(first: -1) { totalCount } } } }", map[string]any{"t": token.Encode()}))
	r := got.Result(t)
	if len(r.Errors) != 1 || r.Code() != "BAD_USER_INPUT" || strings.Count(got.Text(), "null") != 1 || !strings.Contains(got.Text(), `"user":null`) {
		t.Errorf("got %s, want all tokens beside the error", got)
	}
	s.wantRows(t, 1, "refresh_tokens WHERE spent_at IS NOT NULL")
}

// An invalid refresh token takes an attempt after it was checked, with a key and without one, and gets 429 if
// there is none left.
func TestInvalidRefreshTakesAttempt(t *testing.T) {
	t.Parallel()
	const refresh = `mutation { refreshSession(input: {refreshToken: "a"}) { userErrors { code } } }`
	for _, headers := range [][]string{nil, {"Idempotency-Key: a"}} {
		budget := &limitedBudget{maxSpent: 10_000, maxAttempts: 1}
		s := gql.New(gql.Options{Log: discardLog, Budget: budget, Store: openDemoStore(t)})
		if r := postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(refresh, nil), headers...); r.status != http.StatusOK || !strings.Contains(string(r.Data), "INVALID_CREDENTIALS") || budget.attempts != 1 || budget.spent != 501 {
			t.Errorf("%d %s, charged %d attempts and a cost of %d, want 1 and 501", r.status, r.Data, budget.attempts, budget.spent)
		}
		if len(headers) > 0 {
			headers = []string{"Idempotency-Key: b"}
		}
		r := postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(refresh, nil), headers...)
		if r.status != http.StatusTooManyRequests || r.Data != nil || r.Errors[0].Code() != "RATE_LIMITED" || r.Errors[0].Extensions["retryAfter"] != 7.0 {
			t.Errorf("without attempts left: %+v", r)
		}
	}
}

// A change of the password takes an attempt from the address and from the email of the account, with a key and
// without one. A right password returns that of the address, and so does one that is not verified.
func TestPasswordChangeTakesAttempt(t *testing.T) {
	t.Parallel()
	db := openDemoStore(t)
	student := edu.Viewer{ID: 1, Role: edu.RoleStudent}
	const weak = "weak"
	for _, tt := range []struct {
		viewer        edu.Viewer
		current, next string
		code          string
		refunds       int
	}{
		{student, "a wrong password", "another tall ship", "INVALID_CREDENTIALS", 0},
		{student, demo.Password, weak, "WEAK_PASSWORD", 1},
		{edu.Viewer{}, demo.Password, weak, "UNAUTHENTICATED", 0},
		{student, demo.Password, demo.Password, `"userErrors":[]`, 1},
	} {
		for _, headers := range [][]string{nil, {"Idempotency-Key: " + persisted.HashText(tt.code)}} {
			budget := &limitedBudget{maxSpent: 100_000, maxAttempts: 1}
			s := gql.New(gql.Options{Log: discardLog, Budget: budget, Store: db, Sessions: resolvers.SessionOptions{RevokeTokens: func(context.Context, int64, int64) {}}})
			query := fmt.Sprintf("mutation { changePassword(input: {currentPassword: %q, newPassword: %q}) { userErrors { code } } }", tt.current, tt.next)
			got := gqltest.NewClient(s).Query(t, tt.viewer, query, nil, headers...)
			emails := []string{"student@7p.example"}
			if !tt.viewer.SignedIn() {
				emails = nil
			}
			if !strings.Contains(got.Text(), tt.code) || budget.attempts != 1 || !slices.Equal(budget.emails, emails) || budget.refunds != tt.refunds || budget.mutations != 0 {
				t.Errorf("%q to %q: %s\ncharged %+v, want %d refunds", tt.current, tt.next, got, budget, tt.refunds)
			}
			got = gqltest.NewClient(s).Query(t, tt.viewer, query, nil)
			wantCode(t, got, http.StatusTooManyRequests, "RATE_LIMITED")
		}
	}
}
