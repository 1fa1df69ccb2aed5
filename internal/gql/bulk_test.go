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

// bulkServer has room for one larger body, and every operation is answered by exec.
func bulkServer(wait time.Duration, exec func(context.Context) *graphql.Response) http.Handler {
	e := executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			return func(ctx context.Context) *graphql.Response { return exec(ctx) }
		},
	})
	e.SetErrorPresenter(gql.Present(slog.New(slog.DiscardHandler)))
	transport := gql.HTTP{MaxBody: maxBody, Bulk: gql.NewBulk(maxBulk, 1, wait)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		transport.Do(w, r, e)
	})
}

// sized is a request of some bytes, most of them a variable.
func sized(bytes int) string {
	const before, after = `{"query":"query($n:String){hello(name:$n)}","variables":{"n":"`, `"}}`
	return before + strings.Repeat("x", bytes-len(before)-len(after)) + after
}

// deliver sends a body as a viewer; a length of -1 is not told.
func deliver(ctx context.Context, h http.Handler, as edu.Viewer, body io.Reader, length int) *httptest.ResponseRecorder {
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
	h := bulkServer(time.Minute, hello)
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
			body, want := sized(length), http.StatusOK+beyond*(http.StatusRequestEntityTooLarge-http.StatusOK)
			if c.chunked {
				length = -1
			}
			rec := deliver(t.Context(), h, c.as, strings.NewReader(body), length)
			if rec.Code != want || beyond == 1 && !strings.Contains(rec.Body.String(), c.told+`"`) {
				t.Errorf("%s sent %d bytes and was answered %d %.200s, want %d", c.as.Role, len(body), rec.Code, rec.Body, want)
			}
		}
	}
}

// A text is kept in caches, so it stays small whoever sends it; so does a URL.
func TestTextLimits(t *testing.T) {
	t.Parallel()
	h := bulkServer(time.Minute, hello)
	body := `{"query":"{hello} #` + strings.Repeat("x", maxBody) + `"}`
	rec := deliver(t.Context(), h, instructor, strings.NewReader(body), len(body))
	if rec.Code != http.StatusRequestEntityTooLarge || !strings.Contains(rec.Body.String(), "the text of the operation is larger than the limit of 2000 bytes") {
		t.Errorf("a long text was answered %d %s", rec.Code, rec.Body)
	}
	body = `{"query":"{hello}","variables":{"n":[` + strings.Repeat("0,", 500_000) + `0]}}`
	rec = deliver(t.Context(), h, instructor, strings.NewReader(body), len(body))
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

// signal is the beginning of a body: it tells that this is read.
type signal struct{ read chan struct{} }

func (s signal) Read([]byte) (int, error) {
	close(s.read)
	return 0, io.EOF
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("read a body that there is no room for")
	return 0, io.EOF
}

// crowd is a server where the larger bodies' operations stay inside until they are
// let out.
type crowd struct {
	http.Handler
	inside, out chan struct{}
	answered    chan int
}

func newCrowd(wait time.Duration) *crowd {
	c := &crowd{inside: make(chan struct{}), out: make(chan struct{}), answered: make(chan int)}
	c.Handler = bulkServer(wait, func(ctx context.Context) *graphql.Response {
		if name, _ := graphql.GetOperationContext(ctx).Variables["n"].(string); len(name) > 1<<20 {
			c.inside <- struct{}{}
			<-c.out
		}
		return hello(ctx)
	})
	return c
}

// start sends a larger body.
func (c *crowd) start(t *testing.T, body io.Reader) {
	go func() { c.answered <- deliver(t.Context(), c, instructor, body, maxBulk).Code }()
}

// enter waits until one is inside.
func (c *crowd) enter(t *testing.T) {
	t.Helper()
	select {
	case <-c.inside:
	case status := <-c.answered:
		t.Fatalf("answered %d without having been inside", status)
	}
}

// end lets one out.
func (c *crowd) end(t *testing.T) {
	t.Helper()
	c.out <- struct{}{}
	if status := <-c.answered; status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
}

// A larger body waits, unread, until another is done with; smaller ones pass.
func TestBulkTakesTurns(t *testing.T) {
	t.Parallel()
	c := newCrowd(10 * time.Second)
	c.start(t, strings.NewReader(sized(maxBulk)))
	c.enter(t)
	reading := make(chan struct{})
	c.start(t, io.MultiReader(signal{reading}, strings.NewReader(sized(maxBulk))))
	gone, leave := context.WithCancel(t.Context())
	leave()
	if rec := deliver(gone, c, admin, unread{t}, maxBulk); rec.Code != 499 {
		t.Errorf("one who left was answered %d %s", rec.Code, rec.Body)
	}
	small := sized(1 << 20)
	if rec := deliver(t.Context(), c, admin, strings.NewReader(small), len(small)); rec.Code != http.StatusOK {
		t.Errorf("a smaller one was answered %d %s", rec.Code, rec.Body)
	}
	if rec := deliver(t.Context(), c, admin, unread{t}, maxBulk+1); rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("one too large was answered %d %s", rec.Code, rec.Body)
	}
	select {
	case <-reading:
		t.Error("the second was read while the first was there")
	default:
	}
	c.end(t)
	c.enter(t)
	c.end(t)
	// A refusal of what was read gives the room back too.
	broken := sized(maxBulk)[1:]
	if rec := deliver(t.Context(), c, admin, strings.NewReader(broken), len(broken)); rec.Code != http.StatusBadRequest {
		t.Errorf("a broken body was answered %d %s", rec.Code, rec.Body)
	}
	c.start(t, strings.NewReader(sized(maxBulk)))
	c.enter(t)
	c.end(t)
}

// Whoever finds no room for long is told so.
func TestBulkIsFull(t *testing.T) {
	t.Parallel()
	c := newCrowd(20 * time.Millisecond)
	c.start(t, strings.NewReader(sized(maxBulk)))
	c.enter(t)
	rec := deliver(t.Context(), c, admin, unread{t}, maxBulk)
	if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "SERVICE_UNAVAILABLE") ||
		!strings.Contains(rec.Body.String(), "1 requests of more than 1048576 bytes") {
		t.Errorf("answered %d %s", rec.Code, rec.Body)
	}
	c.end(t)
}
