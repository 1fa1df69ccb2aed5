package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	maxHold = 100 * time.Millisecond // of a course's row by one request
	// maxStored is what one account can store: 16 MiB, and a response of 256 KiB for each request in
	// progress.
	maxStored = 16<<20 + storingClients*(256<<10+256)
)

// lockResults are the results of a run.
type lockResults struct {
	machine     machine
	duration    time.Duration
	loads       []lockedLoad
	storing     map[string]int // outcomes
	storedBytes int64
}

// longestHold returns the longest time that one request locked the course.
func (l lockedLoad) longestHold() time.Duration {
	if len(l.holds) == 0 {
		return 0
	}
	return l.holds[len(l.holds)-1]
}

// listGoals returns the goals with their figures.
func (r *lockResults) listGoals() []hostileFigure {
	var longest, control time.Duration
	var failures, unexpected []string
	for i, l := range r.loads {
		if lockAttacks[i].newPost == nil {
			control = max(control, l.longestHold())
		} else {
			longest = max(longest, l.longestHold())
		}
		if l.failure != nil {
			failures = append(failures, fmt.Sprintf("%s: %v", l.title, l.failure))
		}
		if want := lockAttacks[i].outcome; want != "" && (l.outcomes[want] == 0 || want != outcomeSuccess && len(l.outcomes) > 1) {
			unexpected = append(unexpected, l.title)
		}
	}
	return []hostileFigure{
		{
			name: "longest lock of a course by one request", goal: fmt.Sprintf("at most %.0f ms", milliseconds(maxHold)), met: longest <= maxHold,
			value: fmt.Sprintf("%.0f ms; a lock of %d ms by another program measures up to %.0f ms", milliseconds(longest), controlHold.Milliseconds(), milliseconds(control)),
		},
		{name: "enrollments in other courses that failed", goal: "none", value: describeList(failures), met: len(failures) == 0},
		{name: "loads without success, or without the documented error", goal: "none", value: describeList(unexpected), met: len(unexpected) == 0},
		{
			name: "MiB stored under keys of one account", value: fmt.Sprintf("%.1f, %s", mebibytes(r.storedBytes), describeOutcomes(r.storing)),
			goal: fmt.Sprintf("at most %.1f (16, and the responses of %d requests in progress), then RATE_LIMITED", mebibytes(maxStored), storingClients),
			met:  r.storedBytes <= maxStored && r.storing["RATE_LIMITED"] == storingClients,
		},
	}
}

func describeList(items []string) string {
	if len(items) == 0 {
		return "none"
	}
	return strings.Join(items, "; ")
}

// describeOutcomes lists outcomes with their numbers, in alphabetical order.
func describeOutcomes(outcomes map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(outcomes)) {
		parts = append(parts, fmt.Sprintf("%d %s", outcomes[name], name))
	}
	return strings.Join(parts, ", ")
}

// renderMarkdown returns the report.
func (r *lockResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Locks of courses", "bench-locks", "-locks")
	fmt.Fprintf(&out, "%s Each load lasts %s.\n", r.machine, r.duration)
	writeFigures(&out, "goals", r.listGoals())
	out.WriteString("\n## Figures\n\nLocks are those of one course's row by one request, in milliseconds, including the pause of about 1 ms between two probes. The others enroll in other courses, one after the other.\n\n")
	out.WriteString("| requests with a key | outcomes | locks | median | longest | others/s | p50 ms | p99 ms |\n| --- | --- | --: | --: | --: | --: | --: | --: |\n")
	for _, l := range r.loads {
		half := time.Duration(0)
		if len(l.holds) > 0 {
			half = l.holds[len(l.holds)/2]
		}
		fmt.Fprintf(&out, "| %s | %s | %d | %.1f | %.1f | %.0f | %.1f | %.1f |\n", l.title, describeOutcomes(l.outcomes), len(l.holds),
			milliseconds(half), milliseconds(l.longestHold()), l.others.perSecond, milliseconds(l.others.p50), milliseconds(l.others.p99))
	}
	return out.String()
}
