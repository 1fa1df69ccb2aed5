package transport_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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

// maxBulk is more than 1 MiB, above which a body needs a permit.
const maxBulk = 2 << 20

// newBulkHandler has a permit for one larger body; respond returns the response to every operation.
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
		{instructor, 1 << 20, true, "limit of 1048576 bytes for one without Content-Length"},
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

// signalReader is the beginning of a body; it signals when it is read.
type signalReader struct{ read chan struct{} }

func (s signalReader) Read([]byte) (int, error) {
	close(s.read)
	return 0, io.EOF
}

// unreadBody is a body that must not be read.
type unreadBody struct{ t *testing.T }

func (u unreadBody) Read([]byte) (int, error) {
	u.t.Error("read a body without a permit")
	return 0, io.EOF
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
		if name, _ := graphql.GetOperationContext(ctx).Variables["n"].(string); len(name) > 1<<20 {
			q.entered <- struct{}{}
			<-q.proceed
		}
		return respondHello(ctx)
	})
	return q
}

// startRequest posts a larger body.
func (q *bulkQueue) startRequest(t *testing.T, body io.Reader) {
	go func() { q.finished <- postBodyAs(t.Context(), q, instructor, body, maxBulk).Status }()
}

// awaitPermit waits until a request has a permit.
func (q *bulkQueue) awaitPermit(t *testing.T) {
	t.Helper()
	select {
	case <-q.entered:
	case status := <-q.finished:
		t.Fatalf("got %d without a permit", status)
	}
}

// finishRequest lets the request with the permit proceed.
func (q *bulkQueue) finishRequest(t *testing.T) {
	t.Helper()
	q.proceed <- struct{}{}
	if status := <-q.finished; status != http.StatusOK {
		t.Errorf("got %d", status)
	}
}

// A larger body waits, unread, until another one is processed; smaller bodies do not wait.
func TestBulkBodiesWait(t *testing.T) {
	t.Parallel()
	q := newBulkQueue(10 * time.Second)
	q.startRequest(t, strings.NewReader(bodyOfSize(maxBulk)))
	q.awaitPermit(t)
	reading := make(chan struct{})
	q.startRequest(t, io.MultiReader(signalReader{reading}, strings.NewReader(bodyOfSize(maxBulk))))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if resp := postBodyAs(cancelled, q, admin, unreadBody{t}, maxBulk); resp.Status != 499 {
		t.Errorf("a cancelled request: got %s", resp)
	}
	small := bodyOfSize(1 << 20)
	if resp := postBodyAs(t.Context(), q, admin, strings.NewReader(small), len(small)); resp.Status != http.StatusOK {
		t.Errorf("a smaller body: got %s", resp)
	}
	if resp := postBodyAs(t.Context(), q, admin, unreadBody{t}, maxBulk+1); resp.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body too large: got %s", resp)
	}
	select {
	case <-reading:
		t.Error("the second body was read before the first was processed")
	default:
	}
	q.finishRequest(t)
	q.awaitPermit(t)
	q.finishRequest(t)
	// A rejected body releases its permit too.
	broken := bodyOfSize(maxBulk)[1:]
	if resp := postBodyAs(t.Context(), q, admin, strings.NewReader(broken), len(broken)); resp.Status != http.StatusBadRequest {
		t.Errorf("a broken body: got %s", resp)
	}
	q.startRequest(t, strings.NewReader(bodyOfSize(maxBulk)))
	q.awaitPermit(t)
	q.finishRequest(t)
}

// A body that waits too long is rejected.
func TestBulkWaitTimeout(t *testing.T) {
	t.Parallel()
	q := newBulkQueue(20 * time.Millisecond)
	q.startRequest(t, strings.NewReader(bodyOfSize(maxBulk)))
	q.awaitPermit(t)
	resp := postBodyAs(t.Context(), q, admin, unreadBody{t}, maxBulk)
	if resp.Status != http.StatusServiceUnavailable || !strings.Contains(resp.Text(), "SERVICE_UNAVAILABLE") ||
		!strings.Contains(resp.Text(), "1 requests of more than 1048576 bytes") {
		t.Errorf("got %s", resp)
	}
	q.finishRequest(t)
}
