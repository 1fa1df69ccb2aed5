package middleware_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
)

// chain wraps h in middlewares, the first outermost.
func chain(h http.Handler, middlewares ...func(http.Handler) http.Handler) http.Handler {
	for i := len(middlewares) - 1; i >= 0; i-- {
		h = middlewares[i](h)
	}
	return h
}

func jsonLog() (*slog.Logger, *bytes.Buffer) {
	var buf bytes.Buffer
	return slog.New(slog.NewJSONHandler(&buf, nil)), &buf
}

// loggedLine parses a buffer that holds one log line.
func loggedLine(t *testing.T, buf *bytes.Buffer) map[string]any {
	t.Helper()
	var line map[string]any
	if err := json.Unmarshal(buf.Bytes(), &line); err != nil {
		t.Fatalf("got %q, want one line of JSON: %v", buf, err)
	}
	return line
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	var inside string
	h := middleware.RequestID()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inside = middleware.RequestIDFrom(r.Context())
	}))
	for sent, accepted := range map[string]bool{
		"abc-DEF_1.2":           true,
		strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false,
		"":                      false,
		"a b":                   false,
		"a\"},{":                false,
		"é":                     false,
	} {
		got := get(t, h, "X-Request-Id", sent).Header.Get("X-Request-Id")
		if got != inside {
			t.Errorf("sent %q: header %q, but context %q", sent, got, inside)
		}
		if accepted && got != sent {
			t.Errorf("sent %q: got %q", sent, got)
		}
		if !accepted && (got == sent || len(got) != 32) {
			t.Errorf("sent %q: got %q, want a new id", sent, got)
		}
	}
	if middleware.RequestIDFrom(t.Context()) != "" {
		t.Error("context outside a request has an id")
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	h := chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware.RecordOperation(r.Context(), "query", "CoursePage")
		middleware.RecordErrorCode(r.Context(), "FORBIDDEN", true)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short")
	}), middleware.RequestID(), middleware.NewAccessLog(&buf, middleware.AccessLogOptions{}).Log)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?token=hush", nil)
	r.Header.Set("Authorization", "Bearer hush")
	r.Header.Set("User-Agent", strings.Repeat("u", 300))
	r.Header.Set("X-Request-Id", "id-1")
	h.ServeHTTP(httptest.NewRecorder(), r)

	if strings.Contains(buf.String(), "hush") {
		t.Errorf("logged a secret: %s", &buf)
	}
	line := loggedLine(t, &buf)
	for key, want := range map[string]any{
		"method": "GET", "path": "/graphql", "status": 418.0, "bytes": 5.0, "remote": "192.0.2.1",
		"request_id": "id-1", "operation": "query CoursePage", "code": "FORBIDDEN", "user_agent": strings.Repeat("u", 200),
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
	if _, ok := line["ms"].(float64); !ok {
		t.Errorf("ms is %v", line["ms"])
	}
}

// TestObserve checks the outcome that an observer receives, also for a handler that panics.
func TestObserve(t *testing.T) {
	t.Parallel()
	var got []middleware.CompletedRequest
	begun := 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		middleware.RecordOperation(r.Context(), "mutation", "Enroll")
		middleware.RecordDatabase(r.Context(), middleware.DatabaseUsage{Statements: 3, RoundTrips: 2})
		middleware.RecordErrorCode(r.Context(), "NOT_FOUND", false)
		_, _ = io.WriteString(w, "{}")
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("x") })
	log, _ := jsonLog()
	h := chain(mux, middleware.RequestID(), middleware.NewAccessLog(io.Discard, middleware.AccessLogOptions{}).Log,
		middleware.ObserveRequests(func() { begun++ }, func(c middleware.CompletedRequest) { got = append(got, c) }), middleware.Recover(log))
	for _, path := range []string{"/graphql", "/panic", "/nowhere"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil))
	}
	want := []middleware.CompletedRequest{
		{
			Method: "POST", Path: "/graphql", Route: "POST /graphql", Status: 200, Bytes: 2, Database: &middleware.DatabaseUsage{Statements: 3, RoundTrips: 2},
			Operation: &observe.Operation{Kind: "mutation", Name: "Enroll", Code: "NOT_FOUND"},
		},
		{Method: "POST", Path: "/panic", Route: "/panic", Status: 500, Bytes: 141, Operation: &observe.Operation{}},
		{Method: "POST", Path: "/nowhere", Status: 404, Bytes: 19, Operation: &observe.Operation{}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(middleware.CompletedRequest{}, "Start", "Duration", "ID"), cmpopts.IgnoreUnexported(observe.Operation{})); diff != "" {
		t.Errorf("observed requests (-want +got):\n%s", diff)
	}
	if begun != len(want) {
		t.Errorf("%d requests began", begun)
	}
	for _, c := range got {
		if c.Duration <= 0 || c.ID == "" {
			t.Errorf("route %q: duration %v, id %q", c.Route, c.Duration, c.ID)
		}
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	panics, panicBuf := jsonLog()
	var access bytes.Buffer
	h := chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9")
		panic("the secret of the handler")
	}), middleware.Recover(panics), middleware.RequestID(), middleware.NewAccessLog(&access, middleware.AccessLogOptions{}).Log, middleware.Compress())
	res := get(t, h, "X-Request-Id", "id-2", "Accept-Encoding", "gzip")

	body, _ := io.ReadAll(res.Body)
	want := `{"errors":[{"message":"internal server error","extensions":{"code":"INTERNAL_SERVER_ERROR","requestId":"id-2"}}]}`
	if res.StatusCode != http.StatusInternalServerError || string(body) != want {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
	line := loggedLine(t, panicBuf)
	if line["request_id"] != "id-2" || line["panic"] != "the secret of the handler" ||
		!strings.Contains(line["stack"].(string), "middleware_test.go") {
		t.Errorf("logged %v", line)
	}
	if status := loggedLine(t, &access)["status"]; status != 500.0 {
		t.Errorf("access log: status %v, want 500", status)
	}
}

// TestRecoverAbortsStartedResponse checks that the client notices a response cut off by a panic.
func TestRecoverAbortsStartedResponse(t *testing.T) {
	t.Parallel()
	log, buf := jsonLog()
	server := httptest.NewServer(middleware.Recover(log)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half an ans")
		_ = http.NewResponseController(w).Flush()
		panic("too late")
	})))
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("client read %q without an error", body)
	}
	_ = res.Body.Close()
	server.Close()
	if loggedLine(t, buf)["panic"] != "too late" {
		t.Errorf("logged %s", buf)
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	h := middleware.SecurityHeaders("max-age=63072000")(respond(200, nil))
	res := get(t, h)
	for name, want := range map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := get(t, h, "X-Forwarded-Proto", "https").Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("untrusted X-Forwarded-Proto: got HSTS %s", got)
	}
	for _, tt := range []struct {
		method, contentType string
		document            bool // whether a browser may display or embed the response
	}{
		{"GET", "application/json", true},
		{"POST", "text/plain", true},
		{"POST", "text/plain;application/json", true},
		{"POST", "", true},
		{"POST", "application/json", false},
		{"POST", "application/json; charset=utf-8", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tt.method, "/", nil)
		r.Header.Set("Content-Type", tt.contentType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for _, name := range []string{"Content-Security-Policy", "Cross-Origin-Resource-Policy"} {
			if got := w.Header().Get(name); (got != "") != tt.document {
				t.Errorf("%s of %q: %s %q", tt.method, tt.contentType, name, got)
			}
		}
	}
	own := middleware.SecurityHeaders("max-age=63072000")(respond(200, nil, "Content-Security-Policy", "default-src 'self'"))
	if got := get(t, own).Header.Get("Content-Security-Policy"); got != "default-src 'self'" {
		t.Errorf("policy of the handler became %q", got)
	}
	if got := get(t, h).Header.Get("Content-Security-Policy"); strings.Contains(got, "self") {
		t.Errorf("policy of another handler: %q", got)
	}
}

// TestPanicRetainsHeaders checks that a response after a panic has the headers set before the
// handler ran.
func TestPanicRetainsHeaders(t *testing.T) {
	t.Parallel()
	cors, err := middleware.NewCORS(middleware.CORSOptions{Origins: []string{"https://app.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	h := chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") }),
		middleware.RequestID(), middleware.Recover(slog.New(slog.DiscardHandler)), middleware.SecurityHeaders("max-age=63072000"), cors.Handler, middleware.Compress())
	res := get(t, h, "Origin", "https://app.example.com", "Accept-Encoding", "gzip")
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		"Access-Control-Allow-Origin": "https://app.example.com", "Vary": "Origin", "Cache-Control": "no-store",
	} {
		if got := res.Header.Get(name); got != want || res.StatusCode != http.StatusInternalServerError {
			t.Errorf("status %d with %s %q, want %q", res.StatusCode, name, got, want)
		}
	}
}

// TestFlusherThroughChain supports gqlgen's event streams, which require an http.Flusher, and
// http.ResponseController.
func TestFlusherThroughChain(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	h := chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, ok := w.(http.Flusher); !ok {
			t.Error("not an http.Flusher")
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, ":\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	}), middleware.Recover(log), middleware.RequestID(), middleware.NewAccessLog(io.Discard, middleware.AccessLogOptions{}).Log, middleware.Compress())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "zstd")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if !rec.Flushed || rec.Body.String() != ":\n\n" {
		t.Errorf("flushed %v, body %q", rec.Flushed, rec.Body)
	}
}
