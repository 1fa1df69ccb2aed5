package gql_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/scalar"
)

// A value that does not fit its type rejects the request before any field runs: the first field of the
// mutation does not write.
func TestCoercionBeforeExecution(t *testing.T) {
	t.Parallel()
	h := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog})
	c := gqltest.NewClient(h)
	const write = `a: updatePreferences(input: {locale: "de-CH"}) { userErrors { code } } `
	const record = write + `recordVideoProgress(input: {events: [{videoId: "VmlkZW86MQ", progressSeconds: `
	for name, tt := range map[string]struct{ query, variables, code, message string }{
		"DateTime variable": {
			`mutation($v: DateTime!) { ` + record + `1, watchedAt: $v}]}) { recordedCount } }`, `{"v": "yesterday"}`, "BAD_USER_INPUT",
			"variable $v does not fit its type; $v is declared as DateTime!: a DateTime must be an RFC 3339 timestamp, e.g. 2026-01-31T09:30:00Z",
		},
		"DateTime in an input object": {
			`mutation($v: RecordVideoProgressInput!) { ` + write + `recordVideoProgress(input: $v) { recordedCount } }`,
			`{"v": {"events": [{"videoId": "VmlkZW86MQ", "progressSeconds": 1, "watchedAt": "2026-01-31T09:30:00+24:00"}]}}`, "BAD_USER_INPUT",
			"variable $v.events[0].watchedAt does not fit its type; $v is declared as RecordVideoProgressInput!: a DateTime must be an RFC 3339 timestamp, e.g. 2026-01-31T09:30:00Z",
		},
		"DateTime literal": {
			`mutation { ` + record + `1, watchedAt: "yesterday"}]}) { recordedCount } }`, `null`, "GRAPHQL_VALIDATION_FAILED",
			"a DateTime must be an RFC 3339 timestamp, e.g. 2026-01-31T09:30:00Z",
		},
		"DateTime default": {
			`mutation($v: DateTime = "yesterday") { ` + record + `1, watchedAt: $v}]}) { recordedCount } }`, `null`, "GRAPHQL_VALIDATION_FAILED",
			"a DateTime must be an RFC 3339 timestamp, e.g. 2026-01-31T09:30:00Z",
		},
		"Int variable": {
			`mutation($v: Int!) { ` + record + `$v}]}) { recordedCount } }`, `{"v": 2147483648}`, "BAD_USER_INPUT",
			"variable $v does not fit its type; $v is declared as Int!: an Int must be a whole number from -2147483648 to 2147483647, without quotes",
		},
		"Int literal": {
			`mutation { ` + record + `2147483648}]}) { recordedCount } }`, `null`, "GRAPHQL_VALIDATION_FAILED",
			"an Int must be a whole number from -2147483648 to 2147483647, without quotes",
		},
		"Int default": {
			`mutation($v: Int! = -2147483649) { ` + record + `$v}]}) { recordedCount } }`, `{"v": 1}`, "GRAPHQL_VALIDATION_FAILED",
			"an Int must be a whole number from -2147483648 to 2147483647, without quotes",
		},
		"enum variable": {
			`mutation($v: EnrollmentOrderField!) { ` + write + `b: updatePreferences(input: {}) { user { enrollments(orderBy: {field: $v}) { totalCount } } } }`,
			`{"v": "progress"}`, "BAD_USER_INPUT",
			"variable $v does not fit its type; $v is declared as EnrollmentOrderField!: it must be a value of EnrollmentOrderField, in the case of the schema",
		},
		"half a surrogate pair in a variable": {
			`mutation($v: String) { updatePreferences(input: {locale: $v}) { userErrors { code } } }`, `{"v": "a\ud83d"}`, "BAD_USER_INPUT",
			"the request body has a text that is not Unicode: a \\u escape is half of a surrogate pair: send both halves",
		},
		"Decimal variable": {
			`mutation($v: Decimal) { ` + write + `updateCourse(input: {id: "x", priceAmount: $v}) { course { id } } }`, `{"v": "1."}`, "BAD_USER_INPUT",
			"variable $v does not fit its type; $v is declared as Decimal: a Decimal must be a number in a string, e.g. \"49.90\"",
		},
		"Decimal literal": {
			`mutation { ` + write + `updateCourse(input: {id: "x", priceAmount: "1."}) { course { id } } }`, `null`, "GRAPHQL_VALIDATION_FAILED",
			"a Decimal must be a number in a string, e.g. \"49.90\"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			resp := c.Query(t, student, tt.query, json.RawMessage(tt.variables))
			got := resp.Result(t)
			if got.Status != 422 || got.Data != nil || len(got.Errors) == 0 || got.Errors[0].Code() != tt.code || got.Errors[0].Message != tt.message {
				t.Errorf("response %s, want 422 without data and %s %q", resp, tt.code, tt.message)
			} else if tt.code == "GRAPHQL_VALIDATION_FAILED" && len(got.Errors[0].Locations) != 1 {
				t.Errorf("response %s, want a location", resp)
			}
		})
	}
	got := c.Query(t, student, `{ viewer { preferences { locale } } }`, nil).Text()
	if diff := cmp.Diff(`{"data":{"viewer":{"preferences":{"locale":"en-GB"}}}}`, got); diff != "" {
		t.Errorf("preferences after rejected mutations (-want +got):\n%s", diff)
	}
}

// Each scalar of the schema is validated: none accepts a list.
func TestScalarsAreValidated(t *testing.T) {
	t.Parallel()
	for name, def := range gql.ExecutableSchema().Schema().Types {
		if def.Kind == ast.Scalar && scalar.Validate(name, []any{}) == "" {
			t.Errorf("scalar.Validate does not know %s", name)
		}
	}
}

// A text with half a surrogate pair is not GraphQL. A whole pair, and the same letters behind a backslash or
// in a block string, are.
func TestSurrogatesInLiterals(t *testing.T) {
	t.Parallel()
	c := gqltest.NewClient(gql.New(gql.Options{Log: discardLog, Introspection: true}))
	for text, want := range map[string]string{
		`"a\ud83d"`:            "400 GRAPHQL_PARSE_FAILED 2:15",
		`"\ude00\ud83d"`:       "400 GRAPHQL_PARSE_FAILED 2:14",
		`"\ud83d\ud83d\ude00"`: "400 GRAPHQL_PARSE_FAILED 2:14",
		`"\ud83d\ude00\ud83d"`: "400 GRAPHQL_PARSE_FAILED 2:26",
		`"\ud83d\u{de00}"`:     "400 GRAPHQL_PARSE_FAILED 2:14",
		`"\u{d83d}"`:           "400 GRAPHQL_PARSE_FAILED 2:15",
		`"\ud83d\ude00"`:       "200",
		`"\\ud83d"`:            "200",
		`"""\ud83d"""`:         "200",
		`"\u{1F600}"`:          "200",
		`"" #"\ud83d"` + "\n":  "200",
	} {
		got := c.Query(t, student, "{\n__type(name:"+text+") { name } }", nil).Result(t)
		shown := fmt.Sprint(got.Status)
		if len(got.Errors) > 0 {
			at := got.Errors[0].Locations[0]
			shown += fmt.Sprintf(" %s %d:%d", got.Code(), at.Line, at.Column)
		}
		if shown != want {
			t.Errorf("%s: %s, want %s: %v", text, shown, want, got.Errors)
		}
	}
}
