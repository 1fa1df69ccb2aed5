package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

// servedLabels has the values of the labels of metrics, by metric and label.
type servedLabels map[string]map[string]map[string]bool

// add adds a sample, such as name{label="value"}.
func (s servedLabels) add(sample string) {
	name, labels, _ := strings.Cut(sample, "{")
	if s[name] == nil {
		s[name] = map[string]map[string]bool{}
	}
	for _, m := range labelMatcher.FindAllStringSubmatch(labels, -1) {
		if s[name][m[1]] == nil {
			s[name][m[1]] = map[string]bool{}
		}
		s[name][m[1]][m[3]] = true
	}
}

var (
	labelMatcher = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"([^"]*)"`)
	metricName   = regexp.MustCompile(`\b(sevenp_\w+|process_\w+|go_\w+)(?:\{([^}]*)\})?`)
	grouping     = regexp.MustCompile(`\bby \(([^)]*)\)`)
	// targetLabels are labels that Prometheus adds, or renames: the label job of background jobs is exported_job there.
	targetLabels = map[string]bool{"instance": true, "job": true, "exported_job": true}
	ruleExpr     = regexp.MustCompile(`(?s)expr: (?:\|\n)?(.*?)\n        (?:for|labels):`)
)

// problems returns what an expression uses that is not served. Codes of errors that no request of the test causes
// must be in the source of the program.
func (s servedLabels) problems(expr, codes string) (list []string) {
	labels := map[string]bool{}
	for _, m := range metricName.FindAllStringSubmatch(expr, -1) {
		name := m[1]
		if s[name] == nil {
			list = append(list, "no metric "+name)
			continue
		}
		for label := range s[name] {
			labels[label] = true
		}
		for _, matcher := range labelMatcher.FindAllStringSubmatch(m[2], -1) {
			label := matcher[1]
			if targetLabels[label] {
				continue
			}
			for value := range strings.SplitSeq(matcher[3], "|") {
				if !s[name][label][value] && (label != "code" || !strings.Contains(codes, `"`+value+`"`)) {
					list = append(list, "no "+name+" with "+label+" "+value)
				}
			}
		}
	}
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(m[1], ",") {
			if label = strings.TrimSpace(label); !labels[label] && !targetLabels[label] {
				list = append(list, "no label "+label)
			}
		}
	}
	return list
}

// dashboardExprs returns the expressions of a dashboard of Grafana.
func dashboardExprs(t *testing.T, file string) (all []string) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct{ List []struct{ Query string } }
	}
	if err := json.Unmarshal([]byte(readFile(t, file)), &dashboard); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, variable := range dashboard.Templating.List {
		all = append(all, variable.Query)
	}
	for _, panel := range dashboard.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("%s: panel %q has no expressions", file, panel.Title)
		}
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

// TestDashboardsAndAlerts checks that dashboards and alert rules use metrics, labels and values that the program has.
func TestDashboardsAndAlerts(t *testing.T) {
	t.Parallel()
	dsn, redis := testdb.NewWithDemo(t), redistest.StartServer(t).URL()
	p := serve7p(t, "DATABASE_URL="+dsn, "READ_REPLICA_URL="+dsn, "JWT_SECRET="+secret, "REDIS_URL="+redis, "REDIS_LIMITS_URL="+redis, "RATE_LIMIT=100/15m",
		"SMTP_URL=smtp://127.0.0.1:1", "MAIL_FROM=7P <no-reply@7p.example>", "CDN=varnish", "CDN_URL=http://127.0.0.1:1", "FRONT_END_URL=https://app.7p.example")
	p.post(t, `{"query":"{ nothing }"}`)
	p.post(t, `{"query":"{ course(id: \"x\") { id } courses(first: 1) { nodes { instructor { name } } } }"}`, "GraphQL-Cost: 1") // not cached, so the replica serves it
	p.send(t, http.MethodPost, "/vitals", `{"metrics": [{"name": "LCP", "value": 900}, {"name": "INP", "value": 90}, {"name": "TTFB", "value": 9}, {"name": "CLS", "value": 0.01}],
		"documents": [{"document": "CatalogPage", "cache": "hit", "ms": 9}], "errors": [{"kind": "error", "message": "x"}]}`, isJSON)
	p.poll(t, "a command to Redis", func() bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(p.metrics(t))), func(sample string) bool {
			return strings.HasPrefix(sample, "sevenp_redis_command_duration_seconds_count")
		})
	})
	served := servedLabels{}
	for sample := range p.metrics(t) {
		served.add(sample)
	}
	codes := readFile(t, "../gql/response/codes.go") + readFile(t, "../../edu/errors.go")
	rules := ruleExpr.FindAllStringSubmatch(readFile(t, "../../deploy/prometheus/7p-alerts.yml"), -1)
	if alerts := strings.Count(readFile(t, "../../deploy/prometheus/7p-alerts.yml"), "- alert: "); len(rules) != alerts || alerts < 10 {
		t.Errorf("%d expressions of %d alerts", len(rules), alerts)
	}
	for _, rule := range rules {
		for _, problem := range served.problems(rule[1], codes) {
			t.Errorf("alert rules: %s: %s", problem, rule[1])
		}
	}
	files, err := filepath.Glob("../../deploy/grafana/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		for _, expr := range dashboardExprs(t, file) {
			for _, problem := range served.problems(expr, codes) {
				t.Errorf("%s: %s: %s", file, problem, expr)
			}
		}
	}
	for expr, want := range map[string]string{
		`rate(sevenp_things_total[5m])`:                                              "no metric sevenp_things_total",
		`sevenp_graphql_operations_total{outcome="lost"}`:                            "no sevenp_graphql_operations_total with outcome lost",
		`sevenp_graphql_rejected_requests_total{code=~"TIMEOUT|LATE"}`:               "no sevenp_graphql_rejected_requests_total with code LATE",
		`sum by (le, color) (rate(sevenp_http_request_duration_seconds_bucket[5m]))`: "no label color",
	} {
		if got := served.problems(expr, codes); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %q", expr, got, want)
		}
	}
}
