package vitals_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/frontend/vitals"
	"github.com/7p-education/api/internal/telemetry"
)

// newHandler returns a handler, its metrics and its log.
func newHandler() (*vitals.Handler, *telemetry.Metrics, *bytes.Buffer) {
	m, log := telemetry.New(), new(bytes.Buffer)
	return vitals.New(m.NewWebVitals("r1", []string{"course"}, []string{"CoursePage"}), slog.New(slog.NewTextHandler(log, nil))), m, log
}

// report sends a report and returns the status.
func report(t *testing.T, h *vitals.Handler, body string, headers ...string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/vitals", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeReport(w, r)
	return w.Code
}

const trace = "0af7651916cd43dd8448eb211c80319c"

// shownSummary is what admins read.
type shownSummary struct {
	Release string
	Routes  []struct {
		Route   string
		Metrics []struct {
			Name          string
			Count         int
			P50, P75, P95 float64
		}
	}
	Documents []struct {
		Document, Cache string
		Count           int
		P75             float64
	}
	Errors []struct {
		Kind  string
		Count int
	}
	Slowest []struct {
		Document, Cache, TraceID string
		Ms                       float64
	}
}

// summary returns the figures as an admin reads them.
func summary(t *testing.T, h *vitals.Handler) (s shownSummary) {
	t.Helper()
	r := httptest.NewRequestWithContext(edu.WithViewer(t.Context(), edu.Viewer{ID: 1, Role: edu.RoleAdmin}), http.MethodGet, "/vitals", nil)
	w := httptest.NewRecorder()
	h.ServeSummary(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return s
}

// Figures become metrics and quantiles; what callers invent does not become a label.
func TestReports(t *testing.T) {
	t.Parallel()
	h, m, log := newHandler()
	for range 100 {
		if got := report(t, h, `{"route":"course","release":"r1","navigation":"navigate","metrics":[{"name":"LCP","value":900},{"name":"CLS","value":0.015},{"name":"INVENTED","value":1}],
			"documents":[{"document":"CoursePage","ms":150,"cache":"hit","traceId":"`+trace+`"}],"errors":[{"message":"oops","kind":"error"}]}`); got != http.StatusNoContent {
			t.Fatalf("status %d", got)
		}
	}
	for i := range 50 {
		report(t, h, fmt.Sprintf(`{"route":"r%d","release":"v%d","metrics":[{"name":"LCP","value":%d}],"documents":[{"document":"D%d","ms":1,"cache":"c%d"}],"errors":[{"kind":"k%d"}]}`, i, i, i, i, i, i))
	}
	report(t, h, `{"route":"course","release":"r1","metrics":[{"name":"LCP","value":-1},{"name":"LCP","value":1e300}]}`)
	s := summary(t, h)
	if len(s.Routes) != 2 || s.Routes[0].Route != "course" || s.Routes[1].Route != "other" || s.Release != "r1" {
		t.Fatalf("routes %+v", s.Routes)
	}
	shift, paint := s.Routes[0].Metrics[0], s.Routes[0].Metrics[1]
	if shift.Name != "CLS" || shift.P75 <= 0.01 || shift.P75 > 0.02 || paint.Name != "LCP" || paint.Count != 100 || paint.P50 <= 800 || paint.P95 > 1000 || paint.P50 >= paint.P95 {
		t.Errorf("figures %+v", s.Routes[0].Metrics)
	}
	if len(s.Documents) != 2 || s.Documents[0].Document != "CoursePage" || s.Documents[0].Count != 100 || s.Documents[1].Document != "other" {
		t.Errorf("documents %+v", s.Documents)
	}
	if len(s.Slowest) != 20 || s.Slowest[0].TraceID != trace || s.Slowest[0].Ms != 150 {
		t.Errorf("slowest %+v", s.Slowest)
	}
	w := httptest.NewRecorder()
	m.OpenHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if !strings.Contains(w.Body.String(), `sevenp_web_vitals_seconds_count{metric="LCP",release="r1",route="course"} 100`) || strings.Contains(w.Body.String(), "INVENTED") || strings.Contains(w.Body.String(), "v7") {
		t.Errorf("metrics:\n%s", w.Body)
	}
	if lines := strings.Count(log.String(), "script error"); lines < 1 || lines > 20 {
		t.Errorf("%d lines in the log", lines)
	}
}

// The requests that are shown as slowest are those of the longest durations that have a trace.
func TestSlowest(t *testing.T) {
	t.Parallel()
	h, _, _ := newHandler()
	for i := range 60 {
		report(t, h, fmt.Sprintf(`{"documents":[{"document":"D","ms":%d,"cache":"miss","traceId":"%s"}]}`, i*7%60, trace))
	}
	report(t, h, `{"documents":[{"document":"D","ms":5000,"cache":"miss","traceId":"forged\n"},{"document":"D","ms":5000}]}`)
	var got, want []float64
	for i, d := range summary(t, h).Slowest {
		got, want = append(got, d.Ms), append(want, float64(59-i))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 20 {
		t.Errorf("%d (-want +got):\n%s", len(got), diff)
	}
}

// A browser that invents long durations occupies the list for an hour at most, and no text of it is shown.
func TestSlowestAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _, _ := newHandler()
		send := func(document string, ms int) {
			report(t, h, fmt.Sprintf(`{"documents":[{"document":%q,"ms":%d,"cache":"invented","traceId":"%s"}]}`, document, ms, trace))
		}
		for range 25 {
			send("VISIT evil.example", 600_000)
		}
		if s := summary(t, h).Slowest; len(s) != 20 || s[0].Document != "other" || s[0].Cache != "other" {
			t.Errorf("slowest %+v", s)
		}
		time.Sleep(time.Hour + time.Second)
		send("CoursePage", 5)
		if s := summary(t, h).Slowest; len(s) != 1 || s[0].Document != "CoursePage" {
			t.Errorf("an hour later: %+v", s)
		}
	})
}

func TestReportsAreLimited(t *testing.T) {
	t.Parallel()
	h, _, _ := newHandler()
	for _, tt := range []struct {
		body    string
		headers []string
		want    int
	}{
		{`{"errors":[{"message":"` + strings.Repeat("x", 5000) + `"}]}`, nil, 413},
		{`{`, nil, 400},
		{`{}`, []string{"Content-Type", "text/plain"}, 415},
		{`{}`, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{`{}`, []string{"Origin", "https://evil.example"}, 403},
		{`{}`, nil, 204},
	} {
		if got := report(t, h, tt.body, tt.headers...); got != tt.want {
			t.Errorf("%.20s %v: %d, want %d", tt.body, tt.headers, got, tt.want)
		}
	}
	rejected := 0
	for range 2000 {
		if report(t, h, `{}`) == http.StatusTooManyRequests {
			rejected++
		}
	}
	if rejected == 0 {
		t.Error("no report of a flood is rejected")
	}
}

func TestSummaryIsForAdmins(t *testing.T) {
	t.Parallel()
	h, _, _ := newHandler()
	for role, want := range map[edu.Role]int{"": 401, edu.RoleStudent: 403, edu.RoleInstructor: 403, edu.RoleAdmin: 200} {
		v := edu.Viewer{ID: 1, Role: role}
		if role == "" {
			v = edu.Viewer{}
		}
		w := httptest.NewRecorder()
		h.ServeSummary(w, httptest.NewRequestWithContext(edu.WithViewer(t.Context(), v), http.MethodGet, "/vitals", nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", role, w.Code, want)
		}
	}
}
