package gql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// idempotencyServer is the real handler over a database with three people and three courses.
type idempotencyServer struct {
	handler                 http.Handler
	db                      *pgxpool.Pool
	student, other, teacher edu.Viewer
	courses                 [3]int64
	category                string

	mu     sync.Mutex
	log    bytes.Buffer
	revoke func()
}

func newIdempotencyServer(t *testing.T, dsn string) *idempotencyServer {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 6})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	tokens, err := auth.NewTokens(strings.Repeat("s", auth.MinSecretBytes), "")
	if err != nil {
		t.Fatal(err)
	}
	s := &idempotencyServer{db: testdb.OpenPool(t, dsn)}
	log := slog.New(slog.NewJSONHandler(lockedWriter{s}, nil))
	s.handler = middleware.RequestID()(middleware.AccessLog(lockedWriter{s}, slog.LevelInfo)(gql.New(gql.Options{
		Store: db, Log: log, MaxBatchSize: 10,
		Sessions: resolvers.SessionOptions{Tokens: tokens, AccessTTL: time.Minute, RefreshTTL: time.Hour, RevokeTokens: func(context.Context, int64, int64) { s.revoke() }},
	})))
	person := func(name string, role edu.Role) edu.Viewer {
		key := queryOne[int64](t, s.db, "INSERT INTO users (name, email, role) VALUES ($1, $1 || '@7p.example', lower($2)) RETURNING id", name, string(role))
		return edu.Viewer{ID: key, Role: role}
	}
	s.student, s.other, s.teacher = person("student", edu.RoleStudent), person("other", edu.RoleStudent), person("teacher", edu.RoleInstructor)
	category := queryOne[int64](t, s.db, "INSERT INTO categories (name, slug) VALUES ('Only', 'only') RETURNING id")
	s.category = edu.NewID(edu.KindCategory, category).String()
	for i := range s.courses {
		s.courses[i] = queryOne[int64](t, s.db, `INSERT INTO courses (slug, title, description, difficulty, published, published_at, instructor_id, category_id)
			VALUES ('c' || $1::int, 'A course', '', 'beginner', true, now(), $2, $3) RETURNING id`, i, s.teacher.ID, category)
	}
	return s
}

type lockedWriter struct{ *idempotencyServer }

func (w lockedWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

// queryOne reads one value.
func queryOne[T any](t *testing.T, db *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := db.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func (s *idempotencyServer) execSQL(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := s.db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// wantRows counts what is there.
func (s *idempotencyServer) wantRows(t *testing.T, want int, from string, args ...any) {
	t.Helper()
	if n := queryOne[int](t, s.db, "SELECT count(*)::int FROM "+from, args...); n != want {
		t.Errorf("%d rows are in %s %v, want %d", n, from, args, want)
	}
}

// sendMutation posts a request as a viewer with a key, or with none where that is "".
func (s *idempotencyServer) sendMutation(ctx context.Context, as edu.Viewer, key, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(edu.WithViewer(ctx, as), http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	return rec
}

// body writes a request.
func body(query string, variables map[string]any) string {
	text, _ := json.Marshal(map[string]any{"query": query, "variables": variables}) // texts and maps
	return string(text)
}

// enrollBody takes courses, each by a root field of its own.
func enrollBody(courses ...int64) string {
	var fields strings.Builder
	for i, c := range courses {
		fmt.Fprintf(&fields, " f%d: enroll(input: {courseId: %q}) { enrollment { id course { enrollmentCount } } userErrors { code } }", i, edu.NewID(edu.KindCourse, c))
	}
	return "mutation {" + fields.String() + " }"
}

const createMutation = `mutation($input: CourseInput!) { createCourse(input: $input) { course { id slug title } userErrors { code message } } }`

func (s *idempotencyServer) createBody(title string) string {
	return body(createMutation, map[string]any{"input": map[string]any{"title": title, "description": "", "priceAmount": "1.00", "categoryId": s.category}})
}

// checkReplay checks that an answer is the first one again, byte for byte.
func checkReplay(t *testing.T, first, again *httptest.ResponseRecorder) {
	t.Helper()
	if first.Code != http.StatusOK || strings.Contains(first.Body.String(), `"errors"`) || first.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("first answered %d %v %s", first.Code, first.Header(), first.Body)
	}
	if again.Code != http.StatusOK || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("then answered %d %v %s\nwant the same as at first: %s", again.Code, again.Header(), again.Body, first.Body)
	}
}

// wantCode checks that an answer is an error without data.
func wantCode(t *testing.T, got *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	a := decodeResponse(t, got)
	if got.Code != status || a.Data != nil || len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != code || got.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("answered %d %s, want %d %s", got.Code, got.Body, status, code)
	}
}

func TestIdempotencyReplays(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	ctx := t.Context()
	enroll, create := body(enrollBody(s.courses[0]), nil), s.createBody("Once")
	enrolled, created := s.sendMutation(ctx, s.student, "key-1", enroll), s.sendMutation(ctx, s.teacher, "key-1", create)
	// What happens in between does not change what was answered.
	s.execSQL(t, "UPDATE courses SET title = 'Renamed', published = false")
	checkReplay(t, enrolled, s.sendMutation(ctx, s.student, "key-1", enroll))
	checkReplay(t, created, s.sendMutation(ctx, s.teacher, "key-1", create))
	s.wantRows(t, 1, "enrollments")
	s.wantRows(t, 4, "courses")

	// Problems with what was sent are answers too: publishing does not change this one.
	refused := s.sendMutation(ctx, s.other, "key-1", enroll)
	if !strings.Contains(refused.Body.String(), "NOT_FOUND") {
		t.Errorf("answered %s", refused.Body)
	}
	s.execSQL(t, "UPDATE courses SET published = true, published_at = now()")
	checkReplay(t, refused, s.sendMutation(ctx, s.other, "key-1", enroll))
	if again := s.sendMutation(ctx, s.other, "key-2", enroll); !strings.Contains(again.Body.String(), `"enrollmentCount":2`) {
		t.Errorf("another key was answered %s", again.Body)
	}
	// So is one of a day ago, which is not known any more.
	s.execSQL(t, "UPDATE idempotent_answers SET created_at = now() - interval '24 hours'")
	if again := s.sendMutation(ctx, s.student, "key-1", enroll); !strings.Contains(again.Body.String(), "ALREADY_EXISTS") || again.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("an expired key was answered %s", again.Body)
	}
	s.wantRows(t, 2, "enrollments")
}

func TestIdempotencyTellsRequestsApart(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	ctx := t.Context()
	const query = `"query": "mutation A($a: ID!, $b: Int = 1) { reviewCourse(input: {courseId: $a, rating: $b, body: \"\"}) { userErrors { code } } } mutation B($a: ID!, $b: Int = 1) { reviewCourse(input: {courseId: $a, rating: $b, body: \"B\"}) { userErrors { code } } }"`
	first := `{` + query + `, "operationName": "A", "variables": {"a": "x", "b": 5}}`
	kept := s.sendMutation(ctx, s.student, "key", first)
	checkReplay(t, kept, s.sendMutation(ctx, s.student, "key", "{\"variables\": {\"b\": 5,\n \"a\": \"\\u0078\"}, \"operationName\": \"A\", "+query+"}"))
	if other := s.sendMutation(ctx, s.other, "key", first); other.Code != http.StatusOK || other.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("the same key of another viewer was answered %d %s", other.Code, other.Body)
	}
	for name, other := range map[string]string{
		"a variable":   strings.Replace(first, "5", "4", 1),
		"a default":    strings.Replace(first, `, "b": 5`, "", 1),
		"the text":     strings.Replace(first, "{ code }", "{code }", 1),
		"an operation": strings.Replace(first, `"operationName": "A"`, `"operationName": "B"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, s.sendMutation(ctx, s.student, "key", other), http.StatusConflict, "CONFLICT")
		})
	}
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	ask := func(body string, keys ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(edu.WithViewer(t.Context(), s.student), http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header["Content-Type"], r.Header["Idempotency-Key"] = []string{"application/json"}, keys
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, r)
		return rec
	}
	for _, keys := range [][]string{{""}, {" "}, {"a b"}, {"a\x7f"}, {"\xff"}, {"é"}, {"tab\t"}, {strings.Repeat("k", 256)}, {"one", "two"}} {
		got := ask(body(enrollBody(s.courses[0]), nil), keys...)
		wantCode(t, got, http.StatusBadRequest, "BAD_REQUEST")
		if !strings.Contains(got.Body.String(), "1 to 255 visible ASCII characters") {
			t.Errorf("%q was answered %s", keys, got.Body)
		}
		if got := ask(`{"query": "{ viewer { name } }"}`, keys...); got.Code != http.StatusOK {
			t.Errorf("a query with %q was answered %s", keys, got.Body)
		}
	}
	s.wantRows(t, 0, "enrollments")
	for i, key := range []string{"!", "~", `"8e03978e-40d5-43dd-bc93-6894a57f9324"`, strings.Repeat("k", 255)} {
		if got := ask(s.createBody(key), key); strings.Contains(got.Body.String(), "BAD_REQUEST") {
			t.Errorf("%d: %q was answered %s", i, key, got.Body)
		}
	}
}

// An answer with errors tells of nothing that was taken back, is not kept, and
// leaves nothing written: not even by the root field that succeeded, nor where only
// a field of what was written failed.
func TestIdempotencyTakesBackErrors(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	enroll, create := enrollBody(s.courses[0]), fmt.Sprintf("createCourse(input: {title: \"Two\", description: \"\", priceAmount: \"1.00\", categoryId: %q}) { course { id } }", s.category)
	both := body(strings.TrimSuffix(enroll, "}")+create+"}", nil)
	within := body(strings.Replace(enroll, "enrollmentCount", "analytics { totalEnrollments }", 1), nil)
	for _, request := range []string{both, both, within} {
		got := s.sendMutation(t.Context(), s.student, "key", request)
		a := decodeResponse(t, got)
		if got.Code != http.StatusOK || string(a.Data) != "null" || len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "FORBIDDEN" {
			t.Errorf("answered %d %s, want only the error", got.Code, got.Body)
		}
	}
	s.wantRows(t, 0, "enrollments")
	s.wantRows(t, 0, "idempotent_answers")
	promoted := edu.Viewer{ID: s.student.ID, Role: edu.RoleInstructor}
	checkReplay(t, s.sendMutation(t.Context(), promoted, "key", both), s.sendMutation(t.Context(), promoted, "key", both))
	s.wantRows(t, 1, "enrollments")
	s.wantRows(t, 4, "courses")
}

// The table tells nothing to who has it and not the keys.
func TestIdempotencyKeepsSecrets(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	const email, password, key = "someone@school.example", "correct horse battery", "b7f4-0c1d-key"
	const session = "{ accessToken refreshToken user { email } userErrors { code } }"
	up := body("mutation($i: SignUpInput!) { s: signUp(input: $i) "+session+" }", map[string]any{"i": map[string]any{"name": "Someone", "email": email, "password": password}})
	in := body("mutation($i: SignInInput!) { s: signIn(input: $i) "+session+" }", map[string]any{"i": map[string]any{"email": email, "password": password}})
	secrets := []string{email, password, key, "accessToken", "Someone"}
	var refresh string
	for i, request := range []string{up, in} {
		keyed := key + string(rune('0'+i))
		got := s.sendMutation(t.Context(), edu.Viewer{}, keyed, request)
		checkReplay(t, got, s.sendMutation(t.Context(), edu.Viewer{}, keyed, request))
		var tokens struct {
			S struct{ AccessToken, RefreshToken string }
		}
		if err := json.Unmarshal(decodeResponse(t, got).Data, &tokens); err != nil || len(tokens.S.RefreshToken) < 40 || len(tokens.S.AccessToken) < 40 {
			t.Fatalf("answered %s", got.Body)
		}
		refresh = tokens.S.RefreshToken
		secrets = append(secrets, refresh, tokens.S.AccessToken)
	}
	// A refresh token can be spent again under its key, and is not taken for stolen.
	renew := body("mutation($t: String!) { s: refreshSession(input: {refreshToken: $t}) "+session+" }", map[string]any{"t": refresh})
	checkReplay(t, s.sendMutation(t.Context(), edu.Viewer{}, key, renew), s.sendMutation(t.Context(), edu.Viewer{}, key, renew))
	s.wantRows(t, 1, "refresh_tokens WHERE spent_at IS NOT NULL")
	s.wantRows(t, 0, "sessions WHERE revoked_at IS NOT NULL")

	s.wantRows(t, 3, "idempotent_answers")
	stored := queryOne[[]byte](t, s.db, "SELECT string_agg(key || answer || a::text::bytea, '') FROM idempotent_answers a")
	for _, secret := range secrets {
		if bytes.Contains(stored, []byte(secret)) {
			t.Errorf("the table holds %q in clear", secret)
		}
	}
	if log := s.log.String(); strings.Contains(log, key) || strings.Contains(log, refresh) {
		t.Errorf("the log has a secret:\n%s", log)
	}
}

// Others hear of a session's end once they can see it, and not of one taken back.
func TestIdempotencyAnnouncesAfterCommit(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	v := s.student
	v.Session = queryOne[int64](t, s.db, "INSERT INTO sessions (user_id) VALUES ($1) RETURNING id", v.ID)
	told := 0
	s.revoke = func() {
		told++
		s.wantRows(t, 1, "sessions WHERE revoked_at IS NOT NULL")
	}
	// Who has signed out is nobody, who may not enroll.
	failing := body(strings.Replace(enrollBody(s.courses[0]), "f0", "signOut { signedOut } f0", 1), nil)
	if got := decodeResponse(t, s.sendMutation(t.Context(), v, "key", failing)); len(got.Errors) != 1 || told != 0 {
		t.Errorf("told %d times, answered %v; want an error, and nobody told", told, got)
	}
	s.wantRows(t, 0, "sessions WHERE revoked_at IS NOT NULL")
	out := `{"query": "mutation { signOut { signedOut } }"}`
	checkReplay(t, s.sendMutation(t.Context(), v, "key", out), s.sendMutation(t.Context(), v, "key", out))
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
}

// A key costs two round trips.
func TestIdempotencyCost(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	for _, c := range []struct {
		as   edu.Viewer
		key  string
		want string
	}{
		// BEGIN, lock, taken? – insert, COMMIT – the course.
		{s.other, "", `"sql_statements":6,"sql_round_trips":3`},
		// BEGIN, lock the key, kept? – SAVEPOINT, lock, taken? – insert, RELEASE – the course – keep, COMMIT.
		{s.student, "key", `"sql_statements":11,"sql_round_trips":5`},
		// BEGIN, lock the key, kept? – COMMIT.
		{s.student, "key", `"sql_statements":4,"sql_round_trips":2`},
	} {
		s.log.Reset()
		if s.sendMutation(t.Context(), c.as, c.key, body(enrollBody(s.courses[0]), nil)); !strings.Contains(s.log.String(), c.want) {
			t.Errorf("with the key %q: want %s, logged %s", c.key, c.want, &s.log)
		}
	}
}

// What begins a session, or goes on with one, goes alone under a key: the failure
// of another field would take back that a stolen token was noticed.
func TestIdempotentSessionsGoAlone(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	for _, field := range []string{
		`refreshSession(input: {refreshToken: "x"}) { userErrors { code } }`,
		`signIn(input: {email: "a@b.example", password: "x"}) { userErrors { code } }`,
	} {
		for mutation, want := range map[string]string{
			"mutation { " + field + " }":                                                             "INVALID_CREDENTIALS",
			"mutation { " + field + " signOut { signedOut } }":                                       "BAD_REQUEST",
			"mutation { ...F signOut { signedOut } } fragment F on Mutation { again: " + field + "}": "BAD_REQUEST",
		} {
			if got := s.sendMutation(t.Context(), s.student, persisted.HashText(mutation), body(mutation, nil)); !strings.Contains(got.Body.String(), want) {
				t.Errorf("%s\nwas answered %d %s, want %s", mutation, got.Code, got.Body, want)
			}
		}
	}
}
