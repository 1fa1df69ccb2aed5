package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// A hold begins with the last free probe or with the request, and ends with the wait of the next probe.
func TestHoldMeter(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	h := &holdMeter{lastFree: start}
	for _, p := range []struct {
		before, after int
		free          bool
		sent          int
	}{
		{0, 1, true, 0},
		{2, 3, false, 0},
		{3, 50, true, 0}, // held since 0 at the earliest
		{51, 52, true, 0},
		{90, 91, false, 80},
		{91, 100, true, 80}, // held since the request of 80
		{101, 102, false, 80},
		{102, 120, true, 80}, // held again, since 100
	} {
		h.addProbe(rowProbe{before: at(p.before), after: at(p.after), free: p.free}, at(p.sent))
	}
	want := []time.Duration{50 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond}
	if !slices.Equal(h.holds, want) {
		t.Errorf("got %v, want %v", h.holds, want)
	}
}

// Each goal is missed by a figure beyond it.
func TestLockGoals(t *testing.T) {
	t.Parallel()
	newResults := func() *lockResults {
		r := &lockResults{storedBytes: maxStored, storing: map[string]int{"RATE_LIMITED": storingClients}}
		for _, a := range lockAttacks {
			l := lockedLoad{title: a.title, holds: []time.Duration{maxHold}, outcomes: map[string]int{}}
			if a.outcome != "" {
				l.outcomes[a.outcome] = 1
			}
			r.loads = append(r.loads, l)
		}
		return r
	}
	if text := newResults().renderMarkdown(); missesGoal(text) {
		t.Errorf("goals missed by figures at them:\n%s", text)
	}
	for goal, change := range map[string]func(*lockResults){
		"longest lock":         func(r *lockResults) { r.loads[2].holds[0]++ },
		"enrollments in other": func(r *lockResults) { r.loads[0].failure = errGoalMissed },
		"loads without":        func(r *lockResults) { r.loads[len(r.loads)-1].outcomes[outcomeSuccess] = 1 },
		"MiB stored":           func(r *lockResults) { r.storedBytes++ },
	} {
		r := newResults()
		change(r)
		for _, f := range r.listGoals() {
			if met := !strings.Contains(f.name, goal); f.met != met {
				t.Errorf("%s changed: %s is met: %v", goal, f.name, f.met)
			}
		}
	}
}
