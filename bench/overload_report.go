package main

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// kindOutcomes are the outcomes of the requests of one kind.
type kindOutcomes struct {
	arrived, rejected, failed int
	latencies                 []time.Duration // of useful responses, in ascending order after finish
}

func (k *kindOutcomes) addOutcome(status int, useful bool, took time.Duration) {
	k.arrived++
	switch {
	case useful && took <= usefulTime:
		k.latencies = append(k.latencies, took)
	case status == http.StatusServiceUnavailable:
		k.rejected++
	default:
		k.failed++ // too late, another error, or no connection
	}
}

// succeeded returns the share of the requests with a useful response, in percent.
func (k *kindOutcomes) succeeded() float64 {
	return 100 * float64(len(k.latencies)) / float64(max(k.arrived, 1))
}

// overloadStep is a load at one rate, and what its clients received.
type overloadStep struct {
	setting             string // of MAX_CONCURRENT_QUERIES
	multiple, perSecond float64
	kinds               []kindOutcomes

	goodput  float64 // useful responses a second
	work     float64 // of the useful responses, as a share of the server
	p50, p99 time.Duration
}

// finish computes the figures of a load.
func (s *overloadStep) finish(duration time.Duration) {
	var all []time.Duration
	for i := range s.kinds {
		slices.Sort(s.kinds[i].latencies)
		all = append(all, s.kinds[i].latencies...)
	}
	slices.Sort(all)
	s.goodput = float64(len(all)) / duration.Seconds()
	if len(all) > 0 {
		s.p50, s.p99 = all[len(all)/2], all[(len(all)*99-1)/100]
	}
}

// overloadResults are the figures of a run.
type overloadResults struct {
	machine  machine
	kinds    []overloadKind
	duration time.Duration
	capacity float64
	steps    []*overloadStep
}

// findStep returns the load of a setting at a multiple of the capacity.
func (r *overloadResults) findStep(setting string, multiple float64) *overloadStep {
	return r.steps[slices.IndexFunc(r.steps, func(s *overloadStep) bool { return s.setting == setting && s.multiple == multiple })]
}

func (r *overloadResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Overload", "bench-overload", "-overload")
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Fprintf(&out, "%s Load average at the end: %s\n\n", r.machine, strings.Join(strings.Fields(string(load))[:min(3, len(strings.Fields(string(load))))], ", "))
	fmt.Fprintf(&out, "The capacity is the rate of useful responses to %d clients that wait for each response: %.0f a second. Each load has requests that arrive at random times for %s, without a wait for responses; latencies count from the arrival. A response is useful if it has data, no errors, and arrives within %s. The response cache is off, so each query is executed. The clients have %d of the processors, the server and PostgreSQL the others.\n\n", 2*poolSize, r.capacity, r.duration, usefulTime, max(1, runtime.NumCPU()/2))
	out.WriteString("| `MAX_CONCURRENT_QUERIES` | load | arrivals/s | useful/s | work | p50 ms | p99 ms |")
	for _, k := range r.kinds {
		fmt.Fprintf(&out, " %s (%.0f %%) |", k.title, 100*k.share)
	}
	out.WriteString("\n| --- | --: | --: | --: | --: | --: | --: |" + strings.Repeat(" --: |", len(r.kinds)) + "\n")
	for _, s := range r.steps {
		fmt.Fprintf(&out, "| %s | %.2g × | %.0f | %.0f | %.0f %% | %.1f | %.1f |", s.setting, s.multiple, s.perSecond, s.goodput, 100*s.work, milliseconds(s.p50), milliseconds(s.p99))
		for _, k := range s.kinds {
			fmt.Fprintf(&out, " %.1f %%, %.0f ms |", k.succeeded(), milliseconds(percentileOf(k.latencies, 99)))
		}
		out.WriteString("\n")
	}
	out.WriteString("\nThe last columns are the shares of each kind that got a useful response, and their p99. Work is what the useful responses have cost: the sum over the kinds of their rate by the rate of 16 clients that send this kind alone, which is")
	for i, k := range r.kinds {
		fmt.Fprintf(&out, "%s %.0f/s for %s", map[bool]string{true: ","}[i > 0], k.capacity, k.title)
	}
	out.WriteString(". Mutations cost most and precede all others, so the more of them arrive, the fewer responses the same work is.\n")
	r.writeGoals(&out)
	return out.String()
}

// writeGoals writes what the limit shall achieve at three times the capacity.
func (r *overloadResults) writeGoals(out *strings.Builder) {
	peak := 0.0
	for _, s := range r.steps {
		if s.setting == "auto" {
			peak = max(peak, s.work)
		}
	}
	atCapacity, over := r.findStep("auto", 1), r.findStep("auto", 3)
	goodput, ratio := over.work/peak, durationRatio(over.p99, atCapacity.p99)
	mutations, expensive := over.kinds[0].succeeded(), over.kinds[len(over.kinds)-1].succeeded()
	writeFigures(out, "at three times the capacity", []hostileFigure{
		{"work of useful responses, of the peak", fmt.Sprintf("%.0f %%", 100*goodput), "at least 90 %", goodput >= 0.9},
		{"p99 of useful responses, of that at the capacity", fmt.Sprintf("%.2f ×", ratio), "at most 2 ×", ratio <= 2},
		{"mutations of signed-in viewers that succeed", fmt.Sprintf("%.1f %%", mutations), "at least 99 %", mutations >= 99},
		{"expensive queries of anonymous viewers that succeed", fmt.Sprintf("%.1f %%", expensive), "less than a tenth", expensive < 10},
	})
}
