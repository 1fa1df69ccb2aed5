// Package encode writes the value of a root field as JSON, in one pass into one buffer, by code
// that is generated for the types of the schema (graph/encode.generated.go, by the program in
// gen).
//
// gqlgen's own executor creates a context, a closure, a marshaler and a map entry for every
// field of every object, and a goroutine for every row. For a response of 3,000 fields that is
// 45,000 allocations and three quarters of the server's CPU. This package compiles a selection
// once for each operation; an object then costs only the bytes that it writes. Root fields, and
// with them directives, mutations and introspection, stay with gqlgen. A test executes random
// queries both ways and compares the responses.
package encode

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/jsontext"
	"github.com/7p-education/api/internal/scalar"
)

// Encoder writes one root field of one operation. R is the root of the resolvers. It is not
// safe for concurrent use.
type Encoder[R any] struct {
	Resolvers R
	Buf       []byte

	op          *graphql.OperationContext
	path        []pathElement // the current place in the response, below the root field
	errorCount  int
	rootField   *graphql.FieldContext
	rootContext context.Context
	types       *Types
	size        sizeLimit
	deferred    []deferredObject[R]
	instances   map[*ast.Directive]*incremental.Instance // of the current objects
}

// New returns an Encoder for the root field that ctx is resolving.
func New[R any](ctx context.Context, resolvers R, types *Types) *Encoder[R] {
	return &Encoder[R]{
		Resolvers: resolvers, Buf: make([]byte, 0, initialBytes), types: types,
		op: graphql.GetOperationContext(ctx), rootField: graphql.GetFieldContext(ctx), rootContext: ctx,
		size: sizeLimit{meter: memory.MeterFrom(ctx), capacity: initialBytes},
	}
}

// RootField returns the root field as a Field, the parent of all others.
func (e *Encoder[R]) RootField() *Field {
	f := &Field{Ctx: e.rootContext, root: true, collected: &e.rootField.Field}
	e.size.root, e.size.lastField = f, f
	e.size.meter.AddTally(&e.size)
	return f
}

// Marshaler returns the buffer as a marshaler. If ok is false it returns graphql.Null, which
// propagates to the parent.
func (e *Encoder[R]) Marshaler(ok bool) graphql.Marshaler {
	if !e.countWritten(0) || !ok {
		return graphql.Null
	}
	e.addDeferred()
	return &rootValue{json: e.Buf, meter: e.size.meter}
}

// WriteKey writes the response name of the i-th field of an object.
func (e *Encoder[R]) WriteKey(i int, f *Field) {
	if i > 0 {
		e.Buf = append(e.Buf, ',')
	}
	e.size.lastField.bytes += len(e.Buf) - e.size.lastStart
	e.size.lastField, e.size.lastStart = f, len(e.Buf)
	e.Buf = append(e.Buf, f.key...)
}

// BeginObject writes the opening brace of an object.
func (e *Encoder[R]) BeginObject() { e.Buf = append(e.Buf, '{') }

// EndObject writes the closing brace of an object. It returns false if the response is too large.
func (e *Encoder[R]) EndObject() bool {
	e.Buf = append(e.Buf, '}')
	return len(e.Buf)-e.size.counted < countInterval || e.countBytes(0)
}

// WriteNull writes null for a field. If the field must not be null, WriteNull reports an error,
// unless one is reported already, and returns false: the null propagates to the parent.
func (e *Encoder[R]) WriteNull(f *Field, nonNull, reported bool) bool {
	if nonNull {
		if !reported {
			e.reportError(f, errNull)
		}
		return false
	}
	e.Buf = append(e.Buf, "null"...)
	return true
}

// WriteString writes a string. It writes nothing if the response is too large with it.
func (e *Encoder[R]) WriteString(s string) {
	if len(s) < countInterval || e.countBytes(len(s)) {
		e.Buf = jsontext.AppendString(e.Buf, s)
	}
}

// WriteInt writes an integer. A number that an Int cannot hold is an error of its field.
func (e *Encoder[R]) WriteInt(f *Field, n int, nonNull bool) bool {
	if err := scalar.ValidateInt(n); err != nil {
		e.reportError(f, err)
		return e.WriteNull(f, nonNull, true)
	}
	e.Buf = strconv.AppendInt(e.Buf, int64(n), 10)
	return true
}

// WriteBool writes a boolean.
func (e *Encoder[R]) WriteBool(b bool) { e.Buf = strconv.AppendBool(e.Buf, b) }

// WriteFloat writes a number. An infinity or NaN, which JSON cannot represent, is an error of
// its field.
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

// JSONAppender is a value that appends its own JSON.
type JSONAppender interface{ AppendJSON([]byte) []byte }

// WriteJSON writes a value that appends its own JSON.
func WriteJSON[R any, A JSONAppender](e *Encoder[R], a A) { e.Buf = a.AppendJSON(e.Buf) }

// WriteObject writes an object as the value of a field, null if v is nil.
func WriteObject[R, T any](e *Encoder[R], f *Field, v *T, nonNull bool, encodeValue func(*Encoder[R], *Field, *T) bool) bool {
	if v == nil {
		return e.WriteNull(f, nonNull, false)
	}
	start, n := len(e.Buf), e.enterField(f)
	return e.leaveField(n, start, encodeValue(e, f, v), nonNull)
}

// WriteList writes a list as the value of a field, element by element.
func WriteList[R, T any](e *Encoder[R], f *Field, list []T, nonNull bool, encodeValue func(*Encoder[R], *Field, T) bool) bool {
	if list == nil && !nonNull {
		return e.WriteNull(f, false, false)
	}
	start, n := len(e.Buf), e.enterField(f)
	e.path = append(e.path, pathElement{})
	e.Buf = append(e.Buf, '[')
	ok := true
	for i := 0; ok && i < len(list); i++ {
		if err := e.rootContext.Err(); err != nil { // the deadline has passed, or the client has disconnected
			e.reportError(nil, err)
			return e.leaveField(n, start, false, true)
		}
		e.path[len(e.path)-1].index = i
		if i > 0 {
			e.Buf = append(e.Buf, ',')
		}
		ok = encodeValue(e, f, list[i]) && (len(e.Buf)-e.size.counted < countInterval || e.countBytes(0))
	}
	e.Buf = append(e.Buf, ']')
	return e.leaveField(n, start, ok, nonNull)
}

// WriteElement writes an object as an element of a list, null if v is nil.
func WriteElement[R, T any](e *Encoder[R], f *Field, v *T, nonNull bool, encodeValue func(*Encoder[R], *Field, *T) bool) bool {
	if v == nil {
		return e.WriteNullElement(nonNull)
	}
	start := len(e.Buf)
	return e.leaveField(len(e.path), start, encodeValue(e, f, v), nonNull)
}

// WriteNullElement writes null for an element of a list. If the element must not be null,
// WriteNullElement reports an error and returns false, as WriteNull does.
func (e *Encoder[R]) WriteNullElement(nonNull bool) bool {
	if nonNull {
		e.reportError(nil, errNull)
		return false
	}
	e.Buf = append(e.Buf, "null"...)
	return true
}
