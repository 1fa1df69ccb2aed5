package resolvers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql"
)

// The published schema has all that clients rely on: every name, type, argument
// and default of the contract. It may have more.
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
	ours := gql.ExecutableSchema().Schema()
	for name, want := range contract.Types {
		got := ours.Types[name]
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
			keepsField(t, name, f, got.Fields.ForName(f.Name))
		}
	}
}

func keepsField(t *testing.T, parent string, want, got *ast.FieldDefinition) {
	t.Helper()
	at := parent + "." + want.Name
	if got == nil {
		t.Errorf("%s is missing", at)
		return
	}
	if got.Type.String() != want.Type.String() || argumentValue(got.DefaultValue) != argumentValue(want.DefaultValue) {
		t.Errorf("%s is %s = %s, want %s = %s", at, got.Type, argumentValue(got.DefaultValue), want.Type, argumentValue(want.DefaultValue))
	}
	if auth(got) != auth(want) {
		t.Errorf("%s is for %q, want %q", at, auth(got), auth(want))
	}
	for _, arg := range want.Arguments {
		a := got.Arguments.ForName(arg.Name)
		if a == nil || a.Type.String() != arg.Type.String() || argumentValue(a.DefaultValue) != argumentValue(arg.DefaultValue) {
			t.Errorf("%s(%s) is %v, want %s = %s", at, arg.Name, a, arg.Type, argumentValue(arg.DefaultValue))
		}
	}
	for _, arg := range got.Arguments {
		if want.Arguments.ForName(arg.Name) == nil && arg.Type.NonNull && arg.DefaultValue == nil {
			t.Errorf("%s(%s) is new and must be given: that breaks clients", at, arg.Name)
		}
	}
}

func argumentValue(v *ast.Value) string {
	if v == nil {
		return ""
	}
	return v.String()
}

func auth(f *ast.FieldDefinition) string {
	d := f.Directives.ForName("auth")
	if d == nil {
		return ""
	}
	if role := d.Arguments.ForName("role"); role != nil {
		return role.Value.Raw
	}
	return "STUDENT"
}

// Whoever reads the schema is told what everything is, and why not to use what
// is deprecated.
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
			if reason := d.Arguments.ForName("reason"); reason == nil || strings.TrimSpace(reason.Value.Raw) == "" {
				t.Errorf("%s is deprecated without a reason", at)
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
