package explain

import (
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Selection is a field of the operation that returns objects.
type Selection struct {
	// Path is the names in the response that lead to the field, with dots.
	Path string `json:"path"`
	// Field is the field of the schema, as Type.field.
	Field string `json:"field"`
	// Trips are the round trips with a batch for which the field has waited. A field of the schema that is selected at
	// several paths has those of all of them.
	Trips []int `json:"trips"`
}

// maxSelections is the maximum number of selections in a plan: fragments can multiply them.
const maxSelections = 500

type selectionWalk struct {
	op      *graphql.OperationContext
	byField map[string][]int // round trips
	list    []Selection
	seen    map[string]bool // paths
}

// listSelections returns the fields of an operation that return objects, parents first.
func listSelections(op *graphql.OperationContext, trips []Trip) []Selection {
	w := &selectionWalk{op: op, byField: map[string][]int{}, list: []Selection{}, seen: map[string]bool{}}
	for _, t := range trips {
		for _, b := range t.Batches {
			if !slices.Contains(w.byField[b.Field], t.Number) {
				w.byField[b.Field] = append(w.byField[b.Field], t.Number)
			}
		}
	}
	if op != nil && op.Operation != nil {
		w.visit("", op.Operation.SelectionSet)
	}
	return w.list
}

func (w *selectionWalk) visit(path string, set ast.SelectionSet) {
	for _, sel := range set {
		if len(w.list) == maxSelections {
			return
		}
		switch s := sel.(type) {
		case *ast.Field:
			if len(s.SelectionSet) > 0 && w.isIncluded(s.Directives) {
				w.visitField(path, s)
			}
		case *ast.InlineFragment:
			if w.isIncluded(s.Directives) {
				w.visit(path, s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if f := w.op.Doc.Fragments.ForName(s.Name); f != nil && w.isIncluded(s.Directives) {
				w.visit(path, f.SelectionSet)
			}
		}
	}
}

func (w *selectionWalk) visitField(path string, f *ast.Field) {
	if path != "" {
		path += "."
	}
	path += f.Alias
	s := Selection{Path: path, Trips: []int{}}
	if f.ObjectDefinition != nil {
		s.Field = f.ObjectDefinition.Name + "." + f.Name
		s.Trips = append(s.Trips, w.byField[s.Field]...)
	}
	if !w.seen[path] {
		w.seen[path] = true
		w.list = append(w.list, s)
	}
	w.visit(path, f.SelectionSet)
}

// isIncluded reports whether @skip and @include include a selection.
func (w *selectionWalk) isIncluded(list ast.DirectiveList) bool {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		if condition, ok := d.ArgumentMap(w.op.Variables)["if"].(bool); ok && condition != (d.Name == "include") {
			return false
		}
	}
	return true
}
