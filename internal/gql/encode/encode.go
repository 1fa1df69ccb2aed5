// Package write turns what a root field returned into JSON, in one pass into one
// buffer, by code generated for the schema's types (graph/write.generated.go,
// made by the program in gen).
//
// gqlgen's own executor makes, for every field of every object, a context, a
// closure, a marshaler and a map entry, and a goroutine for every row: on an
// answer of 3,000 fields that is 45,000 allocations and three quarters of the
// server's CPU. Here a selection is compiled once an operation, and each object
// then costs the bytes it writes. Root fields, and with them directives,
// mutations and introspection, stay with gqlgen; a test answers random queries
// both ways and compares.
package encode

import (
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/jsontext"
)

// Encoder writes one root field of one operation. R is the root of the resolvers.
// It is not safe for concurrent use.
type Encoder[R any] struct {
	Resolvers R
	Buf       []byte

	op          *graphql.OperationContext
	path        []pathElement // where in the answer, below the root field
	errorCount  int
	rootField   *graphql.FieldContext
	rootContext context.Context
	types       *Types
}

// maxErrors is how many errors a root field reports: an answer shows far fewer,
// and each costs a path.
const maxErrors = 100

// pathElement is one element of a path: a field, or an index in a list.
type pathElement struct {
	field *Field
	index int
}

// Types tells of each object type what a plan needs.
type Types struct {
	// Fields tells of the fields of each type.
	Fields map[string]map[string]FieldType
	// Implements lists each type with its interfaces.
	Implements map[string][]string
	// Args checks the arguments of a field.
	Args func(ctx context.Context, typ string, index int, raw map[string]any) (map[string]any, error)
}

// FieldType is a field's number in its type, and whether a resolver reads it.
type FieldType struct {
	Index    int
	Resolver bool
}

// Plan is a selection on an object type, compiled.
type Plan struct {
	Fields []Field
}

// Field is a field of a plan.
type Field struct {
	Index int             // of the field in its type; -1 for __typename
	Ctx   context.Context // for its resolver
	Args  map[string]any  // checked

	objectType   string // the type that it is a field of
	key          []byte // its name in the answer, e.g. "title":
	argumentsErr error  // why its arguments are refused
	root         bool
	collected    *graphql.CollectedField
	plans        []typePlan
}

type typePlan struct {
	typeName string
	plan     *Plan
}

// New makes a Writer for the root field that ctx is resolving.
func New[R any](ctx context.Context, resolvers R, types *Types) *Encoder[R] {
	return &Encoder[R]{
		Resolvers: resolvers, Buf: make([]byte, 0, 8<<10), types: types,
		op: graphql.GetOperationContext(ctx), rootField: graphql.GetFieldContext(ctx), rootContext: ctx,
	}
}

// RootField returns the root field as a Field, below which all else is.
func (e *Encoder[R]) RootField() *Field {
	return &Field{Ctx: e.rootContext, root: true, collected: &e.rootField.Field}
}

// Marshaler returns what was written as a marshaler, or a null that moves up where
// ok is false.
func (e *Encoder[R]) Marshaler(ok bool) graphql.Marshaler {
	if !ok {
		return graphql.Null
	}
	return rawJSON(e.Buf)
}

type rawJSON []byte

func (b rawJSON) MarshalGQL(w io.Writer) { _, _ = w.Write(b) }

// PlanSelection returns the plan of what is selected of a field's value, an object of a
// type.
func (e *Encoder[R]) PlanSelection(f *Field, typ string) *Plan {
	for i := range f.plans {
		if f.plans[i].typeName == typ {
			return f.plans[i].plan
		}
	}
	p := e.compilePlan(f, typ)
	f.plans = append(f.plans, typePlan{typ, p})
	return p
}

func (e *Encoder[R]) compilePlan(f *Field, typ string) *Plan {
	collected := graphql.CollectFields(e.op, f.collected.Selections, e.types.Implements[typ])
	p := &Plan{Fields: make([]Field, len(collected))}
	names := 0
	for i := range collected {
		names += len(collected[i].Alias) + len(`"":`)
	}
	keys := make([]byte, 0, names)
	for i := range collected {
		c, to, start := &collected[i], &p.Fields[i], len(keys)
		keys = append(jsontext.AppendString(keys, c.Alias), ':')
		*to = Field{Index: -1, Ctx: f.Ctx, objectType: typ, key: keys[start:len(keys):len(keys)], collected: c}
		if c.Name == "__typename" {
			continue
		}
		field := e.types.Fields[typ][c.Name]
		to.Index = field.Index
		if !field.Resolver {
			continue // it needs no context of its own
		}
		context := &graphql.FieldContext{Object: typ, Field: *c, IsResolver: true}
		to.Ctx = graphql.WithFieldContext(f.Ctx, context)
		if len(c.Definition.Arguments) > 0 {
			to.Args, to.argumentsErr = e.types.Args(to.Ctx, typ, to.Index, c.ArgumentMap(e.op.Variables))
			context.Args = to.Args
		}
	}
	return p
}

// WriteKey writes the name of the i-th field of an object.
func (e *Encoder[R]) WriteKey(i int, f *Field) {
	if i > 0 {
		e.Buf = append(e.Buf, ',')
	}
	e.Buf = append(e.Buf, f.key...)
}

// BeginObject and End enclose an object's fields.
func (e *Encoder[R]) BeginObject() { e.Buf = append(e.Buf, '{') }

// EndObject ends what Begin began.
func (e *Encoder[R]) EndObject() bool {
	e.Buf = append(e.Buf, '}')
	return true
}

// ReportArgumentError reports a field whose arguments are no good, and tells whether it is
// one.
func (e *Encoder[R]) ReportArgumentError(f *Field) bool {
	if f.argumentsErr == nil {
		return false
	}
	e.reportError(f, f.argumentsErr)
	return true
}

// ReportResolverError reports an error that a field's resolver returned, and tells whether
// there is one.
func (e *Encoder[R]) ReportResolverError(f *Field, err error) bool {
	if err == nil {
		return false
	}
	e.reportError(f, err)
	return true
}

// WriteNull writes a field that has no value. Where it must have one that is an
// error, and the null moves up: Null returns false.
func (e *Encoder[R]) WriteNull(f *Field, nonNull, reported bool) bool {
	if nonNull {
		if !reported {
			e.reportError(f, errors.New("must not be null"))
		}
		return false
	}
	e.Buf = append(e.Buf, "null"...)
	return true
}

// reportError reports an error at a field of the object that is being written, or where
// the writer stands if f is nil.
func (e *Encoder[R]) reportError(f *Field, err error) {
	if e.errorCount++; e.errorCount > maxErrors {
		return
	}
	at := e.rootField
	for _, s := range e.path {
		next := &graphql.FieldContext{Parent: at}
		if s.field != nil {
			next.Object, next.Field = s.field.objectType, *s.field.collected
		} else {
			next.Index, next.Field = &s.index, at.Field // which tells the place in the document
		}
		at = next
	}
	ctx := e.rootContext
	if f != nil && !f.root {
		at = &graphql.FieldContext{Parent: at, Object: f.objectType, Field: *f.collected, Args: f.Args}
	}
	if at != e.rootField {
		parent := at.Parent
		ctx = graphql.WithFieldContext(ctx, at)
		at.Parent = parent // WithFieldContext put the root field there
	}
	graphql.AddError(ctx, graphql.AddFieldLocationToError(ctx, err))
}

// enterField adds a field to the path, and returns what leave takes.
func (e *Encoder[R]) enterField(f *Field) int {
	n := len(e.path)
	if !f.root {
		e.path = append(e.path, pathElement{field: f})
	}
	return n
}

// leaveField ends what enter began at a start in the buffer: a null that moves up
// stops at a field that may be null.
func (e *Encoder[R]) leaveField(n, start int, ok, nonNull bool) bool {
	e.path = e.path[:n]
	if ok || nonNull {
		return ok
	}
	e.Buf = append(e.Buf[:start], "null"...)
	return true
}

// WriteString, Int, Float, Bool and Time write a scalar.
func (e *Encoder[R]) WriteString(s string) { e.Buf = jsontext.AppendString(e.Buf, s) }

// WriteInt writes an integer.
func (e *Encoder[R]) WriteInt(n int) { e.Buf = strconv.AppendInt(e.Buf, int64(n), 10) }

// WriteBool writes a boolean.
func (e *Encoder[R]) WriteBool(b bool) { e.Buf = strconv.AppendBool(e.Buf, b) }

// WriteFloat writes a number; what JSON has no text for is an error of its field.
func (e *Encoder[R]) WriteFloat(f *Field, n float64, nonNull bool) bool {
	if math.IsInf(n, 0) || math.IsNaN(n) {
		e.reportError(f, errors.New("not a finite number"))
		return e.WriteNull(f, nonNull, true)
	}
	e.Buf = strconv.AppendFloat(e.Buf, n, 'g', -1, 64)
	return true
}

// WriteTime writes a time as RFC 3339 in UTC.
func (e *Encoder[R]) WriteTime(t time.Time) {
	e.Buf = append(e.Buf, '"')
	e.Buf = t.UTC().AppendFormat(e.Buf, time.RFC3339Nano)
	e.Buf = append(e.Buf, '"')
}

// JSONAppender is a value that knows its own JSON.
type JSONAppender interface{ AppendJSON([]byte) []byte }

// WriteJSON writes a value that knows its own JSON.
func WriteJSON[R any, A JSONAppender](e *Encoder[R], a A) { e.Buf = a.AppendJSON(e.Buf) }

// WriteObject writes an object below a field; nil is null.
func WriteObject[R, T any](e *Encoder[R], f *Field, v *T, nonNull bool, encodeValue func(*Encoder[R], *Field, *T) bool) bool {
	if v == nil {
		return e.WriteNull(f, nonNull, false)
	}
	start, n := len(e.Buf), e.enterField(f)
	return e.leaveField(n, start, encodeValue(e, f, v), nonNull)
}

// WriteList writes a list below a field, element by element.
func WriteList[R, T any](e *Encoder[R], f *Field, list []T, nonNull bool, encodeValue func(*Encoder[R], *Field, T) bool) bool {
	if list == nil && !nonNull {
		return e.WriteNull(f, false, false)
	}
	start, n := len(e.Buf), e.enterField(f)
	e.path = append(e.path, pathElement{})
	e.Buf = append(e.Buf, '[')
	ok := true
	for i := 0; ok && i < len(list); i++ {
		if err := e.rootContext.Err(); err != nil { // time is up, or nobody waits any more
			e.reportError(nil, err)
			return e.leaveField(n, start, false, true)
		}
		e.path[len(e.path)-1].index = i
		if i > 0 {
			e.Buf = append(e.Buf, ',')
		}
		ok = encodeValue(e, f, list[i])
	}
	e.Buf = append(e.Buf, ']')
	return e.leaveField(n, start, ok, nonNull)
}

// WriteElement writes an object of a list; nil is null.
func WriteElement[R, T any](e *Encoder[R], f *Field, v *T, nonNull bool, encodeValue func(*Encoder[R], *Field, *T) bool) bool {
	if v == nil {
		return e.WriteNullElement(nonNull)
	}
	start := len(e.Buf)
	return e.leaveField(len(e.path), start, encodeValue(e, f, v), nonNull)
}

// WriteNullElement writes an element of a list that has no value, as Null does.
func (e *Encoder[R]) WriteNullElement(nonNull bool) bool {
	if nonNull {
		e.reportError(nil, errors.New("must not be null"))
		return false
	}
	e.Buf = append(e.Buf, "null"...)
	return true
}
