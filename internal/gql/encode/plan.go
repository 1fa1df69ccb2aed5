package encode

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/jsontext"
)

// Types describes the object types of the schema, for the compilation of plans.
type Types struct {
	// Fields describes the fields of each type.
	Fields map[string]map[string]FieldType
	// Implements lists each type with its interfaces.
	Implements map[string][]string
	// Args validates the arguments of a field.
	Args func(ctx context.Context, typ string, index int, raw map[string]any) (map[string]any, error)
}

// FieldType is a field's index in its type, and whether a resolver computes the field.
type FieldType struct {
	Index    int
	Resolver bool
}

// Plan is a compiled selection on an object type.
type Plan struct {
	Fields []Field
	// Deferred are the fragments that are written in later parts of the response.
	Deferred []*incremental.Fragment
}

// Field is a field of a plan.
type Field struct {
	Index int             // of the field in its type; -1 for __typename
	Ctx   context.Context // for its resolver
	Args  map[string]any  // validated

	objectType   string // the type that has the field
	key          []byte // its response name as JSON, e.g. "title":
	argumentsErr error  // why its arguments are invalid
	root         bool
	collected    *graphql.CollectedField
	plans        []typePlan
	bytes        int // in the response, without those of the fields below it
}

type typePlan struct {
	typeName string
	plan     *Plan
}

// PlanSelection returns the plan of the selection on a field whose value is an object of a type.
// It compiles each plan once.
func (e *Encoder[R]) PlanSelection(f *Field, typ string) *Plan {
	for i := range f.plans {
		if f.plans[i].typeName == typ {
			return f.plans[i].plan
		}
	}
	p := e.compilePlan(f, typ)
	f.plans = append(f.plans, typePlan{typ, p})
	return p
}

func (e *Encoder[R]) compilePlan(f *Field, typ string) *Plan {
	selection := incremental.Collect(e.op, f.collected.Selections, e.types.Implements[typ])
	collected := selection.Fields
	p := &Plan{Fields: make([]Field, len(collected)), Deferred: selection.Deferred}
	names := 0
	for i := range collected {
		names += len(collected[i].Alias) + len(`"":`)
	}
	keys := make([]byte, 0, names)
	for i := range collected {
		c, to, start := &collected[i], &p.Fields[i], len(keys)
		keys = append(jsontext.AppendString(keys, c.Alias), ':')
		*to = Field{Index: -1, Ctx: f.Ctx, objectType: typ, key: keys[start:len(keys):len(keys)], collected: c}
		if c.Name == "__typename" {
			continue
		}
		field := e.types.Fields[typ][c.Name]
		to.Index = field.Index
		if !field.Resolver {
			continue // it needs no context of its own
		}
		context := &graphql.FieldContext{Object: typ, Field: *c, IsResolver: true}
		to.Ctx = graphql.WithFieldContext(f.Ctx, context)
		if len(c.Definition.Arguments) > 0 {
			to.Args, to.argumentsErr = e.types.Args(to.Ctx, typ, to.Index, c.ArgumentMap(e.op.Variables))
			context.Args = to.Args
		}
	}
	return p
}
