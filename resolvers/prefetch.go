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

// prefetcher reads the values that a selection needs before its resolvers run. It walks from the objects
// of a root field down the selection. All edges of the same depth are read in one round trip to the
// database, regardless of the number of parents and edges. The resolvers then find all values in the
// loaders.
//
// Prefetching never changes a response: an edge without a case in prefetch_edges.go, or with invalid
// arguments, is read by its resolver. TestFieldsArePrefetched fails for an edge without a case.
type prefetcher struct {
	op            *graphql.OperationContext
	loaders       *loaders.Loaders
	batch         *loaders.Batch
	continuations []func() // called after the batch is sent: they walk on from its results
}

// newPrefetcher returns a prefetcher for the operation of ctx.
func newPrefetcher(ctx context.Context) *prefetcher {
	l := loaders.FromContext(ctx)
	return &prefetcher{op: graphql.GetOperationContext(ctx), loaders: l, batch: l.NewBatch()}
}

// sendBatches sends one batch per level of the selection until there is nothing more to read.
func (pf *prefetcher) sendBatches() error {
	for len(pf.continuations) > 0 || !pf.batch.IsEmpty() {
		if err := pf.batch.Send(); err != nil {
			return err
		}
		continuations := pf.continuations
		pf.continuations = nil
		pf.batch.SetField(loaders.Field{})
		for _, walk := range continuations {
			walk()
		}
	}
	return nil
}

// setField names the field that is prefetched next, for traces.
func (pf *prefetcher) setField(f graphql.CollectedField) {
	if f.ObjectDefinition != nil {
		pf.batch.SetField(loaders.Field{Type: f.ObjectDefinition.Name, Name: f.Name})
	}
}

// prefetchKeys adds keys of a loader to the batch. After the batch is sent, walk is called with their
// values, unless it is nil.
func prefetchKeys[K comparable, V any](pf *prefetcher, l *loaders.Loader[K, V], keys []K, walk func([]V)) {
	l.AddToBatch(pf.batch, keys)
	if walk != nil {
		pf.continuations = append(pf.continuations, func() { walk(l.CachedValues(keys)) })
	}
}

// walkPages returns a continuation of prefetchKeys that walks the rows of a page under each parent.
func walkPages[T any](pf *prefetcher, selected connectionSelection, walkRows func(*prefetcher, []T, ast.SelectionSet)) func([]*edu.Page[T]) {
	return func(pages []*edu.Page[T]) {
		var rows []T
		for _, p := range pages {
			rows = append(rows, p.Nodes...)
		}
		for _, sel := range selected.nodeSelections {
			walkRows(pf, rows, sel)
		}
	}
}

// walkLists returns a continuation of prefetchKeys that walks the rows of a plain list under each parent.
func walkLists[T any](pf *prefetcher, sel ast.SelectionSet, walkRows func(*prefetcher, []T, ast.SelectionSet)) func([][]T) {
	return func(lists [][]T) {
		var rows []T
		for _, l := range lists {
			rows = append(rows, l...)
		}
		walkRows(pf, rows, sel)
	}
}

// collectKeys returns the key of each item.
func collectKeys[T, K any](items []T, key func(T) K) []K {
	keys := make([]K, len(items))
	for i, item := range items {
		keys[i] = key(item)
	}
	return keys
}

// argumentMap holds the arguments of a field that is not being resolved yet. Its methods treat an
// argument of the wrong type as absent or return ok false; the field's resolver reports the error.
type argumentMap map[string]any

// fieldArguments returns the arguments of a field with the operation's variables.
func (pf *prefetcher) fieldArguments(f graphql.CollectedField) argumentMap {
	return f.ArgumentMap(pf.op.Variables)
}

// optionalInt returns an integer argument, nil if it is absent.
func (m argumentMap) optionalInt(name string) *int {
	if m[name] == nil {
		return nil
	}
	n, err := scalar.UnmarshalInt(context.Background(), m[name])
	if err != nil {
		return nil
	}
	return &n
}

// intOrZero returns an integer argument that has a default in the schema, 0 if it is invalid.
func (m argumentMap) intOrZero(name string) int {
	if n := m.optionalInt(name); n != nil {
		return *n
	}
	return 0
}

// optionalString returns a string argument, nil if it is absent.
func (m argumentMap) optionalString(name string) *string {
	if m[name] == nil {
		return nil
	}
	s := fmt.Sprint(m[name])
	return &s
}

// parseConnection returns the arguments of a connection.
func (m argumentMap) parseConnection() edu.ConnectionArgs {
	return edu.ConnectionArgs{First: m.optionalInt("first"), After: m.optionalString("after"), Last: m.optionalInt("last"), Before: m.optionalString("before")}
}

// argumentValue is the constraint of types that unmarshal themselves from an argument, such as enums.
type argumentValue[T any] interface {
	*T
	UnmarshalGQL(any) error
}

// parseArgument unmarshals an argument into target and reports whether the argument is valid. An absent
// argument is valid and leaves target unchanged.
func parseArgument[T any, P argumentValue[T]](arguments map[string]any, name string, target P) bool {
	v, present := arguments[name]
	return !present || target.UnmarshalGQL(v) == nil
}

// parseCourseOrder returns orderBy, nil if it is absent.
func (m argumentMap) parseCourseOrder() (by *edu.CourseOrder, ok bool) {
	o, present := m["orderBy"].(map[string]any)
	if !present {
		return nil, true
	}
	by = &edu.CourseOrder{Direction: edu.Descending}
	return by, parseArgument(o, "field", &by.Field) && parseArgument(o, "direction", &by.Direction)
}

// parseEnrollmentOrder returns orderBy, nil if it is absent.
func (m argumentMap) parseEnrollmentOrder() (by *edu.EnrollmentOrder, ok bool) {
	o, present := m["orderBy"].(map[string]any)
	if !present {
		return nil, true
	}
	by = &edu.EnrollmentOrder{Direction: edu.Descending}
	return by, parseArgument(o, "field", &by.Field) && parseArgument(o, "direction", &by.Direction)
}

// parseTaughtCourses returns the status and the order of an instructor's courses.
func (m argumentMap) parseTaughtCourses() (list edu.TaughtCourses, ok bool) {
	by, ok := m.parseCourseOrder()
	list.Order = by.OrDefault()
	return list, ok && (m["status"] == nil || parseArgument(m, "status", &list.Status))
}

// parseReviewList returns the rating and the order of reviews.
func (m argumentMap) parseReviewList() (list edu.ReviewList, ok bool) {
	var by *edu.ReviewOrder
	if o, present := m["orderBy"].(map[string]any); present {
		by = &edu.ReviewOrder{Direction: edu.Descending}
		if !parseArgument(o, "field", &by.Field) || !parseArgument(o, "direction", &by.Direction) {
			return list, false
		}
	}
	list, err := edu.NewReviewList(m.optionalInt("rating"), by)
	return list, err == nil
}

// parseStatus returns the status of enrollments, nil if it is absent.
func (m argumentMap) parseStatus() (status *edu.EnrollmentStatus, ok bool) {
	if m["status"] == nil {
		return nil, true
	}
	status = new(edu.EnrollmentStatus)
	return status, parseArgument(m, "status", status)
}

// parseSeries returns the interval and the number of points of a time series.
func (m argumentMap) parseSeries() (s edu.TimeSeries, ok bool) {
	var by edu.Interval
	if !parseArgument(m, "interval", &by) {
		return s, false
	}
	s, err := edu.NewTimeSeries(by, m.intOrZero("last"))
	return s, err == nil
}
