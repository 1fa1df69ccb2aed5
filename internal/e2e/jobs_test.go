package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/testdb"
)

// The jobs of a server are listed and run by hand, and their state is in the metrics.
func TestJobCommands(t *testing.T) {
	t.Parallel()
	database := []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret}
	if list := mustRun7p(t, database, "jobs", "list"); !regexp.MustCompile(`(?m)^analytics +5m0s +never +never run$`).MatchString(list) {
		t.Errorf("before the first run:\n%s", list)
	}
	if out := mustRun7p(t, database, "jobs", "run", "analytics"); !strings.HasPrefix(out, "analytics done in ") {
		t.Errorf("run: %s", out)
	}
	if list := mustRun7p(t, database, "jobs", "list"); !regexp.MustCompile(`(?m)^analytics +5m0s +20\d\d-\S+Z +\S+s +ok$`).MatchString(list) {
		t.Errorf("after the run:\n%s", list)
	}
	_, stderr, code := run7p(t, database, "jobs", "run", "analytic")
	if code != 1 || !strings.Contains(stderr, `there is no job "analytic": the jobs are partitions, analytics`) {
		t.Errorf("an unknown job: %d %s", code, stderr)
	}
	p := serve7p(t, append(database, "METRICS_TOKEN=")...)
	p.poll(t, "the state of a job in the metrics", func() bool {
		return p.metrics(t)[`sevenp_job_last_success_timestamp_seconds{job="analytics"}`] > 1.7e9
	})
	if got := p.metrics(t)[`sevenp_job_interval_seconds{job="analytics"}`]; got != 300 {
		t.Errorf("interval %v s", got)
	}
}
