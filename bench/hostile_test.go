package main

import (
	"strings"
	"testing"
)

// A report with a goal that is not met ends the program with an error.
func TestMissesGoal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		figure hostileFigure
		missed bool
	}{
		"no goal": {hostileFigure{name: "a", value: "1"}, false},
		"met":     {hostileFigure{name: "a", value: "1", goal: "≤ 2", met: true}, false},
		"not met": {hostileFigure{name: "a", value: "3", goal: "≤ 2"}, true},
	} {
		var out strings.Builder
		writeFigures(&out, "large responses", []hostileFigure{tt.figure})
		if got := missesGoal(out.String()); got != tt.missed || !strings.Contains(out.String(), "## Large responses\n") {
			t.Errorf("%s: %v\n%s", name, got, out.String())
		}
	}
}
