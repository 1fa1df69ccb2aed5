package encode

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/memory"
)

// deferredObjectBytes is about how many bytes an object with a deferred fragment takes until it is written, besides
// the label of the fragment.
const deferredObjectBytes = 512

// deferredObject is an object with a deferred fragment.
type deferredObject[R any] struct {
	start    int // of the object in the buffer
	fragment *incremental.Fragment
	field    *Field // that the object is a value of
	object   incremental.Object
	write    func(*Encoder[R], *Field, any) bool
}

// Defer records the deferred fragments on an object, which is about to be written.
func Defer[R, T any](e *Encoder[R], f *Field, p *Plan, v *T, encodeValue func(*Encoder[R], *Field, *T) bool) {
	if e.instances == nil {
		e.instances = map[*ast.Directive]*incremental.Instance{}
	}
	at := e.fieldContext(e.path)
	for _, fragment := range p.Deferred {
		instance := e.findInstance(fragment)
		if instance == nil {
			instance = &incremental.Instance{Fragment: fragment, Path: at.Path()}
		}
		if !fragment.Inherited {
			e.instances[fragment.Directive] = instance
		}
		if len(fragment.Selections) == 0 {
			continue
		}
		if !e.size.meter.Reserve(deferredObjectBytes + len(fragment.Label)) {
			e.size.exceeded = true
			return
		}
		e.deferred = append(e.deferred, deferredObject[R]{
			start: len(e.Buf), fragment: fragment, field: f, object: incremental.Object{Instance: instance, Value: v, Place: at},
			write: func(e *Encoder[R], f *Field, v any) bool { return encodeValue(e, f, v.(*T)) },
		})
	}
}

// findInstance returns the instance of a fragment that began at an object above, nil if it did not.
func (e *Encoder[R]) findInstance(f *incremental.Fragment) *incremental.Instance {
	if !f.Inherited {
		return nil
	}
	if instance := e.instances[f.Directive]; instance != nil {
		return instance
	}
	return incremental.PartsOf(e.op).RootInstance(f)
}

// dropDeferred removes the deferred fragments of objects that were replaced by null, from start in the buffer.
func (e *Encoder[R]) dropDeferred(start int) {
	for n := len(e.deferred); n > 0 && e.deferred[n-1].start >= start; n-- {
		e.deferred = e.deferred[:n-1]
	}
}

// addDeferred adds the recorded fragments to the parts of the response.
func (e *Encoder[R]) addDeferred() {
	if len(e.deferred) == 0 {
		return
	}
	places := map[*incremental.Fragment]int{}
	var groups []incremental.Group
	for _, d := range e.deferred {
		at, ok := places[d.fragment]
		if !ok {
			at = len(groups)
			places[d.fragment] = at
			w := &deferredWriter[R]{fragment: d.fragment, field: d.field, resolvers: e.Resolvers, types: e.types, write: d.write}
			groups = append(groups, incremental.Group{Fragment: d.fragment, Write: w.writeObject})
		}
		groups[at].Objects = append(groups[at].Objects, d.object)
	}
	e.deferred = nil
	incremental.PartsOf(e.op).Add(groups...)
}

// deferredWriter writes a deferred fragment on the objects of one selection set.
type deferredWriter[R any] struct {
	fragment  *incremental.Fragment
	field     *Field
	resolvers R
	types     *Types
	write     func(*Encoder[R], *Field, any) bool

	encoder *Encoder[R] // nil before the first object
	root    *Field      // with the selection of the fragment
}

// begin prepares the writer for the objects of one part, whose context it is.
func (w *deferredWriter[R]) begin(ctx context.Context) {
	w.encoder = &Encoder[R]{
		Resolvers: w.resolvers, Buf: make([]byte, 0, initialBytes), types: w.types, op: graphql.GetOperationContext(ctx), rootContext: ctx,
		size: sizeLimit{meter: memory.MeterFrom(ctx), capacity: initialBytes},
	}
	collected := *w.field.collected
	collected.Selections = w.fragment.Selections
	w.encoder.rootField = &graphql.FieldContext{Field: collected}
	w.root = w.encoder.RootField()
}

// writeObject executes the fragment on one object.
func (w *deferredWriter[R]) writeObject(ctx context.Context, o incremental.Object) incremental.Payload {
	if w.encoder == nil {
		w.begin(ctx)
	}
	ctx = graphql.WithFreshResponseContext(ctx)
	e, at := w.encoder, o.Place.(*graphql.FieldContext)
	e.rootContext, e.rootField, e.path, e.errorCount = ctx, at, e.path[:0], 0
	payload := incremental.Payload{Instance: o.Instance, Path: at.Path(), Data: json.RawMessage("null")}
	clear(e.instances)
	start := len(e.Buf)
	if w.writeValue(ctx, o.Value) && e.countBytes(0) {
		payload.Data = e.Buf[start:len(e.Buf):len(e.Buf)]
		e.addDeferred()
	}
	e.deferred = nil
	payload.Errors = graphql.GetErrors(ctx)
	return payload
}

// writeValue reports false if a null or a panic has reached the object.
func (w *deferredWriter[R]) writeValue(ctx context.Context, v any) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, p))
			ok = false
		}
	}()
	return w.write(w.encoder, w.root, v)
}
