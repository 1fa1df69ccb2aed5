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
package write

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

// Writer writes one root field of one operation. R is the root of the resolvers.
// It is not safe for concurrent use.
type Writer[R any] struct {
	Resolvers R
	Buf       []byte

	op     *graphql.OperationContext
	at     []step // where in the answer, below the root field
	failed int
	root   *graphql.FieldContext
	rctx   context.Context
	types  *Types
}

// maxErrors is how many errors a root field reports: an answer shows far fewer,
// and each costs a path.
const maxErrors = 100

// step is one element of a path: a field, or an index in a list.
type step struct {
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

	typ       string // the type that it is a field of
	key       []byte // its name in the answer, e.g. "title":
	err       error  // why its arguments are refused
	root      bool
	collected *graphql.CollectedField
	plans     []typed
}

type typed struct {
	name string
	plan *Plan
}

// New makes a Writer for the root field that ctx is resolving.
func New[R any](ctx context.Context, resolvers R, types *Types) *Writer[R] {
	return &Writer[R]{
		Resolvers: resolvers, Buf: make([]byte, 0, 8<<10), types: types,
		op: graphql.GetOperationContext(ctx), root: graphql.GetFieldContext(ctx), rctx: ctx,
	}
}

// Root returns the root field as a Field, below which all else is.
func (w *Writer[R]) Root() *Field {
	return &Field{Ctx: w.rctx, root: true, collected: &w.root.Field}
}

// Answer returns what was written as a marshaler, or a null that moves up where
// ok is false.
func (w *Writer[R]) Answer(ok bool) graphql.Marshaler {
	if !ok {
		return graphql.Null
	}
	return raw(w.Buf)
}

type raw []byte

func (b raw) MarshalGQL(w io.Writer) { _, _ = w.Write(b) }

// Plan returns the plan of what is selected of a field's value, an object of a
// type.
func (w *Writer[R]) Plan(f *Field, typ string) *Plan {
	for i := range f.plans {
		if f.plans[i].name == typ {
			return f.plans[i].plan
		}
	}
	p := w.compile(f, typ)
	f.plans = append(f.plans, typed{typ, p})
	return p
}

func (w *Writer[R]) compile(f *Field, typ string) *Plan {
	collected := graphql.CollectFields(w.op, f.collected.Selections, w.types.Implements[typ])
	p := &Plan{Fields: make([]Field, len(collected))}
	names := 0
	for i := range collected {
		names += len(collected[i].Alias) + len(`"":`)
	}
	keys := make([]byte, 0, names)
	for i := range collected {
		c, to, start := &collected[i], &p.Fields[i], len(keys)
		keys = append(jsontext.AppendString(keys, c.Alias), ':')
		*to = Field{Index: -1, Ctx: f.Ctx, typ: typ, key: keys[start:len(keys):len(keys)], collected: c}
		if c.Name == "__typename" {
			continue
		}
		field := w.types.Fields[typ][c.Name]
		to.Index = field.Index
		if !field.Resolver {
			continue // it needs no context of its own
		}
		context := &graphql.FieldContext{Object: typ, Field: *c, IsResolver: true}
		to.Ctx = graphql.WithFieldContext(f.Ctx, context)
		if len(c.Definition.Arguments) > 0 {
			to.Args, to.err = w.types.Args(to.Ctx, typ, to.Index, c.ArgumentMap(w.op.Variables))
			context.Args = to.Args
		}
	}
	return p
}

// Key writes the name of the i-th field of an object.
func (w *Writer[R]) Key(i int, f *Field) {
	if i > 0 {
		w.Buf = append(w.Buf, ',')
	}
	w.Buf = append(w.Buf, f.key...)
}

// Begin and End enclose an object's fields.
func (w *Writer[R]) Begin() { w.Buf = append(w.Buf, '{') }

// End ends what Begin began.
func (w *Writer[R]) End() bool {
	w.Buf = append(w.Buf, '}')
	return true
}

// Refused reports a field whose arguments are no good, and tells whether it is
// one.
func (w *Writer[R]) Refused(f *Field) bool {
	if f.err == nil {
		return false
	}
	w.fail(f, f.err)
	return true
}

// Failed reports an error that a field's resolver returned, and tells whether
// there is one.
func (w *Writer[R]) Failed(f *Field, err error) bool {
	if err == nil {
		return false
	}
	w.fail(f, err)
	return true
}

// Null writes a field that has no value. Where it must have one that is an
// error, and the null moves up: Null returns false.
func (w *Writer[R]) Null(f *Field, nonNull, reported bool) bool {
	if nonNull {
		if !reported {
			w.fail(f, errors.New("must not be null"))
		}
		return false
	}
	w.Buf = append(w.Buf, "null"...)
	return true
}

// fail reports an error at a field of the object that is being written, or where
// the writer stands if f is nil.
func (w *Writer[R]) fail(f *Field, err error) {
	if w.failed++; w.failed > maxErrors {
		return
	}
	at := w.root
	for _, s := range w.at {
		next := &graphql.FieldContext{Parent: at}
		if s.field != nil {
			next.Object, next.Field = s.field.typ, *s.field.collected
		} else {
			next.Index, next.Field = &s.index, at.Field // which tells the place in the document
		}
		at = next
	}
	ctx := w.rctx
	if f != nil && !f.root {
		at = &graphql.FieldContext{Parent: at, Object: f.typ, Field: *f.collected, Args: f.Args}
	}
	if at != w.root {
		parent := at.Parent
		ctx = graphql.WithFieldContext(ctx, at)
		at.Parent = parent // WithFieldContext put the root field there
	}
	graphql.AddError(ctx, graphql.AddFieldLocationToError(ctx, err))
}

// enter adds a field to the path, and returns what leave takes.
func (w *Writer[R]) enter(f *Field) int {
	n := len(w.at)
	if !f.root {
		w.at = append(w.at, step{field: f})
	}
	return n
}

// leave ends what enter began at a start in the buffer: a null that moves up
// stops at a field that may be null.
func (w *Writer[R]) leave(n, start int, ok, nonNull bool) bool {
	w.at = w.at[:n]
	if ok || nonNull {
		return ok
	}
	w.Buf = append(w.Buf[:start], "null"...)
	return true
}

// String, Int, Float, Bool and Time write a scalar.
func (w *Writer[R]) String(s string) { w.Buf = jsontext.AppendString(w.Buf, s) }

// Int writes an integer.
func (w *Writer[R]) Int(n int) { w.Buf = strconv.AppendInt(w.Buf, int64(n), 10) }

// Bool writes a boolean.
func (w *Writer[R]) Bool(b bool) { w.Buf = strconv.AppendBool(w.Buf, b) }

// Float writes a number; what JSON has no text for is an error of its field.
func (w *Writer[R]) Float(f *Field, n float64, nonNull bool) bool {
	if math.IsInf(n, 0) || math.IsNaN(n) {
		w.fail(f, errors.New("not a finite number"))
		return w.Null(f, nonNull, true)
	}
	w.Buf = strconv.AppendFloat(w.Buf, n, 'g', -1, 64)
	return true
}

// Time writes a time as RFC 3339 in UTC.
func (w *Writer[R]) Time(t time.Time) {
	w.Buf = append(w.Buf, '"')
	w.Buf = t.UTC().AppendFormat(w.Buf, time.RFC3339Nano)
	w.Buf = append(w.Buf, '"')
}

// Appender is a value that knows its own JSON.
type Appender interface{ AppendJSON([]byte) []byte }

// Append writes a value that knows its own JSON.
func Append[R any, A Appender](w *Writer[R], a A) { w.Buf = a.AppendJSON(w.Buf) }

// Object writes an object below a field; nil is null.
func Object[R, T any](w *Writer[R], f *Field, v *T, nonNull bool, write func(*Writer[R], *Field, *T) bool) bool {
	if v == nil {
		return w.Null(f, nonNull, false)
	}
	start, n := len(w.Buf), w.enter(f)
	return w.leave(n, start, write(w, f, v), nonNull)
}

// List writes a list below a field, element by element.
func List[R, T any](w *Writer[R], f *Field, list []T, nonNull bool, write func(*Writer[R], *Field, T) bool) bool {
	if list == nil && !nonNull {
		return w.Null(f, false, false)
	}
	start, n := len(w.Buf), w.enter(f)
	w.at = append(w.at, step{})
	w.Buf = append(w.Buf, '[')
	ok := true
	for i := 0; ok && i < len(list); i++ {
		if err := w.rctx.Err(); err != nil { // time is up, or nobody waits any more
			w.fail(nil, err)
			return w.leave(n, start, false, true)
		}
		w.at[len(w.at)-1].index = i
		if i > 0 {
			w.Buf = append(w.Buf, ',')
		}
		ok = write(w, f, list[i])
	}
	w.Buf = append(w.Buf, ']')
	return w.leave(n, start, ok, nonNull)
}

// Element writes an object of a list; nil is null.
func Element[R, T any](w *Writer[R], f *Field, v *T, nonNull bool, write func(*Writer[R], *Field, *T) bool) bool {
	if v == nil {
		return w.NullElement(nonNull)
	}
	start := len(w.Buf)
	return w.leave(len(w.at), start, write(w, f, v), nonNull)
}

// NullElement writes an element of a list that has no value, as Null does.
func (w *Writer[R]) NullElement(nonNull bool) bool {
	if nonNull {
		w.fail(nil, errors.New("must not be null"))
		return false
	}
	w.Buf = append(w.Buf, "null"...)
	return true
}
