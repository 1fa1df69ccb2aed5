package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
)

// Two percent of the requests of a fleet are writes, and no write is sent twice.
func TestFleetWrites(t *testing.T) {
	t.Parallel()
	m := &requestMixer{reads: make([][]encodedRequest, len(operations))}
	for i := range operations {
		for n := range planLength {
			m.reads[i] = append(m.reads[i], encodedRequest{bytes: fmt.Append(nil, i, n), group: i})
		}
	}
	for n := range 60 {
		m.writes = append(m.writes, encodedRequest{bytes: fmt.Append(nil, "write", n), group: len(operations)})
	}
	f := &fleet{mixer: m}
	sent := map[string]bool{}
	for _, n := range []int{1000, 990, 1000} {
		requests, err := f.nextRequests(n, fleetReadsPerWrite)
		if err != nil || len(requests) != n {
			t.Fatalf("%d requests, want %d: %v", len(requests), n, err)
		}
		writes := 0
		for _, r := range requests {
			if r.group < len(operations) {
				continue
			}
			writes++
			if sent[string(r.bytes)] {
				t.Errorf("%s is sent twice", r.bytes)
			}
			sent[string(r.bytes)] = true
		}
		if writes != 20 {
			t.Errorf("%d writes in %d requests, want 20", writes, n)
		}
	}
	if _, err := f.nextRequests(50, fleetReadsPerWrite); err == nil {
		t.Error("a load without writes has no error")
	}
}

// Half of the anonymous reads are GETs, and each request has the address of its own caller.
func TestFleetTraits(t *testing.T) {
	t.Parallel()
	m, plans := &requestMixer{reads: make([][]encodedRequest, len(operations))}, map[string][]request{}
	for i, op := range operations {
		for n := range 4 {
			r := request{operation: op, variables: map[string]any{"slug": "a b"}}
			if n > 1 {
				r.viewer = edu.Viewer{ID: 7, Role: edu.RoleStudent}
			}
			plans[op.name] = append(plans[op.name], r)
			m.reads[i] = append(m.reads[i], encodedRequest{bytes: encodePost([]byte("{}"), "localhost", "")})
		}
	}
	if err := m.addFleetTraits(plans); err != nil {
		t.Fatal(err)
	}
	callers := map[string]bool{}
	for _, reads := range m.reads {
		for n, r := range reads {
			if isGet := bytes.HasPrefix(r.bytes, []byte("GET /graphql?")); isGet != (n == 0) {
				t.Errorf("read %d: %s", n, r.bytes)
			}
			_, after, _ := strings.Cut(string(r.bytes), "\r\nX-Forwarded-For: ")
			caller, _, _ := strings.Cut(after, "\r\n")
			callers[caller] = true
		}
	}
	if len(callers) != 4*len(operations) || callers[""] {
		t.Errorf("%d callers, want %d: %v", len(callers), 4*len(operations), callers)
	}
}
