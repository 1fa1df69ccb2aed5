package main

import (
	"bytes"
	"math"
	"testing"
	"time"
)

func TestParseCommandCount(t *testing.T) {
	t.Parallel()
	got, err := parseCommandCount("calls=21,usec=175,usec_per_call=8.33,rejected_calls=0,failed_calls=0")
	if want := (commandCount{21, 175 * time.Microsecond}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if _, err := parseCommandCount("calls=many"); err == nil {
		t.Error("a count that is no number has no error")
	}
}

// Only what was executed between two readings counts, without the readings.
func TestSubtractCommands(t *testing.T) {
	t.Parallel()
	before := commandStats{commands: map[string]commandCount{"get": {3, time.Millisecond}, "set": {5, time.Millisecond}}, outputBytes: 10}
	after := commandStats{commands: map[string]commandCount{"get": {7, 2 * time.Millisecond}, "set": {5, time.Millisecond}, "info": {2, time.Millisecond}, "xadd": {4, 0}}, outputBytes: 25}
	got := after.subtractCommands(before)
	if len(got.commands) != 2 || got.commands["get"] != (commandCount{4, time.Millisecond}) || got.calls("xadd") != 4 || got.outputBytes != 15 {
		t.Errorf("%+v", got)
	}
}

// The solution of three loads has the unit costs of which the loads were made.
func TestSolveCosts(t *testing.T) {
	t.Parallel()
	want := unitCosts{read: 0.002, write: 0.01, server: 0.3}
	load := func(reads, writes, seconds float64) loadCosts {
		return loadCosts{reads, writes, seconds, want.read*reads + want.write*writes + want.server*seconds}
	}
	got := solveCosts(load(0, 0, 80), load(9900, 100, 160), load(900, 300, 40))
	for _, d := range []float64{got.read - want.read, got.write - want.write, got.server - want.server} {
		if math.Abs(d) > 1e-9 {
			t.Fatalf("%+v, want %+v", got, want)
		}
	}
}

// A resource of the target ends where its need is what there is.
func TestResourceLimit(t *testing.T) {
	t.Parallel()
	r := resource{units: unitCosts{read: 1e-5, write: 1e-4, server: 1e-3}, has: 1, shared: 1, perMember: true}
	need := r.needAt(targetReads, targetWrites, targetInstances)
	if want := 1e-5*targetReads + 1e-4*targetWrites*targetInstances/instanceCount + 0.1; math.Abs(need-want) > 1e-9 {
		t.Errorf("needs %g, want %g", need, want)
	}
	limit := r.limitOf()
	if at := r.needAt(limit*targetReads, limit*targetWrites, targetInstances); math.Abs(at-r.has) > 1e-9 {
		t.Errorf("at %g of the target it needs %g of %g", limit, at, r.has)
	}
}

// Each server gets as many requests, and their groups have the windows of their arrivals.
func TestDivideRequests(t *testing.T) {
	t.Parallel()
	m := &requestMixer{reads: make([][]encodedRequest, len(operations))}
	for i := range operations {
		for range planLength {
			m.reads[i] = append(m.reads[i], encodedRequest{group: i})
		}
	}
	for range 8 {
		m.writes = append(m.writes, encodedRequest{group: len(operations), bytes: []byte("write")})
	}
	s := &instances{fleet: &fleet{mixer: m}}
	l := instancesLoad{readsPerWrite: 99, windows: []time.Duration{time.Second, 3 * time.Second}}
	divided, err := s.divideRequests(l, arrivals{perSecond: 50, duration: 4 * time.Second}, 4)
	if err != nil || len(divided) != 4 {
		t.Fatalf("%d servers, want 4: %v", len(divided), err)
	}
	writes := 0
	for _, requests := range divided {
		windows := [failureWindows]int{}
		for _, r := range requests {
			windows[r.group/len(fleetOperations())]++
			if isWrite := r.group%len(fleetOperations()) >= len(operations); isWrite != bytes.Equal(r.bytes, []byte("write")) {
				t.Fatal("a window changes the operation")
			} else if isWrite {
				writes++
			}
		}
		if windows != [failureWindows]int{50, 100, 50} {
			t.Errorf("requests by window: %v, want 50, 100 and 50", windows)
		}
	}
	if writes != 8 {
		t.Errorf("%d writes, want 8", writes)
	}
}

// A line of a header that a part adds follows the first line of the request.
func TestHitParts(t *testing.T) {
	t.Parallel()
	all := allHitParts()
	last := all[len(all)-1]
	if !last.redis || !last.signedIn || len(last.settings) != 6 || all[len(all)-2].redis {
		t.Errorf("all parts with Redis: %+v", last)
	}
	requests := []encodedRequest{{bytes: []byte("POST /graphql HTTP/1.1\r\nHost: x\r\n\r\n{}"), minBytes: 2}}
	changed := last.addHeader(requests)
	if want := "POST /graphql HTTP/1.1\r\nAccept-Encoding: gzip, br\r\nHost: x\r\n\r\n{}"; string(changed[0].bytes) != want || !changed[0].encoded {
		t.Errorf("%s, want %s", changed[0].bytes, want)
	}
	if requests[0].encoded || bytes.Contains(requests[0].bytes, []byte("Accept-Encoding")) {
		t.Error("the requests of other parts changed")
	}
}
