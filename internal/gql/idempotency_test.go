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
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// idempotencyServer is the real server with a database of three users and three courses.
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
	db := openStore(t, store.Config{URL: dsn, MaxConns: 6, MaxLockTime: time.Minute})
	tokens, err := auth.NewTokens(strings.Repeat("s", auth.MinSecretBytes), "")
	if err != nil {
		t.Fatal(err)
	}
	s := &idempotencyServer{db: testdb.OpenPool(t, dsn)}
	log := slog.New(slog.NewJSONHandler(lockedWriter{s}, nil))
	s.handler = middleware.RequestID()(middleware.NewAccessLog(lockedWriter{s}, middleware.AccessLogOptions{}).Log(gql.New(gql.Options{
		Store: db, Log: log, MaxBatchSize: 10,
		Sessions: resolvers.SessionOptions{Tokens: tokens, AccessTTL: time.Minute, RefreshTTL: time.Hour, RevokeTokens: func(context.Context, int64, int64) { s.revoke() }},
	})))
	newUser := func(name string, role edu.Role) edu.Viewer {
		key := queryOne[int64](t, s.db, "INSERT INTO users (name, email, role) VALUES ($1, $1 || '@7p.example', lower($2)) RETURNING id", name, string(role))
		return edu.Viewer{ID: key, Role: role}
	}
	s.student, s.other, s.teacher = newUser("student", edu.RoleStudent), newUser("other", edu.RoleStudent), newUser("teacher", edu.RoleInstructor)
	category := queryOne[int64](t, s.db, "INSERT INTO categories (name, slug) VALUES ('Only', 'only') RETURNING id")
	s.category = edu.NewID(edu.KindCategory, category).String()
	for i := range s.courses {
		s.courses[i] = queryOne[int64](t, s.db, `INSERT INTO courses (slug, title, description, difficulty, published, published_at, instructor_id, category_id)
			VALUES ('c' || $1::int, 'A course', '', 'beginner', true, now(), $2, $3) RETURNING id`, i, s.teacher.ID, category)
	}
	return s
}

// lockedWriter writes to the log of a server.
type lockedWriter struct{ *idempotencyServer }

func (w lockedWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

// queryOne returns the only value of a query.
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

// wantRows checks the number of rows in a table.
func (s *idempotencyServer) wantRows(t *testing.T, want int, from string, args ...any) {
	t.Helper()
	if n := queryOne[int](t, s.db, "SELECT count(*)::int FROM "+from, args...); n != want {
		t.Errorf("got %d rows in %s %v, want %d", n, from, args, want)
	}
}

// sendMutation posts a body as a viewer, with a key unless it is "".
func (s *idempotencyServer) sendMutation(ctx context.Context, as edu.Viewer, key, body string) *gqltest.Response {
	r := httptest.NewRequestWithContext(edu.WithViewer(ctx, as), http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return gqltest.Serve(s.handler, r)
}

// enrollDocument returns a mutation that enrolls in courses, each by a root field of its own.
func enrollDocument(courses ...int64) string {
	var fields strings.Builder
	for i, c := range courses {
		fmt.Fprintf(&fields, " f%d: enroll(input: {courseId: %q}) { enrollment { id course { enrollmentCount } } userErrors { code } }", i, edu.NewID(edu.KindCourse, c))
	}
	return "mutation {" + fields.String() + " }"
}

const createMutation = `mutation($input: CourseInput!) { createCourse(input: $input) { course { id slug title } userErrors { code message } } }`

// createBody returns a request that creates a course.
func (s *idempotencyServer) createBody(title string) string {
	return gqltest.QueryBody(createMutation, map[string]any{"input": map[string]any{"title": title, "description": "", "priceAmount": "1.00", "categoryId": s.category}})
}

// checkReplay checks that a response is a replay of the first one, byte for byte.
func checkReplay(t *testing.T, first, replay *gqltest.Response) {
	t.Helper()
	if first.Status != http.StatusOK || strings.Contains(first.Text(), `"errors"`) || first.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("the first response is %s, %v", first, first.Header)
	}
	if replay.Status != http.StatusOK || replay.Text() != first.Text() || replay.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the replay is %s, %v\nwant %s", replay, replay.Header, first)
	}
}

// wantCode checks that a response is an error without data.
func wantCode(t *testing.T, got *gqltest.Response, status int, code string) {
	t.Helper()
	r := got.Result(t)
	if got.Status != status || r.Data != nil || len(r.Errors) != 1 || r.Code() != code || got.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("got %s, want %d %s", got, status, code)
	}
}

func TestIdempotencyReplays(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	ctx := t.Context()
	enroll, create := gqltest.QueryBody(enrollDocument(s.courses[0]), nil), s.createBody("Once")
	enrolled, created := s.sendMutation(ctx, s.student, "key-1", enroll), s.sendMutation(ctx, s.teacher, "key-1", create)
	// Changes in between do not change the stored response.
	s.execSQL(t, "UPDATE courses SET title = 'Renamed', published = false")
	checkReplay(t, enrolled, s.sendMutation(ctx, s.student, "key-1", enroll))
	checkReplay(t, created, s.sendMutation(ctx, s.teacher, "key-1", create))
	s.wantRows(t, 1, "enrollments")
	s.wantRows(t, 4, "courses")

	// User errors are stored, too: publishing the course does not change this response.
	rejected := s.sendMutation(ctx, s.other, "key-1", enroll)
	if !strings.Contains(rejected.Text(), "NOT_FOUND") {
		t.Errorf("got %s", rejected)
	}
	s.execSQL(t, "UPDATE courses SET published = true, published_at = now()")
	checkReplay(t, rejected, s.sendMutation(ctx, s.other, "key-1", enroll))
	if again := s.sendMutation(ctx, s.other, "key-2", enroll); !strings.Contains(again.Text(), `"enrollmentCount":2`) {
		t.Errorf("another key: got %s", again)
	}
	// A key expires after a day.
	s.execSQL(t, "UPDATE idempotent_answers SET created_at = now() - interval '24 hours'")
	if again := s.sendMutation(ctx, s.student, "key-1", enroll); !strings.Contains(again.Text(), "ALREADY_EXISTS") || again.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("an expired key: got %s", again)
	}
	s.wantRows(t, 2, "enrollments")
}

// A key belongs to one viewer and one request.
func TestIdempotencyKeyOfAnotherRequest(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	ctx := t.Context()
	const query = `"query": "mutation A($a: ID!, $b: Int = 1) { reviewCourse(input: {courseId: $a, rating: $b, body: \"\"}) { userErrors { code } } } mutation B($a: ID!, $b: Int = 1) { reviewCourse(input: {courseId: $a, rating: $b, body: \"B\"}) { userErrors { code } } }"`
	first := `{` + query + `, "operationName": "A", "variables": {"a": "x", "b": 5}}`
	stored := s.sendMutation(ctx, s.student, "key", first)
	checkReplay(t, stored, s.sendMutation(ctx, s.student, "key", "{\"variables\": {\"b\": 5,\n \"a\": \"\\u0078\"}, \"operationName\": \"A\", "+query+"}"))
	if other := s.sendMutation(ctx, s.other, "key", first); other.Status != http.StatusOK || other.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("the key of another viewer: got %s", other)
	}
	for name, other := range map[string]string{
		"another variable":  strings.Replace(first, "5", "4", 1),
		"a default value":   strings.Replace(first, `, "b": 5`, "", 1),
		"another text":      strings.Replace(first, "{ code }", "{code }", 1),
		"another operation": strings.Replace(first, `"operationName": "A"`, `"operationName": "B"`, 1),
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
	send := func(body string, keys ...string) *gqltest.Response {
		r := httptest.NewRequestWithContext(edu.WithViewer(t.Context(), s.student), http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header["Content-Type"], r.Header["Idempotency-Key"] = []string{"application/json"}, keys
		return gqltest.Serve(s.handler, r)
	}
	for _, keys := range [][]string{{""}, {" "}, {"a b"}, {"a\x7f"}, {"\xff"}, {"é"}, {"tab\t"}, {strings.Repeat("k", 256)}, {"one", "two"}} {
		got := send(gqltest.QueryBody(enrollDocument(s.courses[0]), nil), keys...)
		wantCode(t, got, http.StatusBadRequest, "BAD_REQUEST")
		if !strings.Contains(got.Text(), "1 to 255 visible ASCII characters") {
			t.Errorf("%q: got %s", keys, got)
		}
		if got := send(`{"query": "{ viewer { name } }"}`, keys...); got.Status != http.StatusOK {
			t.Errorf("a query with %q: got %s", keys, got)
		}
	}
	s.wantRows(t, 0, "enrollments")
	for i, key := range []string{"!", "~", `"8e03978e-40d5-43dd-bc93-6894a57f9324"`, strings.Repeat("k", 255)} {
		if got := send(s.createBody(key), key); strings.Contains(got.Text(), "BAD_REQUEST") {
			t.Errorf("%d: %q: got %s", i, key, got)
		}
	}
}

// A response with errors has no data, is not stored, and rolls back all writes: those of a root field that
// succeeded, too, and those of a root field of which only a selected field failed.
func TestIdempotencyRollsBackErrors(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	enroll, create := enrollDocument(s.courses[0]), fmt.Sprintf("createCourse(input: {title: \"Two\", description: \"\", priceAmount: \"1.00\", categoryId: %q}) { course { id } }", s.category)
	both := gqltest.QueryBody(strings.TrimSuffix(enroll, "}")+create+"}", nil)
	within := gqltest.QueryBody(strings.Replace(enroll, "enrollmentCount", "analytics { totalEnrollments }", 1), nil)
	for _, request := range []string{both, both, within} {
		got := s.sendMutation(t.Context(), s.student, "key", request)
		r := got.Result(t)
		if got.Status != http.StatusOK || string(r.Data) != "null" || len(r.Errors) != 1 || r.Code() != "FORBIDDEN" {
			t.Errorf("got %s, want only the error", got)
		}
	}
	s.wantRows(t, 0, "enrollments")
	s.wantRows(t, 0, "idempotent_answers")
	promoted := edu.Viewer{ID: s.student.ID, Role: edu.RoleInstructor}
	checkReplay(t, s.sendMutation(t.Context(), promoted, "key", both), s.sendMutation(t.Context(), promoted, "key", both))
	s.wantRows(t, 1, "enrollments")
	s.wantRows(t, 4, "courses")
}

// Without the keys, the table of stored responses reveals nothing.
func TestIdempotencyEncryptsResponses(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	const email, password, key = "someone@school.example", "correct horse battery", "b7f4-0c1d-key"
	const session = "{ accessToken refreshToken user { email } userErrors { code } }"
	up := gqltest.QueryBody("mutation($i: SignUpInput!) { s: signUp(input: $i) "+session+" }", map[string]any{"i": map[string]any{"name": "Someone", "email": email, "password": password}})
	in := gqltest.QueryBody("mutation($i: SignInInput!) { s: signIn(input: $i) "+session+" }", map[string]any{"i": map[string]any{"email": email, "password": password}})
	secrets := []string{email, password, key, "accessToken", "Someone"}
	var refresh string
	for i, request := range []string{up, in} {
		keyed := key + string(rune('0'+i))
		got := s.sendMutation(t.Context(), edu.Viewer{}, keyed, request)
		checkReplay(t, got, s.sendMutation(t.Context(), edu.Viewer{}, keyed, request))
		var tokens struct {
			S struct{ AccessToken, RefreshToken string }
		}
		if err := json.Unmarshal(got.Result(t).Data, &tokens); err != nil || len(tokens.S.RefreshToken) < 40 || len(tokens.S.AccessToken) < 40 {
			t.Fatalf("got %s", got)
		}
		refresh = tokens.S.RefreshToken
		secrets = append(secrets, refresh, tokens.S.AccessToken)
	}
	// A refresh token can be spent again under its key, and is not treated as stolen.
	renew := gqltest.QueryBody("mutation($t: String!) { s: refreshSession(input: {refreshToken: $t}) "+session+" }", map[string]any{"t": refresh})
	checkReplay(t, s.sendMutation(t.Context(), edu.Viewer{}, key, renew), s.sendMutation(t.Context(), edu.Viewer{}, key, renew))
	s.wantRows(t, 1, "refresh_tokens WHERE spent_at IS NOT NULL")
	s.wantRows(t, 0, "sessions WHERE revoked_at IS NOT NULL")

	s.wantRows(t, 3, "idempotent_answers")
	stored := queryOne[[]byte](t, s.db, "SELECT string_agg(key || answer || a::text::bytea, '') FROM idempotent_answers a")
	for _, secret := range secrets {
		if bytes.Contains(stored, []byte(secret)) {
			t.Errorf("the table has %q in plain text", secret)
		}
	}
	if log := s.log.String(); strings.Contains(log, key) || strings.Contains(log, refresh) {
		t.Errorf("the log has a secret:\n%s", log)
	}
}

// The end of a session is published after its commit, and not after a rollback.
func TestIdempotencyPublishesAfterCommit(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	v := s.student
	v.Session = queryOne[int64](t, s.db, "INSERT INTO sessions (user_id) VALUES ($1) RETURNING id", v.ID)
	published := 0
	s.revoke = func() {
		published++
		s.wantRows(t, 1, "sessions WHERE revoked_at IS NOT NULL")
	}
	// After signOut the viewer is anonymous, and may not enroll.
	failing := gqltest.QueryBody(strings.Replace(enrollDocument(s.courses[0]), "f0", "signOut { signedOut } f0", 1), nil)
	if got := s.sendMutation(t.Context(), v, "key", failing).Result(t); len(got.Errors) != 1 || published != 0 {
		t.Errorf("published %d times, got %v; want an error, and nothing published", published, got)
	}
	s.wantRows(t, 0, "sessions WHERE revoked_at IS NOT NULL")
	out := `{"query": "mutation { signOut { signedOut } }"}`
	checkReplay(t, s.sendMutation(t.Context(), v, "key", out), s.sendMutation(t.Context(), v, "key", out))
	if published != 1 {
		t.Errorf("published %d times, want once", published)
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
		// BEGIN, lock, enrolled? – insert, COMMIT – the course.
		{s.other, "", `"sql_statements":6,"sql_round_trips":3`},
		// The first key also reads the bytes of all responses.
		{s.teacher, "key", `"sql_statements":14,"sql_round_trips":6`},
		// stored?, bytes – BEGIN, lock the key, stored?, SAVEPOINT, lock, enrolled? – insert, RELEASE – the course – store, COMMIT.
		{s.student, "key", `"sql_statements":13,"sql_round_trips":5`},
		// stored?, bytes.
		{s.student, "key", `"sql_statements":2,"sql_round_trips":1`},
	} {
		s.log.Reset()
		if s.sendMutation(t.Context(), c.as, c.key, gqltest.QueryBody(enrollDocument(s.courses[0]), nil)); !strings.Contains(s.log.String(), c.want) {
			t.Errorf("with the key %q: want %s, logged %s", c.key, c.want, &s.log)
		}
	}
}
