package resolvers_test

import (
	"fmt"
	"testing"

	"github.com/7p-education/api/internal/testdb"
)

// TestVariableCoercion checks that variables, within input objects and lists too, and literals are
// rejected unless they have the type that the specification requires, section 3.5. gqlparser reads JSON
// numbers as texts, and gqlgen reads texts as numbers.
func TestVariableCoercion(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, position := range []struct {
		query              string // with a variable $v
		accepted, rejected []string
	}{
		{
			query:    `query($v: Float) { courses(filter: {minRating: $v}) { totalCount } }`,
			accepted: []string{`4.5`, `4`, `null`, `4e0`},
			rejected: []string{`"4.5"`, `"NaN"`, `"-Inf"`, `"Infinity"`, `"0x1p1"`, `"1_0"`, `""`, `1e999`, `-1e999`, `true`, `[4]`, `{}`},
		},
		{
			query:    `query($v: CourseFilter) { courses(filter: $v) { totalCount } }`,
			accepted: []string{`{"minRating":4.5,"maxDurationSeconds":5,"tags":["go"],"difficulty":"BEGINNER"}`, `{"tags":"go"}`, `{"maxDurationSeconds":5.0}`, `{"maxDurationSeconds":1e3}`},
			rejected: []string{
				`{"minRating":"NaN"}`, `{"minRating":"0x1p1"}`, `{"minRating":"4"}`, `{"minRating":1e999}`, `{"minRating":true}`,
				`{"maxDurationSeconds":"5"}`, `{"maxDurationSeconds":5.1}`, `{"maxDurationSeconds":1e-3}`, `{"maxDurationSeconds":2147483648}`,
				`{"tags":[5]}`, `{"tags":5}`, `{"tags":[true]}`, `{"tags":[null]}`, `{"difficulty":"beginner"}`, `{"difficulty":0}`,
			},
		},
		{
			query:    `query($v: Int) { courses(first: $v) { totalCount } }`,
			accepted: []string{`5`, `null`, `5.0`, `1e1`},
			rejected: []string{`"5"`, `1e-1`, `5.5`, `2147483648`, `true`, `""`, `[5]`},
		},
		{
			query:    `query($v: String!) { searchSuggestions(prefix: $v) }`,
			accepted: []string{`"5"`, `""`},
			rejected: []string{`5`, `5.5`, `true`, `null`, `["a"]`, `{}`},
		},
		{
			query:    `query($v: Boolean!) { courses { totalCount @include(if: $v) } }`,
			accepted: []string{`true`, `false`},
			rejected: []string{`"true"`, `"false"`, `1`, `0`, `null`, `[true]`},
		},
		{
			query:    `query($v: ID!) { node(id: $v) { id } }`,
			rejected: []string{`5`, `5.5`, `true`, `null`, `[]`, `{}`, `"5"`},
		},
	} {
		for _, value := range position.accepted {
			got := a.post(t, anonymous, requestBody(position.query, value))
			if len(got.Errors) > 0 {
				t.Errorf("%s with %s: %s", position.query, value, got.body)
			}
		}
		for _, value := range position.rejected {
			got := a.post(t, anonymous, requestBody(position.query, value))
			if len(got.Errors) != 1 || got.Codes() != "BAD_USER_INPUT" && got.Codes() != "GRAPHQL_VALIDATION_FAILED" {
				t.Errorf("%s with %s: got %s, want one error about the value", position.query, value, got.body)
			}
		}
	}
	for _, literal := range []string{`"4"`, `"NaN"`, `NaN`, `Infinity`, `0x1p1`, `1e999`, `-1e999`, `true`} {
		for _, query := range []string{
			`{ courses(filter: {minRating: ` + literal + `}) { totalCount } }`,
			`query($v: Float = ` + literal + `) { courses(filter: {minRating: $v}) { totalCount } }`,
			`query($v: CourseFilter = {minRating: ` + literal + `}) { courses(filter: $v) { totalCount } }`,
		} {
			if got := a.execute(t, anonymous, query, nil); len(got.Errors) == 0 {
				t.Errorf("%s: got %s", query, got.body)
			}
		}
	}
}

// requestBody returns the body of a request whose variable v has a value in JSON.
func requestBody(query, value string) string {
	return fmt.Sprintf(`{"query":%q,"variables":{"v":%s}}`, query, value)
}
