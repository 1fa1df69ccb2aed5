package main

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestScheduledArrivals(t *testing.T) {
	t.Parallel()
	a := arrivals{perSecond: 50_000.0 / 60, duration: time.Minute}
	if got := a.count(); got != 50_000 {
		t.Errorf("%d requests a minute, want 50,000", got)
	}
	for i, want := range map[int]time.Duration{0: 0, 1: 1200 * time.Microsecond, 25_000: 30 * time.Second} {
		if got := a.scheduledOffset(i).Round(time.Microsecond); got != want {
			t.Errorf("request %d arrives at %s, want %s", i, got, want)
		}
	}
}

// A stalled response delays the requests that are scheduled meanwhile, and their latencies say so.
func TestLatencyFromScheduledArrival(t *testing.T) {
	t.Parallel()
	const stall = 200 * time.Millisecond
	var once sync.Once
	addr := startHandler(t, func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() { <-time.After(stall) })
		_, _ = io.WriteString(w, `{"data":{"a":1}}`)
	})
	requests := []encodedRequest{{bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}}
	a := arrivals{perSecond: 1000, duration: 100 * time.Millisecond, connections: 1, groups: 1}
	got, err := a.applyArrivals(t.Context(), addr, requests)
	if err != nil {
		t.Fatal(err)
	}
	// All hundred arrive within 100 ms, while the first is stalled for 200 ms.
	if sorted := got.allLatencies(); len(sorted) != 100 || sorted[0] < stall-a.duration || got.failed() != 0 {
		t.Errorf("%d latencies from %s on, %d failed; want 100 of at least %s", len(sorted), sorted[0], got.failed(), stall-a.duration)
	}
}

func TestFailuresByKind(t *testing.T) {
	t.Parallel()
	bodies := []struct {
		status int
		body   string
	}{
		{200, `{"data":{"a":1}}`},
		{200, `{"errors":[{"message":"x","extensions":{"code":"TOO_BUSY"}}],"data":null}`},
		{200, `{"data":{"a":{"userErrors":[{"code":"ALREADY_EXISTS"}]}}}`},
		{502, `<html>`},
	}
	n := 0
	addr := startHandler(t, func(w http.ResponseWriter, _ *http.Request) { // one connection: one request at a time
		b := bodies[n%len(bodies)]
		n++
		w.WriteHeader(b.status)
		_, _ = io.WriteString(w, b.body)
	})
	requests := []encodedRequest{
		{bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")},
		{bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")},
		{bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), contains: `"userErrors":[]`, group: 1},
		{bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")},
	}
	a := arrivals{perSecond: 10_000, duration: 800 * time.Microsecond, connections: 1, groups: 2}
	got, err := a.applyArrivals(t.Context(), addr, requests)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"status 200, TOO_BUSY", "status 200, ALREADY_EXISTS", "status 502"} {
		if got.errors[kind] != 2 {
			t.Errorf("%d failures of kind %s, want 2: %v", got.errors[kind], kind, got.errors)
		}
	}
	if got.failed() != 6 || len(got.latencies[0]) != 6 || len(got.latencies[1]) != 2 {
		t.Errorf("%d failed, %d and %d latencies", got.failed(), len(got.latencies[0]), len(got.latencies[1]))
	}
}

func TestPercentileOf(t *testing.T) {
	t.Parallel()
	var sorted []time.Duration
	for i := range 200 {
		sorted = append(sorted, time.Duration(i))
	}
	for percent, want := range map[int]time.Duration{50: 100, 95: 190, 99: 198} {
		if got := percentileOf(sorted, percent); got != want {
			t.Errorf("p%d is %d, want %d", percent, got, want)
		}
	}
	if got := percentileOf(nil, 95); got != 0 {
		t.Errorf("p95 of no values is %d", got)
	}
}
