package resolvers_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// insertSuggested inserts a suggestion of each kind for "zo".
func insertSuggested(t *testing.T) *testAPI {
	t.Helper()
	a := setup(t, testdb.New(t))
	a.exec(t, `INSERT INTO users (name, email, role) VALUES ('Zoë Zimmer', 'zoe@7p.example', 'instructor')`)
	a.exec(t, `INSERT INTO categories (name, slug) VALUES ('Zoology', 'zoology')`)
	a.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id, tags)
		VALUES ('zoos', 'Zoos <b>& Co', 'beginner', true, now(), 1, 1, '{zoom}'), ('draft', 'Zoos in draft', 'beginner', false, NULL, 1, 1, '{zoot}')`)
	return a
}

// TestSuggest checks that suggestions have the objects that they name, and highlights that are safe HTML.
func TestSuggest(t *testing.T) {
	t.Parallel()
	a := insertSuggested(t)
	const document = `query($p: String!) { suggest(prefix: $p) { kind text highlight course { slug } category { slug } instructor { name } } }`
	for typed, want := range map[string][]string{
		"zo": {
			"COURSE Zoos <b>& Co | <mark>Zoos</mark> &lt;b&gt;&amp; Co | zoos <nil> <nil>",
			"CATEGORY Zoology | <mark>Zoology</mark> | <nil> zoology <nil>",
			"TAG zoom | <mark>zoom</mark> | <nil> <nil> <nil>",
			"INSTRUCTOR Zoë Zimmer | <mark>Zoë</mark> Zimmer | <nil> <nil> Zoë Zimmer",
		},
		"zooology":   {"CATEGORY Zoology | <mark>Zoology</mark> | <nil> zoology <nil>"},
		"Zimmer ZOÉ": {"INSTRUCTOR Zoë Zimmer | <mark>Zoë</mark> <mark>Zimmer</mark> | <nil> <nil> Zoë Zimmer"},
		"xqzzy":      nil,
	} {
		var got []string
		for _, s := range valueAt(a.mustExecute(t, anonymous, document, map[string]any{"p": typed}), "suggest").([]any) {
			got = append(got, fmt.Sprint(valueAt(s, "kind"), " ", valueAt(s, "text"), " | ", valueAt(s, "highlight"), " | ",
				valueAt(s, "course", "slug"), " ", valueAt(s, "category", "slug"), " ", valueAt(s, "instructor", "name")))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", typed, diff)
		}
	}
	got := a.execute(t, anonymous, `{ suggest(prefix: "zimmer") { instructor { name email } } }`, nil)
	if len(got.Errors) != 1 || got.Errors[0].Code() != string(edu.Forbidden) || got.At("suggest", 0, "instructor", "name") != "Zoë Zimmer" {
		t.Errorf("response %s, want the name and FORBIDDEN for the email", got.body)
	}
}

// TestSuggestCosts checks the numbers of statements and round trips: one statement for the suggestions, and
// one for the objects of each kind.
func TestSuggestCosts(t *testing.T) {
	t.Parallel()
	a := insertSuggested(t)
	for selection, want := range map[string]cost{
		"text kind highlight": {1, 1, 0},
		"text course { slug } category { slug } instructor { name }":                                                      {4, 2, 0},
		"a: course { slug } b: course { title } ... on Suggestion { c: instructor { name } d: instructor { avatarUrl } }": {3, 2, 0},
		"course { slug category { name } instructor { name } }":                                                           {4, 3, 0},
	} {
		for _, first := range []int{4, 20} {
			got := a.execute(t, anonymous, fmt.Sprintf(`{ suggest(prefix: "zo", first: %d) { %s } }`, first, selection), nil)
			if diff := cmp.Diff(want, got.cost); diff != "" || len(got.Errors) > 0 {
				t.Errorf("%s of %d (-want +got):\n%s%.300s", selection, first, diff, got.body)
			}
		}
	}
}
