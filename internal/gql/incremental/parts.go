package incremental

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Instance is a deferred fragment at one object of the response.
type Instance struct {
	Fragment *Fragment
	Path     ast.Path // of the object

	id int // in the format of version 0.2
}

// key identifies the instance within the response.
func (i *Instance) key() instanceKey { return instanceKey{i.Fragment.Directive, i.Path.String()} }

type instanceKey struct {
	directive *ast.Directive
	path      string
}

// Object is an object with a deferred selection.
type Object struct {
	// Instance is the fragment that the selection belongs to; it may have begun at an object above.
	Instance *Instance
	// Value is the object, for the prefetch of its fields; nil for the root.
	Value any
	// Place is the place of the object in the response, for Group.Write.
	Place any
}

// Group is a deferred fragment on the objects of one selection set.
type Group struct {
	Fragment *Fragment
	Objects  []Object
	// Write executes the selection on one of the objects.
	Write func(context.Context, Object) Payload
}

// Payload is the result of a deferred selection on one object.
type Payload struct {
	Instance *Instance
	Path     ast.Path        // of the object
	Data     json.RawMessage // null if an error reached the fragment
	Errors   gqlerror.List
}

// failed reports whether the fragment has no data.
func (p Payload) failed() bool { return string(p.Data) == "null" }

// Parts are the parts of the response to one operation. A nil Parts has a single one. Only Add is safe for concurrent
// use, as is Collect: root fields are executed at the same time.
type Parts struct {
	format     Format
	selections selectionCache

	mu        sync.Mutex
	waiting   []Group                   // not executed yet
	executed  []Group                   // of the last part
	instances map[instanceKey]*Instance // of all groups
	root      map[*ast.Directive]*Instance
	announced int
}

// statParts is the name under which an operation has its Parts.
const statParts = "IncrementalParts"

// Begin gives an operation the parts of its response.
func Begin(op *graphql.OperationContext, f Format) {
	op.Stats.SetExtension(statParts, &Parts{
		format: f, selections: selectionCache{entries: map[selectionKey]Selection{}},
		instances: map[instanceKey]*Instance{}, root: map[*ast.Directive]*Instance{},
	})
}

// PartsOf returns the parts of an operation's response, nil if the response is sent as a whole.
func PartsOf(op *graphql.OperationContext) *Parts {
	p, _ := op.Stats.GetExtension(statParts).(*Parts)
	return p
}

// Add adds deferred fragments of the part that is being executed. A fragment that was added at the same path
// before, within two other fragments, is not added again.
func (p *Parts) Add(groups ...Group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range groups {
		var objects []Object
		for _, o := range g.Objects {
			key := o.Instance.key()
			if added := p.instances[key]; added == nil || added == o.Instance {
				p.instances[key] = o.Instance
				objects = append(objects, o)
			}
		}
		if len(objects) == 0 {
			continue
		}
		at := slices.IndexFunc(p.waiting, func(w Group) bool { return w.Fragment == g.Fragment })
		if at < 0 {
			g.Objects = nil
			at = len(p.waiting)
			p.waiting = append(p.waiting, g)
		}
		p.waiting[at].Objects = append(p.waiting[at].Objects, objects...)
	}
}

// SplitRoot returns the selection set without the deferred fragments of the root, and adds these: write executes the
// selection set of one.
func (p *Parts) SplitRoot(op *graphql.OperationContext, rootType string, write func(context.Context, ast.SelectionSet) json.RawMessage) ast.SelectionSet {
	split := Collect(op, op.Operation.SelectionSet, []string{rootType})
	clear(p.root)
	for _, f := range split.Deferred {
		instance := &Instance{Fragment: f, Path: ast.Path{}}
		p.root[f.Directive] = instance
		if len(f.Selections) == 0 {
			continue
		}
		p.Add(Group{Fragment: f, Objects: []Object{{Instance: instance}}, Write: func(ctx context.Context, o Object) Payload {
			n := len(p.waiting)
			ctx = graphql.WithFreshResponseContext(ctx)
			payload := Payload{Instance: instance, Path: instance.Path, Data: write(ctx, f.Selections), Errors: graphql.GetErrors(ctx)}
			if payload.failed() {
				p.waiting = p.waiting[:n]
			}
			return payload
		}})
	}
	fields := make(ast.SelectionSet, len(split.Fields))
	for i, f := range split.Fields {
		field := *f.Field
		field.SelectionSet = f.Selections
		fields[i] = &field
	}
	p.selections.retain(fields)
	return fields
}

// RootInstance returns the instance of a fragment that began at the root, nil if it did not.
func (p *Parts) RootInstance(f *Fragment) *Instance { return p.root[f.Directive] }

// HasNext reports whether there are parts that were not executed yet.
func (p *Parts) HasNext() bool { return p != nil && len(p.waiting) > 0 }

// SkipNext records that the next part was rejected before its execution. The one before was sent.
func (p *Parts) SkipNext() {
	if p != nil {
		p.executed = nil
	}
}

// Drop removes all parts that were not executed yet.
func (p *Parts) Drop() {
	if p != nil {
		p.waiting = nil
	}
}

// sortWaiting sorts the groups from the n-th on by the order of their fragments in the document: root fields are
// executed at the same time.
func (p *Parts) sortWaiting(n int) {
	slices.SortStableFunc(p.waiting[n:], func(a, b Group) int {
		return cmp.Compare(a.position(), b.position())
	})
}

func (g Group) position() int { return g.Fragment.Directive.Position.Start }

// next removes and returns the groups of the next part: all of one fragment of the document.
func (p *Parts) next() []Group {
	directive := p.waiting[0].Fragment.Directive
	var groups, rest []Group
	for _, g := range p.waiting {
		if g.Fragment.Directive == directive {
			groups = append(groups, g)
		} else {
			rest = append(rest, g)
		}
	}
	p.waiting = rest
	return groups
}

// Execute executes the next part and returns it as JSON. It calls prefetch first, which reads the values of all its
// objects together. If the JSON exceeds maxBytes, it is incomplete.
func (p *Parts) Execute(ctx context.Context, prefetch func(context.Context, []Group) error, maxBytes int) []byte {
	groups := p.next()
	p.executed = groups
	after := len(p.waiting)
	err := prefetch(ctx, groups)
	if err != nil {
		ctx = graphql.WithFreshResponseContext(ctx)
		graphql.AddError(ctx, err)
	}
	var payloads []Payload
	size := 0
	for _, g := range groups {
		for _, o := range g.Objects {
			var payload Payload
			if err != nil {
				payload = o.failedPayload(graphql.GetErrors(ctx))
			} else {
				payload = g.Write(ctx, o)
			}
			if size += len(payload.Data) + len(payload.Instance.Fragment.Label); size > maxBytes {
				break
			}
			payloads = append(payloads, payload)
		}
	}
	p.sortWaiting(after)
	return p.format.appendPart(nil, payloads, p.announce(), p.HasNext())
}

// failedPayload returns the payload of an object that was not executed. Errors without a path get that of the fragment.
func (o Object) failedPayload(errs gqlerror.List) Payload {
	located := make(gqlerror.List, len(errs))
	for i, err := range errs {
		e := *err
		if e.Path == nil {
			e.Path = o.Instance.Path
		}
		located[i] = &e
	}
	return Payload{Instance: o.Instance, Path: o.Instance.Path, Data: json.RawMessage("null"), Errors: located}
}

// announce returns the new instances, of which the client learns in this part.
func (p *Parts) announce() []*Instance {
	var pending []*Instance
	for _, g := range p.waiting {
		for _, o := range g.Objects {
			if o.Instance.id == 0 {
				p.announced++
				o.Instance.id = p.announced
				pending = append(pending, o.Instance)
			}
		}
	}
	return pending
}

// EncodeInitial returns the initial part as JSON, from the response as JSON.
func (p *Parts) EncodeInitial(response []byte) []byte {
	p.sortWaiting(0)
	return p.format.appendInitial(response, p.announce(), p.HasNext())
}

// EncodeFailure returns the last part as JSON, and drops the others: the fragments that were not sent fail with these
// errors, those of the part that was executed last if that was not sent.
func (p *Parts) EncodeFailure(errs gqlerror.List, sent bool) []byte {
	groups := p.waiting
	if !sent {
		groups = slices.Concat(p.executed, groups)
	}
	var payloads []Payload
	seen := map[*Instance]bool{}
	for _, g := range groups {
		for _, o := range g.Objects {
			if o.Instance.id > 0 && !seen[o.Instance] {
				seen[o.Instance] = true
				payloads = append(payloads, o.failedPayload(errs))
			}
		}
	}
	p.Drop()
	return p.format.appendPart(nil, payloads, nil, false)
}
