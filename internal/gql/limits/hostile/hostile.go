// Package hostile has documents that are made to take a server's time, for tests
// and benchmarks. Short ones are files, whose first line tells the code that they
// are to be refused with; the long ones are written here.
package hostile

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

// The codes that are not those of a limit.
const (
	Accepted    = "" // it takes no more time than its length
	ParseFailed = "GRAPHQL_PARSE_FAILED"
)

// Document is a hostile document for the schema of the API.
type Document struct {
	Name string
	Text string
	Code string // of the refusal
}

//go:embed *.graphql
var documentFiles embed.FS

// LoadDocuments returns all of them, by code and name.
func LoadDocuments() []Document {
	list := slices.Concat(longDocuments(), fragmentDocuments())
	entries, err := documentFiles.ReadDir(".")
	if err != nil {
		panic(err) // they are in the binary
	}
	for _, e := range entries {
		text, err := documentFiles.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		first, rest, _ := strings.Cut(string(text), "\n")
		code, _, _ := strings.Cut(strings.TrimPrefix(first, "# "), ":")
		name := strings.ReplaceAll(strings.TrimSuffix(e.Name(), ".graphql"), "-", " ")
		list = append(list, Document{Name: name, Text: rest, Code: code})
	}
	slices.SortFunc(list, func(a, b Document) int { return strings.Compare(a.Code+" "+a.Name, b.Code+" "+b.Name) })
	return list
}

// repeatNumbered joins what is made of 0 to n-1.
func repeatNumbered(n int, format string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, strings.ReplaceAll(format, "#", "%[1]d"), i)
	}
	return out.String()
}

func longDocuments() []Document {
	nested := func(open, inner, end string, n int) string {
		return "{" + strings.Repeat(open, n) + inner + strings.Repeat(end, n) + "}"
	}
	return []Document{
		{"tokens", "{" + strings.Repeat("viewer{id}", 20_000) + "}", "MAX_TOKENS_LIMIT"},
		{"comments", strings.Repeat("#\n", 40_000) + "{viewer{id}}", "MAX_TOKENS_LIMIT"},
		{"thousands of fragments", "{viewer{...F0}}" + repeatNumbered(2_000, " fragment F# on User{id}"), "MAX_TOKENS_LIMIT"},
		{"thousands of variables", "query(" + repeatNumbered(5_000, "$v#:ID ") + "){viewer{id}}", "MAX_TOKENS_LIMIT"},

		{"a field repeated", "{" + strings.Repeat("__typename ", 1_990) + "}", "MAX_REPEATED_FIELDS_LIMIT"},
		{"an object repeated", "{" + strings.Repeat("viewer{id}", 490) + "}", "MAX_REPEATED_FIELDS_LIMIT"},
		{"a field repeated in inline fragments", "{" + strings.Repeat("...{viewer{id}}", 280) + "}", "MAX_REPEATED_FIELDS_LIMIT"},
		{"fields repeated twice each", "{course{" + strings.Repeat("id title slug rating ", 30) + "}}", "MAX_REPEATED_FIELDS_LIMIT"},
		{"one alias for a field again and again", "{" + strings.Repeat("a:viewer{id}", 30) + "}", "MAX_REPEATED_FIELDS_LIMIT"},
		{"a field under aliases", "{" + repeatNumbered(12, "a#:searchSuggestions(prefix:\"a\")") + "}", "MAX_REPEATED_FIELDS_LIMIT"},
		{"pairs within pairs", "{course{" + nestedPairs(7) + "}}", "MAX_REPEATED_FIELDS_LIMIT"},

		{"aliases", "{" + repeatNumbered(330, "a#:viewer{id}") + "}", "MAX_ALIASES_LIMIT"},
		{"directives", "{viewer{" + strings.ReplaceAll("id name role plan email avatarUrl createdAt lastLogin coursesTaught enrollments dashboard preferences __typename ", " ", "@a@b@c@d ") + "}}", "MAX_DIRECTIVES_LIMIT"},
		{"directives in one place", "{viewer" + strings.Repeat("@a", 990) + "{id}}", "MAX_DIRECTIVES_LIMIT"},
		{"arguments", "{courses(" + repeatNumbered(650, "a#:1 ") + "){totalCount}}", "MAX_ARGUMENTS_LIMIT"},
		{"variables", "query(" + repeatNumbered(490, "$v#:ID ") + "){viewer{id}}", "MAX_VARIABLES_LIMIT"},
		{"operations", repeatNumbered(250, "query Q#{viewer{id}}"), "MAX_OPERATIONS_LIMIT"},

		{"fields within fields", nested("category{", "id", "}", 660), "MAX_DEPTH_LIMIT"},
		{"inline fragments within inline fragments", nested("...{", repeatNumbered(900, "a# "), "}", 330), "MAX_DEPTH_LIMIT"},
		{"lists within lists", "{nodes(ids:" + strings.Repeat("[", 1_900) + "){id}}", "MAX_DEPTH_LIMIT"},
		{"types of types", nested("ofType{", "name", "}", 600), "MAX_DEPTH_LIMIT"},

		{"a long string", `{searchCourses(query:"` + strings.Repeat("a", 90_000) + `"){totalCount}}`, Accepted},
		{"a string of escapes", `{searchCourses(query:"` + strings.Repeat(`\u0041`, 15_000) + `"){totalCount}}`, Accepted},
		{"a block string of many lines", `{searchCourses(query:"""` + strings.Repeat("\n a", 30_000) + `"""){totalCount}}`, Accepted},
		{"a long comment", "#" + strings.Repeat("é", 45_000) + "\n{viewer{id}}", Accepted},
		{"byte order marks", strings.Repeat("\ufeff", 30_000) + "{viewer{id}}", Accepted},
		{"commas", "{viewer{id" + strings.Repeat(",", 90_000) + "}}", Accepted},
		{"a long name", "{" + strings.Repeat("a", 90_000) + "}", Accepted},
		{"unknown names", "{" + repeatNumbered(900, strings.Repeat("c", 95)+"# ") + "}", "MAX_ROOT_FIELDS_LIMIT"},
		{"unknown names below", "{viewer{" + repeatNumbered(900, strings.Repeat("c", 95)+"# ") + "}}", Accepted},
		{"many ids", "{nodes(ids:[" + strings.Repeat(`"a"`, 1_900) + "]){id}}", Accepted},

		{"no text at all", strings.Repeat("\u200b\U0001F600", 10_000), ParseFailed},
		{"a string without end", `{searchCourses(query:"""` + strings.Repeat(`\"""`, 20_000), ParseFailed},
	}
}

// nestedPairs is a tree in which each field stands twice in its set.
func nestedPairs(n int) string {
	if n == 0 {
		return "id"
	}
	below := "relatedCourses{" + nestedPairs(n-1) + "}"
	return below + below
}

func fragmentDocuments() []Document {
	// Each fragment spreads the next, in which way it likes.
	chain := func(n int, on, body, end string) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, " fragment F%d on %s{%s}", i, on, strings.ReplaceAll(body, "...F", fmt.Sprintf("...F%d", i+1)))
		}
		return fmt.Sprintf("%s fragment F%d on %s{%s}", out.String(), n, on, end)
	}
	return []Document{
		{"spreads within spreads under aliases", "{course{...F0}}" + chain(22, "Course", "a:relatedCourses(first:1){...F}b:relatedCourses(first:1){...F}", "id"), "MAX_ALIASES_LIMIT"},
		{"spreads within spreads", "{course{...F0}}" + chain(40, "Course", "...F ...F", "reviews(first:100){nodes{id}}"), "COST_ESTIMATED_TOO_EXPENSIVE"},
		{"deeper with each spread", "{course{...F0}}" + chain(40, "Course", "category{courses(first:1){nodes{...F}}}", "id"), "MAX_DEPTH_LIMIT"},
		{"fragments", "{course{...F0}}" + chain(200, "Course", "...F", "id"), "MAX_FRAGMENTS_LIMIT"},
		{"one fragment spread again and again", "{viewer{" + strings.Repeat("...F ", 900) + "}} fragment F on User{id}", "MAX_FRAGMENTS_LIMIT"},
		{
			"operations that share fragments",
			repeatNumbered(10, "query Q#{course{...F0}} ") + chain(44, "Course", "id title slug rating tags published category{id name slug courseCount}price{amount} ...F", "id"),
			Accepted,
		},
		{
			"fragments with the same fields",
			"{course{" + repeatNumbered(49, "...F# ") + "}}" + repeatNumbered(49, " fragment F# on Course{id title slug rating tags category{id name slug courseCount}price{amount currencyCode}instructor{id name}}"),
			Accepted,
		},
		{"a long cycle", "{course{...F0}}" + chain(49, "Course", "id ...F", "...F0"), "GRAPHQL_VALIDATION_FAILED"},
	}
}
