package resolvers_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/testdb"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenOperation is an operation of testdata with the viewers that execute it and its variables, from the
// comments of its first lines. An operation without viewers is used by another test.
//
//	# as anonymous student
//	# variables {"first": 2}
type goldenOperation struct {
	path, text string
	as         []string
	variables  map[string]any
}

// goldenOperations returns all operations of testdata.
func goldenOperations(t *testing.T) []goldenOperation {
	t.Helper()
	var list []goldenOperation
	err := filepath.WalkDir("testdata", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".graphql" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		g := goldenOperation{path: strings.TrimSuffix(path, ".graphql"), text: string(text)}
		for line := range strings.Lines(g.text) {
			if as, ok := strings.CutPrefix(line, "# as "); ok {
				g.as = strings.Fields(as)
			} else if variables, ok := strings.CutPrefix(line, "# variables "); ok {
				if err := json.Unmarshal([]byte(variables), &g.variables); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
		list = append(list, g)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// canonicalJSON returns a response in readable form, without values that differ from run to run. Its errors
// are sorted, because fields are resolved concurrently and fail in any order.
func canonicalJSON(t *testing.T, body []byte) string {
	t.Helper()
	var parts struct {
		Errors     []json.RawMessage `json:"errors,omitempty"`
		Data       json.RawMessage   `json:"data,omitempty"`
		Extensions json.RawMessage   `json:"extensions,omitempty"`
	}
	if err := json.Unmarshal(body, &parts); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(parts.Errors, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	var pretty bytes.Buffer
	enc := json.NewEncoder(&pretty)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(parts); err != nil {
		t.Fatal(err)
	}
	return refreshedAtPattern.ReplaceAllString(pretty.String(), `$1"then"`)
}

// refreshedAtPattern matches the only values that differ from run to run: when the figures of the demo data
// were computed.
var refreshedAtPattern = regexp.MustCompile(`("refreshedAt": ?)"[^"]*"`)

func TestGolden(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	a.exec(t, "UPDATE certificates SET code = lpad(to_hex(id), 32, '0')::uuid") // instead of random ones
	for _, g := range goldenOperations(t) {
		for _, as := range g.as {
			t.Run(g.path+" "+as, func(t *testing.T) {
				got := a.execute(t, viewers[as], g.text, g.variables)
				pretty := canonicalJSON(t, got.body)
				file := g.path + "." + as + ".json"
				if *update {
					if err := os.WriteFile(file, []byte(pretty), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), pretty); diff != "" {
					t.Errorf("the response changed; go test ./resolvers -update accepts it (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestGoldenCoversSchema checks that a golden file selects every field that queries can select.
func TestGoldenCoversSchema(t *testing.T) {
	t.Parallel()
	schema := gql.ExecutableSchema().Schema()
	seen := map[string]bool{}
	for _, g := range goldenOperations(t) {
		doc, err := gqlparser.LoadQueryWithRules(schema, g.text, nil)
		if err != nil {
			t.Fatalf("%s: %v", g.path, err)
		}
		for _, op := range doc.Operations {
			markSelected(seen, op.SelectionSet)
		}
		for _, f := range doc.Fragments {
			markSelected(seen, f.SelectionSet)
		}
	}
	for _, def := range schema.Types {
		if def.Kind != ast.Object || def.BuiltIn || def == schema.Mutation || def == schema.Subscription {
			continue
		}
		for _, f := range def.Fields {
			if name := def.Name + "." + f.Name; !strings.HasPrefix(f.Name, "__") && !seen[name] && !isPayloadType(def.Name) {
				t.Errorf("no golden file selects %s", name)
			}
		}
	}
}

// markSelected adds the fields of a selection set, and of all sets below it, to seen as Type.field.
func markSelected(seen map[string]bool, sel ast.SelectionSet) {
	for _, s := range sel {
		switch s := s.(type) {
		case *ast.Field:
			seen[s.ObjectDefinition.Name+"."+s.Name] = true
			markSelected(seen, s.SelectionSet)
		case *ast.InlineFragment:
			markSelected(seen, s.SelectionSet)
		}
	}
}

// isPayloadType reports whether only mutations return a type.
func isPayloadType(name string) bool {
	return strings.HasSuffix(name, "Payload") || strings.HasPrefix(name, "UserError")
}
