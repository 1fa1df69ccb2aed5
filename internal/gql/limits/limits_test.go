package limits_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/limits"
)

// checkFirst returns the rejection of a text's structure, or of the cost of its first operation;
// nil for none.
func checkFirst(t *testing.T, p *limits.Policy, text string, variables map[string]any) *limits.Rejection {
	t.Helper()
	d, err := p.ParseDocument(text)
	if rejection, ok := errors.AsType[*limits.Rejection](err); ok {
		return rejection
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rejection := d.CheckCost(d.Query.Operations[0].Name, variables)
	return rejection
}

// repeat joins n copies of format, in which # is replaced by the number of the copy.
func repeat(n int, format string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, strings.ReplaceAll(format, "#", "%[1]d"), i)
	}
	return out.String()
}

// TestLimits generates documents at each limit, which are accepted, and with one more, which are
// rejected.
func TestLimits(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, `
		type Query { a(x: Int): Query b: Query leaf: Int list(first: Int): [Query] @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false) }
		type Mutation { a: Int b: Int login: Int enter: Int }`)
	for _, tt := range []struct {
		name     string
		code     limits.Code
		limit    int
		set      func(*limits.Limits, int)
		document func(n int) string
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
		{"depth of an unused fragment", limits.TooDeep, 6, func(l *limits.Limits, n int) { l.Depth = n }, func(n int) string {
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
		{"directives in one location", limits.TooManyDirectives, 3, func(l *limits.Limits, n int) { l.DirectivesPerLocation = n }, func(n int) string { return "{a@a{leaf} ..." + repeat(n, "@a#") + "{leaf}}" }},
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
		l := noLimits()
		tt.set(&l, tt.limit)
		p := newPolicy(t, schema, l)
		if r := checkFirst(t, p, tt.document(tt.limit), nil); r != nil {
			t.Errorf("%s: %d are rejected: %v", tt.name, tt.limit, r)
		}
		r := checkFirst(t, p, tt.document(tt.limit+1), nil)
		if r == nil || r.Code != tt.code || r.Limit != int64(tt.limit) || !strings.Contains(r.Message, fmt.Sprint(tt.limit)) {
			t.Errorf("%s: one more than %d gets the rejection %+v", tt.name, tt.limit, r)
		} else if r.Value != int64(tt.limit+1) && tt.code != limits.TooManyTokens {
			t.Errorf("%s: the rejection has the value %d", tt.name, r.Value)
		}
	}
}

func TestRejectionMessages(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
	for text, want := range map[string]string{
		"{viewer{id}}" + strings.Repeat("#\n", 2_000):                                                  "MAX_TOKENS_LIMIT: too many tokens (names, punctuators, literals and comments): the limit is 2000",
		"{" + repeat(31, "a#:viewer{id}") + "}":                                                        "MAX_ALIASES_LIMIT: too many aliases in the document: 31, the limit is 30",
		"mutation{a:signUp{expiresAt} b:signIn{expiresAt}}":                                            "MAX_ROOT_FIELDS_LIMIT: too many fields of a mutation among signUp, signIn, refreshSession, changePassword, deleteAccount, requestPasswordReset, resetPassword, requestEmailVerification, verifyEmail: 2, the limit is 1",
		"{viewer{...A}} fragment A on User{...B} fragment B on User{id ...C} fragment C on User{...B}": `GRAPHQL_VALIDATION_FAILED: fragment "B" spreads itself through "C"`,
		"{viewer{...A}} fragment A on User{...A}":                                                      `GRAPHQL_VALIDATION_FAILED: fragment "A" spreads itself`,
		"{courses(first:100){nodes{...F}}} fragment F on Course{reviews(first:100){nodes{author{name}}}}": "COST_ESTIMATED_TOO_EXPENSIVE: cost of the operation: 20251, the limit is 10000; " +
			"request fewer rows at a time or fewer levels of lists; most expensive: courses.nodes.reviews.nodes (10000), courses.nodes.reviews.nodes.author (10000), courses.nodes (100)",
	} {
		r := checkFirst(t, p, text, nil)
		if r == nil || r.Error() != want {
			t.Errorf("%.100s\ngot  %v\nwant %s", text, r, want)
		}
	}
	d, err := p.ParseDocument("query($n:Int){courses(first:$n){nodes{reviews(first:100){nodes{id}}}}}")
	if err != nil {
		t.Fatal(err)
	}
	_, r := d.CheckCost("", map[string]any{"n": int64(100)})
	if got, want := fmt.Sprint(r.Extensions()), "map[code:COST_ESTIMATED_TOO_EXPENSIVE limit:10000 "+
		"mostExpensive:[{courses.nodes.reviews.nodes 10000} {courses.nodes 100} {courses.nodes.reviews 100}] value:10251]"; got != want {
		t.Errorf("extensions are %s\nwant           %s", got, want)
	}
}

// TestParserLimits checks the rejections for the limits of the parser, which only the text of its
// errors shows.
func TestParserLimits(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
	r := checkFirst(t, p, "{nodes(ids:"+strings.Repeat("[", 1_500), nil)
	if r == nil || r.Code != limits.TooDeep || r.Limit != 16 {
		t.Errorf("got %+v, want MAX_DEPTH_LIMIT", r)
	}
	if _, err := p.ParseDocument("{viewer{"); err == nil || strings.Contains(err.Error(), "LIMIT") {
		t.Errorf("got %v for a text that is not GraphQL", err)
	}
	if _, err := limits.New(contractSchema(t), limits.Limits{}); err == nil {
		t.Error("a limit of 0 tokens is accepted")
	}
}

// TestInvalidIsAccepted checks that documents which are not valid are left to validation.
func TestInvalidIsAccepted(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
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
	p := newPolicy(t, contractSchema(t), strictLimits())
	values := map[string]any{"nothing": nil}
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
		r := checkFirst(t, p, text, values)
		if got := r != nil; got != want {
			t.Errorf("%s: got %v", text, r)
		} else if got && (r.Code != limits.NullVariable || r.Message != "variable $nothing must not be null where it is used") {
			t.Errorf("%s: got %v", text, r)
		}
	}
}

// TestSchemaErrors checks the errors of invalid directives, which end the start of the server.
func TestSchemaErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`type Query { a: Int @cost(weight: "much") }`:                            `type Query: field a: @cost: weight "much" is not a number of 0 or more`,
		`type Query { a: Int @cost(weight: "-1") }`:                              `type Query: field a: @cost: weight "-1" is not a number of 0 or more`,
		`type Query { a(b: Int @cost(weight: "NaN")): Int }`:                     `type Query: field a: argument b: @cost: weight "NaN" is not a number of 0 or more`,
		`type Query @cost(weight: "Inf") { a: Int }`:                             `type Query: @cost: weight "Inf" is not a number of 0 or more`,
		`input I { a: Int @cost(weight: "1e999") } type Query { a(b: I): Int }`:  `type I: field a: @cost: weight "1e999" is not a number of 0 or more`,
		`type Query { a: [Int] @listSize(assumedSize: -1) }`:                     `type Query: field a: @listSize: assumedSize: "-1" is not a number of rows`,
		`type Query { a(b: Int!): [Int] @listSize(slicingArguments: ["c"]) }`:    `type Query: field a: @listSize: slicingArguments: "c" is neither an Int nor a list argument`,
		`type Query { a(b: String!): [Int] @listSize(slicingArguments: ["b"]) }`: `type Query: field a: @listSize: slicingArguments: "b" is neither an Int nor a list argument`,
		`type Query { a(b: Int): [Int] @listSize(slicingArguments: ["b"]) }`:     `type Query: field a: @listSize: requireOneSlicingArgument must be false unless there is exactly one slicing argument, of a non-null type`,
		`type Query { a: Int @listSize(assumedSize: 3) }`:                        `type Query: field a: @listSize: sizedFields are required unless the field is a list, and not allowed if it is`,
		`type Query { a: [Query] @listSize(sizedFields: ["a"]) }`:                `type Query: field a: @listSize: sizedFields are required unless the field is a list, and not allowed if it is`,
		`type Query { a: Query @listSize(sizedFields: ["b"]) b: Int }`:           `type Query: field a: @listSize: sizedFields: b is not a list of Query`,
	} {
		_, err := limits.New(loadSchema(t, text), strictLimits())
		if err == nil || err.Error() != "read costs: "+want {
			t.Errorf("%s\ngot  %v\nwant read costs: %s", text, err, want)
		}
	}
	if _, err := limits.New(&ast.Schema{}, strictLimits()); err != nil {
		t.Errorf("empty schema: %v", err)
	}
}
