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
			}), middleware.RequestID(), middleware.AccessLog(&buf, slog.LevelInfo))
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
		h := chain(respond(200, nil), middleware.RequestID(), middleware.AccessLog(&buf, slog.LevelInfo))
		get(t, h, "Traceparent", header)
		if got := decodeLine(t, buf.Bytes())["trace_id"]; got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

// TestAccessLogLevels checks that lines below the minimum level are not written.
func TestAccessLogLevels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status   int
		minLevel slog.Level
		lines    int
	}{
		{200, slog.LevelDebug, 1}, {200, slog.LevelInfo, 1}, {499, slog.LevelWarn, 0}, {500, slog.LevelWarn, 1}, {503, slog.LevelError, 1},
	} {
		var buf bytes.Buffer
		h := middleware.AccessLog(&buf, tt.minLevel)(respond(tt.status, nil))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if got := strings.Count(buf.String(), "\n"); got != tt.lines {
			t.Errorf("status %d with level %s: %d lines: %s", tt.status, tt.minLevel, got, &buf)
		}
	}
}
