package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
)

// FuzzAccessLog checks that each line is the JSON that slog's handler would write, for any text of
// the caller and any duration.
func FuzzAccessLog(f *testing.F) {
	f.Add("/graphql", "Mozilla/5.0", "CoursePage", uint16(200), uint32(1234567))
	f.Add("/a\"b\\c\x00\n\u2028é", "\xff\xfe"+strings.Repeat("é", 200), strings.Repeat("x", 300), uint16(503), uint32(0))
	f.Add("", "", "", uint16(101), uint32(999))
	f.Fuzz(func(t *testing.T, path, agent, operation string, status uint16, micros uint32) {
		synctest.Test(t, func(t *testing.T) {
			code := 200 + int(status)%400
			duration := time.Duration(micros) * time.Microsecond
			var buf bytes.Buffer
			h := chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(duration)
				middleware.RecordOperation(r.Context(), "query", operation)
				w.WriteHeader(code)
			}), middleware.RequestID(), middleware.NewAccessLog(&buf, middleware.AccessLogOptions{}).Log)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			r.URL = &url.URL{Path: path}
			r.Header["User-Agent"], r.Header["X-Request-Id"] = []string{agent}, []string{"one"}
			h.ServeHTTP(httptest.NewRecorder(), r)

			level := slog.LevelInfo
			if code >= 500 {
				level = slog.LevelError
			}
			var want bytes.Buffer
			line := slog.NewRecord(time.Now(), level, "request", 0)
			line.AddAttrs(slog.String("method", "POST"), slog.String("path", logText(path)), slog.Int("status", code), slog.Int("bytes", 0),
				slog.Float64("ms", float64(duration.Microseconds())/1000), slog.String("remote", "192.0.2.1"), slog.String("user_agent", logText(agent)),
				slog.String("request_id", "one"), slog.String("operation", logText(strings.TrimSpace("query "+operation))))
			_ = slog.NewJSONHandler(&want, nil).Handle(context.Background(), line)
			if diff := cmp.Diff(decodeLine(t, want.Bytes()), decodeLine(t, buf.Bytes())); diff != "" {
				t.Errorf("line differs from slog's (-slog +access log):\n%s", diff)
			}
		})
	})
}

// logText returns the part of a caller's text that a line contains.
func logText(s string) string { return strings.ToValidUTF8(s[:min(len(s), 200)], "\uFFFD") }

// decodeLine parses a log line, with its time as a time.Time in UTC.
func decodeLine(t *testing.T, line []byte) map[string]any {
	t.Helper()
	if n := bytes.IndexByte(line, '\n'); n != len(line)-1 {
		t.Fatalf("not one line: %q", line)
	}
	var values map[string]any
	if err := json.Unmarshal(line, &values); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	at, err := time.Parse(time.RFC3339Nano, values["time"].(string))
	if err != nil {
		t.Fatal(err)
	}
	values["time"] = at.Truncate(time.Microsecond).UTC()
	return values
}

// TestTraceID checks which traceparent headers put their trace id into the line.
func TestTraceID(t *testing.T) {
	t.Parallel()
	const id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for header, want := range map[string]any{
		"00-" + id + "-" + parent + "-01":                       id,
		"00-" + id + "-" + parent + "-00":                       id,
		"01-" + id + "-" + parent + "-01-later":                 id,
		"":                                                      nil,
		"00-" + id + "-" + parent:                               nil,
		"00-" + id + "-" + parent + "-01-later":                 nil,
		"00-" + id + "-" + parent + "-01-":                      nil,
		"ff-" + id + "-" + parent + "-01":                       nil,
		"00-" + strings.ToUpper(id) + "-" + parent + "-01":      nil,
		"00-" + id[1:] + "-" + parent + "-01":                   nil,
		"00-" + strings.Repeat("0", 32) + "-" + parent + "-01":  nil,
		"00-" + id + "-" + strings.Repeat("0", 16) + "-01":      nil,
		"00-" + strings.Repeat("\"", 32) + "-" + parent + "-01": nil,
	} {
		var buf bytes.Buffer
		h := chain(respond(200, nil), middleware.RequestID(), middleware.NewAccessLog(&buf, middleware.AccessLogOptions{}).Log)
		get(t, h, "Traceparent", header)
		if got := decodeLine(t, buf.Bytes())["trace_id"]; got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

// TestAccessLogLines checks which requests have a line: probes have none, and those with errors and slow ones always have
// one.
func TestAccessLogLines(t *testing.T) {
	t.Parallel()
	none, all := middleware.AccessLogOptions{LeftOut: 1, Slow: time.Second}, middleware.AccessLogOptions{}
	for name, tt := range map[string]struct {
		options middleware.AccessLogOptions
		path    string
		status  int
		code    string
		takes   time.Duration
		level   string // "" for no line
	}{
		"a good request":                {all, "/", 200, "", 0, "INFO"},
		"a rejected request":            {all, "/", 499, "", 0, "INFO"},
		"a failed request":              {all, "/", 500, "", 0, "ERROR"},
		"a good request, left out":      {none, "/", 200, "", 0, ""},
		"a redirect, left out":          {none, "/", 303, "", 0, ""},
		"a rejected request, sampled":   {none, "/", 400, "", 0, "INFO"},
		"a failed request, sampled":     {none, "/", 503, "", 0, "ERROR"},
		"an error beside data, sampled": {none, "/graphql", 200, "NOT_FOUND", 0, "INFO"},
		"a slow request, sampled":       {none, "/graphql", 200, "", time.Second, "INFO"},
		"a fast request, left out":      {none, "/graphql", 200, "", time.Second - 1, ""},
		"liveness":                      {all, "/healthz", 200, "", 0, ""},
		"readiness":                     {all, "/readyz", 503, "", 0, ""},
		"metrics":                       {all, "/metrics", 200, "", 0, ""},
		"metrics that are hidden":       {all, "/metrics", 404, "", 0, "INFO"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var buf bytes.Buffer
			h := chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(tt.takes)
				middleware.RecordErrorCode(r.Context(), tt.code, false)
				w.WriteHeader(tt.status)
			}), middleware.RequestID(), middleware.NewAccessLog(&buf, tt.options).Log)
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil))
			if tt.level == "" && buf.Len() > 0 || tt.level != "" && !strings.Contains(buf.String(), `"level":"`+tt.level+`"`) {
				t.Errorf("%s: %q", name, &buf)
			}
		})
	}
}

// TestAccessLogSample checks the share of requests that are left out.
func TestAccessLogSample(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	h := middleware.NewAccessLog(&buf, middleware.AccessLogOptions{LeftOut: 0.9}).Log(respond(200, nil))
	for range 10_000 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	}
	if n := bytes.Count(buf.Bytes(), []byte{'\n'}); n < 800 || n > 1200 { // six standard deviations
		t.Errorf("%d of 10,000 requests have a line, want about 1,000", n)
	}
}

// TestAccessLogOperation checks what a line has of an operation, and that a caller cannot forge a field.
func TestAccessLogOperation(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	h := chain(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		middleware.RecordOperation(r.Context(), "query", "Catalog")
		o := observe.From(r.Context())
		o.SetDocument(&observe.Document{ID: "d1", Trusted: true, Operation: "CatalogPage"})
		o.Cache, o.CacheDetail, o.ViewerID, o.Role, o.Client, o.ClientVersion, o.Cost = "miss", "errors", 7, "ADMIN", `web","role":"STUDENT`, "1.2", 33
	}), middleware.RequestID(), middleware.NewAccessLog(&buf, middleware.AccessLogOptions{}).Log)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil))
	line := decodeLine(t, buf.Bytes())
	for name, want := range map[string]any{
		"operation": "query Catalog", "document": "d1", "document_operation": "CatalogPage", "cache": "miss", "cache_detail": "errors",
		"viewer": 7.0, "role": "ADMIN", "client": `web","role":"STUDENT`, "client_version": "1.2", "cost": 33.0,
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
}
