package resolvers_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql"
)

// TestSchemaKeepsContract checks that the schema has every name, type, argument and default of the
// contract, which clients rely on. It may have more.
func TestSchemaKeepsContract(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "contract.graphqls"))
	if err != nil {
		t.Fatal(err)
	}
	contract, err := gqlparser.LoadSchema(&ast.Source{Name: "contract.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	schema := gql.ExecutableSchema().Schema()
	for name, want := range contract.Types {
		got := schema.Types[name]
		if got == nil || got.Kind != want.Kind {
			t.Errorf("%s %s is missing", want.Kind, name)
			continue
		}
		for _, i := range want.Interfaces {
			if !strings.Contains(strings.Join(got.Interfaces, " "), i) {
				t.Errorf("%s does not implement %s", name, i)
			}
		}
		for _, v := range want.EnumValues {
			if got.EnumValues.ForName(v.Name) == nil {
				t.Errorf("%s.%s is missing", name, v.Name)
			}
		}
		for _, f := range want.Fields {
			checkContractField(t, name, f, got.Fields.ForName(f.Name))
		}
	}
}

// checkContractField checks that a field of the schema is compatible with the field of the contract.
func checkContractField(t *testing.T, parent string, want, got *ast.FieldDefinition) {
	t.Helper()
	at := parent + "." + want.Name
	if got == nil {
		t.Errorf("%s is missing", at)
		return
	}
	if got.Type.String() != want.Type.String() || valueText(got.DefaultValue) != valueText(want.DefaultValue) {
		t.Errorf("%s is %s = %s, want %s = %s", at, got.Type, valueText(got.DefaultValue), want.Type, valueText(want.DefaultValue))
	}
	if requiredRole(got) != requiredRole(want) {
		t.Errorf("%s requires the role %q, want %q", at, requiredRole(got), requiredRole(want))
	}
	for _, arg := range want.Arguments {
		a := got.Arguments.ForName(arg.Name)
		if a == nil || a.Type.String() != arg.Type.String() || valueText(a.DefaultValue) != valueText(arg.DefaultValue) {
			t.Errorf("%s(%s) is %v, want %s = %s", at, arg.Name, a, arg.Type, valueText(arg.DefaultValue))
		}
	}
	for _, arg := range got.Arguments {
		if want.Arguments.ForName(arg.Name) == nil && arg.Type.NonNull && arg.DefaultValue == nil {
			t.Errorf("%s(%s) is a new required argument, which breaks clients", at, arg.Name)
		}
	}
}

// valueText returns a default value as text, "" if there is none.
func valueText(v *ast.Value) string {
	if v == nil {
		return ""
	}
	return v.String()
}

// requiredRole returns the role that a field's @auth directive requires, "" if it has none.
func requiredRole(f *ast.FieldDefinition) string {
	d := f.Directives.ForName("auth")
	if d == nil {
		return ""
	}
	if role := d.Arguments.ForName("role"); role != nil {
		return role.Value.Raw
	}
	return "STUDENT"
}

// deprecationReason says what to use instead, and the day from which the element may be missing
// (docs/deprecations.md).
var deprecationReason = regexp.MustCompile(`^Use .+\. May be removed from (\d{4}-\d{2}-\d{2}) on\.$`)

// isDeprecationReason reports whether reason has the form of deprecationReason and a date.
func isDeprecationReason(reason string) bool {
	match := deprecationReason.FindStringSubmatch(reason)
	if match == nil {
		return false
	}
	_, err := time.Parse(time.DateOnly, match[1])
	return err == nil
}

func TestDeprecationReason(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]bool{
		"Use `Course.price`. May be removed from 2027-06-30 on.": true,
		"Use `Course.price`. May be removed from 2027-02-30 on.": false,
		"Use `Course.price`.":                    false,
		"May be removed from 2027-06-30 on.":     false,
		"No longer supported":                    false, // the default of GraphQL
		"":                                       false,
		"Use x. May be removed from 2027-06 on.": false,
	} {
		if got := isDeprecationReason(reason); got != want {
			t.Errorf("%q: %t, want %t", reason, got, want)
		}
	}
}

// TestSchemaIsDescribed checks that every element of the schema has a description, and every deprecated one a
// reason with a date.
func TestSchemaIsDescribed(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: gql.SDL()})
	if err != nil {
		t.Fatalf("the published schema does not load: %v", err)
	}
	describe := func(at, description string, directives ast.DirectiveList) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", at)
		}
		if d := directives.ForName("deprecated"); d != nil {
			if reason := d.Arguments.ForName("reason"); reason == nil || !isDeprecationReason(reason.Value.Raw) {
				t.Errorf("%s is deprecated without a reason such as \"Use `x`. May be removed from 2027-06-30 on.\"", at)
			}
		}
	}
	for name, def := range schema.Types {
		if def.BuiltIn {
			continue
		}
		describe(name, def.Description, def.Directives)
		for _, v := range def.EnumValues {
			describe(name+"."+v.Name, v.Description, v.Directives)
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			describe(name+"."+f.Name, f.Description, f.Directives)
			for _, a := range f.Arguments {
				describe(name+"."+f.Name+"("+a.Name+")", a.Description, a.Directives)
			}
		}
	}
	for name, d := range schema.Directives {
		if d.Position == nil || d.Position.Src == nil || d.Position.Src.BuiltIn {
			continue
		}
		describe("@"+name, d.Description, nil)
		for _, a := range d.Arguments {
			describe("@"+name+"("+a.Name+")", a.Description, nil)
		}
	}
}
