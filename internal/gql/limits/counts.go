package limits

import (
	"cmp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// documentCounts counts the parts of a document that are limited.
type documentCounts struct {
	steps   int // number of visited parts
	aliases int
	spreads int
	// repetitions counts response names after their first occurrence in a selection set.
	// maxSameField is how often, at most, one field occurs in a selection set.
	repetitions, maxSameField                 int
	totalDirectives, maxDirectivesPerLocation int
	maxVariables, maxArguments                int

	scopes     int32
	nameCounts map[scopedName]nameCount
}

// scopedName is a name in a selection set.
type scopedName struct {
	scope int32
	name  string
}

// nameCount is how often a name occurs in a selection set as a response name, and as a field.
type nameCount struct{ response, field int }

// openScope returns the number of a new selection set.
func (c *documentCounts) openScope() int32 {
	c.scopes++
	return c.scopes
}

func (c *documentCounts) countOperation(o *ast.OperationDefinition) {
	c.steps += 1 + len(o.VariableDefinitions)
	c.maxVariables = max(c.maxVariables, len(o.VariableDefinitions))
}

func (c *documentCounts) countField(f *ast.Field, scope int32) {
	if c.nameCounts == nil {
		c.nameCounts = make(map[scopedName]nameCount, 64)
	}
	response, field := scopedName{scope, f.Alias}, scopedName{scope, f.Name}
	n := c.nameCounts[response]
	if n.response++; n.response > 1 {
		c.repetitions++
	}
	if f.Alias == f.Name {
		n.field++
		c.nameCounts[response] = n
		c.maxSameField = max(c.maxSameField, n.field)
		return
	}
	c.aliases++
	c.nameCounts[response] = n
	n = c.nameCounts[field]
	n.field++
	c.nameCounts[field] = n
	c.maxSameField = max(c.maxSameField, n.field)
}

func (c *documentCounts) countArguments(list ast.ArgumentList) {
	c.steps += len(list)
	c.maxArguments = max(c.maxArguments, len(list))
}

func (c *documentCounts) countDirectives(list ast.DirectiveList) {
	c.steps += len(list)
	c.totalDirectives += len(list)
	c.maxDirectivesPerLocation = max(c.maxDirectivesPerLocation, len(list))
}

// checkLimits returns the rejection for the first limit that the document exceeds, nil for none.
func (c *compiler) checkLimits() *Rejection {
	l, n := c.policy.limits, c.counts
	r := cmp.Or(
		rejectExcess(TooManyAliases, "aliases in the document", n.aliases, l.Aliases),
		rejectExcess(TooManyRepetitions, "occurrences of one field in a selection set", n.maxSameField, l.SameFieldPerSet),
		rejectExcess(TooManyRepetitions, "response names repeated in their selection sets", n.repetitions, l.RepeatedNames),
		rejectExcess(TooManyDirectives, "directives in the document", n.totalDirectives, l.Directives),
		rejectExcess(TooManyDirectives, "directives in one location", n.maxDirectivesPerLocation, l.DirectivesPerLocation),
		rejectExcess(TooManyFragments, "fragment spreads", n.spreads, l.Spreads),
		rejectExcess(TooManyVariables, "variables of an operation", n.maxVariables, l.Variables),
		rejectExcess(TooManyArguments, "arguments of one field or directive", n.maxArguments, l.Arguments),
	)
	for _, b := range c.doc.blocks {
		r = cmp.Or(r,
			rejectExcess(TooDeep, "levels of fields", b.depth, l.Depth),
			rejectExcess(TooDeep, "levels of introspection", b.introspectionDepth, l.IntrospectionDepth))
	}
	for _, o := range c.doc.operations {
		root := c.doc.blocks[o.rootBlock()]
		r = cmp.Or(r, rejectExcess(TooManyRootFields, "fields at the root", root.topLevelFields, l.RootFields))
		if o.definition.Operation == ast.Mutation {
			r = cmp.Or(r,
				rejectExcess(TooManyRootFields, "fields of a mutation", root.topLevelFields, l.MutationFields),
				rejectExcess(TooManyRootFields, "fields of a mutation among "+strings.Join(l.LoginFields, ", "), root.logins, l.Logins))
		}
	}
	return r
}

// addSaturating returns the sum of two counts, at most 2^40: counts can double with each fragment.
func addSaturating(a, b int) int { return min(a+b, 1<<40) }
