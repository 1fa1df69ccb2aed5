package edu_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
)

func TestNewUserError(t *testing.T) {
	t.Parallel()
	got := edu.InputPath{"input", "price"}.Reject(edu.UserInvalid, "must be from {min} to {max}, without <>{|}; it is {actual}", 1, 2.5, "{min}")[0]
	want := &edu.UserError{
		Code: edu.UserInvalid, Field: []string{"input", "price"},
		Message: "must be from 1 to 2.5, without <>{|}; it is {min}", Template: "must be from {min} to {max}, without <>{|}; it is {actual}",
		Parameters: []edu.UserErrorParameter{{Name: "min", Value: "1"}, {Name: "max", Value: "2.5"}, {Name: "actual", Value: "{min}"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTemplates checks that each template in the source has as many parameters as values, and none of a
// format.
func TestTemplates(t *testing.T) {
	t.Parallel()
	calls := map[string]bool{"Reject": true, "RejectField": true}
	found := 0
	for _, dir := range []string{".", "../store", "../resolvers", "../internal/validate"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				called, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !calls[called.Sel.Name] || len(call.Args) < 2 {
					return true
				}
				text, ok := call.Args[1].(*ast.BasicLit)
				if !ok {
					return true
				}
				template, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				found++
				if places := regexp.MustCompile(`\{[a-z][A-Za-z]*\}`).FindAllString(template, -1); len(places) != len(call.Args)-2 || regexp.MustCompile(`%[a-zA-Z]`).MatchString(template) {
					t.Errorf("%s: %q has %d parameters and %d values", file, template, len(places), len(call.Args)-2)
				}
				return true
			})
		}
	}
	if found < 30 {
		t.Errorf("only %d templates were found", found)
	}
}
