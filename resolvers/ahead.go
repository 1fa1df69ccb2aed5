package resolvers

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/scalar"
	"github.com/7p-education/api/loaders"
)

// ahead reads what a selection will need before its fields ask for it. It walks
// from the objects that a root field found down the selection, and gathers all
// that lies at the same depth into one round trip to the database, whatever the
// number of parents and edges. The fields then find everything read.
//
// It never decides what an answer is: an edge that it does not know, or whose
// arguments are refused, is left to its resolver, which reads for itself.
type ahead struct {
	op    *graphql.OperationContext
	l     *loaders.Loaders
	round *loaders.Round
	next  []func()
}

func readAhead(ctx context.Context) *ahead {
	l := loaders.For(ctx)
	return &ahead{op: graphql.GetOperationContext(ctx), l: l, round: l.Round()}
}

// run sends round after round until nothing more is wanted.
func (a *ahead) run() error {
	for len(a.next) > 0 || !a.round.Empty() {
		if err := a.round.Send(); err != nil {
			return err
		}
		next := a.next
		a.next = nil
		for _, then := range next {
			then()
		}
	}
	return nil
}

// want adds what a loader is to read to the round; then walks on from it.
func want[K comparable, V any](a *ahead, l *loaders.Loader[K, V], keys []K, then func([]V)) {
	l.Want(a.round, keys)
	if then != nil {
		a.next = append(a.next, func() { then(l.Ready(keys)) })
	}
}

// walk walks on from a page under each parent.
func walk[T any](a *ahead, r rows, into func(*ahead, []T, ast.SelectionSet)) func([]*edu.Page[T]) {
	return func(pages []*edu.Page[T]) {
		var all []T
		for _, p := range pages {
			all = append(all, p.Nodes...)
		}
		for _, sel := range r.nodes {
			into(a, all, sel)
		}
	}
}

// flat walks on from a plain list under each parent.
func flat[T any](a *ahead, sel ast.SelectionSet, into func(*ahead, []T, ast.SelectionSet)) func([][]T) {
	return func(lists [][]T) {
		var all []T
		for _, l := range lists {
			all = append(all, l...)
		}
		into(a, all, sel)
	}
}

// keys makes the key of each thing.
func keys[T, K any](things []T, key func(T) K) []K {
	list := make([]K, len(things))
	for i, t := range things {
		list[i] = key(t)
	}
	return list
}

// arguments are those of a field that is not being resolved yet. One that is not
// what the schema says is as if it were not given: its resolver tells.
type arguments map[string]any

func (a *ahead) arguments(f graphql.CollectedField) arguments { return f.ArgumentMap(a.op.Variables) }

func (m arguments) integer(name string) *int {
	if m[name] == nil {
		return nil
	}
	n, err := scalar.UnmarshalInt(m[name])
	if err != nil {
		return nil
	}
	return &n
}

// number returns an integer that the schema gives a default.
func (m arguments) number(name string) int {
	if n := m.integer(name); n != nil {
		return *n
	}
	return 0
}

func (m arguments) text(name string) *string {
	if m[name] == nil {
		return nil
	}
	s := fmt.Sprint(m[name])
	return &s
}

func (m arguments) connection() edu.Connection {
	return edu.Connection{First: m.integer("first"), After: m.text("after"), Last: m.integer("last"), Before: m.text("before")}
}

// value is one that reads itself from an argument, as enums do.
type value[T any] interface {
	*T
	UnmarshalGQL(any) error
}

// read reads an argument. It reports false where the argument is not what the
// schema says; one that is not given leaves its value as it is.
func read[T any, P value[T]](from map[string]any, name string, to P) bool {
	v, given := from[name]
	return !given || to.UnmarshalGQL(v) == nil
}

// courseOrder reads orderBy: nil where it is not given.
func (m arguments) courseOrder() (by *edu.CourseOrder, ok bool) {
	o, given := m["orderBy"].(map[string]any)
	if !given {
		return nil, true
	}
	by = &edu.CourseOrder{Direction: edu.Descending}
	return by, read(o, "field", &by.Field) && read(o, "direction", &by.Direction)
}

// enrollmentOrder reads orderBy: nil where it is not given.
func (m arguments) enrollmentOrder() (by *edu.EnrollmentOrder, ok bool) {
	o, given := m["orderBy"].(map[string]any)
	if !given {
		return nil, true
	}
	by = &edu.EnrollmentOrder{Direction: edu.Descending}
	return by, read(o, "field", &by.Field) && read(o, "direction", &by.Direction)
}

// status reads an EnrollmentStatus: nil where it is not given.
func (m arguments) status() (status *edu.EnrollmentStatus, ok bool) {
	if m["status"] == nil {
		return nil, true
	}
	status = new(edu.EnrollmentStatus)
	return status, read(m, "status", status)
}

// series reads the arguments of a time series.
func (m arguments) series() (s edu.Series, ok bool) {
	var by edu.Interval
	if !read(m, "interval", &by) {
		return s, false
	}
	s, err := edu.NewSeries(by, m.number("last"))
	return s, err == nil
}
