package answers

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
	fields map[*ast.FieldDefinition]hint
}

// hint is what a directive says, or what a field contributes to the policy of an
// operation: where it then has no maxAge, it is as good as its parent.
type hint struct {
	maxAge  *int // seconds
	scope   string
	inherit bool
}

// NewPolicies reads the directives of a schema. An error names the one that makes no
// sense.
func NewPolicies(s *ast.Schema) (*Policies, error) {
	p := &Policies{schema: s, fields: map[*ast.FieldDefinition]hint{}}
	for _, def := range s.Types {
		if def.Kind != ast.Object && def.Kind != ast.Interface {
			continue
		}
		for _, f := range def.Fields {
			h, err := p.contribution(f, def == s.Query)
			if err != nil {
				return nil, fmt.Errorf("@cacheControl of %s.%s: %w", def.Name, f.Name, err)
			}
			p.fields[f] = h
		}
	}
	p.generalize()
	return p, nil
}

func (p *Policies) contribution(f *ast.FieldDefinition, root bool) (h hint, err error) {
	named := p.schema.Types[f.Type.Name()]
	composite := named != nil && named.IsCompositeType()
	if composite {
		if h, err = directive(named.Directives); err != nil {
			return h, err
		}
	}
	own, err := directive(f.Directives)
	switch {
	case err != nil:
		return h, err
	case own.inherit && h.maxAge == nil:
		h.inherit = true
	case own.maxAge != nil:
		h.maxAge = own.maxAge
	}
	if own.scope != "" {
		h.scope = own.scope
	}
	if h.maxAge == nil && (root || composite && !h.inherit) {
		h.maxAge = new(int)
	}
	return h, nil
}

func directive(list ast.DirectiveList) (h hint, err error) {
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
			h.inherit = a.Value.Raw == "true"
		}
	}
	return h, nil
}

// generalize makes a field of an interface the strictest among the types that
// implement it: which of them an object has, is not known before it is read.
func (p *Policies) generalize() {
	for _, def := range p.schema.Types {
		if def.Kind != ast.Interface {
			continue
		}
		for _, f := range def.Fields {
			h := p.fields[f]
			for _, possible := range p.schema.GetPossibleTypes(def) {
				if own := possible.Fields.ForName(f.Name); own != nil {
					h = stricter(h, p.fields[own])
				}
			}
			p.fields[f] = h
		}
	}
}

func stricter(a, b hint) hint {
	if a.maxAge == nil || b.maxAge != nil && *b.maxAge < *a.maxAge {
		a.maxAge = b.maxAge
	}
	if b.scope == private {
		a.scope = private
	}
	return a
}

const private = "PRIVATE"

// Of returns the policy of an operation of a validated document: the least maxAge of
// its fields, and private if any is. What @skip or @include leave out does not
// count; of what stands under a type condition all does.
func (p *Policies) Of(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) Policy {
	w := p.walk(doc, op, variables)
	policy := Policy{Private: w.sum.scope == private}
	if w.sum.maxAge != nil {
		policy.MaxAge = time.Duration(*w.sum.maxAge) * time.Second
	}
	return policy
}

// Never tells whether the answer of an operation may not be kept, whatever its
// variables are: a field that none of them leaves out has a maxAge of 0.
func (p *Policies) Never(doc *ast.QueryDocument, op *ast.OperationDefinition) bool {
	w := p.walk(doc, op, nil)
	if w.sum.maxAge == nil {
		return !w.open
	}
	return *w.sum.maxAge == 0
}

func (p *Policies) walk(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) *policyWalk {
	w := &policyWalk{policies: p, doc: doc, variables: variables, fragments: map[string]bool{}}
	if op.Operation == ast.Query {
		w.selections(op.SelectionSet)
	}
	return w
}

// policyWalk visits each fragment once, however often it is spread: what it
// contributes is the same everywhere.
type policyWalk struct {
	policies  *Policies
	doc       *ast.QueryDocument
	variables map[string]any
	fragments map[string]bool
	open      bool // a variable that is not known has a say
	sum       hint
}

func (w *policyWalk) selections(set ast.SelectionSet) {
	for _, sel := range set {
		switch s := sel.(type) {
		case *ast.Field:
			if s.Name != "__typename" && w.there(s.Directives) {
				w.sum = stricter(w.sum, w.policies.fields[s.Definition])
				w.selections(s.SelectionSet)
			}
		case *ast.InlineFragment:
			if w.there(s.Directives) {
				w.selections(s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if f := w.doc.Fragments.ForName(s.Name); f != nil && w.there(s.Directives) && !w.fragments[s.Name] {
				w.fragments[s.Name] = true
				w.selections(f.SelectionSet)
			}
		}
	}
}

func (w *policyWalk) there(list ast.DirectiveList) bool {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		is, known := w.condition(d)
		w.open = w.open || !known
		if !known || is != (d.Name == "include") {
			return false
		}
	}
	return true
}

func (w *policyWalk) condition(d *ast.Directive) (is, known bool) {
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
