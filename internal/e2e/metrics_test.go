package e2e

import (
	"bufio"
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

// metrics returns the values of /metrics by name and labels.
func (p *program) metrics(t *testing.T, headers ...string) map[string]float64 {
	t.Helper()
	resp := p.send(t, http.MethodGet, "/metrics", "", headers...)
	if resp.Status != http.StatusOK {
		t.Fatalf("/metrics: %s", resp)
	}
	all := map[string]float64{}
	for lines := bufio.NewScanner(bytes.NewReader(resp.Body)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			all[name] = n
		}
	}
	return all
}

// TestMetrics sends a request of each kind that is counted.
func TestMetrics(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t) // any PostgreSQL serves reads
	p := serve7p(t, "DATABASE_URL="+dsn, "READ_REPLICA_URL="+dsn, "JWT_SECRET="+secret, "DATABASE_MAX_CONNS=7",
		"RATE_LIMIT=2/15m", "RATE_LIMIT_SLOWDOWN=1:1ms:1ms")
	const unknown = `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38" + `"}}}`
	for _, body := range []string{
		`{"query":"` + titles + `"}`,
		`{"query":"{ course(id: \"x\") { id } }"}`,
		`{"query":"{ nothing }"}`,
		`{"query":`,
		unknown,
		`{"query":"{__typename}",` + unknown[1:],
		unknown,
	} {
		p.post(t, body)
	}
	p.post(t, hello, "Authorization: Bearer nonsense")
	for range 3 { // the second is delayed, the third rejected
		p.post(t, change)
	}
	p.send(t, http.MethodGet, "/nowhere", "")
	p.send(t, http.MethodGet, "/", "") // executes the query of the page
	got := p.metrics(t)
	for name, want := range map[string]float64{
		`sevenp_http_request_duration_seconds_count{route="/graphql",status="2xx"}`:   7,
		`sevenp_http_request_duration_seconds_count{route="/graphql",status="4xx"}`:   4,
		`sevenp_http_request_duration_seconds_count{route="none",status="4xx"}`:       1,
		`sevenp_http_request_duration_seconds_count{route="/",status="2xx"}`:          1,
		`sevenp_graphql_operations_total{kind="query",outcome="ok"}`:                  4,
		`sevenp_graphql_operations_total{kind="mutation",outcome="ok"}`:               2,
		`sevenp_graphql_operations_total{kind="query",outcome="errors"}`:              1,
		`sevenp_graphql_operations_total{kind="none",outcome="rejected"}`:             4,
		`sevenp_graphql_operations_total{kind="mutation",outcome="rejected"}`:         1,
		`sevenp_graphql_rejected_requests_total{code="GRAPHQL_VALIDATION_FAILED"}`:    1,
		`sevenp_graphql_rejected_requests_total{code="BAD_REQUEST"}`:                  1,
		`sevenp_graphql_rejected_requests_total{code="PERSISTED_QUERY_NOT_FOUND"}`:    1,
		`sevenp_graphql_rejected_requests_total{code="UNAUTHENTICATED"}`:              1,
		`sevenp_graphql_rejected_requests_total{code="RATE_LIMITED"}`:                 1,
		`sevenp_sql_round_trips_total`:                                                3,
		`sevenp_db_connections_max{database="replica_1"}`:                             7,
		`sevenp_db_connections_max{database="primary"}`:                               7,
		`sevenp_persisted_queries_total{event="registered"}`:                          1,
		`sevenp_persisted_queries_total{event="hit"}`:                                 1,
		`sevenp_persisted_queries_total{event="miss"}`:                                1,
		`sevenp_rate_limit_decisions_total{decision="allowed",policy="default"}`:      2,
		`sevenp_rate_limit_decisions_total{decision="rejected",policy="default"}`:     1,
		`sevenp_rate_limit_delayed_total`:                                             1,
		`sevenp_http_request_duration_seconds_count{route="/metrics",status="2xx"}`:   0, // counted when it completes
		`sevenp_http_request_duration_seconds_bucket{route="/",status="2xx",le="10"}`: 1,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	text := p.send(t, http.MethodGet, "/metrics", "").Body
	if problems, err := promlint.New(bytes.NewReader(text)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	if n := got["sevenp_sql_statements_total"]; n < 1 {
		t.Errorf("%v statements", n)
	}
	for name, value := range got {
		if strings.HasPrefix(name, "sevenp_build_info{") && (value != 1 || !strings.Contains(name, `go_version="go1.`)) {
			t.Errorf("%s is %v", name, value)
		}
	}
	if got["go_goroutines"] < 2 || got["process_resident_memory_bytes"] < 1e6 {
		t.Error("no metrics of the runtime or of the process")
	}
}

// A caller without permission gets the same response as for a missing page.
func TestMetricsAreHidden(t *testing.T) {
	t.Parallel()
	const token = "a token of these tests"
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "METRICS_TOKEN="+token, "RATE_LIMIT=1/15m")
	missing := p.send(t, http.MethodGet, "/nowhere", "", "X-Request-Id: x")
	for _, headers := range [][]string{{}, {"Authorization: Bearer " + token[1:]}} {
		resp := p.send(t, http.MethodGet, "/metrics", "", append(headers, "X-Request-Id: x")...)
		resp.Header["Date"], missing.Header["Date"] = nil, nil
		if resp.Status != missing.Status || resp.Text() != missing.Text() || len(resp.Header) != len(missing.Header) {
			t.Errorf("with %q: %s %v, want %s %v", headers, resp, resp.Header, missing, missing.Header)
		}
	}
	for range 3 { // without a rate limit
		p.metrics(t, "Authorization: Bearer "+token)
	}
	if strings.Contains(p.stdout.String()+p.stderr.String(), token) {
		t.Error("the token is in the log")
	}
}

// docs/metrics.md describes the metrics of this program, and no other.
func TestMetricsAreDescribed(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	redis := redistest.StartServer(t).URL()
	p := serve7p(t, "DATABASE_URL="+dsn, "READ_REPLICA_URL="+dsn, "JWT_SECRET="+secret, "REDIS_URL="+redis, "REDIS_LIMITS_URL="+redis, "RATE_LIMIT=100/15m",
		"SMTP_URL=smtp://127.0.0.1:1", "MAIL_FROM=7P <no-reply@7p.example>", "FRONT_END_URL=https://app.7p.example",
		"CDN=varnish", "CDN_URL=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1")
	p.post(t, `{"query":"{ nothing }"}`)
	p.post(t, `{"query":"{ course(id: \"x\") { id } courses(first: 1) { nodes { instructor { name } } } }"}`)
	p.send(t, http.MethodPost, "/vitals", `{"metrics":[{"name":"LCP","value":1},{"name":"CLS","value":0}],"documents":[{"document":"Catalog","ms":1}],"errors":[{"kind":"error"}]}`, isJSON)
	name := regexp.MustCompile(`\bsevenp_\w+`)
	described := slices.Compact(slices.Sorted(slices.Values(name.FindAllString(readFile(t, "../../docs/metrics.md"), -1))))
	text := p.send(t, http.MethodGet, "/metrics", "").Text()
	var served []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# TYPE sevenp_") {
			served = append(served, name.FindString(line))
		}
	}
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("metrics (-served +described):\n%s", diff)
	}
}
