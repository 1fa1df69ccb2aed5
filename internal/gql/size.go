package gql

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
)

const codeTooExpensive = "COST_ESTIMATED_TOO_EXPENSIVE"

// maxFields is how many fields an answer may have at most, as far as the document
// tells: BrowseTree has 3,000, a Catalog page of 100 courses 1,700.
const maxFields = 100_000

// assumedLength is taken for a list that nothing says the length of.
const assumedLength = 20

// size refuses operations whose answers could have too many fields, before
// anything is read: lists within lists multiply, and so do fragments within
// fragments. A fragment is counted once, wherever it is spread, so that counting
// is linear in the document. It also refuses variables that are null where the
// document must have a value, on which gqlgen panics or takes a zero.
type size struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = size{}

func (size) ExtensionName() string                   { return "Size" }
func (size) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses what is too large.
func (size) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	c := &counter{variables: op.Variables, fragments: map[*ast.FragmentDefinition]int{}}
	n := c.selection(op.Operation.SelectionSet)
	if c.null != "" {
		return refused(string(edu.BadUserInput), "variable $%s must not be null where it is used", c.null)
	}
	if n > maxFields {
		return refused(codeTooExpensive,
			"the answer could have more than %d fields: ask for fewer rows at a time, or for fewer levels of lists", maxFields)
	}
	return nil
}

func refused(code, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	err.Extensions = map[string]any{"code": code}
	return err
}

type counter struct {
	variables map[string]any
	fragments map[*ast.FragmentDefinition]int
	null      string // a variable that is null where it must not be
}

func (c *counter) selection(set ast.SelectionSet) int {
	n := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			c.directives(s.Directives)
			if strings.HasPrefix(s.Name, "__") {
				n++ // introspection is as large as the schema; validation bounds its depth
				continue
			}
			n += c.field(s)
		case *ast.InlineFragment:
			c.directives(s.Directives)
			n += c.selection(s.SelectionSet)
		case *ast.FragmentSpread:
			c.directives(s.Directives)
			n += c.fragment(s.Definition)
		}
		n = min(n, maxFields+1)
	}
	return n
}

func (c *counter) fragment(f *ast.FragmentDefinition) int {
	n, counted := c.fragments[f]
	if !counted {
		n = c.selection(f.SelectionSet)
		c.fragments[f] = n
	}
	return n
}

// field counts a field and what is below it, once for each row.
func (c *counter) field(f *ast.Field) int {
	for _, a := range f.Arguments {
		if d := f.Definition.Arguments.ForName(a.Name); d != nil && d.Type.NonNull {
			c.notNull(a.Value)
		}
	}
	below := c.selection(f.SelectionSet)
	return min(1+below*c.rows(f), maxFields+1)
}

// rows is how many rows a field's value can have. Those of a connection are
// counted at the connection, and not again at its edges or nodes.
func (c *counter) rows(f *ast.Field) int {
	paged := f.Definition.Arguments.ForName("first") != nil
	inConnection := f.ObjectDefinition != nil && f.ObjectDefinition.Fields.ForName("pageInfo") != nil
	if f.Definition.Type.Elem == nil && !paged || inConnection || len(f.SelectionSet) == 0 {
		return 1
	}
	args := f.ArgumentMap(c.variables)
	for _, name := range []string{"first", "last"} {
		if n, err := graphql.UnmarshalInt(args[name]); args[name] != nil && err == nil {
			return min(max(n, 0), edu.MaxPageSize)
		}
	}
	if ids, ok := args["ids"].([]any); ok {
		return len(ids)
	}
	return assumedLength
}

func (c *counter) directives(list ast.DirectiveList) {
	for _, d := range list {
		for _, a := range d.Arguments {
			c.notNull(a.Value)
		}
	}
}

func (c *counter) notNull(v *ast.Value) {
	if v != nil && v.Kind == ast.Variable {
		if value, given := c.variables[v.Raw]; given && value == nil {
			c.null = v.Raw
		}
	}
}
