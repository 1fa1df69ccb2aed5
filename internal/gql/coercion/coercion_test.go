package coercion

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	scalar DateTime
	scalar Anything
	enum Color { RED GREEN }
	input By @oneOf { id: ID name: String }
	input Paint { color: Color! coats: Int = 1 names: [String!] by: By at: DateTime size: Float inner: Paint }
	type Query { f(by: By, paint: Paint, paints: [Paint!], matrix: [[Int!]], id: ID, ids: [ID!], n: Int, x: Float, s: String, b: Boolean, at: DateTime, ats: [DateTime], any: Anything): Int }`})

// describe returns "", or why a document or a variable $v of a type is rejected.
func describe(t *testing.T, text, variables string) string {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	if errs := validator.ValidateWithRules(schema, doc, Rules()); len(errs) > 0 {
		return "document: " + errs[0].Message
	}
	var values map[string]any
	dec := json.NewDecoder(strings.NewReader(variables))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil {
		t.Fatal(err)
	}
	op := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}
	if op.Variables, err = validator.VariableValues(schema, op.Operation, values); err != nil {
		return "gqlparser"
	}
	if err := (Extension{Schema: schema}).MutateOperationContext(t.Context(), op); err != nil {
		return err.Message
	}
	return ""
}

func TestVariables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ argument, typ, value, want string }{
		{"by", "By", `{"id": "1"}`, ""},
		{"by", "By", `{"id": 1}`, ""},
		{"by", "By", `{"id": null}`, "variable $v.id does not fit its type; $v is declared as By: the field of By cannot be null"},
		{"by", "By", `{"id": "1", "name": "a"}`, "variable $v does not fit its type; $v is declared as By: By must have exactly one field"},
		{"by", "By", `{"id": "1", "name": null}`, "variable $v does not fit its type; $v is declared as By: By must have exactly one field"},
		{"by", "By", `{}`, "variable $v does not fit its type; $v is declared as By: By must have exactly one field"},
		{"paint", "Paint", `{"color": "RED", "by": {}}`, "variable $v.by does not fit its type; $v is declared as Paint: By must have exactly one field"},
		{"paint", "Paint", `{"color": "red"}`, "variable $v.color does not fit its type; $v is declared as Paint: it must be a value of Color, in the case of the schema"},
		{"paint", "Paint", `{"color": "RED", "__typename": "Paint"}`, "variable $v does not fit its type; $v is declared as Paint: it has a field that Paint does not have"},
		{"paint", "Paint", `{"color": "RED", "inner": {"color": "RED", "coats": "2"}}`, "variable $v.inner.coats does not fit its type; $v is declared as Paint: an Int must be a whole number from -2147483648 to 2147483647, without quotes"},
		{"paint", "Paint", `{"color": "RED", "coats": null, "names": "a", "size": 1}`, ""},
		{"paint", "Paint", `{"color": "RED", "names": ["a", 1]}`, "variable $v.names[1] does not fit its type; $v is declared as Paint: a String must be a text in quotes"},
		{"paint", "Paint", `{"color": "RED", "at": "yesterday"}`, "variable $v.at does not fit its type; $v is declared as Paint: a DateTime must be an RFC 3339 timestamp, e.g. 2026-01-31T09:30:00Z"},
		{"paints", "[Paint!]", `{"color": "RED"}`, ""},
		{"paints", "[Paint!]", `[{"color": "RED"}, {"color": "RED", "coats": 2147483648}]`, "variable $v[1].coats does not fit its type; $v is declared as [Paint!]: an Int must be a whole number from -2147483648 to 2147483647, without quotes"},
		{"paints", "[Paint!]", `{"color": "green"}`, "variable $v.color does not fit its type; $v is declared as [Paint!]: it must be a value of Color, in the case of the schema"},
		{"matrix", "[[Int!]]", `[[1], 2, null, []]`, ""},
		{"matrix", "[[Int!]]", `3`, ""},
		{"matrix", "[[Int!]]", `[[1], "2"]`, "variable $v[1] does not fit its type; $v is declared as [[Int!]]: an Int must be a whole number from -2147483648 to 2147483647, without quotes"},
		{"ids", "[ID!]", `4`, ""},
		{"ids", "[ID!]", `["a", 1.5]`, "variable $v[1] does not fit its type; $v is declared as [ID!]: an ID must be a text in quotes or a whole number"},
		{"id", "ID", `1.5`, "variable $v does not fit its type; $v is declared as ID: an ID must be a text in quotes or a whole number"},
		{"n", "Int", `"2"`, "variable $v does not fit its type; $v is declared as Int: an Int must be a whole number from -2147483648 to 2147483647, without quotes"},
		{"n", "Int", `2147483648`, "variable $v does not fit its type; $v is declared as Int: an Int must be a whole number from -2147483648 to 2147483647, without quotes"},
		{"x", "Float", `"4"`, "variable $v does not fit its type; $v is declared as Float: a Float must be a finite number, without quotes"},
		{"s", "String", `12.5`, "variable $v does not fit its type; $v is declared as String: a String must be a text in quotes"},
		{"ats", "[DateTime]", `["2026-01-31T09:30:00Z", null]`, ""},
		{"any", "Anything", `{"a": [1]}`, ""},
	} {
		got := describe(t, "query($v: "+tt.typ+") { f("+tt.argument+": $v) }", `{"v": `+tt.value+`}`)
		if got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.typ, tt.value, got, tt.want)
		}
	}
}

func TestLiterals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{ f(n: 2147483647, at: "2026-01-31T09:30:00Z", ats: [null, """2026-01-31T09:30:00Z"""], any: {a: [B]}) }`: "",
		`{ f(n: 2147483648) }`:                     "an Int must be",
		`{ f(matrix: [[1], [-2147483649]]) }`:      "an Int must be",
		`{ f(at: "yesterday") }`:                   "a DateTime must be",
		`{ f(at: 5) }`:                             "a DateTime must be",
		`{ f(at: YESTERDAY) }`:                     "a DateTime must be",
		`{ f(at: {}) }`:                            "a DateTime must be",
		`{ f(at: ["2026-01-31T09:30:00Z"]) }`:      "a DateTime must be",
		`{ f(ats: "yesterday") }`:                  "a DateTime must be",
		`{ f(paint: {color: RED, at: ""}) }`:       "a DateTime must be",
		`query($v: DateTime = "") { f(at: $v) }`:   "a DateTime must be",
		`query($v: Int = 2147483648) { f(n: $v) }`: "an Int must be",
		`query($v: ID) { f(by: {id: $v}) }`:        "variable $v must be non-nullable: it is the field of the oneOf input object By",
		`query($v: ID = 1) { f(by: {id: $v}) }`:    "variable $v must be non-nullable",
		`query($v: ID! = 1) { f(by: {id: $v}) }`:   "",
		`{ f(by: {id: 1, name: "a"}) }`:            `OneOf Input Object "By" must specify exactly one key.`,
		`{ f(s: {}) }`:                             "String must not be an object",
		`{ f(paint: {color: {}}) }`:                "Color must not be an object",
		`{ f @skip(if: {}) }`:                      "Boolean must not be an object",
		`{ f(by: {id: null}) }`:                    `must be non-null`,
	} {
		got := describe(t, text, `{}`)
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
