package coercion

import (
	"fmt"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// BenchmarkVariables measures the check of variables by itself.
func BenchmarkVariables(b *testing.B) {
	for _, n := range []int{0, 1, 500} {
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			text, values := "query($v: [Paint!]) { f(paints: $v) }", map[string]any{}
			if n == 0 {
				text = "{ f }"
			} else {
				list := make([]any, n)
				for i := range list {
					list[i] = map[string]any{"color": "RED", "names": []any{"a"}, "at": "2026-01-31T09:30:00Z"}
				}
				values["v"] = list
			}
			doc, err := parser.ParseQuery(&ast.Source{Input: text})
			if err != nil {
				b.Fatal(err)
			}
			if errs := validator.ValidateWithRules(schema, doc, Rules()); len(errs) > 0 {
				b.Fatal(errs)
			}
			op := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: values}
			b.ReportAllocs()
			for b.Loop() {
				if err := (Extension{Schema: schema}).MutateOperationContext(b.Context(), op); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
