package e2e

import (
	"strings"
	"testing"

	"github.com/7p-education/api/internal/testdb"
)

// Each limit can be set, and a rejection has its code and its value.
func TestLimitsAreSet(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "RATE_LIMIT=off",
		"MAX_COST=60", "MAX_DEPTH=3", "MAX_TOKENS=60", "MAX_ALIASES=4", "MAX_ROOT_FIELDS=6", "MAX_REPEATED_FIELDS=3",
		"MAX_DIRECTIVES=3", "MAX_FRAGMENTS=2", "MAX_BODY_BYTES=1000")
	if a := p.query(t, "{ courses(first: 1) { nodes { id } } }", nil); a.Status != 200 || len(a.Errors) > 0 {
		t.Fatalf("%+v", a)
	}
	for query, want := range map[string][]string{
		"{ courses(first: 50) { nodes { id } } }":                         {"COST_ESTIMATED_TOO_EXPENSIVE", "60"},
		"{ courses { nodes { category { name } } } }":                     {"MAX_DEPTH_LIMIT", "3"},
		"{ " + strings.Repeat("categories ", 61) + "}":                    {"MAX_TOKENS_LIMIT", "60"},
		"{ a: __typename b: __typename c: categories { d: id e: slug } }": {"MAX_ALIASES_LIMIT", "4"},
		"{ categories { id } courses { totalCount } viewer { id } __typename a: user(id: \"x\") { id } b: category { id } c: course { id } }": {"MAX_ROOT_FIELDS_LIMIT", "6"},
		"{ categories { id id id id } }": {"MAX_REPEATED_FIELDS_LIMIT", "3"},
		"{ categories { id @include(if: true) name @include(if: true) slug @include(if: true) courseCount @skip(if: false) } }":       {"MAX_DIRECTIVES_LIMIT", "3"},
		"{ ...A ...B ...C } fragment A on Query { __typename } fragment B on Query { __typename } fragment C on Query { __typename }": {"MAX_FRAGMENTS_LIMIT", "2"},
		"{ categories { id } } #" + strings.Repeat("x", 1000):                                                                         {"PAYLOAD_TOO_LARGE", "1000"},
	} {
		a := p.query(t, query, nil)
		if len(a.Errors) == 0 || a.Codes() != want[0] || !strings.Contains(a.Errors[0].Message, want[1]) {
			t.Errorf("%.80s\n%+v, want %q", query, a, want)
		}
	}
}
