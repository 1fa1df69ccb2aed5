package observe

import (
	"context"
	"time"
)

// RoundTrip is one exchange with a database. It is complete, and does not change, once an Operation returns it.
type RoundTrip struct {
	// Number counts the round trips of the operation from 1, in the order in which they were sent; 0 outside an
	// operation.
	Number int
	// Database is primary or replica.
	Database string
	Start    time.Time
	Duration time.Duration
	// Loads are the reads of loaders that it carries.
	Loads      []Load
	Statements []Statement
	// Texts are the texts of the statements, if the operation is explained.
	Texts []StatementText
	// Err is the first error.
	Err error

	isExplained bool
}

// StatementText is the text of an SQL statement with its parameters.
type StatementText struct {
	SQL  string
	Args []any
}

// Statement is an executed SQL statement. The statements of a round trip share its time: each ends when its last row
// was read, and begins when the one before it has ended.
type Statement struct {
	// Name is a constant of the program: that of the comment at the beginning of the statement.
	Name     string
	Start    time.Time
	Duration time.Duration
	// Rows is how many rows it returned or changed.
	Rows int64
	Err  error
}

// Load is the read of one loader for a number of keys.
type Load struct {
	Loader string
	Keys   int
	// Type and Field are the field that the loader prefetches, "" if it is not known.
	Type, Field string
	// Timed reports that the loader has waited for the keys, because nothing had prefetched them.
	Timed bool
	// Statements is how many of the round trip's statements belong to the read, and FromEnd how many statements there are
	// from the first of them to the last of the round trip: a fence may precede all of them.
	Statements, FromEnd int16
}

type loadsKey struct{}

// WithLoads returns a context for the round trip that carries the reads of loaders.
func WithLoads(ctx context.Context, loads []Load) context.Context {
	if len(loads) == 0 {
		return ctx
	}
	return context.WithValue(ctx, loadsKey{}, loads)
}

// BeginRoundTrip begins a round trip of the operation of a context.
func BeginRoundTrip(ctx context.Context, database string, statements int) *RoundTrip {
	loads, _ := ctx.Value(loadsKey{}).([]Load)
	o := From(ctx)
	return &RoundTrip{
		Number: o.nextRoundTrip(), Database: database, Start: time.Now(), Loads: loads,
		Statements: make([]Statement, 0, statements), isExplained: o != nil && o.IsExplained,
	}
}

// AddText adds the text of the next statement, if the operation is explained.
func (t *RoundTrip) AddText(sql string, args []any) {
	if t.isExplained {
		t.Texts = append(t.Texts, StatementText{sql, args})
	}
}

// EndStatement adds the next statement, which has just ended.
func (t *RoundTrip) EndStatement(name string, rows int64, err error) {
	now, start := time.Now(), t.Start
	if n := len(t.Statements); n > 0 {
		last := t.Statements[n-1]
		start = last.Start.Add(last.Duration)
	}
	t.Statements = append(t.Statements, Statement{Name: name, Start: start, Duration: now.Sub(start), Rows: rows, Err: err})
	if t.Err == nil {
		t.Err = err
	}
}

// End completes the round trip and adds it to the operation of a context.
func (t *RoundTrip) End(ctx context.Context, err error) {
	t.Duration = time.Since(t.Start)
	if t.Err == nil {
		t.Err = err
	}
	From(ctx).addRoundTrip(t)
}
