package main

import (
	"fmt"
	"strings"
	"time"
)

// suggestGoal is the highest p95 of suggestions on a machine without other load.
const suggestGoal = 5 * time.Millisecond

// renderMarkdown returns the report.
func (r *searchResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Searches and suggestions", "bench-search", "-search")
	fmt.Fprintf(&out, "%s %d courses; medians of %d rounds of %s with one connection, without a response cache. CPU is that of server and PostgreSQL for a request, p95 the time to its response, both in milliseconds. The goal of a suggestion is a p95 of %s on a machine without other load; other load multiplies all figures of a row, and the ratios stay.\n\n",
		r.machine, searchedCourses, r.rounds, r.length, suggestGoal)
	header, line := "| load |", "|---|"
	for _, revision := range r.revisions {
		header += " CPU, " + revisionTitle(revision) + " | p95 |"
		line += "--:|--:|"
	}
	for _, revision := range r.revisions[:len(r.revisions)-1] {
		header += " CPU, now to " + revision + " |"
		line += "--:|"
	}
	out.WriteString(header + "\n" + line + "\n")
	for _, c := range r.cells {
		fmt.Fprintf(&out, "| %s |", c.title)
		now := c.samples[len(c.samples)-1]
		for _, s := range c.samples {
			if s == nil {
				out.WriteString(" | |")
				continue
			}
			fmt.Fprintf(&out, " %.1f | %.1f |", milliseconds(s.totalCPU), milliseconds(s.p95))
		}
		for _, s := range c.samples[:len(c.samples)-1] {
			if s == nil {
				out.WriteString(" |")
				continue
			}
			fmt.Fprintf(&out, " %.2f |", durationRatio(now.totalCPU, s.totalCPU))
		}
		out.WriteString("\n")
	}
	return out.String()
}
