package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// redisFigures are the figures of a Redis after the load, before the last sign-ins.
type redisFigures struct {
	usedBytes, peakBytes, evicted int64
	responses                     int   // entries of responses
	responsesBytes                int64 // their memory
	lockedBuckets                 int   // of the two of the lock-out
}

// readFigures reads the figures of a Redis.
func (r *redisServer) readFigures(ctx context.Context) (f redisFigures, err error) {
	c, err := r.openClient()
	if err != nil {
		return f, err
	}
	defer func() { _ = c.Close() }()
	info, err := c.InfoMap(ctx, "memory", "stats").Result()
	if err != nil {
		return f, err
	}
	for into, text := range map[*int64]string{
		&f.usedBytes: info["Memory"]["used_memory"], &f.peakBytes: info["Memory"]["used_memory_peak"], &f.evicted: info["Stats"]["evicted_keys"],
	} {
		if *into, err = strconv.ParseInt(text, 10, 64); err != nil {
			return f, fmt.Errorf("read INFO of Redis: %w", err)
		}
	}
	keys := c.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		switch key := keys.Val(); {
		case strings.HasSuffix(key, "limit:sessions:address:"+lockedAddress), strings.Contains(key, "limit:emails:"):
			f.lockedBuckets++
		case strings.Contains(key, "answer:") && !strings.HasSuffix(key, ":lock"):
			bytes, err := c.MemoryUsage(ctx, key).Result()
			if err != nil {
				return f, err
			}
			f.responses, f.responsesBytes = f.responses+1, f.responsesBytes+bytes
		}
	}
	return f, keys.Err()
}

// evictionResults are the results of all setups.
type evictionResults struct {
	machine machine
	runs    []evictionFigures
}

// listGoals returns the goals with their figures.
func (r *evictionResults) listGoals() (goals []hostileFigure) {
	for _, run := range r.runs {
		goals = append(goals, hostileFigure{
			name: run.title + ": keys that the shared Redis evicted", value: fmt.Sprint(run.shared.evicted), goal: "more than 0, as a test of the others", met: run.shared.evicted > 0,
		})
		for _, name := range slices.Sorted(maps.Keys(run.outcomes)) {
			goals = append(goals, hostileFigure{
				name: run.title + ": sign-in of the locked-out " + name, value: run.outcomes[name], goal: "RATE_LIMITED", met: run.outcomes[name] == "RATE_LIMITED",
			})
		}
	}
	return goals
}

// renderMarkdown returns the report.
func (r *evictionResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Lock-outs and eviction", "bench-evictions", "-evictions")
	fmt.Fprintf(&out, "%s Redis has `maxmemory 32mb` and `allkeys-lru`, that of `REDIS_LIMITS_URL` `volatile-ttl`. The limits are the defaults.\n", r.machine)
	writeFigures(&out, "goals", r.listGoals())
	fmt.Fprintf(&out, "\n## Figures\n\n%d anonymous addresses send %d different requests each, every one twice. Memory is in MiB: that of responses is the sum of `MEMORY USAGE`. A lock-out has two buckets, one of the address and one of the email; those left are counted before the last sign-ins.\n\n", strangers, responsesPerStranger)
	out.WriteString("| | requests | MiB of responses | seconds | evicted keys | used | peak | stored responses | their memory | buckets left | evicted by limits | buckets there |\n|" + " --- | --- |" + strings.Repeat(" --: |", 10) + "\n")
	for _, run := range r.runs {
		s, l := run.shared, run.limits
		fmt.Fprintf(&out, "| %s | %s | %.0f | %.0f | %d | %.1f | %.1f | %d | %.1f | %d | %d | %d |\n", run.title, describeOutcomes(run.reads), mebibytes(run.responseBytes), run.elapsed.Seconds(),
			s.evicted, mebibytes(s.usedBytes), mebibytes(s.peakBytes), s.responses, mebibytes(s.responsesBytes), s.lockedBuckets, l.evicted, l.lockedBuckets)
	}
	return out.String()
}
