package telemetry_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/internal/telemetry"
)

// served returns the metrics as text.
func served(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	return scrape(t, m.Handler("", http.NotFoundHandler()), local).Body.String()
}

func mustServe(t *testing.T, m *telemetry.Metrics, lines ...string) {
	t.Helper()
	text := served(t, m)
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("there is no %s in\n%s", line, text)
		}
	}
}

// TestOperationLabels checks that operations are counted by documents, and never by a name that a caller chose.
func TestOperationLabels(t *testing.T) {
	t.Parallel()
	m := telemetry.New("web", "ios")
	page := func() *observe.Document { return &observe.Document{ID: "d1", Trusted: true, Operation: "CoursePage"} }
	text := observe.NewDocument("query Forged { courses { nodes { id } } }")
	for _, o := range []*observe.Operation{
		{Kind: "query", Name: "CoursePage", Document: page(), Client: "web"},
		{Kind: "query", Name: "CoursePage", Document: page(), Client: "web", Code: "NOT_FOUND"}, // the same name in another release
		{Kind: "query", Name: "Forged", Document: text, Client: "an invented name"},
		{Kind: "query", Document: &observe.Document{ID: "0123456789abcdef", Trusted: true}},
		{Kind: "batch", Name: "of 2"},
		{Code: "BAD_REQUEST", Rejected: true},
		{Kind: "query", Name: "Forged"},
		{Kind: "subscription", Document: page(), Client: "web", IsStream: true},
	} {
		m.RecordOperation(telemetry.Request{Duration: 3 * time.Millisecond, Operation: o})
	}
	mustServe(t, m,
		`sevenp_graphql_operation_duration_seconds_count{operation="CoursePage"} 2`, `sevenp_graphql_operation_errors_total{operation="CoursePage"} 1`,
		`sevenp_graphql_operation_duration_seconds_count{operation="sha256:`+text.ID[:12]+`"} 1`,
		`sevenp_graphql_operation_duration_seconds_count{operation="id:0123456789ab"} 1`,
		`sevenp_graphql_operation_duration_seconds_count{operation="batch"} 1`,
		`sevenp_graphql_operation_duration_seconds_count{operation="none"} 1`, `sevenp_graphql_operation_errors_total{operation="none"} 1`,
		`sevenp_graphql_operation_duration_seconds_count{operation="other"} 1`,
		`sevenp_graphql_client_duration_seconds_count{client="web"} 2`, `sevenp_graphql_client_errors_total{client="web"} 1`,
		`sevenp_graphql_client_duration_seconds_count{client="ios"} 0`,
		`sevenp_graphql_client_duration_seconds_count{client="other"} 1`, `sevenp_graphql_client_duration_seconds_count{client="none"} 4`,
		`sevenp_graphql_operations_total{kind="subscription",outcome="ok"} 1`,
	)
	if text := served(t, m); strings.Contains(text, "Forged") || strings.Contains(text, "invented") {
		t.Errorf("a caller's name is a label:\n%s", text)
	}
}

// TestOperationLabelsAreLimited checks that callers can only take the labels of other callers, and not those of trusted
// documents.
func TestOperationLabelsAreLimited(t *testing.T) {
	t.Parallel()
	m := telemetry.New()
	for i := range 200 {
		m.RecordOperation(telemetry.Request{Operation: &observe.Operation{Kind: "query", Document: observe.NewDocument(fmt.Sprint(i))}})
	}
	for i := range 600 {
		d := &observe.Document{ID: fmt.Sprint(i), Trusted: true, Operation: fmt.Sprint("Page", i)}
		m.RecordOperation(telemetry.Request{Operation: &observe.Operation{Kind: "query", Document: d}})
	}
	mustServe(t, m, `sevenp_graphql_operation_duration_seconds_count{operation="other"} 250`,
		`sevenp_graphql_operation_duration_seconds_count{operation="Page499"} 1`)
	if n := len(regexp.MustCompile(`_count\{operation=`).FindAllString(served(t, m), -1)); n != 3+50+500 {
		t.Errorf("%d labels", n)
	}
}

// TestPhases checks that only phases that took place are counted, and encoding apart from execution.
func TestPhases(t *testing.T) {
	t.Parallel()
	m, o := telemetry.New(), &observe.Operation{Kind: "query"}
	o.AddPhase(observe.Execute, time.Now(), 40*time.Millisecond)
	o.AddPhase(observe.Encode, time.Now(), 20*time.Millisecond)
	o.AddPhase(observe.Encode, time.Now(), 10*time.Millisecond)
	o.CountFieldError("NOT_FOUND")
	o.CountFieldError("FORBIDDEN")
	o.CountFieldError("NOT_FOUND")
	m.RecordOperation(telemetry.Request{Operation: o})
	mustServe(t, m,
		`sevenp_graphql_phase_duration_seconds_count{phase="parse"} 0`, `sevenp_graphql_phase_duration_seconds_count{phase="validate"} 0`,
		`sevenp_graphql_phase_duration_seconds_sum{phase="execute"} 0.01`, `sevenp_graphql_phase_duration_seconds_sum{phase="encode"} 0.03`,
		`sevenp_graphql_field_errors_total{code="NOT_FOUND"} 2`, `sevenp_graphql_field_errors_total{code="FORBIDDEN"} 1`,
	)
}

// TestRoundTrips checks the counts of statements and of loaders.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	m := telemetry.New()
	trip := observe.BeginRoundTrip(observe.WithLoads(t.Context(), []observe.Load{{Loader: "User", Keys: 7}}), "primary", 2)
	trip.EndStatement("UsersByID", 7, nil)
	trip.EndStatement("CoursesByID", 0, nil)
	m.RecordRoundTrip(trip)
	failed := observe.BeginRoundTrip(observe.WithLoads(t.Context(), []observe.Load{{Loader: "User", Keys: 7}}), "replica", 1)
	failed.EndStatement("UsersByID", 0, errors.New("gone"))
	m.RecordRoundTrip(failed)
	mustServe(t, m,
		`sevenp_sql_duration_seconds_count{database="primary",statement="UsersByID"} 1`,
		`sevenp_sql_duration_seconds_count{database="primary",statement="CoursesByID"} 1`,
		`sevenp_sql_errors_total{database="replica",statement="UsersByID"} 1`,
		`sevenp_loader_batch_keys_count{loader="User"} 1`, `sevenp_loader_batch_keys_sum{loader="User"} 7`,
		`sevenp_loader_batch_keys_bucket{loader="User",le="5"} 0`,
	)
}
