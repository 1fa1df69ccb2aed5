package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// The goals: how many times the bare handler's CPU a hit may cost, and the least
// share of the catalog's answers that are kept where one request in a hundred writes.
const (
	maxMemoryRatio  = 1.5
	maxRedisRatio   = 2.5
	minMixedHitRate = 0.9
)

// minWarmHitRate is the least share of answers that are kept where all were asked for
// beforehand. Where the machine is too busy for the server to follow changes, nothing
// is looked for.
const minWarmHitRate = 0.99

// cacheResults are what a run of the cache measured.
type cacheResults struct {
	rounds                   int
	roundLength, mixedLength time.Duration
	cells                    []cacheCell
	runs                     []mixedRun

	machine      readResults
	redisVersion string // its version
}

// renderMarkdown is the report.
func (r *cacheResults) renderMarkdown() string {
	var out strings.Builder
	command := "make bench-cache"
	if args := strings.Join(os.Args[1:], " "); args != "-cache" {
		command = "go run ./bench " + args
	}
	fmt.Fprintf(&out, "# Results of cache hits\n\nMeasured by `%s` on %s. README.md describes the method.\n\n", command, time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintf(&out, "%d cores (%s), shared by client, server, PostgreSQL and Redis; %s, PostgreSQL %s, Redis %s, %s/%s. Medians of %d rounds of %s; of %d rounds for the last two loads.\n\n",
		runtime.NumCPU(), r.machine.cpu, runtime.Version(), r.machine.postgres, r.redisVersion, runtime.GOOS, runtime.GOARCH, r.rounds, r.roundLength, r.rounds*goalRoundFactor)
	r.writeGoals(&out)
	r.writeFigures(&out)
	if len(r.runs) > 0 {
		r.writeMixedRuns(&out)
	}
	return out.String()
}

func (r *cacheResults) writeGoals(out *strings.Builder) {
	fmt.Fprintf(out, "## Goals\n\nCPU of the server's process per hit, as a ratio to a handler that writes the same bytes from a map. The goals are at most %.1f in process and %.1f with Redis.\n\n", maxMemoryRatio, maxRedisRatio)
	out.WriteString("| | bytes | connections | in process | with Redis | met |\n| --- | --: | --: | --: | --: | --- |\n")
	for _, c := range r.cells {
		near, far := c.cpuRatio(memoryCache), c.cpuRatio(redisCache)
		warm := c.samples[memoryCache].counts[0].hitRate() >= minWarmHitRate && c.samples[redisCache].counts[0].hitRate() >= minWarmHitRate
		fmt.Fprintf(out, "| %s | %d | %d | %.2f | %.2f | %s |\n", c.load.title, c.load.meanBytes, c.connections, near, far, formatVerdict(near <= maxMemoryRatio && far <= maxRedisRatio && warm))
	}
}

// cpuRatio is a contender's CPU a request over the bare handler's.
func (c cacheCell) cpuRatio(contender int) float64 {
	return durationRatio(c.samples[contender].serverCPU, c.samples[mapHandler].serverCPU)
}

func formatVerdict(is bool) string {
	if is {
		return "yes"
	}
	return "**no**"
}

func (r *cacheResults) writeFigures(out *strings.Builder) {
	out.WriteString("\n## Figures\n\nCPU is in microseconds per request: of the server's process, of Redis and of PostgreSQL. Latencies are in milliseconds.\n\n")
	out.WriteString("| | connections | | requests/s | p50 | p99 | server | Redis | PostgreSQL | ratio to map | hits |\n| --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, c := range r.cells {
		for i, s := range c.samples {
			fmt.Fprintf(out, "| %s | %d | %s | %.0f | %.3f | %.3f | %.1f | %.1f | %.1f | %.2f | %.1f %% |\n", c.load.title, c.connections, contenderNames[i],
				s.perSecond, milliseconds(s.p50), milliseconds(s.p99), 1000*milliseconds(s.serverCPU), 1000*milliseconds(s.redisCPU), 1000*milliseconds(max(0, s.totalCPU-s.serverCPU-s.redisCPU)), c.cpuRatio(i), 100*s.counts[0].hitRate())
		}
	}
}

func (r *cacheResults) writeMixedRuns(out *strings.Builder) {
	fmt.Fprintf(out, "\n## Reads and writes\n\nHit rates if one request in a hundred writes; %d connections, %s. The goal for the catalog is %.0f %%.\n\n", mixedConnections, r.mixedLength, 100*minMixedHitRate)
	out.WriteString("| requests |")
	for _, op := range operations {
		fmt.Fprintf(out, " %s |", op.title)
	}
	out.WriteString(" all reads | requests/s | server | met |\n| --- |" + strings.Repeat(" --: |", len(operations)+3) + " --- |\n")
	for _, run := range r.runs {
		fmt.Fprintf(out, "| %s |", run.describeRun())
		var all responseCounts
		for _, t := range run.sample.counts[:len(operations)] {
			fmt.Fprintf(out, " %.1f %% |", 100*t.hitRate())
			all.answered, all.hits = all.answered+t.answered, all.hits+t.hits
		}
		fmt.Fprintf(out, " %.1f %% | %.0f | %.1f | %s |\n", 100*all.hitRate(), run.sample.perSecond, 1000*milliseconds(run.sample.serverCPU), formatVerdict(run.sample.counts[0].hitRate() >= minMixedHitRate))
	}
}

func (t responseCounts) hitRate() float64 { return float64(t.hits) / float64(max(t.answered, 1)) }
