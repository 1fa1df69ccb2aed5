package explain

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/observe"
)

// Plan is sent as extensions.explain. docs/explain.md describes it.
type Plan struct {
	// Rounds is how many times the operation has waited for the database, one after the other: round trips at the same time
	// are one round.
	Rounds     int `json:"rounds"`
	RoundTrips int `json:"roundTrips"`
	Statements int `json:"statements"`
	// Phases are milliseconds by phase.
	Phases map[string]float64 `json:"phases"`
	Cache  respcache.Verdict  `json:"cache"`
	// Cost is what extensions.cost has for GraphQL-Cost.
	Cost       any         `json:"cost"`
	Selections []Selection `json:"selections"`
	Trips      []Trip      `json:"trips"`
}

// Trip is a round trip.
type Trip struct {
	Number       int         `json:"number"`
	Round        int         `json:"round"`
	Database     string      `json:"database"`
	Milliseconds float64     `json:"ms"`
	Batches      []Batch     `json:"batches"`
	Statements   []Statement `json:"statements"`
}

// Batch is the read of a loader for all objects at once.
type Batch struct {
	Loader string `json:"loader"`
	Keys   int    `json:"keys"`
	// Field is the field that has waited for the batch, as Type.field, "" if it is not known.
	Field string `json:"field"`
	// Timed reports that the loader has waited for keys, because nothing had prefetched them.
	Timed bool `json:"timed,omitempty"`
	// Statements are the positions of its statements in the round trip, from 1.
	Statements []int `json:"statements"`
}

// Statement is an SQL statement. Its text has placeholders for parameters, whose values are not sent.
type Statement struct {
	Name         string  `json:"name"`
	Rows         int64   `json:"rows"`
	Milliseconds float64 `json:"ms"`
	SQL          string  `json:"sql"`
	Failed       bool    `json:"failed,omitempty"`
	// Plan is what EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) returned, and NoPlan why there is none, if plans were requested.
	Plan   json.RawMessage `json:"plan,omitempty"`
	NoPlan string          `json:"noPlan,omitempty"`
}

// New returns the plan of an operation that is complete. An operation that was rejected before execution has no context.
func New(o *observe.Operation, op *graphql.OperationContext) *Plan {
	trips := o.RoundTrips()
	slices.SortFunc(trips, func(a, b *observe.RoundTrip) int { return cmp.Compare(a.Number, b.Number) })
	rounds, last := numberRounds(trips)
	p := &Plan{Rounds: last, RoundTrips: len(trips), Phases: map[string]float64{}, Trips: make([]Trip, 0, len(trips))}
	for _, phase := range observe.Phases() {
		p.Phases[phase.String()] = milliseconds(o.PhaseDuration(phase))
	}
	for i, t := range trips {
		p.Statements += len(t.Statements)
		p.Trips = append(p.Trips, newTrip(t, rounds[i]))
	}
	p.Selections = listSelections(op, p.Trips)
	return p
}

func newTrip(t *observe.RoundTrip, round int) Trip {
	trip := Trip{Number: t.Number, Round: round, Database: t.Database, Milliseconds: milliseconds(t.Duration), Batches: []Batch{}, Statements: []Statement{}}
	for _, l := range t.Loads {
		b := Batch{Loader: l.Loader, Keys: l.Keys, Timed: l.Timed, Statements: []int{}}
		if l.Field != "" {
			b.Field = l.Type + "." + l.Field
		}
		first := len(t.Statements) - int(l.FromEnd)
		for i := range int(l.Statements) {
			if t.Err == nil && first >= 0 {
				b.Statements = append(b.Statements, first+i+1)
			}
		}
		trip.Batches = append(trip.Batches, b)
	}
	for i, s := range t.Statements {
		statement := Statement{Name: s.Name, Rows: s.Rows, Milliseconds: milliseconds(s.Duration), Failed: s.Err != nil}
		if i < len(t.Texts) {
			statement.SQL = t.Texts[i].SQL
		}
		trip.Statements = append(trip.Statements, statement)
	}
	return trip
}

// numberRounds returns the rounds of round trips, and the number of rounds: the longest chain in which each began after
// the one before had ended.
func numberRounds(trips []*observe.RoundTrip) (rounds []int, last int) {
	order := make([]int, len(trips))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return trips[a].Start.Compare(trips[b].Start) })
	rounds = make([]int, len(trips))
	var end time.Time // the first end in the round
	for _, i := range order {
		ends := trips[i].Start.Add(trips[i].Duration)
		if last == 0 || !trips[i].Start.Before(end) {
			last, end = last+1, ends
		}
		if ends.Before(end) {
			end = ends
		}
		rounds[i] = last
	}
	return rounds, last
}

// Explainer returns the plan of a statement by EXPLAIN.
type Explainer func(ctx context.Context, sql string, args []any) (json.RawMessage, error)

// maxPlans is the maximum number of statements of an operation that are explained.
const maxPlans = 50

// AddPlans explains the statements of an operation by EXPLAIN, 50 at most.
func (p *Plan) AddPlans(ctx context.Context, trips []*observe.RoundTrip, explain Explainer) {
	ctx, n := observe.NewContext(ctx, nil), 0
	for _, t := range trips {
		i := slices.IndexFunc(p.Trips, func(trip Trip) bool { return trip.Number == t.Number })
		for j := range p.Trips[i].Statements {
			s := &p.Trips[i].Statements[j]
			if j >= len(t.Texts) {
				continue
			}
			switch n++; {
			case n > maxPlans:
				s.NoPlan = "at most 50 statements are explained"
			case ctx.Err() != nil:
				s.NoPlan = "the plans of an operation may take 10 s"
			default:
				plan, err := explain(ctx, t.Texts[j].SQL, t.Texts[j].Args)
				if err != nil {
					s.NoPlan = err.Error()
				}
				s.Plan = plan
			}
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
