package gql_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql"
)

// fetchIDs returns ids of each kind.
func fetchIDs(t *testing.T, h http.Handler) []string {
	t.Helper()
	resp := postQuery(t, h, admin, `{
		courses(first: 2) { nodes { id instructor { id } category { id } videos(first: 1) { nodes { id } } } }
		viewer { enrollments(first: 1) { nodes { id } } }
	}`)
	var ids []string
	for _, part := range strings.Split(resp.Text(), `"id":"`)[1:] {
		ids = append(ids, part[:strings.IndexByte(part, '"')])
	}
	if len(ids) < 4 {
		t.Fatalf("too few ids: %s", resp)
	}
	return ids
}

// queryGenerator generates random queries that are valid.
type queryGenerator struct {
	schema      *ast.Schema
	random      *rand.Rand
	ids         []string
	aliases     int
	permissible bool // without restrictedFields and invalid values
}

func newQueryGenerator(seed uint64, ids []string) *queryGenerator {
	return &queryGenerator{schema: gql.ExecutableSchema().Schema(), random: rand.New(rand.NewPCG(seed, seed)), ids: ids}
}

// restrictedFields are fields that some viewers may not read.
var restrictedFields = map[string]bool{
	"email": true, "plan": true, "preferences": true, "lastLogin": true, "sessions": true, "emailVerifiedAt": true, "dashboard": true, "enrollments": true, "continueLearning": true, "analytics": true,
	"wishlist": true, "certificates": true,
	"instructorDashboard": true, "platformDashboard": true,
}

// flipCoin returns true with probability p.
func (g *queryGenerator) flipCoin(p float64) bool { return g.random.Float64() < p }

// generateQuery returns a query with the variables $yes and $no.
func (g *queryGenerator) generateQuery() string {
	g.aliases = 0
	return "query Random($yes: Boolean!, $no: Boolean!) { a: __typename @include(if: $yes) b: __typename @skip(if: $no)" +
		g.generateFields(g.schema.Query, 4) + "}"
}

func (g *queryGenerator) generateSelection(d *ast.Definition, depth int) string {
	if d.Kind == ast.Interface {
		out := "{ __typename id"
		for _, p := range g.schema.GetPossibleTypes(d) {
			out += " ... on " + p.Name + g.generateSelection(p, depth)
		}
		return out + " }"
	}
	out := " { " + g.generateFields(d, depth)
	if g.flipCoin(0.2) {
		out += " ... on " + d.Name + " { " + g.generateFields(d, depth-1) + " }"
	}
	if g.flipCoin(0.2) {
		out += " __typename"
	}
	return out + " }"
}

func (g *queryGenerator) generateFields(d *ast.Definition, depth int) string {
	out := " __typename"
	picked := 0
	for _, i := range g.random.Perm(len(d.Fields)) {
		f := d.Fields[i]
		named := g.schema.Types[f.Type.Name()]
		if g.permissible && restrictedFields[f.Name] {
			continue
		}
		if strings.HasPrefix(f.Name, "__") || picked == 5 || (named.IsCompositeType() && depth <= 0) || (d == g.schema.Query && picked == 2) {
			continue
		}
		picked++
		g.aliases++
		out += fmt.Sprintf(" f%d: %s%s", g.aliases, f.Name, g.generateArguments(f))
		if g.flipCoin(0.1) {
			out += " @include(if: $yes)"
		}
		if named.IsCompositeType() {
			out += g.generateSelection(named, depth-1)
		}
	}
	return out
}

func (g *queryGenerator) generateArguments(f *ast.FieldDefinition) string {
	var args []string
	if f.Arguments.ForName("id") != nil && f.Arguments.ForName("slug") != nil {
		return fmt.Sprintf("(id: %q)", g.ids[g.random.IntN(len(g.ids))])
	}
	for _, a := range f.Arguments {
		if a.Name == "last" && f.Arguments.ForName("first") != nil && g.flipCoin(0.9) {
			continue // not together with first
		}
		if !a.Type.NonNull && g.flipCoin(0.7) || a.DefaultValue != nil && g.flipCoin(0.5) {
			continue
		}
		args = append(args, a.Name+": "+g.generateValue(a.Name, a.Type))
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

func (g *queryGenerator) generateValue(name string, t *ast.Type) string {
	d := g.schema.Types[t.Name()]
	switch {
	case t.Elem != nil:
		return "[" + g.generateValue(name, t.Elem) + ", " + g.generateValue(name, t.Elem) + "]"
	case d.Kind == ast.Enum:
		return d.EnumValues[g.random.IntN(len(d.EnumValues))].Name
	case d.Kind == ast.InputObject:
		var fields []string
		for _, f := range d.Fields {
			if f.Type.NonNull && f.DefaultValue == nil || g.flipCoin(0.3) {
				fields = append(fields, f.Name+": "+g.generateValue(f.Name, f.Type))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case t.Name() == "ID":
		if !g.permissible && g.flipCoin(0.05) {
			return `"nonsense"`
		}
		return fmt.Sprintf("%q", g.ids[g.random.IntN(len(g.ids))])
	case t.Name() == "Int":
		if !g.permissible && g.flipCoin(0.02) {
			return "-1"
		}
		return fmt.Sprint(1 + g.random.IntN(6))
	case t.Name() == "Float":
		return fmt.Sprint(g.random.Float64() * 5)
	case name == "query" || name == "prefix":
		return []string{`""`, `"python"`, `"pyhton"`, `"data -rust"`}[g.random.IntN(4)]
	case name == "after" || name == "before":
		return "null"
	default:
		return `"data-science"`
	}
}
