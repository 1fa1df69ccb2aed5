package gql_test

import (
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
)

// Messages do not repeat the values of a document, even of misplaced ones.
func TestPresentWithoutValues(t *testing.T) {
	t.Parallel()
	h := gql.New(gql.Options{Log: discardLog})
	for document, want := range map[string]string{
		`mutation { signIn(input: { email: "a", password "hush: hush" }) { accessToken } }`:        "Expected :, found String",
		`mutation { signIn(input: { email: "a", password """hush "quoted" """ }) { expiresAt } }`:  "Expected :, found BlockString",
		`mutation { signIn "hush" { accessToken } }`:                                               "Expected Name, found String",
		`mutation { signIn(input: { email: "a", password: 1234567890123 }) { accessToken } }`:      "String cannot represent a non string value",
		`mutation { signIn(input: { email: "a", password: { is: "hush: hush" } }) { expiresAt } }`: "String",
		`mutation { signIn(input: { email: "a", password: ["hush", "hush"] }) { accessToken } }`:   "String",
		`mutation { signIn(input: "hush") { accessToken } }`:                                       `Expected value of type "SignInInput!"`,
		`mutation { updatePreferences(input: { playbackSpeed: "hush" }) { user { id } } }`:         "Float cannot represent non numeric value",
		`{ node(id: { key: "hush" }) { id } }`:                                                     "ID",
		"\"hush\" { viewer { id } }":                                                               "String",
		`{ courses(filter: { nothing: "hush" }) { totalCount } }`:                                  `Field "nothing" is not defined by type "CourseFilter"`,
	} {
		got := postQuery(t, h, edu.Viewer{}, document).Result(t)
		if len(got.Errors) == 0 {
			t.Errorf("%s: no error", document)
			continue
		}
		for _, e := range got.Errors {
			if strings.Contains(e.Message, `"hush`) || strings.Contains(e.Message, "hush:") || strings.Contains(e.Message, "1234567890123") {
				t.Errorf("%s: the response repeats a value: %s", document, e.Message)
			}
		}
		if !strings.Contains(got.Errors[0].Message, want) {
			t.Errorf("%s: %s, want %s", document, got.Errors[0].Message, want)
		}
	}
}
