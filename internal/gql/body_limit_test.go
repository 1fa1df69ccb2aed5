package gql_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
)

var (
	student    = edu.Viewer{ID: 1, Role: edu.RoleStudent}
	instructor = edu.Viewer{ID: 2, Role: edu.RoleInstructor}
	admin      = edu.Viewer{ID: 3, Role: edu.RoleAdmin}
)

// maxBulk is above the 1 MiB from which on a body needs room.
const maxBulk = 2 << 20

// newBulkServer has room for one larger body, and every operation is answered by exec.
func newBulkServer(wait time.Duration, exec func(context.Context) *graphql.Response) http.Handler {
	e := executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return newSchema },
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			return func(ctx context.Context) *graphql.Response { return exec(ctx) }
		},
	})
	e.SetErrorPresenter(gql.NewErrorPresenter(slog.New(slog.DiscardHandler)))
	transport := gql.HTTP{MaxBodyBytes: maxBody, BulkLimiter: gql.NewBulkLimiter(maxBulk, 1, wait)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		transport.HandleRequest(w, r, e)
	})
}

// bodyOfSize is a request of some bytes, most of them a variable.
func bodyOfSize(bytes int) string {
	const before, after = `{"query":"query($n:String){hello(name:$n)}","variables":{"n":"`, `"}}`
	return before + strings.Repeat("x", bytes-len(before)-len(after)) + after
}

// postBodyAs sends a body as a viewer; a length of -1 is not told.
func postBodyAs(ctx context.Context, h http.Handler, as edu.Viewer, body io.Reader, length int) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(edu.WithViewer(ctx, as), http.MethodPost, "/graphql", body)
	r.ContentLength = int64(length)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// Each viewer has a limit, and is told of it once they are beyond it.
func TestBodyLimits(t *testing.T) {
	t.Parallel()
	h := newBulkServer(time.Minute, resolveHello)
	for _, c := range []struct {
		as      edu.Viewer
		most    int
		chunked bool
		told    string
	}{
		{edu.Viewer{}, maxBody, false, "limit of 2000 bytes"},
		{edu.Viewer{Role: edu.RoleAdmin}, maxBody, false, "limit of 2000 bytes"}, // no one, whatever the role says
		{student, maxBody, false, "limit of 2000 bytes"},
		{student, maxBody, true, "limit of 2000 bytes"},
		{instructor, maxBulk, false, "limit of 2097152 bytes"},
		{admin, maxBulk, false, "limit of 2097152 bytes"},
		{instructor, 1 << 20, true, "limit of 1048576 bytes for one without Content-Length"},
	} {
		for _, beyond := range []int{0, 1} {
			length := c.most + beyond
			body, want := bodyOfSize(length), http.StatusOK+beyond*(http.StatusRequestEntityTooLarge-http.StatusOK)
			if c.chunked {
				length = -1
			}
			rec := postBodyAs(t.Context(), h, c.as, strings.NewReader(body), length)
			if rec.Code != want || beyond == 1 && !strings.Contains(rec.Body.String(), c.told+`"`) {
				t.Errorf("%s sent %d bytes and was answered %d %.200s, want %d", c.as.Role, len(body), rec.Code, rec.Body, want)
			}
		}
	}
}

// A text is kept in caches, so it stays small whoever sends it; so does a URL.
func TestTextLimits(t *testing.T) {
	t.Parallel()
	h := newBulkServer(time.Minute, resolveHello)
	body := `{"query":"{hello} #` + strings.Repeat("x", maxBody) + `"}`
	rec := postBodyAs(t.Context(), h, instructor, strings.NewReader(body), len(body))
	if rec.Code != http.StatusRequestEntityTooLarge || !strings.Contains(rec.Body.String(), "the text of the operation is larger than the limit of 2000 bytes") {
		t.Errorf("a long text was answered %d %s", rec.Code, rec.Body)
	}
	body = `{"query":"{hello}","variables":{"n":[` + strings.Repeat("0,", 500_000) + `0]}}`
	rec = postBodyAs(t.Context(), h, instructor, strings.NewReader(body), len(body))
	if rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "more than 500000 values") {
		t.Errorf("half a million values were answered %d %.200s", rec.Code, rec.Body)
	}
	r := httptest.NewRequestWithContext(edu.WithViewer(t.Context(), instructor), http.MethodGet, "/graphql?query={hello}"+strings.Repeat("%20", maxBody), nil)
	r.Header.Set("GraphQL-Require-Preflight", "1")
	rec = httptest.NewRecorder()
	if h.ServeHTTP(rec, r); rec.Code != http.StatusRequestURITooLong {
		t.Errorf("a long URL was answered %d %s", rec.Code, rec.Body)
	}
}

// signalReader is the beginning of a body: it tells that this is read.
type signalReader struct{ read chan struct{} }

func (s signalReader) Read([]byte) (int, error) {
	close(s.read)
	return 0, io.EOF
}

// unreadBody is a body that must not be read.
type unreadBody struct{ t *testing.T }

func (u unreadBody) Read([]byte) (int, error) {
	u.t.Error("read a body that there is no room for")
	return 0, io.EOF
}

// bulkQueue is a server where the larger bodies' operations stay inside until they are
// let out.
type bulkQueue struct {
	http.Handler
	entered, proceed chan struct{}
	answered         chan int
}

func newBulkQueue(wait time.Duration) *bulkQueue {
	c := &bulkQueue{entered: make(chan struct{}), proceed: make(chan struct{}), answered: make(chan int)}
	c.Handler = newBulkServer(wait, func(ctx context.Context) *graphql.Response {
		if name, _ := graphql.GetOperationContext(ctx).Variables["n"].(string); len(name) > 1<<20 {
			c.entered <- struct{}{}
			<-c.proceed
		}
		return resolveHello(ctx)
	})
	return c
}

// startRequest sends a larger body.
func (c *bulkQueue) startRequest(t *testing.T, body io.Reader) {
	go func() { c.answered <- postBodyAs(t.Context(), c, instructor, body, maxBulk).Code }()
}

// awaitPermit waits until one is inside.
func (c *bulkQueue) awaitPermit(t *testing.T) {
	t.Helper()
	select {
	case <-c.entered:
	case status := <-c.answered:
		t.Fatalf("answered %d without having been inside", status)
	}
}

// finishRequest lets one out.
func (c *bulkQueue) finishRequest(t *testing.T) {
	t.Helper()
	c.proceed <- struct{}{}
	if status := <-c.answered; status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
}

// A larger body waits, unread, until another is done with; smaller ones pass.
func TestBulkTakesTurns(t *testing.T) {
	t.Parallel()
	c := newBulkQueue(10 * time.Second)
	c.startRequest(t, strings.NewReader(bodyOfSize(maxBulk)))
	c.awaitPermit(t)
	reading := make(chan struct{})
	c.startRequest(t, io.MultiReader(signalReader{reading}, strings.NewReader(bodyOfSize(maxBulk))))
	gone, leave := context.WithCancel(t.Context())
	leave()
	if rec := postBodyAs(gone, c, admin, unreadBody{t}, maxBulk); rec.Code != 499 {
		t.Errorf("one who left was answered %d %s", rec.Code, rec.Body)
	}
	small := bodyOfSize(1 << 20)
	if rec := postBodyAs(t.Context(), c, admin, strings.NewReader(small), len(small)); rec.Code != http.StatusOK {
		t.Errorf("a smaller one was answered %d %s", rec.Code, rec.Body)
	}
	if rec := postBodyAs(t.Context(), c, admin, unreadBody{t}, maxBulk+1); rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("one too large was answered %d %s", rec.Code, rec.Body)
	}
	select {
	case <-reading:
		t.Error("the second was read while the first was there")
	default:
	}
	c.finishRequest(t)
	c.awaitPermit(t)
	c.finishRequest(t)
	// A refusal of what was read gives the room back too.
	broken := bodyOfSize(maxBulk)[1:]
	if rec := postBodyAs(t.Context(), c, admin, strings.NewReader(broken), len(broken)); rec.Code != http.StatusBadRequest {
		t.Errorf("a broken body was answered %d %s", rec.Code, rec.Body)
	}
	c.startRequest(t, strings.NewReader(bodyOfSize(maxBulk)))
	c.awaitPermit(t)
	c.finishRequest(t)
}

// Whoever finds no room for long is told so.
func TestBulkIsFull(t *testing.T) {
	t.Parallel()
	c := newBulkQueue(20 * time.Millisecond)
	c.startRequest(t, strings.NewReader(bodyOfSize(maxBulk)))
	c.awaitPermit(t)
	rec := postBodyAs(t.Context(), c, admin, unreadBody{t}, maxBulk)
	if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "SERVICE_UNAVAILABLE") ||
		!strings.Contains(rec.Body.String(), "1 requests of more than 1048576 bytes") {
		t.Errorf("answered %d %s", rec.Code, rec.Body)
	}
	c.finishRequest(t)
}
