package telemetry

import (
	"maps"
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// labeledMetric is the state of a metric with its labels.
type labeledMetric struct {
	*dto.Metric
	labels map[string]string
}

// collectMetrics returns the metrics of a collector.
func collectMetrics(c prometheus.Collector) (all []labeledMetric) {
	out := make(chan prometheus.Metric)
	go func() {
		defer close(out)
		c.Collect(out)
	}()
	for m := range out {
		state := &dto.Metric{}
		if m.Write(state) != nil {
			continue
		}
		labels := map[string]string{}
		for _, l := range state.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		all = append(all, labeledMetric{state, labels})
	}
	return all
}

// mergeHistograms adds a histogram to another with the same buckets, nil for none.
func mergeHistograms(sum, h *dto.Histogram) *dto.Histogram {
	if sum == nil {
		return h
	}
	*sum.SampleCount += h.GetSampleCount()
	for i, b := range sum.Bucket {
		*b.CumulativeCount += h.Bucket[i].GetCumulativeCount()
	}
	return sum
}

// quantilesOf estimates the quantiles of a histogram, in units of which unit are 1 of its own.
func quantilesOf(h *dto.Histogram, unit float64) Quantiles {
	return Quantiles{
		Count: h.GetSampleCount(),
		P50:   unit * quantile(h, 0.5), P75: unit * quantile(h, 0.75), P95: unit * quantile(h, 0.95),
	}
}

// quantile estimates a quantile as Prometheus does: values are spread evenly within a bucket, and a value beyond the
// last bound counts as this bound.
func quantile(h *dto.Histogram, q float64) float64 {
	rank := q * float64(h.GetSampleCount())
	var below, lower float64
	for _, b := range h.Bucket {
		count, upper := float64(b.GetCumulativeCount()), b.GetUpperBound()
		if count >= rank && count > below && !math.IsInf(upper, 1) {
			return lower + (upper-lower)*(rank-below)/(count-below)
		}
		if !math.IsInf(upper, 1) {
			below, lower = count, upper
		}
	}
	return lower
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
