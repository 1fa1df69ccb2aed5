package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// encodedRequest is a request as bytes, and the conditions that its response must meet.
type encodedRequest struct {
	bytes    []byte
	minBytes int    // of the response
	contains string // in the response
	group    int    // of the response, in sample.counts
	encoded  bool   // the response is compressed: only its status is checked
}

// checkResponse returns an error unless the response is complete.
func (r encodedRequest) checkResponse(status int, response []byte) error {
	if r.encoded && status == http.StatusOK {
		return nil
	}
	if err := checkResponse(status, response); err != nil {
		return err
	}
	if !bytes.Contains(response, []byte(r.contains)) {
		return fmt.Errorf("response without %s: %.300s", r.contains, response)
	}
	if len(response) < r.minBytes {
		return fmt.Errorf("response of %d bytes, expected at least %d: %.300s", len(response), r.minBytes, response)
	}
	return nil
}

// loadProfile is a load of concurrent connections. Each sends its next request as soon as it has the
// response to the one before.
type loadProfile struct {
	connections      int
	warmup, duration time.Duration
	groups           int // of the requests; 0 means 1
}

// responseCounts counts the responses after the warm-up, and the cache hits among them.
type responseCounts struct {
	answered, hits int
	lastMissStatus string // the latest Cache-Status of a response that was no hit
}

// hitRate returns the share of cache hits.
func (c responseCounts) hitRate() float64 { return float64(c.hits) / float64(max(c.answered, 1)) }

// sample holds the figures of one load on one contender.
type sample struct {
	perSecond           float64
	p50, p95, p99       time.Duration
	serverCPU, totalCPU time.Duration // per request; the total includes PostgreSQL and Redis
	redisCPU            time.Duration // per request
	answered            int           // all responses, including those of the warm-up
	counts              []responseCounts
}

// loadRun is a load in progress.
type loadRun struct {
	profile    loadProfile
	requests   []encodedRequest
	start, end time.Time // of the measurement
	next       atomic.Int64
	answered   atomic.Int64
}

// applyLoad sends requests to a contender, and measures. The first response that is not complete
// ends the load with an error.
func (l loadProfile) applyLoad(ctx context.Context, addr string, requests []encodedRequest, read cpuMeter) (sample, error) {
	start := time.Now().Add(l.warmup)
	run := &loadRun{profile: l, requests: requests, start: start, end: start.Add(l.duration)}
	group, ctx := errgroup.WithContext(ctx)
	latencies := make([][]time.Duration, l.connections)
	counts := make([][]responseCounts, l.connections)
	for i := range l.connections {
		c, err := dialContender(addr)
		if err != nil {
			return sample{}, fmt.Errorf("connect: %w", err)
		}
		defer c.conn.Close()
		group.Go(func() error {
			var err error
			latencies[i], counts[i], err = run.sendRequests(ctx, c)
			return err
		})
	}
	var w window
	group.Go(func() error {
		var err error
		w, err = l.measureWindow(ctx, &run.answered, read)
		return err
	})
	if err := group.Wait(); err != nil {
		return sample{}, err
	}
	all := slices.Sorted(slices.Values(slices.Concat(latencies...)))
	if len(all) == 0 || w.answered == 0 {
		return sample{}, fmt.Errorf("no request was answered within %s", l.duration)
	}
	s := w.perRequest()
	s.setPercentiles(all)
	s.answered, s.counts = int(run.answered.Load()), sumCounts(counts)
	return s, nil
}

// sendRequests sends requests on one connection until the end of the load.
func (r *loadRun) sendRequests(ctx context.Context, c *clientConn) (latencies []time.Duration, counts []responseCounts, err error) {
	counts = make([]responseCounts, max(r.profile.groups, 1))
	for ctx.Err() == nil {
		sent := time.Now()
		if sent.After(r.end) {
			return latencies, counts, nil
		}
		request := r.requests[int(r.next.Add(1))%len(r.requests)]
		status, response, err := c.sendRequest(request.bytes)
		if err != nil {
			return nil, nil, err
		}
		if err := request.checkResponse(status, response); err != nil {
			return nil, nil, err
		}
		if received := time.Now(); sent.After(r.start) {
			latencies = append(latencies, received.Sub(sent))
			counts[request.group].countResponse(c)
		}
		r.answered.Add(1)
	}
	return nil, nil, ctx.Err()
}

func (c *responseCounts) countResponse(conn *clientConn) {
	c.answered++
	if conn.hit {
		c.hits++
	} else if string(conn.cacheStatus) != c.lastMissStatus {
		c.lastMissStatus = string(conn.cacheStatus)
	}
}

// sumCounts adds up counts, group by group.
func sumCounts(all [][]responseCounts) []responseCounts {
	total := make([]responseCounts, len(all[0]))
	for _, counts := range all {
		for group, c := range counts {
			total[group].answered += c.answered
			total[group].hits += c.hits
			total[group].lastMissStatus = cmp.Or(c.lastMissStatus, total[group].lastMissStatus)
		}
	}
	return total
}

// setPercentiles takes the percentiles of latencies in ascending order.
func (s *sample) setPercentiles(sorted []time.Duration) {
	n := len(sorted)
	s.p50, s.p95, s.p99 = sorted[n*50/100], sorted[n*95/100], sorted[n*99/100]
}

// window is the time between the end of the warm-up and the end of a load, with the responses and the
// CPU time in it.
type window struct {
	start    time.Time
	duration time.Duration
	answered int64
	cpu      cpuTimes
}

// measureWindow waits for the end of the load. It counts responses by the counter answered.
func (l loadProfile) measureWindow(ctx context.Context, answered *atomic.Int64, read cpuMeter) (w window, err error) {
	if err := sleepContext(ctx, l.warmup); err != nil {
		return w, err
	}
	w.start = time.Now()
	before := answered.Load()
	cpu, err := read()
	if err != nil {
		return w, err
	}
	if err := sleepContext(ctx, l.duration); err != nil {
		return w, err
	}
	w.duration, w.answered = time.Since(w.start), answered.Load()-before
	after, err := read()
	w.cpu = cpuTimes{server: after.server - cpu.server, database: after.database - cpu.database, redis: after.redis - cpu.redis}
	return w, err
}

// perRequest returns the throughput and the CPU times of a window with responses.
func (w window) perRequest() sample {
	n := time.Duration(w.answered)
	s := sample{perSecond: float64(w.answered) / w.duration.Seconds(), serverCPU: w.cpu.server / n, redisCPU: w.cpu.redis / n}
	s.totalCPU = s.serverCPU + s.redisCPU + w.cpu.database/n
	return s
}

func sleepContext(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// measureInTurn measures n contenders in turn, round by round, and returns the medians of each. So
// other load on the machine affects all of them.
func measureInTurn(rounds, n int, measure func(i int) (sample, error)) ([]sample, error) {
	samples := make([][]sample, n)
	for range rounds {
		for i := range samples {
			s, err := measure(i)
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], s)
		}
	}
	medians := make([]sample, n)
	for i := range medians {
		medians[i] = medianSample(samples[i])
	}
	return medians, nil
}

// medianSample returns the median of each figure by itself, and the sums of the counts.
func medianSample(samples []sample) sample {
	counts := make([][]responseCounts, len(samples))
	for i, s := range samples {
		counts[i] = s.counts
	}
	return sample{
		counts:    sumCounts(counts),
		perSecond: medianOf(samples, func(s sample) float64 { return s.perSecond }),
		p50:       medianOf(samples, func(s sample) time.Duration { return s.p50 }),
		p95:       medianOf(samples, func(s sample) time.Duration { return s.p95 }),
		p99:       medianOf(samples, func(s sample) time.Duration { return s.p99 }),
		serverCPU: medianOf(samples, func(s sample) time.Duration { return s.serverCPU }),
		totalCPU:  medianOf(samples, func(s sample) time.Duration { return s.totalCPU }),
		redisCPU:  medianOf(samples, func(s sample) time.Duration { return s.redisCPU }),
	}
}

func medianOf[S any, T cmp.Ordered](samples []S, figure func(S) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = figure(s)
	}
	return median(values)
}

// median sorts values and returns the middle one, of an even number the upper.
func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
