package admit

import (
	"cmp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// counts are what a document has of what is limited.
type counts struct {
	steps   int // parts that were looked at
	aliases int
	spreads int
	// repetitions are response names beyond their first place in a selection set,
	// sameField the most that one field stands in one.
	repetitions, sameField   int
	directive, inPlace       int
	variables, mostArguments int

	scopes int32
	names  map[scopedName]names
}

type scopedName struct {
	scope int32
	name  string
}

// names tells how often a name is in a selection set as response name and as field.
type names struct{ response, field int }

// scope begins a selection set.
func (c *counts) scope() int32 {
	c.scopes++
	return c.scopes
}

func (c *counts) operation(o *ast.OperationDefinition) {
	c.steps += 1 + len(o.VariableDefinitions)
	c.variables = max(c.variables, len(o.VariableDefinitions))
}

func (c *counts) field(f *ast.Field, scope int32) {
	if c.names == nil {
		c.names = make(map[scopedName]names, 64)
	}
	response, field := scopedName{scope, f.Alias}, scopedName{scope, f.Name}
	n := c.names[response]
	if n.response++; n.response > 1 {
		c.repetitions++
	}
	if f.Alias == f.Name {
		n.field++
		c.names[response] = n
		c.sameField = max(c.sameField, n.field)
		return
	}
	c.aliases++
	c.names[response] = n
	n = c.names[field]
	n.field++
	c.names[field] = n
	c.sameField = max(c.sameField, n.field)
}

func (c *counts) arguments(list ast.ArgumentList) {
	c.steps += len(list)
	c.mostArguments = max(c.mostArguments, len(list))
}

func (c *counts) directives(list ast.DirectiveList) {
	c.steps += len(list)
	c.directive += len(list)
	c.inPlace = max(c.inPlace, len(list))
}

// refusal returns that of the first limit which the document exceeds.
func (w *walker) refusal() *Refusal {
	l, c := w.policy.limits, w.counts
	r := cmp.Or(
		over(TooManyAliases, "aliases in the document", c.aliases, l.Aliases),
		over(TooManyRepetitions, "places of one field in a selection set", c.sameField, l.SameField),
		over(TooManyRepetitions, "response names repeated in their selection sets", c.repetitions, l.Repeated),
		over(TooManyDirectives, "directives in the document", c.directive, l.Directives),
		over(TooManyDirectives, "directives in one place", c.inPlace, l.DirectivesInPlace),
		over(TooManyFragments, "fragment spreads", c.spreads, l.Spreads),
		over(TooManyVariables, "variables of an operation", c.variables, l.Variables),
		over(TooManyArguments, "arguments in one place", c.mostArguments, l.Arguments),
	)
	for _, b := range w.doc.blocks {
		r = cmp.Or(r,
			over(TooDeep, "levels of fields", b.depth, l.Depth),
			over(TooDeep, "levels of introspection", b.introspection, l.IntrospectionDepth))
	}
	for _, o := range w.doc.operations {
		root := w.doc.blocks[o.root()]
		r = cmp.Or(r, over(TooManyRootFields, "fields at the root", root.fields, l.RootFields))
		if o.definition.Operation == ast.Mutation {
			r = cmp.Or(r,
				over(TooManyRootFields, "fields of a mutation", root.fields, l.MutationFields),
				over(TooManyRootFields, "fields of a mutation among "+strings.Join(l.LoginFields, ", "), root.logins, l.Logins))
		}
	}
	return r
}

// plus adds counts of fragments, which can double with each.
func plus(a, b int) int { return min(a+b, 1<<40) }
