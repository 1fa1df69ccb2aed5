package observe

import (
	"context"
	"encoding/hex"
	"slices"
	"time"
)

// Trace is the trace of a request (W3C Trace Context). Its exported fields do not change.
type Trace struct {
	ID [16]byte
	// Parent is the span of the caller, zero for none, and State is the caller's tracestate.
	Parent [8]byte
	State  string
	// Sampled reports that spans are made of the request.
	Sampled bool

	events []Event // under the mutex of the operation
}

// IDText returns the id in hexadecimal, as logs and errors have it.
func (t *Trace) IDText() string { return hex.EncodeToString(t.ID[:]) }

// maxEvents is the maximum number of events of one operation: a stream goes on for hours.
const maxEvents = 500

// EventKind is what an Event has timed.
type EventKind uint8

// The kinds of events.
const (
	PhaseEvent   EventKind = iota // a phase, by its name
	LookupEvent                   // a lookup in the response cache, by its result
	CommandEvent                  // a command to Redis, by its name
)

// Event is a timed event of a sampled operation.
type Event struct {
	Kind     EventKind
	Name     string
	Start    time.Time
	Duration time.Duration
	Err      error
}

// IsSampled reports whether spans are made of the operation. Other operations record no events.
func (o *Operation) IsSampled() bool { return o != nil && o.Trace != nil && o.Trace.Sampled }

// EventStart returns the time at which an event begins, the zero time unless the operation is sampled.
func (o *Operation) EventStart() (now time.Time) {
	if o.IsSampled() {
		now = time.Now()
	}
	return now
}

// AddEvent adds an event that has just ended. It ignores it unless the operation is sampled.
func (o *Operation) AddEvent(kind EventKind, name string, start time.Time, err error) {
	if o.IsSampled() {
		o.addEvent(Event{kind, name, start, time.Since(start), err})
	}
}

func (o *Operation) addEvent(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.Trace.events) < maxEvents {
		o.Trace.events = append(o.Trace.events, e)
	}
}

// Events returns the events of a sampled operation, in the order in which they ended.
func (o *Operation) Events() []Event {
	if !o.IsSampled() {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.Trace.events)
}

// TraceID returns the id of the trace of a context, "" for none.
func TraceID(ctx context.Context) string {
	if o := From(ctx); o != nil && o.Trace != nil {
		return o.Trace.IDText()
	}
	return ""
}
