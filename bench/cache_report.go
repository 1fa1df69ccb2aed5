package main

import (
	"fmt"
	"strings"
	"time"
)

// The goals of cache hits: the largest ratio of their CPU to the map's, in process and with Redis, and
// the least hit rate of the catalog if one request in a hundred writes.
const (
	maxMemoryRatio  = 1.5
	maxRedisRatio   = 2.5
	minMixedHitRate = 0.9
)

// minWarmHitRate is the least hit rate of responses that were all requested before. On a machine that
// is too busy to renew the lease, the server does not look up any.
const minWarmHitRate = 0.99

// cacheResults are the results of a run of the cache hits.
type cacheResults struct {
	rounds                   int
	roundLength, mixedLength time.Duration
	cells                    []cacheCell
	runs                     []mixedRun
	machine                  machine
}

// renderMarkdown returns the report.
func (r *cacheResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Results of cache hits", "bench-cache", "-cache")
	fmt.Fprintf(&out, "%s Medians of %d rounds of %s; of %d rounds for the last two loads.\n\n", r.machine, r.rounds, r.roundLength, r.rounds*goalRoundFactor)
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
		memory, redis := c.cpuRatio(memoryCache), c.cpuRatio(redisCache)
		warm := min(c.samples[memoryCache].counts[0].hitRate(), c.samples[redisCache].counts[0].hitRate()) >= minWarmHitRate
		met := memory <= maxMemoryRatio && redis <= maxRedisRatio && warm
		fmt.Fprintf(out, "| %s | %d | %d | %.2f | %.2f | %s |\n", c.load.title, c.load.meanBytes, c.connections, memory, redis, formatVerdict(met))
	}
}

// cpuRatio returns the ratio of a contender's CPU per request to the map's.
func (c cacheCell) cpuRatio(contender int) float64 {
	return durationRatio(c.samples[contender].serverCPU, c.samples[mapHandler].serverCPU)
}

func (r *cacheResults) writeFigures(out *strings.Builder) {
	out.WriteString("\n## Figures\n\nCPU is in microseconds per request: of the server's process, of Redis and of PostgreSQL. Latencies are in milliseconds.\n\n")
	out.WriteString("| | connections | | requests/s | p50 | p99 | server | Redis | PostgreSQL | ratio to map | hits |\n| --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, c := range r.cells {
		for i, s := range c.samples {
			database := max(0, s.totalCPU-s.serverCPU-s.redisCPU)
			fmt.Fprintf(out, "| %s | %d | %s | %.0f | %.3f | %.3f | %.1f | %.1f | %.1f | %.2f | %.1f %% |\n", c.load.title, c.connections, contenderNames[i],
				s.perSecond, milliseconds(s.p50), milliseconds(s.p99), microseconds(s.serverCPU), microseconds(s.redisCPU), microseconds(database), c.cpuRatio(i), 100*s.counts[0].hitRate())
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
		for _, c := range run.sample.counts[:len(operations)] {
			fmt.Fprintf(out, " %.1f %% |", 100*c.hitRate())
			all.answered, all.hits = all.answered+c.answered, all.hits+c.hits
		}
		met := run.sample.counts[0].hitRate() >= minMixedHitRate
		fmt.Fprintf(out, " %.1f %% | %.0f | %.1f | %s |\n", 100*all.hitRate(), run.sample.perSecond, microseconds(run.sample.serverCPU), formatVerdict(met))
	}
}
