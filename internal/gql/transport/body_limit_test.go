package transport_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
)

var (
	student    = edu.Viewer{ID: 1, Role: edu.RoleStudent}
	instructor = edu.Viewer{ID: 2, Role: edu.RoleInstructor}
	admin      = edu.Viewer{ID: 3, Role: edu.RoleAdmin}
)

const (
	// mediumBytes is the size above which a body is a large one.
	mediumBytes = 1 << 20
	maxBulk     = 2 << 20
)

// newBulkHandler executes one large body at a time; respond returns the response to every operation.
func newBulkHandler(maxWait time.Duration, respond func(context.Context) *graphql.Response) http.Handler {
	return transport.New(newExecutor(respond), transport.Options{
		MaxBodyBytes: maxBody, BulkLimiter: transport.NewBulkLimiter(maxBulk, 1, maxWait),
	})
}

// bodyOfSize returns a request of this many bytes, most of them a variable.
func bodyOfSize(bytes int) string {
	const before, after = `{"query":"query($n:String){hello(name:$n)}","variables":{"n":"`, `"}}`
	return before + strings.Repeat("x", bytes-len(before)-len(after)) + after
}

// postBodyAs posts a body as a viewer; a length of -1 is unknown.
func postBodyAs(ctx context.Context, h http.Handler, as edu.Viewer, body io.Reader, length int) *gqltest.Response {
	r := httptest.NewRequestWithContext(edu.WithViewer(ctx, as), http.MethodPost, "/graphql", body)
	r.ContentLength = int64(length)
	r.Header.Set("Content-Type", "application/json")
	return gqltest.Serve(h, r)
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	h := newBulkHandler(time.Minute, respondHello)
	for _, tt := range []struct {
		as       edu.Viewer
		maxBytes int
		chunked  bool
		message  string // of a body with one byte more
	}{
		{edu.Viewer{}, maxBody, false, "limit of 2000 bytes"},
		{edu.Viewer{Role: edu.RoleAdmin}, maxBody, false, "limit of 2000 bytes"}, // anonymous, despite the role
		{student, maxBody, false, "limit of 2000 bytes"},
		{student, maxBody, true, "limit of 2000 bytes"},
		{instructor, maxBulk, false, "limit of 2097152 bytes"},
		{admin, maxBulk, false, "limit of 2097152 bytes"},
		{instructor, maxBulk, true, "limit of 2097152 bytes"},
		{admin, maxBulk, true, "limit of 2097152 bytes"},
	} {
		for _, excess := range []int{0, 1} {
			length := tt.maxBytes + excess
			body, want := bodyOfSize(length), http.StatusOK+excess*(http.StatusRequestEntityTooLarge-http.StatusOK)
			if tt.chunked {
				length = -1
			}
			resp := postBodyAs(t.Context(), h, tt.as, strings.NewReader(body), length)
			if resp.Status != want || excess == 1 && !strings.Contains(resp.Text(), tt.message+`"`) {
				t.Errorf("%d bytes as %s: got %d %.200s, want %d", len(body), tt.as.Role, resp.Status, resp.Body, want)
			}
		}
	}
}

// Caches hold texts and URLs, so these stay small for every viewer.
func TestTextLimits(t *testing.T) {
	t.Parallel()
	h := newBulkHandler(time.Minute, respondHello)
	body := `{"query":"{hello} #` + strings.Repeat("x", maxBody) + `"}`
	resp := postBodyAs(t.Context(), h, instructor, strings.NewReader(body), len(body))
	if resp.Status != http.StatusRequestEntityTooLarge || !strings.Contains(resp.Text(), "the text of the operation is larger than the limit of 2000 bytes") {
		t.Errorf("a long text: got %s", resp)
	}
	body = `{"query":"{hello}","variables":{"n":[` + strings.Repeat("0,", 500_000) + `0]}}`
	resp = postBodyAs(t.Context(), h, instructor, strings.NewReader(body), len(body))
	if resp.Status != http.StatusBadRequest || !strings.Contains(resp.Text(), "more than 500000 values") {
		t.Errorf("half a million values: got %d %.200s", resp.Status, resp.Body)
	}
	resp = gqltest.NewClient(h).Do(t, gqltest.Request{
		As: instructor, Method: http.MethodGet, Path: "/graphql?query={hello}" + strings.Repeat("%20", maxBody),
		Headers: []string{"Content-Type", "GraphQL-Require-Preflight: 1"},
	})
	if resp.Status != http.StatusRequestURITooLong {
		t.Errorf("a long URL: got %s", resp)
	}
}

// bulkQueue is a server whose operations of larger bodies wait until the test lets them proceed.
type bulkQueue struct {
	http.Handler
	entered, proceed chan struct{}
	finished         chan int // status
}

func newBulkQueue(maxWait time.Duration) *bulkQueue {
	q := &bulkQueue{entered: make(chan struct{}), proceed: make(chan struct{}), finished: make(chan int)}
	q.Handler = newBulkHandler(maxWait, func(ctx context.Context) *graphql.Response {
		if name, _ := graphql.GetOperationContext(ctx).Variables["n"].(string); len(name) > maxBody/2 {
			q.entered <- struct{}{}
			<-q.proceed
		}
		return respondHello(ctx)
	})
	return q
}

// startRequest posts a body as a viewer.
func (q *bulkQueue) startRequest(t *testing.T, as edu.Viewer, bytes int) {
	go func() {
		q.finished <- postBodyAs(t.Context(), q, as, strings.NewReader(bodyOfSize(bytes)), bytes).Status
	}()
}

// awaitExecution waits until a request is executed.
func (q *bulkQueue) awaitExecution(t *testing.T) {
	t.Helper()
	select {
	case <-q.entered:
	case status := <-q.finished:
		t.Fatalf("got %d without being executed", status)
	}
}

// finishRequest lets the request that is executed proceed.
func (q *bulkQueue) finishRequest(t *testing.T) {
	t.Helper()
	q.proceed <- struct{}{}
	if status := <-q.finished; status != http.StatusOK {
		t.Errorf("got %d", status)
	}
}

// A large body waits until another one is executed; smaller bodies do not wait.
func TestLargeBodiesWait(t *testing.T) {
	t.Parallel()
	q := newBulkQueue(time.Minute)
	q.startRequest(t, instructor, maxBulk)
	q.awaitExecution(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if resp := postBodyAs(cancelled, q, admin, strings.NewReader(bodyOfSize(maxBulk)), maxBulk); resp.Status != 499 {
		t.Errorf("a cancelled request: got %s", resp)
	}
	q.startRequest(t, admin, mediumBytes)
	q.awaitExecution(t)
	q.finishRequest(t)
	if resp := postBodyAs(t.Context(), q, admin, strings.NewReader(bodyOfSize(maxBulk+1)), maxBulk+1); resp.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body too large: got %s", resp)
	}
	q.startRequest(t, admin, maxBulk)
	q.finishRequest(t)
	q.awaitExecution(t)
	q.finishRequest(t)
	// A rejected body releases its slots too.
	for range 10 {
		broken := bodyOfSize(maxBulk)[1:]
		if resp := postBodyAs(t.Context(), q, admin, strings.NewReader(broken), len(broken)); resp.Status != http.StatusBadRequest {
			t.Errorf("a broken body: got %s", resp)
		}
	}
}

// TestBodySlots checks the message of each limit of bodies in progress. They are requests that are
// executed at the same time.
func TestBodySlots(t *testing.T) {
	t.Parallel()
	second := edu.Viewer{ID: 4, Role: edu.RoleInstructor}
	for _, tt := range []struct {
		name          string
		first, second edu.Viewer
		bytes, n      int // of the bodies in progress
		message       string
	}{
		{"medium ones of a viewer", instructor, instructor, maxBody + 1, 4, "4 of your requests of more than 2000 bytes are in progress, which is the maximum: try again in a few seconds"},
		{"large ones of a viewer", instructor, instructor, mediumBytes + 1, 1, "1 of your requests of more than 1048576 bytes are in progress, which is the maximum: try again in a few seconds"},
		{"large ones of all viewers", instructor, second, mediumBytes + 1, 1, "1 requests of more than 1048576 bytes are in progress, which is the maximum: try again in a few seconds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := newBulkQueue(200 * time.Millisecond) // long enough for a busy machine to begin the first requests
			for range tt.n {
				q.startRequest(t, tt.first, tt.bytes)
				q.awaitExecution(t)
			}
			resp := postBodyAs(t.Context(), q, tt.second, strings.NewReader(bodyOfSize(tt.bytes)), tt.bytes)
			if resp.Status != http.StatusServiceUnavailable || !strings.Contains(resp.Text(), `"`+tt.message+`"`) || !strings.Contains(resp.Text(), "SERVICE_UNAVAILABLE") {
				t.Errorf("got %s", resp)
			}
			for range tt.n {
				q.finishRequest(t)
			}
		})
	}
}

// The memory for a body grows with the bytes that arrive: a Content-Length alone allocates nothing.
//
//nolint:paralleltest // TotalAlloc counts the allocations of all goroutines
func TestBodyMemory(t *testing.T) {
	const promised = 16 << 20
	h := transport.New(newExecutor(respondHello), transport.Options{
		MaxBodyBytes: promised, BulkLimiter: transport.NewBulkLimiter(promised, 1, time.Minute),
	})
	for _, as := range []edu.Viewer{student, admin} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		resp := postBodyAs(t.Context(), h, as, io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF)), promised)
		runtime.ReadMemStats(&after)
		if resp.Status != http.StatusBadRequest || after.TotalAlloc-before.TotalAlloc > 1<<20 {
			t.Errorf("%s: allocated %d bytes for a body of one byte: %s", as.Role, after.TotalAlloc-before.TotalAlloc, resp)
		}
	}
}
