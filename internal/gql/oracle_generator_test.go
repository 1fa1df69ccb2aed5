package gql_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// oracleGenerator generates requests to compare with graphql-js: valid ones, and ones with a few faults.
type oracleGenerator struct {
	schema    *ast.Schema
	random    *rand.Rand
	faults    float64 // probability of a fault at each place of the document
	badValues float64 // and of the variables
	names     int
	declared  []string // variable definitions
	values    []string // members of the variables, as JSON
	fragments []string
}

// oracleValues are texts of values, good and bad ones, as literals and as JSON.
type oracleValues struct{ literals, badLiterals, json, badJSON []string }

var scalarValues = map[string]oracleValues{
	"Int": {
		[]string{"5", "-3", "0", "2147483647", "-2147483648"},
		[]string{"2147483648", "1.5", "5.0", `"2"`, "true", "{}", "[1]", "A"},
		[]string{"5", "-3", "5.0", "2e0", "1.0e6", "-0.0", "2147483647"},
		[]string{"2147483648", "-2147483649", "1.5", `"2"`, "true", "{}", "[1]", "1e400"},
	},
	"Float": {
		[]string{"4.5", "4", "1e3"},
		[]string{`"4"`, "true", "{}", "NaN"},
		[]string{"4.5", "4", "1e3", "4.0"},
		[]string{`"4"`, "true", "{}", "[1]", "1e400"},
	},
	"String": {
		[]string{`"a"`, `""`, `"""b"""`, `"\u00e9"`, `"\ud83d\ude00"`},
		[]string{"12.5", "5", "true", `{a: "a"}`, "A"},
		[]string{`"a"`, `""`, `"\ud83d\ude00"`},
		[]string{"12.5", "5", "true", `["a"]`, "{}"},
	},
	"Boolean": {
		[]string{"true", "false"},
		[]string{`"true"`, "1", "TRUE", "{}"},
		[]string{"true", "false"},
		[]string{`"true"`, "1", "0", "{}", "[true]"},
	},
	"ID": {
		[]string{`"x"`, "4", "-4"},
		[]string{"1.5", "true", "{}", "A"},
		[]string{`"x"`, "4", "5.0", "-4"},
		[]string{"1.5", "true", "{}", "[]"},
	},
	"DateTime": {
		[]string{`"2026-01-31T09:30:00Z"`, `"2026-01-31T09:30:00.5+23:59"`},
		[]string{`"yesterday"`, "5", "A", `"2026-01-31T09:30:00+24:00"`, "{}"},
		[]string{`"2026-01-31T09:30:00Z"`, `"2026-01-31T09:30:00.5-01:00"`},
		[]string{`"yesterday"`, "5", "true", `"2026-01-31T09:30:00+24:00"`, `"2026-01-31T9:30:00Z"`, `["2026-01-31T09:30:00Z"]`},
	},
	"Decimal": {
		[]string{`"49.90"`, `"-1"`},
		[]string{`"1."`, "1.5", `"x"`, "A", "[]"},
		[]string{`"49.90"`, `"0"`},
		[]string{`"1."`, "1.5", `"x"`, "true", `".5"`},
	},
}

// flipCoin returns true with probability p, and fail and failIn with that of a fault.
func (g *oracleGenerator) flipCoin(p float64) bool { return g.random.Float64() < p }

func (g *oracleGenerator) fail() bool { return g.flipCoin(g.faults) }

func (g *oracleGenerator) failIn(literal bool) bool {
	if literal {
		return g.fail()
	}
	return g.flipCoin(g.badValues)
}

func (g *oracleGenerator) pick(list []string) string { return list[g.random.IntN(len(list))] }

func (g *oracleGenerator) newName() string {
	g.names++
	return fmt.Sprintf("n%d", g.names)
}

// generateRequest returns a document and its variables as a JSON object.
func (g *oracleGenerator) generateRequest() (query, variables string) {
	g.declared, g.values, g.fragments, g.names = nil, nil, nil, 0
	g.faults, g.badValues = []float64{0, 0, 0.04}[g.random.IntN(3)], []float64{0, 0, 0.15}[g.random.IntN(3)]
	kind, root := "query", g.schema.Query
	if g.schema.Mutation != nil && g.flipCoin(0.4) {
		kind, root = "mutation", g.schema.Mutation
	}
	set := g.generateSet(root, 3)
	if g.fail() {
		g.declared = append(g.declared, "$unused: "+g.pick([]string{"Int", "Query", "Missing"}))
	}
	head := kind + " Q"
	if len(g.declared) > 0 {
		head += "(" + strings.Join(g.declared, ", ") + ")"
	}
	return head + " " + set + strings.Join(g.fragments, ""), "{" + strings.Join(g.values, ", ") + "}"
}

// generateSet returns a selection set on a type.
func (g *oracleGenerator) generateSet(def *ast.Definition, depth int) string {
	selections := []string{}
	fields := def.Fields
	for range 1 + g.random.IntN(2) {
		if len(fields) == 0 {
			break
		}
		f := fields[g.random.IntN(len(fields))]
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		if composite := isComposite(g.schema.Types[f.Type.Name()]); composite && depth == 0 {
			continue
		}
		selections = append(selections, g.generateField(f, depth))
	}
	if g.fail() {
		selections = append(selections, "missing")
	}
	if len(selections) == 0 || g.flipCoin(0.1) {
		selections = append(selections, "__typename"+g.generateDirective())
	}
	set := "{ " + strings.Join(selections, " ") + " }"
	switch {
	case g.flipCoin(0.1):
		return "{ ... on " + g.pickType(def) + g.generateDirective() + " " + set + " }"
	case g.flipCoin(0.1):
		name := g.newName()
		g.fragments = append(g.fragments, " fragment "+name+" on "+g.pickType(def)+" "+set)
		return "{ ..." + name + g.generateDirective() + " }"
	case g.fail():
		return "{ ...missing }"
	}
	return set
}

// pickType returns the name of a type, or of another one as a fault.
func (g *oracleGenerator) pickType(def *ast.Definition) string {
	if g.fail() {
		return g.pick([]string{"Missing", "Int", "Query"})
	}
	return def.Name
}

func isComposite(def *ast.Definition) bool { return def.IsCompositeType() }

// generateField returns a field with arguments, an alias and a directive at times.
func (g *oracleGenerator) generateField(f *ast.FieldDefinition, depth int) string {
	text := f.Name
	if g.flipCoin(0.7) {
		text = g.newName() + ": " + f.Name
	}
	arguments := []string{}
	for _, a := range f.Arguments {
		if required := a.Type.NonNull && a.DefaultValue == nil; required && !g.fail() || !required && g.flipCoin(0.3) {
			arguments = append(arguments, a.Name+": "+g.generateValue(a.Type, a.DefaultValue != nil, 3))
		}
	}
	if g.fail() {
		arguments = append(arguments, "missing: 1")
	}
	if len(arguments) > 0 {
		text += "(" + strings.Join(arguments, ", ") + ")"
	}
	text += g.generateDirective()
	if def := g.schema.Types[f.Type.Name()]; isComposite(def) != g.fail() {
		if !isComposite(def) {
			return text + " { a }"
		}
		return text + " " + g.generateSet(def, depth-1)
	}
	return text
}

// generateDirective returns @skip or @include at times.
func (g *oracleGenerator) generateDirective() string {
	switch {
	case g.fail():
		return g.pick([]string{" @skip", " @missing", " @include(if: 1)", " @deprecated", " @skip(if: true) @skip(if: true)"})
	case g.flipCoin(0.1):
		return " @" + g.pick([]string{"skip", "include"}) + "(if: " + g.generateValue(ast.NonNullNamedType("Boolean", nil), false, 1) + ")"
	}
	return ""
}

// generateValue returns the literal of a type, or a new variable.
func (g *oracleGenerator) generateValue(typ *ast.Type, hasDefault bool, depth int) string {
	if g.flipCoin(0.5) {
		return g.generateVariable(typ, hasDefault)
	}
	return g.generateText(typ, true, depth)
}

// generateVariable declares a variable of a type, and returns its name.
func (g *oracleGenerator) generateVariable(typ *ast.Type, hasDefault bool) string {
	name, declared := g.newName(), *typ
	if g.flipCoin(0.3) {
		declared.NonNull = true
	} else if g.fail() || hasDefault && g.flipCoin(0.1) {
		declared.NonNull = false
	}
	text := declared.String()
	if g.fail() {
		text = g.pick([]string{"Int", "[String!]", "ID!", "Boolean"})
	}
	definition := "$" + name + ": " + text
	defaulted := g.flipCoin(0.15)
	if defaulted {
		definition += " = " + g.generateText(&declared, true, 0)
	}
	g.declared = append(g.declared, definition)
	if optional := !declared.NonNull || defaulted; !g.failIn(false) && (!optional || g.flipCoin(0.8)) {
		g.values = append(g.values, fmt.Sprintf("%q: %s", name, g.generateText(&declared, false, 3)))
	}
	return "$" + name
}

// generateText returns a literal without variables of its own below depth 1, or JSON.
func (g *oracleGenerator) generateText(typ *ast.Type, literal bool, depth int) string {
	if null := !typ.NonNull && g.flipCoin(0.08) || typ.NonNull && g.failIn(literal); null {
		return "null"
	}
	if typ.Elem != nil {
		return g.generateList(typ, literal, depth)
	}
	def := g.schema.Types[typ.NamedType]
	switch def.Kind {
	case ast.Enum:
		name := def.EnumValues[g.random.IntN(len(def.EnumValues))].Name
		switch bad := g.failIn(literal); {
		case bad && g.flipCoin(0.5):
			name = strings.ToLower(name)
		case bad:
			return g.pick([]string{"5", "true", `"NOPE"`, "{}"})
		}
		if literal {
			return name
		}
		return `"` + name + `"`
	case ast.InputObject:
		return g.generateObject(def, literal, depth)
	}
	v := scalarValues[def.Name]
	switch bad := g.failIn(literal); {
	case literal && bad:
		return g.pick(v.badLiterals)
	case literal:
		return g.pick(v.literals)
	case bad:
		return g.pick(v.badJSON)
	}
	return g.pick(v.json)
}

func (g *oracleGenerator) generateList(typ *ast.Type, literal bool, depth int) string {
	if g.flipCoin(0.25) {
		return g.generateText(typ.Elem, literal, depth)
	}
	items := []string{}
	for range g.random.IntN(3) {
		items = append(items, g.generateNested(typ.Elem, false, literal, depth))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// generateNested returns a value within a list or an object, a variable at times.
func (g *oracleGenerator) generateNested(typ *ast.Type, hasDefault, literal bool, depth int) string {
	if literal && depth > 0 && g.flipCoin(0.2) {
		return g.generateVariable(typ, hasDefault)
	}
	return g.generateText(typ, literal, depth-1)
}

func (g *oracleGenerator) generateObject(def *ast.Definition, literal bool, depth int) string {
	members := []string{}
	quote := `"`
	if literal {
		quote = ""
	}
	oneOf := def.Directives.ForName("oneOf") != nil
	chosen := g.random.IntN(len(def.Fields))
	for i, f := range def.Fields {
		required := f.Type.NonNull && f.DefaultValue == nil
		include := required && !g.failIn(literal) || !required && depth > -3 && g.flipCoin(0.3)
		typ := f.Type
		if oneOf {
			include = (i == chosen) != g.failIn(literal)
			nonNull := *typ
			nonNull.NonNull = !g.failIn(literal)
			typ = &nonNull
		}
		if include {
			members = append(members, quote+f.Name+quote+": "+g.generateNested(typ, f.DefaultValue != nil, literal, depth))
		}
	}
	if g.failIn(literal) {
		members = append(members, quote+g.pick([]string{"missing", "__typename"})+quote+": 1")
	}
	return "{" + strings.Join(members, ", ") + "}"
}
