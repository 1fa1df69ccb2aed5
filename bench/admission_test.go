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

func admission(b *testing.B) *limits.Policy {
	b.Helper()
	p, err := limits.New(gql.ExecutableSchema().Schema(), limits.Defaults())
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// BenchmarkAdmission measures what admission takes of each operation: its structure
// once a document, its cost once a request.
func BenchmarkAdmission(b *testing.B) {
	p := admission(b)
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
		d, refusal := p.CheckStructure(query)
		if refusal != nil {
			b.Fatal(refusal)
		}
		if _, refusal := d.CheckCost("", variables); refusal != nil {
			b.Fatal(o.name, refusal)
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

// BenchmarkHostile measures how long a hostile document takes until it is refused
// (µs/kB, the time of parsing included), and how long without admission: once parsed,
// within the same tokens, gqlparser takes ms-validation, and gqlgen's complexity
// ms-complexity for what is valid, stopped after a second.
func BenchmarkHostile(b *testing.B) {
	p, schema := admission(b), gql.ExecutableSchema()
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
			validation, complexity := byGqlgen(b.Context(), schema, d.Text)
			b.ReportMetric(validation.Seconds()*1e3, "ms-validation")
			b.ReportMetric(complexity.Seconds()*1e3, "ms-complexity")
		})
	}
}

// byGqlgen tells how long gqlgen and gqlparser take to refuse a text, 0 for what
// they do not come to.
func byGqlgen(ctx context.Context, schema graphql.ExecutableSchema, text string) (validation, cost time.Duration) {
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
		if _, stopped := r.(tooLong); r != nil && !stopped {
			panic(r)
		}
	}()
	until := impatient{schema, start.Add(time.Second)}
	for _, o := range query.Operations {
		complexity.Calculate(ctx, until, o, nil)
	}
	return validation, 0
}

// tooLong is what stops the walk.
type tooLong struct{}

// impatient is a schema that stops the walk through an operation, which asks it for
// each field.
type impatient struct {
	graphql.ExecutableSchema
	until time.Time
}

func (i impatient) Complexity(ctx context.Context, typeName, field string, below int, args map[string]any) (int, bool) {
	if time.Now().After(i.until) {
		panic(tooLong{})
	}
	return i.ExecutableSchema.Complexity(ctx, typeName, field, below, args)
}
