package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/7p-education/api/store"
)

// renderMarkdown returns the report.
func (r *fleetResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Load of a fleet", "load", "-fleet")
	if len(r.outcomes) == 0 && len(r.ceilings) == 0 {
		return out.String() + r.scales
	}
	fmt.Fprintf(&out, "%s A process may open %d files. The load average is that of the machine before each load.\n\n", r.machine, r.files)
	fmt.Fprintf(&out, "## Goals\n\np95 below %s, and at most one request in %.0f fails. Latencies are in milliseconds, from the scheduled arrival.\n\n", fleetMaxP95, 1/fleetMaxErrors)
	out.WriteString("| load | response cache | load average | requests/s | p50 | p95 | p99 | errors | met |\n| --- | --- | --- | --: | --: | --: | --: | --: | --- |\n")
	for _, o := range r.outcomes {
		writeOutcomeRow(&out, o.title, o, formatVerdict(o.isHeld()))
	}
	for _, c := range r.ceilings {
		writeCeiling(&out, c)
	}
	for _, o := range r.outcomes {
		writeOutcome(&out, o)
	}
	out.WriteString(r.scales)
	return out.String()
}

// writeOutcomeRow writes the figures of all operations together.
func writeOutcomeRow(out *strings.Builder, title string, o fleetOutcome, last string) {
	all := o.results.allLatencies()
	fmt.Fprintf(out, "| %s | %s | %s | %.0f | %s | %d | %s |\n", title, o.cache, o.loadAverage, float64(len(o.results.delays))/o.results.elapsed.Seconds(), formatPercentiles(all), o.results.failed(), last)
}

// formatPercentiles returns three cells of a row.
func formatPercentiles(sorted []time.Duration) string {
	cells := make([]string, 3)
	for i, percent := range []int{50, 95, 99} {
		cells[i] = fmt.Sprintf("%.1f", milliseconds(percentileOf(sorted, percent)))
	}
	return strings.Join(cells, " | ")
}

// writeCeiling writes the search of a highest rate, and what used the processors there.
func writeCeiling(out *strings.Builder, c fleetCeiling) {
	fmt.Fprintf(out, "\n## The highest rate, response cache %s\n\n", c.cache)
	out.WriteString("| rate | response cache | load average | requests/s | p50 | p95 | p99 | errors | held |\n| --- | --- | --- | --: | --: | --: | --: | --: | --- |\n")
	tried := slices.SortedFunc(slices.Values(c.tried), func(a, b fleetOutcome) int { return int(a.perSecond - b.perSecond) })
	for _, o := range tried {
		held := "no"
		if o.isHeld() {
			held = "yes"
		}
		writeOutcomeRow(out, fmt.Sprintf("%.0f", o.perSecond), o, held)
	}
	best := c.bestOutcome()
	if best == nil {
		out.WriteString("\nNo rate was held.\n")
		return
	}
	fmt.Fprintf(out, "\nThe highest rate that was held is %.0f requests/s, %.0f a minute.\n", best.perSecond, 60*best.perSecond)
	writeUsage(out, *best)
}

// writeOutcome writes a section about a load.
func writeOutcome(out *strings.Builder, o fleetOutcome) {
	fmt.Fprintf(out, "\n## %s, response cache %s\n\n", strings.ToUpper(o.title[:1])+o.title[1:], o.cache)
	fmt.Fprintf(out, "%d connections send requests, %d are idle, of which %d were closed at the end.\n\n", o.active, o.idle, o.idleClosed)
	out.WriteString("| operation | requests | p50 | p95 | p99 |\n| --- | --: | --: | --: | --: |\n")
	for group, op := range fleetOperations() {
		sorted := slices.Sorted(slices.Values(o.results.latencies[group]))
		fmt.Fprintf(out, "| %s | %d | %s |\n", op.title, len(sorted), formatPercentiles(sorted))
	}
	for _, kind := range slices.Sorted(maps.Keys(o.results.errors)) {
		fmt.Fprintf(out, "\nErrors: %d of kind \"%s\".\n", o.results.errors[kind], kind)
	}
	writeUsage(out, o)
}

// writeUsage writes what a load used.
func writeUsage(out *strings.Builder, o fleetOutcome) {
	requests := time.Duration(max(len(o.results.delays), 1))
	out.WriteString("\n| process | CPU seconds | share of a processor | CPU of a request | resident MiB |\n| --- | --: | --: | --: | --: |\n")
	for i, p := range o.usage.processes {
		cpu := o.usage.cpu[i]
		fmt.Fprintf(out, "| %s | %.1f | %.0f %% | %.0f µs | %.0f |\n", p.name, cpu.Seconds(), 100*durationRatio(cpu, o.results.elapsed), microseconds(cpu/requests), mebibytes(o.usage.resident[i]))
	}
	total, others := o.usage.sumCPU(), o.usage.machine-o.usage.sumCPU()
	fmt.Fprintf(out, "| all of these | %.1f | %.0f %% | %.0f µs | |\n", total.Seconds(), 100*durationRatio(total, o.results.elapsed), microseconds(total/requests))
	fmt.Fprintf(out, "| others of the machine | %.1f | %.0f %% | | |\n", others.Seconds(), 100*durationRatio(others, o.results.elapsed))
	u := o.usage
	reads := u.sumCounters("sevenp_db_reads_total")
	lookups := u.sumCounters("sevenp_cache_lookups_total")
	fmt.Fprintf(out, "\nThe primary served %.2f %% of %.0f round trips of reads; %.0f operations fell back to it (",
		percentOf(u.sumCounters(`sevenp_db_reads_total{database="primary"}`), reads), reads, u.sumCounters("sevenp_replica_fallbacks_total"))
	for i, reason := range store.FallbackReasons {
		if i > 0 {
			out.WriteString(", ")
		}
		fmt.Fprintf(out, "%s %.0f", reason, u.sumCounters(`sevenp_replica_fallbacks_total{reason="`+reason.String()+`"`))
	}
	out.WriteString(").")
	if lookups > 0 {
		fmt.Fprintf(out, " The response cache served %.1f %% of %.0f lookups from memory and %.1f %% from Redis.",
			percentOf(u.sumCounters(`sevenp_cache_lookups_total{result="hit_memory"}`), lookups), lookups, percentOf(u.sumCounters(`sevenp_cache_lookups_total{result="hit_redis"}`), lookups))
	}
	fmt.Fprintf(out, " Requests waited %.1f s for %.0f database connections. The generator sent its requests %.2f ms (p50) and %.2f ms (p99) after their arrival.\n",
		u.sumCounters("sevenp_db_pool_wait_seconds_total"), u.sumCounters("sevenp_db_pool_waits_total"),
		milliseconds(percentileOf(slices.Sorted(slices.Values(o.results.delays)), 50)), milliseconds(percentileOf(slices.Sorted(slices.Values(o.results.delays)), 99)))
}

func percentOf(part, whole float64) float64 { return 100 * part / max(whole, 1) }
