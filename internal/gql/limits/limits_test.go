package limits_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/limits"
)

// refused returns why a text's structure or the cost of its first operation is
// refused; nil if it is not.
func refused(t *testing.T, p *limits.Policy, text string, variables map[string]any) *limits.Rejection {
	t.Helper()
	d, err := p.ParseDocument(text)
	if refusal, ok := errors.AsType[*limits.Rejection](err); ok {
		return refusal
	}
	if err != nil {
		t.Fatal(err)
	}
	_, refusal := d.CheckCost(d.Query.Operations[0].Name, variables)
	return refusal
}

func repeat(n int, format string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, strings.ReplaceAll(format, "#", "%[1]d"), i)
	}
	return out.String()
}

// TestLimits makes documents that have a number of what is limited: as many as may
// be are admitted, and one more is refused.
func TestLimits(t *testing.T) {
	t.Parallel()
	schema := load(t, `
		type Query { a(x: Int): Query b: Query leaf: Int list(first: Int): [Query] @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false) }
		type Mutation { a: Int b: Int login: Int enter: Int }`)
	for _, c := range []struct {
		name string
		code limits.Code
		most int
		set  func(*limits.Limits, int)
		make func(n int) string
	}{
		{"tokens", limits.TooManyTokens, 7, func(l *limits.Limits, n int) { l.Tokens = n }, func(n int) string { return "{" + strings.Repeat("leaf ", n-2) + "}" }},
		{"comments", limits.TooManyTokens, 7, func(l *limits.Limits, n int) { l.Tokens = n }, func(n int) string { return "{leaf}" + strings.Repeat("#\n", n-3) }},
		{"depth", limits.TooDeep, 6, func(l *limits.Limits, n int) { l.Depth = n }, func(n int) string {
			return strings.Repeat("{a", n-1) + "{leaf}" + strings.Repeat("}", n-1)
		}},
		{"depth of inline fragments", limits.TooDeep, 6, func(l *limits.Limits, n int) { l.Depth = n }, func(n int) string {
			return strings.Repeat("{...", n-1) + "{leaf}" + strings.Repeat("}", n-1)
		}},
		{"depth through fragments", limits.TooDeep, 6, func(l *limits.Limits, n int) { l.Depth = n }, func(n int) string {
			return "{...F} fragment G on Query" + strings.Repeat("{a", n-2) + "{leaf}" + strings.Repeat("}", n-2) + " fragment F on Query{b{...G}}"
		}},
		{"depth of what nothing spreads", limits.TooDeep, 6, func(l *limits.Limits, n int) { l.Depth = n }, func(n int) string {
			return "{leaf} fragment G on Query" + strings.Repeat("{a", n-1) + "{leaf}" + strings.Repeat("}", n-1)
		}},
		{"operations", limits.TooManyOperations, 3, func(l *limits.Limits, n int) { l.Operations = n }, func(n int) string { return repeat(n, "query Q#{leaf} ") }},
		{"root fields", limits.TooManyRootFields, 3, func(l *limits.Limits, n int) { l.RootFields = n }, func(n int) string { return "{" + repeat(n, "f#:leaf ") + "}" }},
		{"root fields of fragments", limits.TooManyRootFields, 6, func(l *limits.Limits, n int) { l.RootFields = n }, func(n int) string {
			return "{...F ... {...F}" + repeat(n-4, "f#:leaf ") + "} fragment F on Query{a{leaf} b{leaf}}"
		}},
		{"mutation", limits.TooManyRootFields, 3, func(l *limits.Limits, n int) { l.MutationFields = n }, func(n int) string { return "mutation{" + repeat(n, "f#:a ") + "}" }},
		{"logins", limits.TooManyRootFields, 2, func(l *limits.Limits, n int) {
			l.Logins, l.LoginFields = n, []string{"login", "enter"}
		}, func(n int) string {
			return "mutation{a b enter ...F} fragment F on Mutation{" + repeat(n-1, "f#:login ") + "}"
		}},
		{"aliases", limits.TooManyAliases, 5, func(l *limits.Limits, n int) { l.Aliases = n }, func(n int) string { return "{leaf f:leaf a{b{" + repeat(n-1, "f#:leaf ") + "}}}" }},
		{"same field", limits.TooManyRepetitions, 4, func(l *limits.Limits, n int) { l.SameFieldPerSet = n }, func(n int) string {
			return "{a{leaf} ... {leaf} b{leaf}" + repeat(n-1, "f#:leaf ") + "}"
		}},
		{"repetitions", limits.TooManyRepetitions, 4, func(l *limits.Limits, n int) { l.RepeatedNames = n }, func(n int) string {
			return "{leaf leaf b{leaf ... {leaf}} a{" + strings.Repeat("leaf ", n-1) + "}}"
		}},
		{"repeated alias", limits.TooManyRepetitions, 4, func(l *limits.Limits, n int) { l.RepeatedNames = n }, func(n int) string { return "{a:leaf b:leaf a{leaf}" + strings.Repeat("a:leaf ", n-1) + "}" }},
		{"directives", limits.TooManyDirectives, 6, func(l *limits.Limits, n int) { l.Directives = n }, func(n int) string {
			return "query($v:Int@a)@a{...@a{leaf@a} ...F@a" + repeat(n-6, " f#:leaf@a") + "} fragment F on Query@a{leaf}"
		}},
		{"directives in place", limits.TooManyDirectives, 3, func(l *limits.Limits, n int) { l.DirectivesPerLocation = n }, func(n int) string { return "{a@a{leaf} ..." + repeat(n, "@a#") + "{leaf}}" }},
		{"fragments", limits.TooManyFragments, 3, func(l *limits.Limits, n int) { l.Fragments = n }, func(n int) string { return "{leaf}" + repeat(n, " fragment F# on Query{leaf}") }},
		{"spreads", limits.TooManyFragments, 5, func(l *limits.Limits, n int) { l.Spreads = n }, func(n int) string {
			return "{...F a{" + strings.Repeat("...F ", n-2) + "} ...Unknown} fragment F on Query{leaf}"
		}},
		{"variables", limits.TooManyVariables, 3, func(l *limits.Limits, n int) { l.Variables = n }, func(n int) string {
			return "query A{leaf} query B(" + repeat(n, "$v#:Int ") + "){leaf}"
		}},
		{"arguments", limits.TooManyArguments, 3, func(l *limits.Limits, n int) { l.Arguments = n }, func(n int) string { return "{a(" + repeat(n, "a#:1 ") + "){leaf}}" }},
		{"arguments of a directive", limits.TooManyArguments, 3, func(l *limits.Limits, n int) { l.Arguments = n }, func(n int) string { return "{leaf@a(" + repeat(n, "a#:1 ") + ")}" }},
		{"cost", limits.TooExpensive, 12, func(l *limits.Limits, n int) { l.Cost = int64(n) }, func(n int) string { return fmt.Sprintf("{a{leaf} list(first:%d){leaf}}", n-1) }},
		{"fields", limits.TooExpensive, 12, func(l *limits.Limits, n int) { l.Fields = int64(n) }, func(n int) string { return fmt.Sprintf("{leaf list(first:%d){leaf}}", n-2) }},
		{"introspection's depth", limits.TooDeep, 6, func(l *limits.Limits, n int) { l.IntrospectionDepth = n; l.Depth = 2 }, func(n int) string {
			return `{...F ...{leaf}} fragment F on Query{__type(name:"Query")` + strings.Repeat("{ofType", n-2) + "{name}" + strings.Repeat("}", n-2) + "}"
		}},
		{"introspection's cost", limits.TooExpensive, 25, func(l *limits.Limits, n int) { l.IntrospectionCost = int64(n); l.Cost = 1 }, func(n int) string {
			return "{__schema{types{name}} " + repeat(n-21, "f#:__schema{description} ") + "}"
		}},
	} {
		l := unlimited()
		c.set(&l, c.most)
		p := policy(t, schema, l)
		if r := refused(t, p, c.make(c.most), nil); r != nil {
			t.Errorf("%s: %d are refused: %v", c.name, c.most, r)
		}
		r := refused(t, p, c.make(c.most+1), nil)
		if r == nil || r.Code != c.code || r.Limit != int64(c.most) || !strings.Contains(r.Message, fmt.Sprint(c.most)) {
			t.Errorf("%s: one more than %d is refused with %+v", c.name, c.most, r)
		} else if r.Value != int64(c.most+1) && c.code != limits.TooManyTokens {
			t.Errorf("%s: %d were found", c.name, r.Value)
		}
	}
}

func TestRefusalTellsWhat(t *testing.T) {
	t.Parallel()
	p := policy(t, contractSchema(t), strict())
	for text, want := range map[string]string{
		"{viewer{id}}" + strings.Repeat("#\n", 2_000):                                                  "MAX_TOKENS_LIMIT: the document has more tokens (names, punctuators, literals and comments) than the limit of 2000",
		"{" + repeat(31, "a#:viewer{id}") + "}":                                                        "MAX_ALIASES_LIMIT: too many aliases in the document: 31, where 30 is the limit",
		"mutation{a:signUp{expiresAt} b:signIn{expiresAt}}":                                            "MAX_ROOT_FIELDS_LIMIT: too many fields of a mutation among signUp, signIn, refreshSession: 2, where 1 is the limit",
		"{viewer{...A}} fragment A on User{...B} fragment B on User{id ...C} fragment C on User{...B}": `GRAPHQL_VALIDATION_FAILED: fragment "B" spreads itself, by way of "C"`,
		"{viewer{...A}} fragment A on User{...A}":                                                      `GRAPHQL_VALIDATION_FAILED: fragment "A" spreads itself`,
		"{courses(first:100){nodes{...F}}} fragment F on Course{reviews(first:100){nodes{author{name}}}}": "COST_ESTIMATED_TOO_EXPENSIVE: the operation's cost: 20251, where 10000 is the limit: " +
			"ask for fewer rows at a time, or for fewer levels of lists; most of it is courses.nodes.reviews.nodes with 10000, courses.nodes.reviews.nodes.author with 10000, courses.nodes with 100",
	} {
		r := refused(t, p, text, nil)
		if r == nil || r.Error() != want {
			t.Errorf("%.100s\nis refused with %v\nwant             %s", text, r, want)
		}
	}
	d, err := p.ParseDocument("query($n:Int){courses(first:$n){nodes{reviews(first:100){nodes{id}}}}}")
	if err != nil {
		t.Fatal(err)
	}
	_, r := d.CheckCost("", map[string]any{"n": int64(100)})
	if got, want := fmt.Sprint(r.Extensions()), "map[code:COST_ESTIMATED_TOO_EXPENSIVE dearest:[{courses.nodes.reviews.nodes 10000} "+
		"{courses.nodes 100} {courses.nodes.reviews 100}] limit:10000 value:10251]"; got != want {
		t.Errorf("extensions are %s\nwant           %s", got, want)
	}
}

// The parser has limits of its own, which it tells by their text alone.
func TestParserStops(t *testing.T) {
	t.Parallel()
	p := policy(t, contractSchema(t), strict())
	r := refused(t, p, "{nodes(ids:"+strings.Repeat("[", 1_500), nil)
	if r == nil || r.Code != limits.TooDeep || r.Limit != 16 {
		t.Errorf("refused with %+v", r)
	}
	if _, err := p.ParseDocument("{viewer{"); err == nil || strings.Contains(err.Error(), "LIMIT") {
		t.Errorf("no GraphQL: %v", err)
	}
	if _, err := limits.New(contractSchema(t), limits.Limits{}); err == nil {
		t.Error("no limit of tokens is accepted")
	}
}

// What is not valid is left to validation, whatever it is.
func TestInvalidIsAdmitted(t *testing.T) {
	t.Parallel()
	p := policy(t, contractSchema(t), strict())
	for _, text := range []string{
		"", "fragment F on Nothing{id}", "subscription{a}", "{nothing{nothing(a:$a){nothing}}}", "{courses{nodes}}", "{viewer{id{id}}}",
		"query A{viewer{id}} query A{viewer{id}} {viewer{id}}", "{...F} fragment F on Course{id} fragment F on User{id}",
		"query($a:Nothing=3){courses(first:$a,first:$b,filter:$a,orderBy:{field:{a:$a},nothing:$c}){nodes @skip @include(if:3) @skip(unless:$a){id}}}",
		"{viewer{...Nothing ... on Nothing{id} ... on DateTime{id} ... on CourseFilter{tags}}}",
	} {
		d, err := p.ParseDocument(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, name := range []string{"", "A", "Nothing"} {
			if _, r := d.CheckCost(name, map[string]any{"a": map[string]any{"a": []any{nil}}, "b": "x"}); r != nil {
				t.Errorf("%s: %v", text, r)
			}
			d.AnalyzeCost(name, nil)
		}
	}
}

func TestNullVariables(t *testing.T) {
	t.Parallel()
	p := policy(t, contractSchema(t), strict())
	given := map[string]any{"nothing": nil}
	for text, want := range map[string]bool{
		"query($nothing: Boolean = true){viewer @skip(if: $nothing){id}}":                                          true,
		"query($nothing: Boolean = true){viewer{...F}} fragment F on User{id @include(if: $nothing)}":              true,
		"query($nothing: Int = 5){searchCourses(first: $nothing){totalCount}}":                                     true,
		"query($nothing: ID = 5){nodes(ids: [\"a\", $nothing]){id}}":                                               true,
		"query($nothing: OrderDirection = ASC){courses(orderBy: {field: TITLE, direction: $nothing}){totalCount}}": true,
		"query($nothing: Int = 5){courses(first: $nothing){totalCount}}":                                           false,
		"query($other: Int = 5){searchCourses(first: $other){totalCount}}":                                         false,
		"query($nothing: Int){viewer{id}} fragment Unused on Query{searchCourses(first: $nothing){totalCount}}":    false,
	} {
		r := refused(t, p, text, given)
		if got := r != nil; got != want {
			t.Errorf("%s: refused with %v", text, r)
		} else if got && (r.Code != limits.NullVariable || r.Message != "variable $nothing must not be null where it is used") {
			t.Errorf("%s: refused with %v", text, r)
		}
	}
}

// Schemas that say what makes no sense are found when the server starts.
func TestSchemaMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`type Query { a: Int @cost(weight: "much") }`:                            `type Query: field a: @cost: the weight "much" is no number of 0 or more`,
		`type Query { a: Int @cost(weight: "-1") }`:                              `type Query: field a: @cost: the weight "-1" is no number of 0 or more`,
		`type Query { a(b: Int @cost(weight: "NaN")): Int }`:                     `type Query: field a: argument b: @cost: the weight "NaN" is no number of 0 or more`,
		`type Query @cost(weight: "Inf") { a: Int }`:                             `type Query: @cost: the weight "Inf" is no number of 0 or more`,
		`input I { a: Int @cost(weight: "1e999") } type Query { a(b: I): Int }`:  `type I: field a: @cost: the weight "1e999" is no number of 0 or more`,
		`type Query { a: [Int] @listSize(assumedSize: -1) }`:                     `type Query: field a: @listSize: assumedSize: "-1" is no number of rows`,
		`type Query { a(b: Int!): [Int] @listSize(slicingArguments: ["c"]) }`:    `type Query: field a: @listSize: slicingArguments: "c" is neither an argument of type Int nor one that is a list`,
		`type Query { a(b: String!): [Int] @listSize(slicingArguments: ["b"]) }`: `type Query: field a: @listSize: slicingArguments: "b" is neither an argument of type Int nor one that is a list`,
		`type Query { a(b: Int): [Int] @listSize(slicingArguments: ["b"]) }`:     `type Query: field a: @listSize: requireOneSlicingArgument must be false, unless there is one slicing argument and it is never null`,
		`type Query { a: Int @listSize(assumedSize: 3) }`:                        `type Query: field a: @listSize: a list has no sizedFields, and what is no list needs them`,
		`type Query { a: [Query] @listSize(sizedFields: ["a"]) }`:                `type Query: field a: @listSize: a list has no sizedFields, and what is no list needs them`,
		`type Query { a: Query @listSize(sizedFields: ["b"]) b: Int }`:           `type Query: field a: @listSize: sizedFields: b is no list of Query`,
	} {
		_, err := limits.New(load(t, text), strict())
		if err == nil || err.Error() != "read costs: "+want {
			t.Errorf("%s\nis told as %v\nwant       read costs: %s", text, err, want)
		}
	}
	if _, err := limits.New(&ast.Schema{}, strict()); err != nil {
		t.Errorf("a schema of nothing: %v", err)
	}
}
