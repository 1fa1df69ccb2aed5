package main

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rewritten rewrites a function and returns its body and the mutants.
func rewritten(t *testing.T, branches bool, body string) (code string, mutants []string) {
	t.Helper()
	source := "package p\n\nfunc f() {\n" + body + "\n}\n"
	out, found, _, err := rewriteFile("p.go", []byte(source), branches)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "p.go", out, parser.AllErrors); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, m := range found {
		mutants = append(mutants, strings.TrimPrefix(m.name, "p.go:f:")+" => "+m.mutated)
	}
	_, code, _ = strings.Cut(string(out), "func f() {\n")
	return strings.TrimSuffix(code, "\n}\n"), mutants
}

func TestRewriteBranches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, code string
		mutants    []string
	}{
		"a condition": {
			"if x == nil { y() }",
			`if mutation.Negate("p.go:f:negate:x == nil", x == nil) { y() }`,
			[]string{"negate:x == nil => !(x == nil)"},
		},
		"operands and boundaries": {
			"return a && (b > 1 || !c)",
			`return mutation.Negate("p.go:f:negate:a && (b > 1 || !c)", (mutation.IsActive("p.go:f:drop:a") || (a)) && ` +
				`(mutation.IsActive("p.go:f:drop:(b > 1 || !c)") || (((!mutation.IsActive("p.go:f:drop:b > 1") && (mutation.Greater("p.go:f:boundary:b > 1", b , 1))) || ` +
				`(!mutation.IsActive("p.go:f:drop:!c") && (!c))))))`,
			[]string{
				"negate:a && (b > 1 || !c) => !(a && (b > 1 || !c))", "drop:a => true", "drop:(b > 1 || !c) => true",
				"drop:b > 1 => false", "boundary:b > 1 => b >= 1", "drop:!c => false",
			},
		},
		"a loop": {
			"for i := 0; i < n; i++ { if ok {} else if no {} }",
			`for i := 0; mutation.Negate("p.go:f:negate:i < n", mutation.Less("p.go:f:boundary:i < n", i , n)); i++ ` +
				`{ if mutation.Negate("p.go:f:negate:ok", ok) {} else if mutation.Negate("p.go:f:negate:no", no) {} }`,
			[]string{"negate:i < n => !(i < n)", "boundary:i < n => i <= n", "negate:ok => !(ok)", "negate:no => !(no)"},
		},
		"cases": {
			"switch k := g(); k { case A, B: x() }\nswitch { case ok: y() }",
			`{ k := g(); mutantTag := k; switch  { case mutation.Drop("p.go:f:case:A", mutantTag == (A)), mutation.Drop("p.go:f:case:B", mutantTag == (B)): x() }}` +
				"\n" + `switch { case mutation.Negate("p.go:f:negate:ok", ok): y() }`,
			[]string{"case:A => no case A", "case:B => no case B", "negate:ok => !(ok)"},
		},
		"the same condition twice": {
			"_ = !a; _ = !a",
			`_ = mutation.Negate("p.go:f:negate:!a", !a); _ = mutation.Negate("p.go:f:negate:!a#2", !a)`,
			[]string{"negate:!a => !(!a)", "negate:!a#2 => !(!a)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, mutants := rewritten(t, true, c.body)
			if diff := cmp.Diff(c.code, code) + cmp.Diff(c.mutants, mutants); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRewriteSQL(t *testing.T) {
	t.Parallel()
	code, mutants := rewritten(t, false, "s := newStatement(\"Read\", \"SELECT a\", x)\ns.addSQL(\" FROM y\", \")\")\ndb.Query(ctx, s.sql)")
	want := "s := newStatement(\"Read\", mutation.Text(\"p.go:f:text:\\\"SELECT a\\\"\", \"SELECT a\"), x)\n" +
		"s.addSQL(mutation.Text(\"p.go:f:text:\\\" FROM y\\\"\", \" FROM y\"), \")\")\ndb.Query(ctx, mutation.SQL(\"\", s.sql))"
	if diff := cmp.Diff(want, code); diff != "" {
		t.Error(diff)
	}
	if len(mutants) != 2 {
		t.Errorf("got %q, want the two texts", mutants)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	results := func(fates ...fate) (list []result) {
		for i, f := range fates {
			list = append(list, result{mutant: mutant{name: "a.go:f:negate:" + string(rune('a'+i)), file: "a.go"}, fate: f})
		}
		return list
	}
	enough := slices.Concat(slices.Repeat([]fate{killed}, 19), []fate{lived, invalid})
	for name, c := range map[string]struct {
		results     []result
		equivalents map[string]string
		want        string
	}{
		"95 %":                   {results(enough...), nil, ""},
		"less":                   {results(enough[1:]...), nil, "the tests noticed 94.7 % of the mutants, the goal is 95 %"},
		"an equivalent":          {results(lived, killed), map[string]string{"a.go:f:negate:a": "r"}, ""},
		"a noticed equivalent":   {results(killed), map[string]string{"a.go:f:negate:a": "r"}, "equivalent.txt: a.go:f:negate:a was noticed by : delete the line"},
		"an unknown equivalent":  {results(killed), map[string]string{"a.go:g": "r"}, "equivalent.txt: there is no mutant a.go:g"},
		"one of another file":    {results(killed), map[string]string{"b.go:g": "r"}, ""},
		"nothing that is wrong ": {nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := report(t.Output(), c.results, c.equivalents, selection{"a.go"}); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
