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

// prefetcher reads what a selection will need before its fields ask for it. It walks
// from the objects that a root field found down the selection, and gathers all
// that lies at the same depth into one round trip to the database, whatever the
// number of parents and edges. The fields then find everything read.
//
// It never decides what an answer is: an edge that it does not know, or whose
// arguments are refused, is left to its resolver, which reads for itself.
type prefetcher struct {
	op            *graphql.OperationContext
	loaders       *loaders.Loaders
	batch         *loaders.Batch
	continuations []func()
}

func newPrefetcher(ctx context.Context) *prefetcher {
	l := loaders.FromContext(ctx)
	return &prefetcher{op: graphql.GetOperationContext(ctx), loaders: l, batch: l.NewBatch()}
}

// sendBatches sends round after round until nothing more is wanted.
func (pf *prefetcher) sendBatches() error {
	for len(pf.continuations) > 0 || !pf.batch.IsEmpty() {
		if err := pf.batch.Send(); err != nil {
			return err
		}
		next := pf.continuations
		pf.continuations = nil
		for _, then := range next {
			then()
		}
	}
	return nil
}

// prefetchKeys adds what a loader is to read to the round; then walks on from it.
func prefetchKeys[K comparable, V any](pf *prefetcher, l *loaders.Loader[K, V], keys []K, then func([]V)) {
	l.AddToBatch(pf.batch, keys)
	if then != nil {
		pf.continuations = append(pf.continuations, func() { then(l.CachedValues(keys)) })
	}
}

// walkPages walks on from a page under each parent.
func walkPages[T any](pf *prefetcher, r connectionSelection, into func(*prefetcher, []T, ast.SelectionSet)) func([]*edu.Page[T]) {
	return func(pages []*edu.Page[T]) {
		var all []T
		for _, p := range pages {
			all = append(all, p.Nodes...)
		}
		for _, sel := range r.nodeSelections {
			into(pf, all, sel)
		}
	}
}

// walkLists walks on from a plain list under each parent.
func walkLists[T any](pf *prefetcher, sel ast.SelectionSet, into func(*prefetcher, []T, ast.SelectionSet)) func([][]T) {
	return func(lists [][]T) {
		var all []T
		for _, l := range lists {
			all = append(all, l...)
		}
		into(pf, all, sel)
	}
}

// collectKeys makes the key of each thing.
func collectKeys[T, K any](things []T, key func(T) K) []K {
	list := make([]K, len(things))
	for i, t := range things {
		list[i] = key(t)
	}
	return list
}

// argumentMap are those of a field that is not being resolved yet. One that is not
// what the schema says is as if it were not given: its resolver tells.
type argumentMap map[string]any

func (pf *prefetcher) fieldArguments(f graphql.CollectedField) argumentMap {
	return f.ArgumentMap(pf.op.Variables)
}

func (m argumentMap) optionalInt(name string) *int {
	if m[name] == nil {
		return nil
	}
	n, err := scalar.UnmarshalInt(m[name])
	if err != nil {
		return nil
	}
	return &n
}

// intOrZero returns an integer that the schema gives a default.
func (m argumentMap) intOrZero(name string) int {
	if n := m.optionalInt(name); n != nil {
		return *n
	}
	return 0
}

func (m argumentMap) optionalString(name string) *string {
	if m[name] == nil {
		return nil
	}
	s := fmt.Sprint(m[name])
	return &s
}

func (m argumentMap) parseConnection() edu.ConnectionArgs {
	return edu.ConnectionArgs{First: m.optionalInt("first"), After: m.optionalString("after"), Last: m.optionalInt("last"), Before: m.optionalString("before")}
}

// argumentValue is one that reads itself from an argument, as enums do.
type argumentValue[T any] interface {
	*T
	UnmarshalGQL(any) error
}

// parseArgument reads an argument. It reports false where the argument is not what the
// schema says; one that is not given leaves its value as it is.
func parseArgument[T any, P argumentValue[T]](from map[string]any, name string, to P) bool {
	v, given := from[name]
	return !given || to.UnmarshalGQL(v) == nil
}

// parseCourseOrder reads orderBy: nil where it is not given.
func (m argumentMap) parseCourseOrder() (by *edu.CourseOrder, ok bool) {
	o, given := m["orderBy"].(map[string]any)
	if !given {
		return nil, true
	}
	by = &edu.CourseOrder{Direction: edu.Descending}
	return by, parseArgument(o, "field", &by.Field) && parseArgument(o, "direction", &by.Direction)
}

// parseEnrollmentOrder reads orderBy: nil where it is not given.
func (m argumentMap) parseEnrollmentOrder() (by *edu.EnrollmentOrder, ok bool) {
	o, given := m["orderBy"].(map[string]any)
	if !given {
		return nil, true
	}
	by = &edu.EnrollmentOrder{Direction: edu.Descending}
	return by, parseArgument(o, "field", &by.Field) && parseArgument(o, "direction", &by.Direction)
}

// parseStatus reads an EnrollmentStatus: nil where it is not given.
func (m argumentMap) parseStatus() (status *edu.EnrollmentStatus, ok bool) {
	if m["status"] == nil {
		return nil, true
	}
	status = new(edu.EnrollmentStatus)
	return status, parseArgument(m, "status", status)
}

// parseSeries reads the arguments of a time series.
func (m argumentMap) parseSeries() (s edu.TimeSeries, ok bool) {
	var by edu.Interval
	if !parseArgument(m, "interval", &by) {
		return s, false
	}
	s, err := edu.NewTimeSeries(by, m.intOrZero("last"))
	return s, err == nil
}
