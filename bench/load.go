package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// encodedRequest is a request ready to be sent, the fewest bytes that its answer has, and
// what must be in it.
type encodedRequest struct {
	bytes    []byte
	minBytes int
	contains string
	group    int // that its answer is counted in
}

// loadProfile is what some connections send, each its next request as soon as it has
// the answer to the one before.
type loadProfile struct {
	connections      int
	warmup, duration time.Duration
	groups           int // of the shots; 0 is one
}

// responseCounts counts answers after the warm-up, and those of them that were kept.
type responseCounts struct {
	answered, hits int
	lastMissStatus string // the latest Cache-Status of another
}

// sample is what one load of one contender showed.
type sample struct {
	perSecond           float64
	p50, p95, p99       time.Duration
	serverCPU, totalCPU time.Duration // a request; total is with PostgreSQL's and Redis's
	redisCPU            time.Duration
	answered            int              // in all, those of the warm-up included
	counts              []responseCounts // a group
}

// cpuTimes is the CPU time that a contender, PostgreSQL and Redis have used.
type cpuTimes struct{ server, database, redis time.Duration }

// cpuMeter reads it.
type cpuMeter func() (cpuTimes, error)

// applyLoad puts a load on a contender. Any answer that is not whole ends it.
func (l loadProfile) applyLoad(ctx context.Context, addr string, requests []encodedRequest, read cpuMeter) (sample, error) {
	var next, answered atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now().Add(l.warmup)
	end := start.Add(l.duration)
	latencies := make([][]time.Duration, l.connections)
	tallies := make([][]responseCounts, l.connections)
	for i := range l.connections {
		tallies[i] = make([]responseCounts, max(l.groups, 1))
		c, err := dialContender(addr)
		if err != nil {
			return sample{}, fmt.Errorf("connect: %w", err)
		}
		defer c.conn.Close()
		group.Go(func() error {
			for ctx.Err() == nil {
				sent := time.Now()
				if sent.After(end) {
					return nil
				}
				s := requests[int(next.Add(1))%len(requests)]
				status, answer, err := c.sendRequest(s.bytes)
				if err == nil {
					err = checkResponse(status, answer)
				}
				if err == nil && !bytes.Contains(answer, []byte(s.contains)) {
					err = fmt.Errorf("an answer without %s: %.300s", s.contains, answer)
				}
				if err == nil && len(answer) < s.minBytes {
					err = fmt.Errorf("an answer of %d bytes where %d were expected: %.300s", len(answer), s.minBytes, answer)
				}
				if err != nil {
					return err
				}
				if done := time.Now(); sent.After(start) {
					latencies[i] = append(latencies[i], done.Sub(sent))
					tallies[i][s.group].countResponse(c)
				}
				answered.Add(1)
			}
			return ctx.Err()
		})
	}
	var s sample
	group.Go(func() error {
		var err error
		s, err = l.measureWindow(ctx, &answered, read)
		return err
	})
	if err := group.Wait(); err != nil {
		return s, err
	}
	all := slices.Sorted(slices.Values(slices.Concat(latencies...)))
	if len(all) == 0 {
		return s, fmt.Errorf("no request was answered within %s", l.duration)
	}
	s.setPercentiles(all)
	s.answered, s.counts = int(answered.Load()), sumCounts(tallies)
	return s, nil
}

func (t *responseCounts) countResponse(c *clientConn) {
	t.answered++
	if c.hit {
		t.hits++
	} else if string(c.cacheStatus) != t.lastMissStatus {
		t.lastMissStatus = string(c.cacheStatus)
	}
}

// sumCounts adds tallies up, group by group.
func sumCounts(all [][]responseCounts) []responseCounts {
	total := make([]responseCounts, len(all[0]))
	for _, tallies := range all {
		for group, t := range tallies {
			total[group].answered += t.answered
			total[group].hits += t.hits
			total[group].lastMissStatus = cmp.Or(t.lastMissStatus, total[group].lastMissStatus)
		}
	}
	return total
}

// setPercentiles takes the percentiles of latencies in ascending order.
func (s *sample) setPercentiles(sorted []time.Duration) {
	n := len(sorted)
	s.p50, s.p95, s.p99 = sorted[n*50/100], sorted[n*95/100], sorted[n*99/100]
}

// measureWindow counts answers and CPU time from the end of the warm-up to the end of
// the load.
func (l loadProfile) measureWindow(ctx context.Context, answered *atomic.Int64, read cpuMeter) (sample, error) {
	if err := sleepContext(ctx, l.warmup); err != nil {
		return sample{}, err
	}
	start, first := time.Now(), answered.Load()
	before, err := read()
	if err != nil {
		return sample{}, err
	}
	if err := sleepContext(ctx, l.duration); err != nil {
		return sample{}, err
	}
	took, n := time.Since(start), answered.Load()-first
	after, err := read()
	if err != nil {
		return sample{}, err
	}
	if n == 0 {
		return sample{}, fmt.Errorf("no request was answered within %s", took)
	}
	s := sample{perSecond: float64(n) / took.Seconds(), serverCPU: (after.server - before.server) / time.Duration(n)}
	s.redisCPU = (after.redis - before.redis) / time.Duration(n)
	s.totalCPU = s.serverCPU + s.redisCPU + (after.database-before.database)/time.Duration(n)
	return s, nil
}

func sleepContext(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// medianSample takes the median of each figure by itself; tallies are added up.
func medianSample(samples []sample) sample {
	medianOf := func(figure func(sample) float64) float64 {
		list := make([]float64, len(samples))
		for i, s := range samples {
			list[i] = figure(s)
		}
		slices.Sort(list)
		return list[len(list)/2]
	}
	duration := func(figure func(sample) time.Duration) time.Duration {
		return time.Duration(medianOf(func(s sample) float64 { return float64(figure(s)) }))
	}
	tallies := make([][]responseCounts, len(samples))
	for i, s := range samples {
		tallies[i] = s.counts
	}
	return sample{
		counts:    sumCounts(tallies),
		perSecond: medianOf(func(s sample) float64 { return s.perSecond }),
		p50:       duration(func(s sample) time.Duration { return s.p50 }),
		p95:       duration(func(s sample) time.Duration { return s.p95 }),
		p99:       duration(func(s sample) time.Duration { return s.p99 }),
		serverCPU: duration(func(s sample) time.Duration { return s.serverCPU }),
		totalCPU:  duration(func(s sample) time.Duration { return s.totalCPU }),
		redisCPU:  duration(func(s sample) time.Duration { return s.redisCPU }),
	}
}
