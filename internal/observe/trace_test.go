package observe_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/7p-education/api/internal/observe"
)

// TestEvents checks that only a sampled operation records events, and no more than 500.
func TestEvents(t *testing.T) {
	t.Parallel()
	for _, o := range []*observe.Operation{nil, {}, {Trace: &observe.Trace{ID: [16]byte{1}}}} {
		o.AddPhase(observe.Execute, time.Now(), time.Second)
		o.AddEvent(observe.LookupEvent, "hit", o.EventStart(), nil)
		if events := o.Events(); events != nil || !o.EventStart().IsZero() {
			t.Errorf("events %v of an operation that is not sampled", events)
		}
	}
	o := &observe.Operation{Trace: &observe.Trace{ID: [16]byte{1}, Sampled: true}}
	start, failure := o.EventStart(), errors.New("connection refused")
	o.AddPhase(observe.Parse, start, time.Second)
	o.AddEvent(observe.CommandEvent, "get", start, failure)
	events := o.Events()
	want := []observe.Event{{Kind: observe.PhaseEvent, Name: "parse", Start: start, Duration: time.Second}, {Kind: observe.CommandEvent, Name: "get", Start: start, Err: failure}}
	if len(events) == 2 {
		want[1].Duration = events[1].Duration
	}
	if !slices.Equal(events, want) {
		t.Errorf("events %v, want %v", events, want)
	}
	for range 1000 {
		o.AddEvent(observe.CommandEvent, "get", start, nil)
	}
	if n := len(o.Events()); n != 500 {
		t.Errorf("%d events", n)
	}
	if id := observe.TraceID(observe.NewContext(t.Context(), o)); id != "01000000000000000000000000000000" {
		t.Errorf("the id of the trace is %q", id)
	}
}

// TestUnsampledEventsAllocateNothing checks that events cost nothing without traces.
func TestUnsampledEventsAllocateNothing(t *testing.T) {
	o := &observe.Operation{}
	if n := testing.AllocsPerRun(100, func() { o.AddEvent(observe.LookupEvent, "hit", o.EventStart(), nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
