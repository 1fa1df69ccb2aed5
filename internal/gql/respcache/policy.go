package respcache

import (
	"fmt"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// Policy is what the schema says about keeping the answer of an operation.
type Policy struct {
	MaxAge  time.Duration // 0 is not at all
	Private bool          // for its viewer alone
}

// Policies are the @cacheControl directives of a schema, by the rules of Apollo
// Server 5: https://www.apollographql.com/docs/apollo-server/performance/caching.
type Policies struct {
	schema *ast.Schema
	fields map[*ast.FieldDefinition]cacheHint
}

// cacheHint is what a directive says, or what a field contributes to the policy of an
// operation: where it then has no maxAge, it is as good as its parent.
type cacheHint struct {
	maxAge        *int // seconds
	scope         string
	inheritMaxAge bool
}

// NewPolicies reads the directives of a schema. An error names the one that makes no
// sense.
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
	given := list.ForName("cacheControl")
	if given == nil {
		return h, nil
	}
	for _, a := range given.Arguments {
		switch a.Name {
		case "maxAge":
			n, err := strconv.Atoi(a.Value.Raw)
			if err != nil || n < 0 {
				return h, fmt.Errorf("maxAge must be a number of seconds of 0 or more, not %s", a.Value.Raw)
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

// restrictInterfaces makes a field of an interface the strictest among the types that
// implement it: which of them an object has, is not known before it is read.
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

// OperationPolicy returns the policy of an operation of a validated document: the least maxAge of
// its fields, and private if any is. What @skip or @include leave out does not
// count; of what stands under a type condition all does.
func (p *Policies) OperationPolicy(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) Policy {
	w := p.walkOperation(doc, op, variables)
	policy := Policy{Private: w.combined.scope == scopePrivate}
	if w.combined.maxAge != nil {
		policy.MaxAge = time.Duration(*w.combined.maxAge) * time.Second
	}
	return policy
}

// NeverCacheable tells whether the answer of an operation may not be kept, whatever its
// variables are: a field that none of them leaves out has a maxAge of 0.
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

// policyWalk visits each fragment once, however often it is spread: what it
// contributes is the same everywhere.
type policyWalk struct {
	policies         *Policies
	doc              *ast.QueryDocument
	variables        map[string]any
	visitedFragments map[string]bool
	unknownVariables bool // a variable that is not known has a say
	combined         cacheHint
}

func (w *policyWalk) visitSelections(set ast.SelectionSet) {
	for _, sel := range set {
		switch s := sel.(type) {
		case *ast.Field:
			if s.Name != "__typename" && w.isIncluded(s.Directives) {
				w.combined = stricterHint(w.combined, w.policies.fields[s.Definition])
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

func (w *policyWalk) isIncluded(list ast.DirectiveList) bool {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		is, known := w.evaluateCondition(d)
		w.unknownVariables = w.unknownVariables || !known
		if !known || is != (d.Name == "include") {
			return false
		}
	}
	return true
}

func (w *policyWalk) evaluateCondition(d *ast.Directive) (is, known bool) {
	given := d.Arguments.ForName("if")
	if given == nil {
		return false, false
	}
	if given.Value.Kind == ast.Variable {
		is, known = w.variables[given.Value.Raw].(bool)
		return is, known
	}
	return given.Value.Raw == "true", true
}
