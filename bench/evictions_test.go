package main

import "testing"

// A run without evictions shows nothing, and a sign-in that is not rejected misses the goal.
func TestEvictionGoals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		evicted int64
		outcome string
		missed  bool
	}{
		{1, "RATE_LIMITED", false},
		{0, "RATE_LIMITED", true},
		{1, "INVALID_CREDENTIALS", true},
		{1, outcomeSuccess, true},
	} {
		r := &evictionResults{runs: []evictionFigures{{
			title: "one server", shared: redisFigures{evicted: c.evicted}, outcomes: map[string]string{"email, server 1": c.outcome},
		}}}
		if missed := missesGoal(r.renderMarkdown()); missed != c.missed {
			t.Errorf("%+v: missed: %v", c, missed)
		}
	}
}
