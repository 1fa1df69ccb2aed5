package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// renderMarkdown returns the report.
func (s *instances) renderMarkdown(m machine) string {
	var out strings.Builder
	writeHeader(&out, "A fleet of eight", "bench-fleet", "-instances")
	fmt.Fprintf(&out, "%s\n\n%d servers, %.0f requests a second in all, of the loads of README.md. Latencies are in milliseconds, from the scheduled arrival.\n\n", m, instanceCount, instanceRate)
	s.writeUse(&out)
	s.writeCommands(&out)
	s.writeFailures(&out)
	s.writeMemory(&out)
	s.writeScale(&out)
	return out.String()
}

// writeUse writes what each phase used.
func (s *instances) writeUse(out *strings.Builder) {
	out.WriteString("## Use\n\nCPU is in microseconds a request, of all processes of a kind. The columns of commands count the commands of the servers, a pipeline as one.\n\n")
	out.WriteString("| | requests/s | writes/s | failed | hits | commands/s | commands a request | 7p | PostgreSQL | Redis | p50, p99 of reads | p50, p99 of writes |\n| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	for i, p := range s.phases {
		seconds := p.elapsed.Seconds()
		if i == phaseIdle {
			fmt.Fprintf(out, "| %s | 0 | 0 | | | %.0f | | | | | | |\n", p.title, p.usage.sentCommands()/seconds)
			continue
		}
		requests, writes := p.count()
		failed, _ := failedRequests(p.results)
		lookups := p.usage.sumCounters("sevenp_cache_lookups_total")
		hits := p.usage.sumCounters(`sevenp_cache_lookups_total{result="hit_memory"}`) + p.usage.sumCounters(`sevenp_cache_lookups_total{result="hit_redis"}`)
		fmt.Fprintf(out, "| %s | %.0f | %.1f | %d | %.1f %% | %.0f | %.2f |", p.title, float64(requests)/seconds, float64(writes)/seconds, failed, percentOf(hits, lookups),
			p.usage.sentCommands()/seconds, p.usage.sentCommands()/float64(requests))
		for _, cpu := range p.usage.cpu[:3] {
			fmt.Fprintf(out, " %.0f |", microseconds(cpu)/float64(requests))
		}
		fmt.Fprintf(out, " %s | %s |\n", formatEnds(latenciesOf(p.results, 0, false)), formatEnds(latenciesOf(p.results, 0, true)))
	}
	out.WriteString("\n")
}

// formatEnds returns the median and the 99th percentile of latencies in ascending order.
func formatEnds(sorted []time.Duration) string {
	return fmt.Sprintf("%.1f, %.1f", milliseconds(percentileOf(sorted, 50)), milliseconds(percentileOf(sorted, 99)))
}

// writeCommands writes the commands that Redis executed.
func (s *instances) writeCommands(out *strings.Builder) {
	out.WriteString("## Commands to Redis by kind\n\nBy `INFO commandstats`, a second; microseconds are those in Redis. The calls of scripts (`evalsha`) count besides the script: `xrange`, `hgetall`, `hset` and `hdel` are those of exchanges of the invalidation log, and `xread` is a server that waits for its next entry.\n\n| command |")
	for _, p := range s.phases {
		fmt.Fprintf(out, " %s |", p.title)
	}
	out.WriteString(" µs a call, " + s.phases[phaseMixed].title + " |\n| --- |" + strings.Repeat(" --: |", len(s.phases)+1) + "\n")
	mixed := s.phases[phaseMixed].commands
	for _, name := range mixed.byCalls() {
		fmt.Fprintf(out, "| `%s` |", strings.ToUpper(name))
		for _, p := range s.phases {
			fmt.Fprintf(out, " %.1f |", p.commands.calls(name)/p.elapsed.Seconds())
		}
		fmt.Fprintf(out, " %.1f |\n", microseconds(mixed.commands[name].busy)/mixed.calls(name))
	}
	out.WriteString("\n")
}

// writeFailures writes the latencies of the servers that did not fail.
func (s *instances) writeFailures(out *strings.Builder) {
	out.WriteString("## One server stops or dies\n\nThe requests to the other servers: before, in the second after the failure, and while the server returns.\n\n")
	out.WriteString("| | rounds | failed | window | reads | p50, p99 | writes | p50, p99 | longest |\n| --- | --: | --: | --- | --: | --: | --: | --: | --: |\n")
	p := s.phases[phaseMixed]
	failed, _ := failedRequests(p.results)
	writeWindow(out, fmt.Sprintf("none | | %d | all", failed), latenciesOf(p.results, 0, false), latenciesOf(p.results, 0, true))
	for _, f := range s.failures {
		for window, title := range []string{"before", "the second after", "return"} {
			writeWindow(out, fmt.Sprintf("%s | %d | %d | %s", f.title, f.rounds, f.failed, title), f.reads[window], f.writes[window])
		}
	}
	out.WriteString("\n")
	for _, f := range s.failures {
		if f.failed > 0 {
			line, _, _ := strings.Cut(f.example, "\n")
			fmt.Fprintf(out, "A failed request: `%s`\n\n", strings.TrimSpace(line))
		}
	}
}

// writeWindow writes a row of latencies in ascending order.
func writeWindow(out *strings.Builder, title string, reads, writes []time.Duration) {
	fmt.Fprintf(out, "| %s | %d | %s | %d | %s | %.1f |\n", title, len(reads), formatEnds(reads), len(writes), formatEnds(writes), milliseconds(percentileOf(writes, 100)))
}

// writeMemory writes the memory of a server.
func (s *instances) writeMemory(out *strings.Builder) {
	fmt.Fprintf(out, "## Memory of a server\n\nIn MiB. The goals are at most %.0f without a response cache and %.0f with one of 64 MiB. Pages of the program are those of its file, which servers of one machine share. The heap in use counts the reserve of 24 MiB, which takes no memory. The rest is stacks, the runtime and pages that the heap has not returned.\n\n", mebibytes(maxUncachedMemory), mebibytes(maxCachedMemory))
	out.WriteString("| | resident | peak | pages of the program | heap in use | responses in it | heap not in use | failed requests | met |\n| --- | --: | --: | --: | --: | --: | --: | --: | --- |\n")
	for _, m := range s.memory {
		goal := int64(maxCachedMemory)
		if m.cache == 0 {
			goal = maxUncachedMemory
		}
		fmt.Fprintf(out, "| %s |", m.title)
		for _, bytes := range []int64{m.resident, m.peak, m.files, m.heap, m.cache, m.idleHeap} {
			fmt.Fprintf(out, " %.1f |", mebibytes(bytes))
		}
		fmt.Fprintf(out, " %d | %s |\n", m.failed, formatVerdict(m.resident <= goal))
	}
	out.WriteString("\n")
}

// writeScale writes the arithmetic of a large fleet.
func (s *instances) writeScale(out *strings.Builder) {
	fmt.Fprintf(out, "## %d instances\n\nThe same at %.1f million requests a minute, %.0f of them writes, by arithmetic. The three loads give the costs of a read, of a write with the reads that it makes miss, and of a server in a second. A write costs Redis its entry in the log of each server, so that part grows with their number.\n\n",
		targetInstances, 60e-6*(targetReads+targetWrites), 60*targetWrites)
	out.WriteString("| resource | unit | µ a read | µ a write | µ a second of a server | needs | has | ends at |\n| --- | --- | --: | --: | --: | --: | --: | --: |\n")
	resources := s.listResources()
	for _, r := range resources {
		fmt.Fprintf(out, "| %s | %s | %.2f | %.1f | %.0f | %.2f | %.0f | %.0f %% |\n", r.name, r.unit, 1e6*r.units.read, 1e6*r.units.write, 1e6*r.units.server,
			r.needAt(targetReads, targetWrites, targetInstances), r.has, 100*r.limitOf())
	}
	fmt.Fprintf(out, "\n%s\n\n", describeEnd(resources[0]))
	writeRounds(out, resources)
	mixed, writes := s.phases[phaseMixed].readLog(), s.phases[phaseWrites].readLog()
	fmt.Fprintf(out, "For each write, each server sends %.2f waits and %.2f exchanges with %s, and %.2f and %.2f with %s: entries that arrive during an exchange are read by the next one together. A write has %.1f entries, so the %d entries of the log hold the last %.0f s of this load. A server that is silent for longer recomputes its responses.\n",
		mixed.waits, mixed.exchanges, s.phases[phaseMixed].title, writes.waits, writes.exchanges, s.phases[phaseWrites].title,
		mixed.entries, maxLogEntries, maxLogEntries/(mixed.entries*targetWrites))
}

// writeRounds writes what happens where the log needs more of Redis than there is.
func writeRounds(out *strings.Builder, resources []resource) {
	thread := resources[slices.IndexFunc(resources, func(r resource) bool { return r.name == redisThread })]
	round := time.Duration(float64(time.Second) * thread.units.write * targetInstances / instanceCount)
	fmt.Fprintf(out, "All servers read an entry of the log and acknowledge it within %.1f ms of the thread of Redis. If writes arrive faster, servers read several entries together, so writes take longer instead of failing.\n\n", milliseconds(round))
}

// maxLogEntries is about how many entries the invalidation log holds.
const maxLogEntries = 10_000
