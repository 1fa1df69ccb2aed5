package main

import (
	"fmt"
	"strings"
	"time"
)

// The goals of reads: the largest ratio of the server's CPU and latency to the yardstick's, and the
// largest peak memory.
const (
	maxRatio       = 1.5
	maxMemoryBytes = 100 << 20
)

// readCell is an operation at a number of connections.
type readCell struct {
	operation         operation
	connections       int
	prepared          *preparedLoad
	server, yardstick sample
}

// readResults are the results of a run of the reads.
type readResults struct {
	rounds      int
	roundLength time.Duration
	cells       []readCell
	peakMemory  [2]int64 // of the server and of the yardstick, in bytes
	machine     machine
}

// renderMarkdown returns the report.
func (r *readResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Results", "bench", "")
	fmt.Fprintf(&out, "%s Medians of %d rounds of %s.\n\n", r.machine, r.rounds, r.roundLength)
	r.writeGoals(&out)
	r.writeFigures(&out)
	r.writeSQLCounts(&out)
	return out.String()
}

// writeGoals writes the ratios of the server's figures to the yardstick's.
func (r *readResults) writeGoals(out *strings.Builder) {
	fmt.Fprintf(out, "## Goals\n\nRatio of the server's figure to the yardstick's; the goal is at most %.1f.\n\n", maxRatio)
	out.WriteString("| operation | connections | CPU of server and database | p50 | met |\n| --- | --: | --: | --: | --- |\n")
	for _, c := range r.cells {
		cpu, p50 := durationRatio(c.server.totalCPU, c.yardstick.totalCPU), durationRatio(c.server.p50, c.yardstick.p50)
		met := cpu <= maxRatio && (c.connections > 1 || p50 <= maxRatio) // the goal of p50 is for one connection
		fmt.Fprintf(out, "| %s | %d | %.2f | %.2f | %s |\n", c.operation.title, c.connections, cpu, p50, formatVerdict(met))
	}
	verdict := "met"
	if r.peakMemory[0] > maxMemoryBytes {
		verdict = "**not met**"
	}
	fmt.Fprintf(out, "\nPeak memory of the server: %.0f MiB (goal: at most %d MiB, %s); of the yardstick: %.0f MiB.\n\n",
		mebibytes(r.peakMemory[0]), maxMemoryBytes>>20, verdict, mebibytes(r.peakMemory[1]))
}

func (r *readResults) writeFigures(out *strings.Builder) {
	out.WriteString("## Figures\n\nCPU is in milliseconds per request: of the process, and of the process with PostgreSQL. Latencies are in milliseconds.\n\n")
	out.WriteString("| operation | connections | | requests/s | p50 | p95 | p99 | CPU | CPU with database |\n| --- | --: | --- | --: | --: | --: | --: | --: | --: |\n")
	for _, c := range r.cells {
		for _, s := range []struct {
			name string
			sample
		}{{"server", c.server}, {"yardstick", c.yardstick}} {
			fmt.Fprintf(out, "| %s | %d | %s | %.0f | %.2f | %.2f | %.2f | %.3f | %.3f |\n", c.operation.title, c.connections, s.name,
				s.perSecond, milliseconds(s.p50), milliseconds(s.p95), milliseconds(s.p99), milliseconds(s.serverCPU), milliseconds(s.totalCPU))
		}
	}
}

// writeSQLCounts writes the statements and round trips of the server; the yardstick always sends one
// statement.
func (r *readResults) writeSQLCounts(out *strings.Builder) {
	out.WriteString("\n## SQL of the server\n\nMeans over the requests, from its access log.\n\n| operation | statements | round trips | bytes per response |\n| --- | --: | --: | --: |\n")
	for i, c := range r.cells {
		if i == 0 || r.cells[i-1].operation != c.operation {
			fmt.Fprintf(out, "| %s | %.1f | %.1f | %d |\n", c.operation.title, c.prepared.statements, c.prepared.roundTrips, c.prepared.meanBytes)
		}
	}
}
