package cli

import (
	"testing"
	"time"

	"github.com/7p-education/api/store"
)

// A run that began after the last end and holds no lease has no end: its server died.
func TestJobState(t *testing.T) {
	t.Parallel()
	earlier, later := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 5, 0, 0, time.UTC)
	for want, j := range map[string]store.Job{
		"ok":                                 {StartedAt: earlier, FinishedAt: &later},
		"running since 2026-01-01T00:05:00Z": {StartedAt: later, FinishedAt: &earlier, Running: true},
		"its server died":                    {StartedAt: later, FinishedAt: &earlier},
		"failed 2 times: disk full":          {StartedAt: earlier, FinishedAt: &later, Failures: 2, Error: "disk full"},
	} {
		if got := jobState(j); got != want {
			t.Errorf("%+v: got %q, want %q", j, got, want)
		}
	}
	if got := jobState(store.Job{StartedAt: earlier}); got != "its server died" {
		t.Errorf("without any end: %q", got)
	}
}
