package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// arrivals is an open load: requests arrive at a fixed rate, whether or not earlier ones have their
// responses. Latencies begin at the scheduled arrival, so a stall counts for each request that it delays.
type arrivals struct {
	perSecond   float64
	duration    time.Duration
	connections int       // that take the requests in turn
	groups      int       // of the requests
	begin       time.Time // of the first arrival; by default when the connections are open
}

// maxBacklog is how long after its last arrival a load sends requests. The rest fails unsent.
const maxBacklog = 5 * time.Second

// count returns the number of requests.
func (a arrivals) count() int { return int(a.perSecond * a.duration.Seconds()) }

// scheduledOffset returns when a request arrives, from the start of the load.
func (a arrivals) scheduledOffset(i int) time.Duration {
	return time.Duration(float64(i) / a.perSecond * float64(time.Second))
}

// openResults are the figures of the requests that one or more connections have sent.
type openResults struct {
	latencies [][]time.Duration // by group, from the scheduled arrival to the end of the response
	delays    []time.Duration   // from the scheduled arrival to the sending
	hits      int               // responses from the cache
	errors    map[string]int    // failed requests by kind
	example   string            // one failed response
	elapsed   time.Duration     // until the last response
}

// addResults adds the results of another connection.
func (r *openResults) addResults(other openResults) {
	for group, latencies := range other.latencies {
		r.latencies[group] = append(r.latencies[group], latencies...)
	}
	for kind, n := range other.errors {
		r.errors[kind] += n
	}
	r.delays = append(r.delays, other.delays...)
	r.hits += other.hits
	if r.example == "" {
		r.example = other.example
	}
}

// allLatencies returns the latencies of all groups in ascending order.
func (r *openResults) allLatencies() []time.Duration {
	return slices.Sorted(slices.Values(slices.Concat(r.latencies...)))
}

// failed returns the number of failed requests.
func (r *openResults) failed() (n int) {
	for _, count := range r.errors {
		n += count
	}
	return n
}

// newOpenResults returns empty results of a number of groups.
func newOpenResults(groups int) openResults {
	return openResults{latencies: make([][]time.Duration, groups), errors: map[string]int{}}
}

// percentileOf returns a percentile of values in ascending order, or 0 if there are none.
func percentileOf(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

// applyArrivals sends the requests in turn to an address at their scheduled times, and waits for the
// last response.
func (a arrivals) applyArrivals(ctx context.Context, addr string, requests []encodedRequest) (openResults, error) {
	conns := make([]*openConn, a.connections)
	for i := range conns {
		conns[i] = &openConn{addr: addr, local: sourceAddress(i)}
		if err := conns[i].ensureOpen(); err != nil {
			return openResults{}, fmt.Errorf("connect: %w", err)
		}
		defer conns[i].closeConn()
	}
	results := make([]openResults, a.connections)
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	start := a.begin
	if start.IsZero() {
		start = time.Now().Add(100 * time.Millisecond)
	}
	for i, conn := range conns {
		results[i] = newOpenResults(a.groups)
		group.Go(func() error {
			for {
				n := int(next.Add(1)) - 1
				if n >= a.count() {
					return nil
				}
				scheduled := start.Add(a.scheduledOffset(n))
				if err := sleepContext(ctx, time.Until(scheduled)); err != nil {
					return err
				}
				request := requests[n%len(requests)]
				if time.Since(start) > a.duration+maxBacklog {
					results[i].abandonRequest(request, scheduled)
					continue
				}
				results[i].sendScheduled(conn, request, scheduled)
			}
		})
	}
	if err := group.Wait(); err != nil {
		return openResults{}, err
	}
	total := newOpenResults(a.groups)
	total.elapsed = time.Since(start)
	for _, r := range results {
		total.addResults(r)
	}
	return total, nil
}

// sendScheduled sends a request that was to be sent at a time. A failed request has a latency too.
func (r *openResults) sendScheduled(conn *openConn, request encodedRequest, scheduled time.Time) {
	r.delays = append(r.delays, time.Since(scheduled))
	kind, example := conn.sendOpen(request)
	r.latencies[request.group] = append(r.latencies[request.group], time.Since(scheduled))
	switch {
	case kind != "":
		r.errors[kind]++
		r.example = example
	case conn.client.hit:
		r.hits++
	}
}

// abandonRequest records the failure of a request that was not sent in time.
func (r *openResults) abandonRequest(request encodedRequest, scheduled time.Time) {
	r.latencies[request.group] = append(r.latencies[request.group], time.Since(scheduled))
	r.errors["not sent"]++
}

// openConn is a keep-alive connection that is dialed again after the peer closed it.
type openConn struct {
	addr   string
	local  net.IP
	client *clientConn
}

func (c *openConn) ensureOpen() (err error) {
	if c.client == nil {
		c.client, err = dialFrom(c.local, c.addr, 16<<10)
	}
	return err
}

func (c *openConn) closeConn() {
	if c.client != nil {
		_ = c.client.conn.Close()
	}
	c.client = nil
}

// sendOpen sends a request. It returns the kind of a failure and an example, or "".
func (c *openConn) sendOpen(request encodedRequest) (kind, example string) {
	if err := c.ensureOpen(); err != nil {
		return "no connection", err.Error()
	}
	if c.client.closing {
		c.closeConn()
		return c.sendOpen(request)
	}
	status, response, err := c.client.sendRequest(request.bytes)
	if err != nil {
		c.closeConn()
		return "connection lost", err.Error()
	}
	if err := request.checkResponse(status, response); err != nil {
		return describeFailure(status, response), fmt.Sprintf("%v: %.200s", err, request.bytes)
	}
	return "", ""
}

// describeFailure returns the kind of a failed response: its status, unless that is 200, and the code of
// its first error or user error.
func describeFailure(status int, response []byte) string {
	if status != http.StatusOK && !json.Valid(response) {
		return fmt.Sprint("status ", status)
	}
	outcome := postReply{status: status, body: response}.describeOutcome()
	if outcome == outcomeSuccess {
		outcome = "incomplete response"
	}
	return fmt.Sprintf("status %d, %s", status, outcome)
}

// sourceAddress returns the local address of a connection: a thousand connections share one, because an
// address has only some ten thousand ports for one destination.
func sourceAddress(i int) net.IP { return net.IPv4(127, 0, 0, byte(2+i/1000%200)) }
