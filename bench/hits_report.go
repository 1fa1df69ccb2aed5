package main

import (
	"fmt"
	"strings"
	"time"
)

// hitResults are the results of a run.
type hitResults struct {
	rounds      int
	roundLength time.Duration
	parts       []hitPart
	cells       []hitCell
	machine     machine
}

// hitCell is a load on each contender, the map first.
type hitCell struct {
	load    *hitLoad
	samples []sample
}

// renderMarkdown returns the report.
func (r *hitResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "The parts of a cache hit", "bench-hits", "-hits")
	fmt.Fprintf(&out, "%s Medians of %d rounds of %s with %d connections.\n\n", r.machine, r.rounds, r.roundLength, peerConnections)
	fmt.Fprintf(&out, "CPU of the server's process in microseconds per hit, and its ratio to the map's. Each line is a server with one part switched on besides the response cache in memory; dashboards have a token in all lines. The goal of a hit with all parts is %.1f.\n\n| |", maxPartsRatio)
	for _, c := range r.cells {
		fmt.Fprintf(&out, " %s | ratio |", c.load.title)
	}
	out.WriteString("\n| --- |" + strings.Repeat(" --: | --: |", len(r.cells)) + "\n")
	r.writeLine(&out, "the map", 0)
	for i, p := range r.parts {
		r.writeLine(&out, p.title, i+1)
	}
	out.WriteString("\n| all of these | ratio | met |\n| --- | --: | --- |\n")
	for _, c := range r.cells {
		ratio := c.ratio(len(r.parts) - 1)
		fmt.Fprintf(&out, "| %s | %.2f | %s |\n", c.load.title, ratio, formatVerdict(ratio <= maxPartsRatio))
	}
	return out.String()
}

// writeLine writes the figures of a contender.
func (r *hitResults) writeLine(out *strings.Builder, title string, contender int) {
	fmt.Fprintf(out, "| %s |", title)
	for _, c := range r.cells {
		fmt.Fprintf(out, " %.1f | %.2f |", microseconds(c.samples[contender].serverCPU), c.ratio(contender))
	}
	out.WriteString("\n")
}

// ratio returns the ratio of the CPU of a contender to the map's.
func (c hitCell) ratio(contender int) float64 {
	return durationRatio(c.samples[contender].serverCPU, c.samples[0].serverCPU)
}
