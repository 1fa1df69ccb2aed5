package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/procfs"
)

// The goals: how many times the yardstick's figure the server's may be, and its
// peak memory.
const (
	maxRatio       = 1.5
	maxMemoryBytes = 100 << 20
)

// readCell is an operation under a number of connections.
type readCell struct {
	operation         operation
	connections       int
	prepared          *preparedLoad
	server, yardstick sample
}

// readResults are what a run measured.
type readResults struct {
	rounds      int
	roundLength time.Duration
	cells       []readCell
	peakMemory  [2]int64 // the peaks of the server and of the yardstick, in bytes

	cpu, postgres string
}

// recordMachine notes what the run was measured on.
func (r *readResults) recordMachine(ctx context.Context, pool *pgxpool.Pool) error {
	if err := pool.QueryRow(ctx, "SHOW server_version").Scan(&r.postgres); err != nil {
		return fmt.Errorf("ask PostgreSQL for its version: %w", err)
	}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return err
	}
	processors, err := fs.CPUInfo()
	if err != nil {
		return fmt.Errorf("read the model of the processor: %w", err)
	}
	if len(processors) > 0 {
		r.cpu = processors[0].ModelName
	}
	return nil
}

// renderMarkdown is the report.
func (r *readResults) renderMarkdown() string {
	var out strings.Builder
	command := "make bench"
	if args := strings.Join(os.Args[1:], " "); args != "" {
		command += " BENCH_ARGS='" + args + "'"
	}
	fmt.Fprintf(&out, "# Results\n\nMeasured by `%s` on %s. README.md describes the method.\n\n", command, time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintf(&out, "%d cores (%s), shared by client, server and PostgreSQL; %s, PostgreSQL %s, %s/%s. Medians of %d rounds of %s.\n\n",
		runtime.NumCPU(), r.cpu, runtime.Version(), r.postgres, runtime.GOOS, runtime.GOARCH, r.rounds, r.roundLength)
	r.writeGoals(&out)
	r.writeFigures(&out)
	r.writeSQLCounts(&out)
	return out.String()
}

// writeGoals compares the server with the yardstick.
func (r *readResults) writeGoals(out *strings.Builder) {
	fmt.Fprintf(out, "## Goals\n\nRatio of the server's figure to the yardstick's; the goal is at most %.1f.\n\n", maxRatio)
	out.WriteString("| operation | connections | CPU of server and database | p50 | met |\n| --- | --: | --: | --: | --- |\n")
	for _, c := range r.cells {
		cpu, p50 := durationRatio(c.server.totalCPU, c.yardstick.totalCPU), durationRatio(c.server.p50, c.yardstick.p50)
		met := "yes"
		if cpu > maxRatio || c.connections == 1 && p50 > maxRatio { // of latency, the goal is one client's
			met = "**no**"
		}
		fmt.Fprintf(out, "| %s | %d | %.2f | %.2f | %s |\n", c.operation.title, c.connections, cpu, p50, met)
	}
	met := "met"
	if r.peakMemory[0] > maxMemoryBytes {
		met = "**not met**"
	}
	fmt.Fprintf(out, "\nPeak memory of the server: %.0f MiB (goal: at most %d MiB, %s); of the yardstick: %.0f MiB.\n\n",
		mebibytes(r.peakMemory[0]), maxMemoryBytes>>20, met, mebibytes(r.peakMemory[1]))
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

// writeSQLCounts tells what a request of the server's asks of PostgreSQL; the
// yardstick's is always one statement.
func (r *readResults) writeSQLCounts(out *strings.Builder) {
	out.WriteString("\n## SQL of the server\n\nMeans over the requests, from its access log.\n\n| operation | statements | round trips | bytes per response |\n| --- | --: | --: | --: |\n")
	for i, c := range r.cells {
		if i == 0 || r.cells[i-1].operation != c.operation {
			fmt.Fprintf(out, "| %s | %.1f | %.1f | %d |\n", c.operation.title, c.prepared.statements, c.prepared.roundTrips, c.prepared.meanBytes)
		}
	}
}

func durationRatio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
