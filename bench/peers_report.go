package main

import (
	"fmt"
	"slices"
	"strings"
)

// The goals beside peers: the largest ratios of the CPU of all processes, of a hit with Redis and rate
// limits to the map, and of a computed course page or dashboard to the yardstick.
const (
	maxLimitedHitRatio = 1.6
	maxComputedRatio   = 1.25
)

// renderMarkdown returns the report.
func (r *peerResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Other servers", "bench-peers", "-peers")
	fmt.Fprintf(&out, "%s %s. Medians of %d rounds of %s.\n\n", r.machine, r.versions, r.rounds, r.roundLength)
	fmt.Fprintf(&out, "CPU is in microseconds per request, with %d connections: of the server's process, and of it with PostgreSQL and Redis (all). The ratio is that of all to the first line of the operation. Latencies are in milliseconds.\n\n", peerConnections)
	r.writeGoals(&out)
	writePeerTable(&out, "Computed responses", r.computed)
	writePeerTable(&out, "Cache hits", r.hits)
	return out.String()
}

func (r *peerResults) writeGoals(out *strings.Builder) {
	out.WriteString("## Goals\n\n| | ratio | goal | met |\n| --- | --: | --: | --- |\n")
	for _, c := range r.computed {
		if c.name == oursName && (c.operation.name == "CoursePage" || c.operation.name == "MyDashboard") {
			writePeerGoal(out, c.operation.title+" to the yardstick", c.ratio(r.computed), maxComputedRatio)
		}
	}
	for _, c := range r.hits {
		if c.name == oursLimitsName {
			writePeerGoal(out, c.operation.title+", hit with Redis and rate limits, to the map", c.ratio(r.hits), maxLimitedHitRatio)
		}
	}
	out.WriteString("\n")
}

func writePeerGoal(out *strings.Builder, name string, ratio, goal float64) {
	fmt.Fprintf(out, "| %s | %.2f | %.2f | %s |\n", name, ratio, goal, formatVerdict(ratio <= goal))
}

// ratio returns the ratio of the CPU of all processes to that of the first contender of the operation.
func (c peerCell) ratio(cells []peerCell) float64 {
	first := slices.IndexFunc(cells, func(other peerCell) bool { return other.operation == c.operation })
	return durationRatio(c.busy.totalCPU, cells[first].busy.totalCPU)
}

func writePeerTable(out *strings.Builder, title string, cells []peerCell) {
	fmt.Fprintf(out, "## %s\n\n| | | requests/s | p50 | p50 at 1 connection | server | all | ratio |\n| --- | --- | --: | --: | --: | --: | --: | --: |\n", title)
	for _, c := range cells {
		fmt.Fprintf(out, "| %s | %s | %.0f | %.2f | %.2f | %.0f | %.0f | %.2f |\n", c.operation.title, c.name,
			c.busy.perSecond, milliseconds(c.busy.p50), milliseconds(c.single.p50), microseconds(c.busy.serverCPU), microseconds(c.busy.totalCPU), c.ratio(cells))
	}
	out.WriteString("\n")
}
