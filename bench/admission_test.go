package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/limits/hostile"
)

func newPolicy(b *testing.B) *limits.Policy {
	b.Helper()
	p, err := limits.New(gql.ExecutableSchema().Schema(), limits.Defaults())
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// BenchmarkAdmission measures the checks of each operation: of the structure, once per document, and of
// the cost, once per request.
func BenchmarkAdmission(b *testing.B) {
	p := newPolicy(b)
	variables := map[string]any{
		"first": int64(100), "query": "go", "slug": "go", "filter": map[string]any{"difficulty": "BEGINNER"},
		"orderBy": map[string]any{"field": "TITLE", "direction": "ASC"},
	}
	for _, o := range operations {
		text, err := operationFiles.ReadFile("operations/" + o.file + ".graphql")
		if err != nil {
			b.Fatal(err)
		}
		query, err := parser.ParseQuery(&ast.Source{Input: string(text)})
		if err != nil {
			b.Fatal(err)
		}
		d, rejection := p.CheckStructure(query)
		if rejection != nil {
			b.Fatal(rejection)
		}
		if _, rejection := d.CheckCost("", variables); rejection != nil {
			b.Fatal(o.name, rejection)
		}
		b.Run("parse/"+o.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = parser.ParseQuery(&ast.Source{Input: string(text)})
			}
		})
		b.Run("structure/"+o.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = p.CheckStructure(query)
			}
		})
		b.Run("cost/"+o.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = d.CheckCost("", variables)
			}
		})
	}
}

// BenchmarkHostile measures the time until a hostile document is rejected, including parsing (µs/kB), and
// the time without these limits: ms-validation for gqlparser, after parsing with the same limit of
// tokens, and ms-complexity for gqlgen's complexity of a valid document, stopped after a second.
func BenchmarkHostile(b *testing.B) {
	p, schema := newPolicy(b), gql.ExecutableSchema()
	for _, d := range hostile.LoadDocuments() {
		b.Run(strings.ReplaceAll(d.Name, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				document, err := p.ParseDocument(d.Text)
				if err != nil {
					continue
				}
				for _, o := range document.Query.Operations {
					_, _ = document.CheckCost(o.Name, nil)
				}
			}
			kB := float64(len(d.Text)) / 1000
			b.ReportMetric(kB, "kB")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/kB, "µs/kB")
			validation, complexity := measureGqlgen(b.Context(), schema, d.Text)
			b.ReportMetric(validation.Seconds()*1e3, "ms-validation")
			b.ReportMetric(complexity.Seconds()*1e3, "ms-complexity")
		})
	}
}

// measureGqlgen returns the time that gqlparser's validation and gqlgen's complexity take for a text, or 0
// for a step that does not run.
func measureGqlgen(ctx context.Context, schema graphql.ExecutableSchema, text string) (validation, cost time.Duration) {
	query, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Defaults().Tokens)
	if err != nil {
		return 0, 0
	}
	start := time.Now()
	errs := validator.ValidateWithRules(schema.Schema(), query, rules.NewDefaultRules())
	validation = time.Since(start)
	if len(errs) > 0 {
		return validation, 0
	}
	start = time.Now()
	defer func() {
		cost = time.Since(start)
		r := recover()
		if _, ok := r.(timeLimitExceeded); r != nil && !ok {
			panic(r)
		}
	}()
	limited := timeLimitedSchema{schema, start.Add(time.Second)}
	for _, o := range query.Operations {
		complexity.Calculate(ctx, limited, o, nil)
	}
	return validation, 0
}

// timeLimitExceeded is the panic of timeLimitedSchema.
type timeLimitExceeded struct{}

// timeLimitedSchema is a schema that panics after a deadline, to stop the walk through an operation. The
// walk calls Complexity for each field.
type timeLimitedSchema struct {
	graphql.ExecutableSchema
	deadline time.Time
}

func (s timeLimitedSchema) Complexity(ctx context.Context, typeName, field string, below int, args map[string]any) (int, bool) {
	if time.Now().After(s.deadline) {
		panic(timeLimitExceeded{})
	}
	return s.ExecutableSchema.Complexity(ctx, typeName, field, below, args)
}
