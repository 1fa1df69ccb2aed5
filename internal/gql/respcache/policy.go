package respcache

import (
	"fmt"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// Policy is what the schema says about caching the response of an operation.
type Policy struct {
	MaxAge  time.Duration // 0 if it must not be cached
	Private bool          // whether only its viewer may get it
}

// Policies evaluates the @cacheControl directives of a schema, by the rules of Apollo
// Server 5: https://www.apollographql.com/docs/apollo-server/performance/caching.
type Policies struct {
	schema *ast.Schema
	fields map[*ast.FieldDefinition]cacheHint
}

// cacheHint is the content of a directive, or the contribution of a field to the policy of an
// operation. A field without maxAge inherits that of its parent.
type cacheHint struct {
	maxAge        *int // seconds
	scope         string
	inheritMaxAge bool
}

// NewPolicies reads the directives of a schema. An error names the field of an invalid one.
func NewPolicies(s *ast.Schema) (*Policies, error) {
	p := &Policies{schema: s, fields: map[*ast.FieldDefinition]cacheHint{}}
	for _, def := range s.Types {
		if def.Kind != ast.Object && def.Kind != ast.Interface {
			continue
		}
		for _, f := range def.Fields {
			h, err := p.parseFieldHint(f, def == s.Query)
			if err != nil {
				return nil, fmt.Errorf("@cacheControl of %s.%s: %w", def.Name, f.Name, err)
			}
			p.fields[f] = h
		}
	}
	p.restrictInterfaces()
	return p, nil
}

// parseFieldHint combines the directive of a field with that of its type. root is set for
// fields of Query.
func (p *Policies) parseFieldHint(f *ast.FieldDefinition, root bool) (h cacheHint, err error) {
	named := p.schema.Types[f.Type.Name()]
	composite := named != nil && named.IsCompositeType()
	if composite {
		if h, err = parseCacheControl(named.Directives); err != nil {
			return h, err
		}
	}
	own, err := parseCacheControl(f.Directives)
	switch {
	case err != nil:
		return h, err
	case own.inheritMaxAge && h.maxAge == nil:
		h.inheritMaxAge = true
	case own.maxAge != nil:
		h.maxAge = own.maxAge
	}
	if own.scope != "" {
		h.scope = own.scope
	}
	if h.maxAge == nil && (root || composite && !h.inheritMaxAge) {
		h.maxAge = new(int)
	}
	return h, nil
}

func parseCacheControl(list ast.DirectiveList) (h cacheHint, err error) {
	d := list.ForName("cacheControl")
	if d == nil {
		return h, nil
	}
	for _, a := range d.Arguments {
		switch a.Name {
		case "maxAge":
			n, err := strconv.Atoi(a.Value.Raw)
			if err != nil || n < 0 {
				return h, fmt.Errorf("maxAge %s is not a number of seconds of 0 or more", a.Value.Raw)
			}
			h.maxAge = &n
		case "scope":
			h.scope = a.Value.Raw
		case "inheritMaxAge":
			h.inheritMaxAge = a.Value.Raw == "true"
		}
	}
	return h, nil
}

// restrictInterfaces gives each field of an interface the strictest hint of the types that
// implement it. The type of an object is not known before it is read.
func (p *Policies) restrictInterfaces() {
	for _, def := range p.schema.Types {
		if def.Kind != ast.Interface {
			continue
		}
		for _, f := range def.Fields {
			h := p.fields[f]
			for _, possible := range p.schema.GetPossibleTypes(def) {
				if own := possible.Fields.ForName(f.Name); own != nil {
					h = stricterHint(h, p.fields[own])
				}
			}
			p.fields[f] = h
		}
	}
}

// stricterHint returns the smaller maxAge of two hints, and scopePrivate if either has it.
func stricterHint(a, b cacheHint) cacheHint {
	if a.maxAge == nil || b.maxAge != nil && *b.maxAge < *a.maxAge {
		a.maxAge = b.maxAge
	}
	if b.scope == scopePrivate {
		a.scope = scopePrivate
	}
	return a
}

const scopePrivate = "PRIVATE"

// OperationPolicy returns the policy of an operation of a validated document: the smallest
// maxAge of its fields, and private if any field is. Fields that @skip or @include leave out
// do not count. Fields under a type condition all do.
func (p *Policies) OperationPolicy(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) Policy {
	w := p.walkOperation(doc, op, variables)
	policy := Policy{Private: w.combined.scope == scopePrivate}
	if w.combined.maxAge != nil {
		policy.MaxAge = time.Duration(*w.combined.maxAge) * time.Second
	}
	return policy
}

// NeverCacheable reports whether no variables make the response of an operation cacheable: a
// field that no variable leaves out has a maxAge of 0.
func (p *Policies) NeverCacheable(doc *ast.QueryDocument, op *ast.OperationDefinition) bool {
	w := p.walkOperation(doc, op, nil)
	if w.combined.maxAge == nil {
		return !w.unknownVariables
	}
	return *w.combined.maxAge == 0
}

func (p *Policies) walkOperation(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) *policyWalk {
	w := &policyWalk{policies: p, doc: doc, variables: variables, visitedFragments: map[string]bool{}}
	if op.Operation == ast.Query {
		w.visitSelections(op.SelectionSet)
	}
	return w
}

// policyWalk combines the hints of an operation. It visits each fragment once, however often
// it is spread: its contribution is the same everywhere.
type policyWalk struct {
	policies         *Policies
	doc              *ast.QueryDocument
	variables        map[string]any
	visitedFragments map[string]bool
	unknownVariables bool // whether a condition depends on a variable without a value
	combined         cacheHint
	reasons          policyReasons
}

func (w *policyWalk) visitSelections(set ast.SelectionSet) {
	for _, sel := range set {
		switch s := sel.(type) {
		case *ast.Field:
			if s.Name != "__typename" && w.isIncluded(s.Directives) {
				before := w.combined
				w.combined = stricterHint(before, w.policies.fields[s.Definition])
				w.recordReason(s, before)
				w.visitSelections(s.SelectionSet)
			}
		case *ast.InlineFragment:
			if w.isIncluded(s.Directives) {
				w.visitSelections(s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if f := w.doc.Fragments.ForName(s.Name); f != nil && w.isIncluded(s.Directives) && !w.visitedFragments[s.Name] {
				w.visitedFragments[s.Name] = true
				w.visitSelections(f.SelectionSet)
			}
		}
	}
}

// isIncluded reports whether @skip and @include include a selection; false if that depends on
// a variable without a value.
func (w *policyWalk) isIncluded(list ast.DirectiveList) bool {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		value, known := w.evaluateCondition(d)
		w.unknownVariables = w.unknownVariables || !known
		if !known || value != (d.Name == "include") {
			return false
		}
	}
	return true
}

func (w *policyWalk) evaluateCondition(d *ast.Directive) (value, known bool) {
	condition := d.Arguments.ForName("if")
	if condition == nil {
		return false, false
	}
	if condition.Value.Kind == ast.Variable {
		value, known = w.variables[condition.Value.Raw].(bool)
		return value, known
	}
	return condition.Value.Raw == "true", true
}
