package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/internal/telemetry"
)

// scrape requests the metrics from an address, with headers as name and value.
func scrape(t *testing.T, h http.Handler, from string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	r.RemoteAddr = from
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const local = "127.0.0.1:4711"

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := telemetry.New()
	for i, o := range []*observe.Operation{{}, {Kind: "query"}, {Kind: "mutation", Code: "NOT_FOUND"}, {Code: "BAD_REQUEST", Rejected: true}} {
		r := telemetry.Request{Route: "POST /graphql", Status: 200, Bytes: 300, Duration: 30 * time.Millisecond, Operation: o}
		if i == 1 {
			r.Statements, r.RoundTrips = 4, 2
		}
		m.BeginRequest()
		m.RecordRequest(r)
	}
	m.BeginRequest()
	for pattern, status := range map[string]int{"": 404, "/a/{$}": 503, "GET /b": 299, "/odd": 700} {
		m.BeginRequest()
		m.RecordRequest(telemetry.Request{Route: pattern, Status: status})
	}
	m.RegisterCounter("sevenp_things_total", "Things.", func() float64 { return 3 }, "kind", "old")
	m.RegisterCounter("sevenp_things_total", "Things.", func() float64 { return 4 }, "kind", "new")
	m.RegisterGauge("sevenp_level", "Level.", func() float64 { return 0.5 })
	w := scrape(t, m.Handler("", http.NotFoundHandler()), local)
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain; version=0.0.4") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, want := range []string{
		`sevenp_http_request_duration_seconds_count{route="/graphql",status="2xx"} 4`,
		`sevenp_http_request_duration_seconds_bucket{route="/graphql",status="2xx",le="0.0005"} 0`,
		`sevenp_http_request_duration_seconds_bucket{route="/graphql",status="2xx",le="0.025"} 0`,
		`sevenp_http_request_duration_seconds_bucket{route="/graphql",status="2xx",le="0.05"} 4`,
		`sevenp_http_request_duration_seconds_count{route="none",status="4xx"} 1`,
		`sevenp_http_request_duration_seconds_count{route="/a/",status="5xx"} 1`,
		`sevenp_http_request_duration_seconds_count{route="/b",status="2xx"} 1`,
		`sevenp_http_request_duration_seconds_count{route="/odd",status="other"} 1`,
		`sevenp_graphql_operations_total{kind="query",outcome="ok"} 1`,
		`sevenp_graphql_operations_total{kind="mutation",outcome="errors"} 1`,
		`sevenp_graphql_operations_total{kind="none",outcome="rejected"} 1`,
		`sevenp_graphql_rejected_requests_total{code="BAD_REQUEST"} 1`,
		`sevenp_sql_statements_total 4`, `sevenp_sql_round_trips_total 2`,
		`sevenp_http_requests_in_flight 1`,
		`sevenp_http_response_size_bytes_bucket{route="/graphql",le="256"} 0`, `sevenp_http_response_size_bytes_bucket{route="/graphql",le="1024"} 4`,
		`sevenp_things_total{kind="old"} 3`, `sevenp_things_total{kind="new"} 4`, `sevenp_level 0.5`,
		`go_goroutines `, `go_build_info{`, `process_cpu_seconds_total `,
	} {
		if !strings.Contains(w.Body.String(), "\n"+want) {
			t.Errorf("there is no %s in\n%s", want, w.Body)
		}
	}
	problems, err := promlint.New(w.Body).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// A caller without permission gets the response of the fallback.
func TestHandlerHides(t *testing.T) {
	t.Parallel()
	const token = "a token of this test"
	fallback := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	open, guarded := telemetry.New().Handler("", fallback), telemetry.New().Handler(token, fallback)
	for _, tt := range []struct {
		name    string
		h       http.Handler
		from    string
		headers []string
		visible bool
	}{
		{"this machine", open, local, nil, true},
		{"this machine by IPv6", open, "[::1]:4711", nil, true},
		{"this machine by IPv4 in IPv6", open, "[::ffff:127.0.0.1]:4711", nil, true},
		{"another machine", open, "192.0.2.1:4711", nil, false},
		{"no address", open, "@", nil, false},
		{"forwarded by a proxy", open, local, []string{"X-Forwarded-For", "192.0.2.1"}, false},
		{"forwarded with an empty header", open, local, []string{"X-Forwarded-For", ""}, false},
		{"forwarded for this machine", open, local, []string{"Forwarded", "for=127.0.0.1"}, false},
		{"X-Real-IP", open, local, []string{"X-Real-IP", "192.0.2.1"}, false},
		{"Via", open, local, []string{"Via", "1.1 proxy"}, false},
		{"sent by a page", open, local, []string{"Origin", "https://evil.example"}, false},
		{"opened by a link", open, local, []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"another machine with any token", open, "192.0.2.1:4711", []string{"Authorization", "Bearer "}, false},
		{"the token", guarded, "192.0.2.1:4711", []string{"Authorization", "Bearer " + token}, true},
		{"the token through a proxy", guarded, local, []string{"X-Forwarded-For", "192.0.2.1", "Authorization", "bearer " + token}, true},
		{"this machine without the token", guarded, local, nil, false},
		{"half of the token", guarded, local, []string{"Authorization", "Bearer " + token[:9]}, false},
		{"another scheme", guarded, local, []string{"Authorization", "Basic " + token}, false},
	} {
		if w := scrape(t, tt.h, tt.from, tt.headers...); (w.Code == 200) != tt.visible || !tt.visible && w.Code != http.StatusTeapot {
			t.Errorf("%s: %d", tt.name, w.Code)
		}
	}
}

// BenchmarkRequest measures what the metrics add to a request to GraphQL.
func BenchmarkRequest(b *testing.B) {
	document := observe.NewDocument("{ a }")
	for _, o := range []*observe.Operation{{Kind: "query", Document: document, Client: "web"}, {Kind: "query", Code: "BAD_REQUEST", Rejected: true}} {
		b.Run(map[bool]string{false: "answered", true: "rejected"}[o.Rejected], func(b *testing.B) {
			m := telemetry.New("web")
			b.ReportAllocs()
			for b.Loop() {
				m.BeginRequest()
				m.RecordRequest(telemetry.Request{Route: "POST /graphql", Status: 200, Duration: 3 * time.Millisecond, Operation: o, Statements: 4, RoundTrips: 2})
			}
		})
	}
}
