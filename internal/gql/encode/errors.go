package encode

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
)

// maxErrors is how many errors a root field reports. A response shows many fewer, and each
// costs a path.
const maxErrors = 100

// errNull is the error of a null where the schema requires a value.
var errNull = errors.New("must not be null")

// pathElement is an element of a path: a field, or an index in a list.
type pathElement struct {
	field *Field
	index int
}

// enterField adds a field to the path, and returns the length of the path for leaveField.
func (e *Encoder[R]) enterField(f *Field) int {
	n := len(e.path)
	if !f.root {
		e.path = append(e.path, pathElement{field: f})
	}
	return n
}

// leaveField restores the length of the path. If the value is not ok and the field may be null,
// it replaces the value, from start in the buffer, by null. Otherwise the null propagates to the
// parent: leaveField returns false.
func (e *Encoder[R]) leaveField(n, start int, ok, nonNull bool) bool {
	e.path = e.path[:n]
	if e.size.exceeded { // the whole response is an error
		return false
	}
	if ok || nonNull {
		return ok
	}
	e.Buf = append(e.Buf[:start], "null"...)
	e.dropDeferred(start)
	return true
}

// ReportArgumentError reports the error of a field whose arguments are invalid. It returns
// false if they are valid.
func (e *Encoder[R]) ReportArgumentError(f *Field) bool {
	if f.argumentsErr == nil {
		return false
	}
	e.reportError(f, f.argumentsErr)
	return true
}

// ReportResolverError reports an error that a field's resolver returned. It returns false if
// there is none.
func (e *Encoder[R]) ReportResolverError(f *Field, err error) bool {
	if err == nil {
		return false
	}
	e.reportError(f, err)
	return true
}

// reportError reports an error at a field of the object that is being written, or at the
// current path if f is nil.
func (e *Encoder[R]) reportError(f *Field, err error) {
	if e.errorCount++; e.errorCount > maxErrors {
		return
	}
	at := e.fieldContext(e.path)
	ctx := e.rootContext
	if f != nil && !f.root {
		at = &graphql.FieldContext{Parent: at, Object: f.objectType, Field: *f.collected, Args: f.Args}
	}
	if at != e.rootField {
		parent := at.Parent
		ctx = graphql.WithFieldContext(ctx, at)
		at.Parent = parent // WithFieldContext has set the root field as its parent
	}
	graphql.AddError(ctx, graphql.AddFieldLocationToError(ctx, err))
}

// fieldContext returns the context of a place in the response, below the root field.
func (e *Encoder[R]) fieldContext(path []pathElement) *graphql.FieldContext {
	at := e.rootField
	for _, element := range path {
		next := &graphql.FieldContext{Parent: at}
		if element.field != nil {
			next.Object, next.Field = element.field.objectType, *element.field.collected
		} else {
			next.Index, next.Field = &element.index, at.Field // which has the location in the document
		}
		at = next
	}
	return at
}
