package app

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
)

// maxLoggedStatements is how many statements and batches of a slow operation are logged, the longest first.
const maxLoggedStatements = 30

// statementTime is the time of all executions of a statement in one operation.
type statementTime struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Ms    float64 `json:"ms"`
	Rows  int64   `json:"rows"`
}

// batchSize is a read of a loader.
type batchSize struct {
	Loader    string `json:"loader"`
	Keys      int    `json:"keys"`
	RoundTrip int    `json:"round_trip"`
	Timed     bool   `json:"timed,omitempty"`
}

// logIfSlow logs the operation of a slow request. A stream is no operation that takes long.
func (r *requestObserver) logIfSlow(c middleware.CompletedRequest) {
	o := c.Operation
	if r.slow == 0 || c.Duration < r.slow || o == nil || o.Kind == "" || o.IsStream {
		return
	}
	attrs := []any{"request_id", c.ID, "operation", strings.TrimSpace(o.Kind + " " + o.Name), "ms", milliseconds(c.Duration)}
	if o.Document != nil {
		attrs = append(attrs, "document", o.Document.ID)
	}
	if o.Trace != nil {
		attrs = append(attrs, "trace_id", o.Trace.IDText())
	}
	attrs = append(attrs, "cache", o.Cache, "code", o.Code)
	for _, p := range observe.Phases() {
		attrs = append(attrs, p.String()+"_ms", milliseconds(o.PhaseDuration(p)))
	}
	trips := o.RoundTrips()
	r.log.Warn("slow operation", append(attrs, "round_trips", len(trips), "statements", sumStatements(trips), "batches", listBatches(trips))...)
}

// sumStatements returns the times of the statements by name, the longest first.
func sumStatements(trips []*observe.RoundTrip) []statementTime {
	byName := map[string]*statementTime{}
	var list []*statementTime
	for _, t := range trips {
		for _, s := range t.Statements {
			sum := byName[s.Name]
			if sum == nil {
				sum = &statementTime{Name: s.Name}
				byName[s.Name], list = sum, append(list, sum)
			}
			sum.Count++
			sum.Ms += milliseconds(s.Duration)
			sum.Rows += s.Rows
		}
	}
	slices.SortStableFunc(list, func(a, b *statementTime) int { return cmp.Compare(b.Ms, a.Ms) })
	sums := make([]statementTime, 0, len(list))
	for _, s := range list[:min(len(list), maxLoggedStatements)] {
		sums = append(sums, *s)
	}
	return sums
}

// listBatches returns the reads of loaders, in the order of their round trips.
func listBatches(trips []*observe.RoundTrip) []batchSize {
	list := []batchSize{}
	for _, t := range trips {
		for _, l := range t.Loads {
			list = append(list, batchSize{l.Loader, l.Keys, t.Number, l.Timed})
		}
	}
	return list[:min(len(list), maxLoggedStatements)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
