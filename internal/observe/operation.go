package observe

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Phase is a phase of an operation.
type Phase uint8

// The phases, in their order. Execution includes the database; encoding does not include execution.
const (
	Parse Phase = iota
	Validate
	Execute
	Encode
	phases
)

// String returns the name of the phase.
func (p Phase) String() string { return [...]string{"parse", "validate", "execute", "encode"}[p] }

// Phases are all phases.
func Phases() []Phase { return []Phase{Parse, Validate, Execute, Encode} }

// ErrorCount is how many errors of a response have a code.
type ErrorCount struct {
	Code  string
	Count int
}

// Operation collects the events of one operation, or of all operations of a batch. The exported fields are set by the
// goroutine of the request; the methods are safe for concurrent use. A nil Operation collects nothing.
type Operation struct {
	// Kind is query, mutation, subscription or batch, and Name is the operation's name, which the caller chooses. Both
	// are "" if the request was rejected before they were known.
	Kind, Name string
	// Document is nil if the request was rejected before it was known, and for a batch.
	Document *Document
	// Client and ClientVersion are what the client sends as its name and its version, "" for none.
	Client, ClientVersion string
	// ViewerID and Role are 0 and "" for an anonymous viewer.
	ViewerID int64
	Role     string
	// Cost is the estimated cost.
	Cost int64
	// Cache is the result of the lookup in the response cache: hit, miss or bypass, and "" if there was no operation to
	// look up. CacheDetail is the reason of a bypass, or why a response was not stored.
	Cache, CacheDetail string
	// IsStream reports that responses follow the first one.
	IsStream bool
	// Code is the code of the first error, "" for none. Rejected reports that the response has no data.
	Code     string
	Rejected bool
	// FieldErrors are the errors beside data by their codes.
	FieldErrors []ErrorCount
	// Trace is nil without traces.
	Trace *Trace
	// IsExplained reports that round trips record the texts of their statements: the caller has requested the plan of
	// the operation.
	IsExplained bool

	mu         sync.Mutex
	phases     [phases]time.Duration
	roundTrips []*RoundTrip
	sent       int // round trips
}

// Key is the key of the operation in a context.
type Key struct{}

// NewContext returns a context whose events o collects.
func NewContext(ctx context.Context, o *Operation) context.Context {
	return context.WithValue(ctx, Key{}, o)
}

// From returns the operation of a context, nil if it has none.
func From(ctx context.Context) *Operation {
	o, _ := ctx.Value(Key{}).(*Operation)
	return o
}

// SetDocument sets the document of the operation, nil for none. A trusted document is not replaced by the identity of
// its text.
func (o *Operation) SetDocument(d *Document) {
	if o != nil && (d == nil || o.Document == nil || !o.Document.Trusted) {
		o.Document = d
	}
}

// SetStream records that responses follow the first one.
func (o *Operation) SetStream() {
	if o != nil {
		o.IsStream = true
	}
}

// AddCost adds to the cost of the operation.
func (o *Operation) AddCost(cost int64) {
	if o != nil {
		o.Cost += cost
	}
}

// AddPhase adds to the time that a phase took.
func (o *Operation) AddPhase(p Phase, start time.Time, d time.Duration) {
	if o == nil {
		return
	}
	if o.IsSampled() {
		o.addEvent(Event{Kind: PhaseEvent, Name: p.String(), Start: start, Duration: d})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.phases[p] += d
}

// PhaseDuration returns the time that a phase took, 0 if it was left out. The time of encoding is the sum over the
// root fields, which are encoded concurrently.
func (o *Operation) PhaseDuration(p Phase) time.Duration {
	if o == nil {
		return 0
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if p == Execute {
		return max(0, o.phases[Execute]-o.phases[Encode])
	}
	return o.phases[p]
}

// CountFieldError counts an error beside data.
func (o *Operation) CountFieldError(code string) {
	if o == nil {
		return
	}
	for i := range o.FieldErrors {
		if o.FieldErrors[i].Code == code {
			o.FieldErrors[i].Count++
			return
		}
	}
	o.FieldErrors = append(o.FieldErrors, ErrorCount{code, 1})
}

// RoundTrips returns the round trips that are complete, in the order of their completion.
func (o *Operation) RoundTrips() []*RoundTrip {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.roundTrips)
}

func (o *Operation) nextRoundTrip() int {
	if o == nil {
		return 0
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	return o.sent
}

func (o *Operation) addRoundTrip(t *RoundTrip) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.roundTrips = append(o.roundTrips, t)
}
