package gql_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/store"
)

// lockReviews locks the table of reviews: statements that read it wait. It returns the transaction.
func lockReviews(t *testing.T, db *store.Store) pgx.Tx {
	t.Helper()
	tx, err := db.PrimaryPool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	if _, err := tx.Exec(t.Context(), "LOCK TABLE reviews IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	return tx
}

// deferredClient reads a response in parts as they arrive.
type deferredClient struct {
	parts  *multipart.Reader
	cancel context.CancelFunc
}

// openDeferred sends a query to a server of a handler.
func openDeferred(t *testing.T, h http.Handler, text string) deferredClient {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return openDeferredAt(t, s.URL, text)
}

func openDeferredAt(t *testing.T, serverURL, text string) deferredClient {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, serverURL, strings.NewReader(gqltest.QueryBody(text, nil)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept2022)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return deferredClient{multipart.NewReader(bufio.NewReader(resp.Body), "-"), cancel}
}

func (c deferredClient) next(t *testing.T) string {
	t.Helper()
	p, err := c.parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

const deferredReviews = `{ course(id: "Q291cnNlOjI0") { title ... @defer { reviews(first: 1) { nodes { rating } } } ... @defer { videos(first: 1) { nodes { title } } } } }`

// The initial part is sent before the deferred fragments are executed: it arrives although they cannot be.
func TestDeferredAfterInitialPart(t *testing.T) {
	t.Parallel()
	db := openDemoStore(t)
	tx := lockReviews(t, db)
	c := openDeferred(t, gql.New(gql.Options{Store: db, Log: discardLog}), deferredReviews)
	if got, want := c.next(t), `{"data":{"course":{"title":"Confident Node.js: The Event Loop"}},"hasNext":true}`; got != want {
		t.Errorf("got %s", got)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := c.next(t); !strings.Contains(got, `"path":["course"]`) || !strings.HasSuffix(got, `"hasNext":true}`) {
		t.Errorf("got %s", got)
	}
	if got := c.next(t); !strings.Contains(got, `"videos"`) || !strings.HasSuffix(got, `"hasNext":false}`) {
		t.Errorf("got %s", got)
	}
	if _, err := c.parts.NextPart(); err != io.EOF {
		t.Errorf("after the last part: %v", err)
	}
}

// After the client has disconnected, the rest is not executed.
func TestDeferredClientDisconnects(t *testing.T) {
	t.Parallel()
	db := openDemoStore(t)
	lockReviews(t, db)
	usage := make(chan middleware.DatabaseUsage, 1)
	s := gql.New(gql.Options{Store: db, Log: discardLog})
	h := middleware.RequestID()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r)
		usage <- middleware.DatabaseUsageOf(r.Context())
	}))
	c := openDeferred(t, h, deferredReviews)
	c.next(t)
	c.cancel() // while the reviews wait for the lock
	if got := <-usage; got.Statements > 2 {
		t.Errorf("%+v, want the statements of the course and of the reviews, at most", got)
	}
}

// A part that fails does so within the deadline of the operation, and ends the response.
func TestDeferredDeadline(t *testing.T) {
	t.Parallel()
	db := openDemoStore(t)
	lockReviews(t, db)
	h := gql.New(gql.Options{Store: db, Log: discardLog, OperationTimeout: 1500 * time.Millisecond}) // less than the wait for a lock
	for _, accept := range []string{accept2022, accept02} {
		t.Run(accept, func(t *testing.T) {
			t.Parallel()
			parts := readParts(t, postDeferred(t, h, edu.Viewer{}, accept, deferredReviews))
			data, errs := mergeParts(t, parts)
			if len(errs) != 2 || errs[0].Code() != string(edu.Unavailable) || errs[1].Code() != "TIMEOUT" || fmt.Sprint(errs[0].Path, errs[1].Path) != "[course] [course]" {
				t.Errorf("%s: errors %v", accept, errs)
			}
			if got := fmt.Sprint(data); got != "map[course:map[title:Confident Node.js: The Event Loop]]" {
				t.Errorf("%s: data %s", accept, got)
			}
		})
	}
}

// All parts together have the bytes that a response may have.
func TestDeferredBytes(t *testing.T) {
	t.Parallel()
	o := gql.Options{Store: openDemoStore(t), Log: discardLog, MaxResponseBytes: 11_500}
	h := gql.New(o)
	const text = `{ courses(first: 50) { nodes { id ... @defer(label: "a") { title } ... @defer(label: "b") { slug } } } }`
	for _, accept := range []string{accept2022, accept02} {
		resp := postDeferred(t, h, edu.Viewer{}, accept, text)
		parts := readParts(t, resp)
		_, errs := mergeParts(t, parts)
		if len(parts) != 3 || len(errs) == 0 || errs[0].Code() != "MAX_RESPONSE_BYTES_LIMIT" || errs[0].Extensions["limit"] != 11_500. {
			t.Errorf("%s: %d parts, errors %.300s", accept, len(parts), fmt.Sprint(errs))
		}
	}
	const initial = `{ courses(first: 50) { nodes { id description ... @defer(label: "a") { title } } } }`
	if resp := postDeferred(t, h, edu.Viewer{}, accept2022, initial); resp.Result(t).Errors[0].Code() != "MAX_RESPONSE_BYTES_LIMIT" {
		t.Errorf("initial part: %.300s", resp)
	}
}

// Deferring costs no more statements than reading everything at once, and each level of a part one round trip, however
// many objects it has.
func TestDeferredStatements(t *testing.T) {
	t.Parallel()
	s := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog})
	var usage middleware.DatabaseUsage
	h := middleware.RequestID()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r)
		usage = middleware.DatabaseUsageOf(r.Context())
	}))
	for _, c := range []struct {
		query              string // with %s in place of @defer
		statements, trips  int64  // without
		deferredTrips      int64
		deferredStatements int64
	}{
		{`{ courses(first: 20) { nodes { title ... %s { category { name } instructor { name } reviews(first: 2) { nodes { rating author { name } } } } } } }`, 4, 2, 2, 4},
		{`{ courses(first: 20) { nodes { title ... %s { reviews(first: 2) { nodes { rating ... %s { course { title } } } } } } } }`, 3, 3, 3, 3},
		{`{ categories { name ... %s { courses(first: 3) { nodes { title } } } a: courses(first: 2) { nodes { ... %s { videos { nodes { title } } } } } } }`, 4, 3, 4, 4},
		{`{ courses(first: 20) { ... %s { totalCount nodes { title instructor { name } } } } }`, 3, 2, 2, 3},
		{`{ courses(first: 20) { edges { cursor ... %s { node { title instructor { name } } } } } }`, 2, 2, 2, 2},
		{`{ searchCourses(query: "data") { ... %s { nodes { instructor { name } } facets { categories { count category { name courses(first: 1) { nodes { title } } } } } } } }`, 5, 3, 3, 5},
		{`{ courses(first: 5) { nodes { title instructor { name } ... %s { instructor { avatarUrl coursesTaught(first: 2) { nodes { title } } } } } } }`, 3, 2, 3, 3},
	} {
		gqltest.NewClient(h).Query(t, edu.Viewer{}, strings.ReplaceAll(c.query, "%s", "@include(if: true)"), nil)
		if usage != (middleware.DatabaseUsage{Statements: c.statements, RoundTrips: c.trips}) {
			t.Errorf("%s\nwithout @defer %+v", c.query, usage)
		}
		for _, accept := range []string{accept2022, accept02} {
			resp := gqltest.NewClient(h).Query(t, edu.Viewer{}, strings.ReplaceAll(c.query, "%s", "@defer"), nil, "Accept: "+accept)
			readParts(t, resp)
			if usage != (middleware.DatabaseUsage{Statements: c.deferredStatements, RoundTrips: c.deferredTrips}) {
				t.Errorf("%s\nwith @defer %+v", c.query, usage)
			}
		}
	}
}

// The payload of a mutation may be deferred: it is executed once. A response that is stored for its Idempotency-Key and
// one with the tokens of a session are sent as a whole.
func TestDeferredMutation(t *testing.T) {
	t.Parallel()
	h := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog})
	const mutation = `mutation { reviewCourse(input: {courseId: "Q291cnNlOjE", rating: 4, body: "good"}) {
		userErrors { message } ... @defer { review { rating author { name ... @defer { id } } course { title } } } } }`
	whole := postQuery(t, h, student, mutation).Result(t)
	for _, accept := range []string{accept2022, accept02} {
		data, errs := mergeParts(t, readParts(t, postDeferred(t, h, student, accept, mutation)))
		got, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		if len(errs) > 0 || fmt.Sprint(decodeData(t, got)) != fmt.Sprint(decodeData(t, whole.Data)) {
			t.Errorf("%s, want %s; errors %v", got, whole.Data, errs)
		}
		if resp := gqltest.NewClient(h).Query(t, student, mutation, nil, "Accept: "+accept, "Idempotency-Key: 0123456789abcdef-"+accept[16:20]); strings.Contains(resp.Header.Get("Content-Type"), "multipart") {
			t.Errorf("with an Idempotency-Key: %s", resp)
		}
	}
	resp := postDeferred(t, h, edu.Viewer{}, accept2022, `mutation { signIn(input: {email: "x@example.com", password: "wrong-password"}) { ... @defer { accessToken userErrors { message } } } }`)
	if strings.Contains(resp.Header.Get("Content-Type"), "multipart") {
		t.Errorf("a session in parts: %s", resp)
	}
	if resp := postDeferred(t, h, student, accept2022, `mutation { ... @defer { unenroll(input: {courseId: "Q291cnNlOjE"}) { userErrors { message } } } }`); resp.Result(t).Data == nil {
		t.Errorf("the root of a mutation in parts: %s", resp)
	}
}
