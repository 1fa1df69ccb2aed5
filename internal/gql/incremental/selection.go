package incremental

import (
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// directiveDefer is the directive of a fragment that may be sent later.
const directiveDefer = "defer"

// Selection is a selection set on an object type, split by @defer.
type Selection struct {
	// Fields belong to the part that has the object.
	Fields []graphql.CollectedField
	// Deferred are the fragments that are sent later.
	Deferred []*Fragment
}

// Fragment is a deferred fragment of a selection set.
type Fragment struct {
	// Directive identifies the fragment in the document.
	Directive *ast.Directive
	Label     string
	// Inherited is set if the fragment began at an object above, which also has a field of its path in an
	// earlier part.
	Inherited bool
	// Selections is what the fragment selects, except fields that are in an earlier part. It may be empty.
	Selections ast.SelectionSet
}

// markInherited is beside the @defer of a fragment that splitFragment has moved below a field.
var markInherited = &ast.Directive{Name: "inherited"}

// selectionCache holds the selections of one operation. It retains each selection set that it has passed to gqlgen,
// which caches fields by the address of the set: another set must not get the address of one that was freed.
type selectionCache struct {
	mu       sync.Mutex
	entries  map[selectionKey]Selection
	retained []ast.SelectionSet
}

// selectionKey identifies a selection set by its first element, as gqlgen does.
type selectionKey struct {
	first    *ast.Selection
	n        int
	typeName string
}

// Collect returns the fields that a selection set selects on a type. The types are the name of the object
// type, and those of its interfaces. Without parts nothing is deferred.
func Collect(op *graphql.OperationContext, sel ast.SelectionSet, types []string) Selection {
	p := PartsOf(op)
	if p == nil {
		return Selection{Fields: graphql.CollectFields(op, sel, types)}
	}
	p.selections.mu.Lock()
	defer p.selections.mu.Unlock()
	return p.selections.collect(op, sel, types)
}

// collect requires the mutex.
func (s *selectionCache) collect(op *graphql.OperationContext, sel ast.SelectionSet, types []string) Selection {
	if len(sel) == 0 {
		return Selection{}
	}
	key := selectionKey{&sel[0], len(sel), types[0]}
	if cached, ok := s.entries[key]; ok {
		return cached
	}
	c := collector{op: op, types: types, spread: map[string]bool{}}
	c.collect(sel)
	s.retained = append(s.retained, c.plain)
	split := Selection{Fields: graphql.CollectFields(op, c.plain, types), Deferred: c.deferred}
	for _, f := range c.deferred {
		split.Fields = s.splitFragment(op, f, split.Fields, types)
	}
	s.entries[key] = split
	return split
}

// retain retains a selection set that gqlgen will collect.
func (s *selectionCache) retain(sel ast.SelectionSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retained = append(s.retained, sel)
}

// collector collects the fields and deferred fragments of one selection set.
type collector struct {
	op       *graphql.OperationContext
	types    []string
	plain    ast.SelectionSet // fields
	deferred []*Fragment
	spread   map[string]bool // fragments that are not deferred
}

func (c *collector) collect(sel ast.SelectionSet) {
	for _, s := range sel {
		switch s := s.(type) {
		case *ast.Field:
			c.plain = append(c.plain, s)
		case *ast.InlineFragment:
			c.collectFragment(s.TypeCondition, s.Directives, s.SelectionSet)
		case *ast.FragmentSpread:
			fragment := c.op.Doc.Fragments.ForName(s.Name)
			if findDefer(c.op, s.Directives) == nil && isIncluded(c.op, s.Directives) {
				if c.spread[s.Name] {
					continue
				}
				c.spread[s.Name] = true
			}
			c.collectFragment(fragment.TypeCondition, s.Directives, fragment.SelectionSet)
		}
	}
}

func (c *collector) collectFragment(typeCondition string, directives ast.DirectiveList, sel ast.SelectionSet) {
	if !isIncluded(c.op, directives) || typeCondition != "" && !slices.Contains(c.types, typeCondition) {
		return
	}
	d := findDefer(c.op, directives)
	if d == nil {
		c.collect(sel)
		return
	}
	label, _ := d.ArgumentMap(c.op.Variables)["label"].(string)
	c.deferred = append(c.deferred, &Fragment{Directive: d, Label: label, Inherited: slices.Contains(directives, markInherited), Selections: sel})
}

// splitFragment removes the fields from a deferred fragment that are selected without it, too. Selections of the
// fragment below them are moved into them, as a deferred fragment.
func (s *selectionCache) splitFragment(op *graphql.OperationContext, f *Fragment, fields []graphql.CollectedField, types []string) []graphql.CollectedField {
	below := s.collect(op, f.Selections, types)
	var rest ast.SelectionSet
	for _, field := range below.Fields {
		at := slices.IndexFunc(fields, func(g graphql.CollectedField) bool { return g.Alias == field.Alias })
		if at < 0 {
			alone := *field.Field
			alone.SelectionSet = field.Selections
			rest = append(rest, &alone)
			continue
		}
		if len(field.Selections) > 0 {
			moved := &ast.InlineFragment{Directives: ast.DirectiveList{f.Directive, markInherited}, SelectionSet: field.Selections, Position: f.Directive.Position}
			fields = slices.Clone(fields) // gqlgen caches them
			fields[at].Selections = append(slices.Clip(fields[at].Selections), moved)
		}
	}
	if len(rest) == len(below.Fields) {
		return fields
	}
	for _, nested := range below.Deferred {
		directives := ast.DirectiveList{nested.Directive}
		if nested.Inherited {
			directives = append(directives, markInherited)
		}
		rest = append(rest, &ast.InlineFragment{Directives: directives, SelectionSet: nested.Selections, Position: nested.Directive.Position})
	}
	f.Selections = rest
	return fields
}

// findDefer returns the @defer of a fragment, nil if it has none or its condition is false.
func findDefer(op *graphql.OperationContext, directives ast.DirectiveList) *ast.Directive {
	d := directives.ForName(directiveDefer)
	if d == nil || d.ArgumentMap(op.Variables)["if"] == false {
		return nil
	}
	return d
}

// isIncluded reports whether @skip and @include include a selection.
func isIncluded(op *graphql.OperationContext, directives ast.DirectiveList) bool {
	if len(directives) == 0 {
		return true
	}
	if d := directives.ForName("skip"); d != nil && d.ArgumentMap(op.Variables)["if"] == true {
		return false
	}
	d := directives.ForName("include")
	return d == nil || d.ArgumentMap(op.Variables)["if"] == true
}

// HasDefer reports whether an operation defers a fragment.
func HasDefer(op *graphql.OperationContext) bool {
	visited := map[string]bool{}
	var visit func(ast.SelectionSet) bool
	visit = func(sel ast.SelectionSet) bool {
		return slices.ContainsFunc(sel, func(s ast.Selection) bool {
			switch s := s.(type) {
			case *ast.Field:
				return visit(s.SelectionSet)
			case *ast.InlineFragment:
				return findDefer(op, s.Directives) != nil || visit(s.SelectionSet)
			case *ast.FragmentSpread:
				if findDefer(op, s.Directives) != nil {
					return true
				}
				if visited[s.Name] {
					return false
				}
				visited[s.Name] = true
				return visit(op.Doc.Fragments.ForName(s.Name).SelectionSet)
			}
			return false
		})
	}
	return visit(op.Operation.SelectionSet)
}
