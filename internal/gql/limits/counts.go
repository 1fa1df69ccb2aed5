package limits

import (
	"cmp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// documentCounts are what a document has of what is limited.
type documentCounts struct {
	steps   int // parts that were looked at
	aliases int
	spreads int
	// repetitions are response names beyond their first place in a selection set,
	// sameField the most that one field stands in one.
	repetitions, maxSameField                 int
	totalDirectives, maxDirectivesPerLocation int
	maxVariables, maxArguments                int

	scopes     int32
	nameCounts map[scopedName]nameCount
}

type scopedName struct {
	scope int32
	name  string
}

// nameCount tells how often a name is in a selection set as response name and as field.
type nameCount struct{ response, field int }

// openScope begins a selection set.
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

// checkLimits returns that of the first limit which the document exceeds.
func (w *compiler) checkLimits() *Rejection {
	l, c := w.policy.limits, w.counts
	r := cmp.Or(
		rejectExcess(TooManyAliases, "aliases in the document", c.aliases, l.Aliases),
		rejectExcess(TooManyRepetitions, "places of one field in a selection set", c.maxSameField, l.SameFieldPerSet),
		rejectExcess(TooManyRepetitions, "response names repeated in their selection sets", c.repetitions, l.RepeatedNames),
		rejectExcess(TooManyDirectives, "directives in the document", c.totalDirectives, l.Directives),
		rejectExcess(TooManyDirectives, "directives in one place", c.maxDirectivesPerLocation, l.DirectivesPerLocation),
		rejectExcess(TooManyFragments, "fragment spreads", c.spreads, l.Spreads),
		rejectExcess(TooManyVariables, "variables of an operation", c.maxVariables, l.Variables),
		rejectExcess(TooManyArguments, "arguments in one place", c.maxArguments, l.Arguments),
	)
	for _, b := range w.doc.blocks {
		r = cmp.Or(r,
			rejectExcess(TooDeep, "levels of fields", b.depth, l.Depth),
			rejectExcess(TooDeep, "levels of introspection", b.introspectionDepth, l.IntrospectionDepth))
	}
	for _, o := range w.doc.operations {
		root := w.doc.blocks[o.rootBlock()]
		r = cmp.Or(r, rejectExcess(TooManyRootFields, "fields at the root", root.topLevelFields, l.RootFields))
		if o.definition.Operation == ast.Mutation {
			r = cmp.Or(r,
				rejectExcess(TooManyRootFields, "fields of a mutation", root.topLevelFields, l.MutationFields),
				rejectExcess(TooManyRootFields, "fields of a mutation among "+strings.Join(l.LoginFields, ", "), root.logins, l.Logins))
		}
	}
	return r
}

// addSaturating adds counts of fragments, which can double with each.
func addSaturating(a, b int) int { return min(a+b, 1<<40) }
