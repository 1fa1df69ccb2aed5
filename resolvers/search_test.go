package resolvers_test

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// matches is the contract's condition, and scores its score, both in the words of
// the contract: $1 is the text.
const (
	matches = "published AND (search_vector @@ websearch_to_tsquery('english', $1) OR lower(title) = lower($1) OR $1 = '')"
	exact   = "(lower(title) = lower($1))"
	ranks   = "ts_rank(search_vector, websearch_to_tsquery('english', $1))"
)

var searchOrders = map[string]string{
	"RELEVANCE":   "CASE WHEN $1 = '' THEN false ELSE " + exact + " END DESC, CASE WHEN $1 = '' THEN 0 ELSE " + ranks + " END DESC, id DESC",
	"RATING":      "coalesce(rating_average, 0) DESC, id DESC",
	"ENROLLMENTS": "enrollment_count DESC, id DESC",
	"NEWEST":      "published_at DESC, id DESC",
}

func TestSearchSorts(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, inTies)
	for _, text := range []string{"", "data", "course", "web or security", `"step by step"`, "design -web", "Same title", "the"} {
		for sort, order := range searchOrders {
			t.Run(fmt.Sprintf("%q by %s", text, sort), func(t *testing.T) {
				want := a.ids(t, edu.KindCourse, "SELECT id FROM courses WHERE "+matches+" ORDER BY "+order, text)
				var got []string
				var after any
				for {
					c := collectConnection(a.data(t, anonymous, fmt.Sprintf(`query($q: String!, $after: String) { searchCourses(query: $q, sort: %s, first: 7, after: $after) {
						totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } nodes { id } } }`, sort), map[string]any{"q": text, "after": after}))
					page := checkPage(t, c)
					got = append(got, page...)
					checkPlace(t, c, len(got) < len(want), after != nil, len(want))
					after = at(c, "pageInfo", "endCursor")
					if len(page) == 0 || at(c, "pageInfo", "hasNextPage") != true {
						break
					}
				}
				if diff := cmp.Diff(want, got, equalEmpty); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// The title that is what was typed comes first, whatever else is more relevant,
// in whatever case, even where it is all stop words.
func TestExactTitleFirst(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	course := func(title, description string) string {
		return a.ids(t, edu.KindCourse, `INSERT INTO courses (slug, title, description, difficulty, published, published_at, instructor_id, category_id)
			VALUES (md5($1 || $2), $1, $2, 'beginner', true, now(), 2, 1) RETURNING id`, title, description)[0]
	}
	exactly := course("Quantum Baking", "")
	course("Quantum Baking Quantum Baking", strings.Repeat("quantum baking ", 200))
	stop := course("The Who", "")
	for text, want := range map[string]string{"quantum baking": exactly, "QUANTUM BAKING": exactly, "Quantum Baking": exactly, "  quantum baking ": exactly, "the who": stop} {
		got := a.data(t, anonymous, "query($q: String!) { searchCourses(query: $q, first: 5) { totalCount nodes { id } edges { score node { id } } } }", map[string]any{"q": text})
		if at(got, "searchCourses", "nodes", 0, "id") != want {
			t.Errorf("%q finds %v, want %s first", text, got, want)
		}
		edges := at(got, "searchCourses", "edges").([]any)
		if len(edges) > 1 && at(edges[0], "score").(float64) <= at(edges[1], "score").(float64) {
			t.Errorf("%q: the exact title does not score above all else: %v", text, edges)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, sort := range []string{"RELEVANCE", "NEWEST"} {
		got := a.data(t, anonymous, `{ searchCourses(query: "data", sort: `+sort+`, first: 50) { edges { score node { id } } } empty: searchCourses(sort: `+sort+`, first: 5) { edges { score highlight { title } } } }`, nil)
		for _, e := range at(got, "searchCourses", "edges").([]any) {
			want := one[float64](t, a, "SELECT "+ranks+"::float8 FROM courses WHERE id = $2", "data", keyOf(t, at(e, "node", "id").(string)))
			if score := at(e, "score").(float64); score != want {
				t.Errorf("%v scores %v, want %v", at(e, "node", "id"), score, want)
			}
		}
		for _, e := range at(got, "empty", "edges").([]any) {
			if at(e, "score") != 0.0 || at(e, "highlight") != nil {
				t.Errorf("a search for nothing gave %v, want a score of 0 and no highlight", e)
			}
		}
	}
}

// Highlights are the whole text, escaped, with nothing but <mark> added.
func TestHighlights(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for title, texts := range map[string]map[string]string{
		`<script>alert("xss")</script> & Rust's List<T>`: {
			"rust": `&lt;script&gt;alert(&#34;xss&#34;)&lt;/script&gt; &amp; <mark>Rust</mark>&#39;s List&lt;T&gt;`,
			"list": `&lt;script&gt;alert(&#34;xss&#34;)&lt;/script&gt; &amp; Rust&#39;s <mark>List</mark>&lt;T&gt;`,
		},
		"Running <mark>runners</mark> RUN": {"run": "<mark>Running</mark> &lt;mark&gt;runners&lt;/mark&gt; <mark>RUN</mark>"},
		"Café Zürich 東京":                   {"café": "<mark>Café</mark> Zürich 東京", "zürich": "Café <mark>Zürich</mark> 東京", "東京": "Café Zürich <mark>東京</mark>"},
		"Grasping Qubit.js 3.11 at last":   {"qubit.js": "Grasping <mark>Qubit.js</mark> 3.11 at last", "3.11": "Grasping Qubit.js <mark>3.11</mark> at last"},
		"Wholly full-stack zebras":         {"full-stack zebra": "Wholly <mark>full-stack</mark> <mark>zebras</mark>"},
		"Alpacas and Not Llamas":           {"alpacas -vicuna": "<mark>Alpacas</mark> and Not Llamas", "alpacas or vicuna": "<mark>Alpacas</mark> and Not Llamas", `"alpacas and not llamas"`: "<mark>Alpacas</mark> and Not <mark>Llamas</mark>"},
	} {
		course := id(edu.KindCourse, one[int64](t, a, `INSERT INTO courses (slug, title, description, difficulty, published, published_at, instructor_id, category_id)
			VALUES (md5($1), $1, $1, 'beginner', true, now(), 2, 1) RETURNING id`, title))
		for text, want := range texts {
			t.Run(text, func(t *testing.T) {
				got := a.data(t, anonymous, "query($q: String!) { searchCourses(query: $q, first: 100, sort: NEWEST) { edges { node { id } highlight { title description } } } }", map[string]any{"q": text})
				for _, e := range at(got, "searchCourses", "edges").([]any) {
					if at(e, "node", "id") == course {
						if at(e, "highlight", "title") != want || at(e, "highlight", "description") != want {
							t.Errorf("highlight %v, want %s", e, want)
						}
						return
					}
				}
				t.Errorf("%q does not find %q", text, title)
			})
		}
	}
}

var marks = regexp.MustCompile("</?mark>")

// Whatever is found, a highlight without its marks is the text, escaped; and
// every hit that the title matched has a mark.
func TestHighlightsAreWhole(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, text := range []string{"data", "practice", "node.js", "C++ or python", "security -cloud", `"step by step"`, "n+1 problem"} {
		got := a.data(t, anonymous, "query($q: String!) { searchCourses(query: $q, first: 50) { edges { node { title description tags } highlight { title description } } } }", map[string]any{"q": text})
		edges := at(got, "searchCourses", "edges").([]any)
		if len(edges) == 0 {
			t.Errorf("%q finds nothing", text)
		}
		for _, e := range edges {
			for _, part := range []string{"title", "description"} {
				marked, plain := at(e, "highlight", part).(string), at(e, "node", part).(string)
				if marks.ReplaceAllString(marked, "") != html.EscapeString(plain) {
					t.Errorf("%q: %q is not %q", text, marked, plain)
				}
				matched := one[bool](t, a, "SELECT to_tsvector('english', $1) @@ to_tsquery('simple', regexp_replace(strip(to_tsvector('english', $2))::text, ''' ''', ''' | ''', 'g'))", plain, text)
				if matched && !strings.Contains(marked, "<mark>") {
					t.Errorf("%q: nothing is marked in %q", text, marked)
				}
			}
		}
	}
}

// Facets count the whole result, each without regard to the filter on itself.
func TestFacets(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	type part struct{ text, sql string }
	categories := []part{{"", "true"}, {fmt.Sprintf("categoryId: %q", id(edu.KindCategory, 2)), "category_id = 2"}}
	difficulties := []part{{"", "true"}, {"difficulty: ADVANCED", "difficulty = 'advanced'"}}
	prices := []part{{"", "true"}, {"price: FREE", "price = 0"}, {"price: PAID", "price > 0"}}
	for _, text := range []string{"", "web", "xqzzy"} {
		for _, c := range categories {
			for _, d := range difficulties {
				for _, p := range prices {
					filter := strings.Join([]string{c.text, d.text, p.text, "maxDurationSeconds: 14000"}, " ")
					t.Run(text+" "+filter, func(t *testing.T) {
						got := a.data(t, anonymous, fmt.Sprintf(`query($q: String!) { searchCourses(query: $q, filter: { %s }, first: 1) { totalCount facets {
							categories { count category { id } } difficulties { count difficulty } prices { count price } } } }`, filter), map[string]any{"q": text})
						count := func(group, by string, where ...part) []string {
							conditions := matches + " AND duration_seconds <= 14000"
							for _, w := range where {
								conditions += " AND " + w.sql
							}
							return connectionSelection[string](t, a, "SELECT "+group+" || ' ' || count(*) FROM courses JOIN categories k ON k.id = category_id WHERE "+conditions+" GROUP BY "+by, text)
						}
						facets := at(got, "searchCourses", "facets")
						check := func(name string, want, got []string) {
							if diff := cmp.Diff(want, got, equalEmpty); diff != "" {
								t.Errorf("%s (-want +got):\n%s", name, diff)
							}
						}
						check("categories", count("k.id", "k.id ORDER BY count(*) DESC, k.name", d, p), facet(t, at(facets, "categories"), func(f any) any { return keyOf(t, at(f, "category", "id").(string)) }))
						check("difficulties", count("upper(difficulty)", "difficulty ORDER BY array_position('{beginner,intermediate,advanced}', difficulty)", c, p),
							facet(t, at(facets, "difficulties"), func(f any) any { return at(f, "difficulty") }))
						check("prices", count("CASE WHEN price = 0 THEN 'FREE' ELSE 'PAID' END", "price = 0 ORDER BY price = 0 DESC", c, d),
							facet(t, at(facets, "prices"), func(f any) any { return at(f, "price") }))
						total := one[int](t, a, "SELECT count(*) FROM courses WHERE "+matches+" AND duration_seconds <= 14000 AND "+c.sql+" AND "+d.sql+" AND "+p.sql, text)
						if at(got, "searchCourses", "totalCount") != float64(total) {
							t.Errorf("totalCount %v, want %d", at(got, "searchCourses", "totalCount"), total)
						}
					})
				}
			}
		}
	}
}

func facet(t *testing.T, list any, value func(any) any) []string {
	t.Helper()
	var got []string
	for _, f := range list.([]any) {
		got = append(got, fmt.Sprint(value(f), " ", at(f, "count")))
	}
	return got
}

// A correction keeps what was right, replaces what matches nothing by the
// nearest word of the courses, and is offered only where it finds something.
func TestDidYouMean(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, `INSERT INTO courses (slug, title, description, difficulty, published, published_at, instructor_id, category_id)
		VALUES ('ptero', 'Pterodactyl Husbandry', 'Feeding and care of flying reptiles.', 'advanced', true, now(), 2, 1)`)
	for text, want := range map[string]any{
		"pterodactil":                   "pterodactyl",
		"pterodactyl husbandary":        "pterodactyl husbandry",
		"Pterodaktyl, Husbandary!":      "pterodactyl, husbandry!",
		"the pterodactil":               "the pterodactyl",
		"pterodactil pterodactil":       "pterodactyl pterodactyl",
		`"pterodactil husbandry"`:       `"pterodactyl husbandry"`,
		"pterodactyl":                   nil, // finds something as typed
		"":                              nil,
		"pterodactil -husbandry":        nil, // the correction finds nothing
		"qqqqqqqq wwwwwwww":             nil,
		"!!! ???":                       nil,
		"pterodactil filter: nothing":   nil,
		"it's pterodactil":              "it's pterodactyl",
		"\U0001F995 pterodactil":        "\U0001F995 pterodactyl",
		strings.Repeat("pteradon ", 22): nil,
	} {
		got := a.data(t, anonymous, "query($q: String!) { searchCourses(query: $q) { totalCount didYouMean } }", map[string]any{"q": text})
		offered := at(got, "searchCourses", "didYouMean")
		if text == "qqqqqqqq wwwwwwww" || strings.HasPrefix(text, "pteradon") || strings.HasSuffix(text, "nothing") {
			// Nothing near is known: what is offered, if anything, must find something.
			if offered != nil && one[int](t, a, "SELECT count(*) FROM courses WHERE "+matches, offered) == 0 {
				t.Errorf("%q: did you mean %v finds nothing", text, offered)
			}
			continue
		}
		if offered != want {
			t.Errorf("%q: did you mean %v, want %v", text, offered, want)
		}
	}
	// Under a filter, a correction must find something that meets it.
	got := a.data(t, anonymous, `{ searchCourses(query: "pterodactil", filter: { difficulty: BEGINNER }) { didYouMean } }`, nil)
	if at(got, "searchCourses", "didYouMean") != nil {
		t.Errorf("a correction that the filter leaves nothing of: %v", got)
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id) VALUES
		('s1', '100% Pure_Zymurgy', 'beginner', true, now(), 2, 1), ('s2', '100x Pure Zymology', 'beginner', true, now(), 2, 1),
		('s3', 'Twice Told', 'beginner', true, now(), 2, 1), ('s4', 'Twice Told', 'beginner', true, now(), 2, 1), ('s5', 'Ä Ölige Überraschung', 'beginner', true, now(), 2, 1)`)
	suggest := func(prefix string, first int) []string {
		got := a.data(t, anonymous, "query($p: String!, $n: Int!) { searchSuggestions(prefix: $p, first: $n) }", map[string]any{"p": prefix, "n": first})
		var titles []string
		for _, title := range got["searchSuggestions"].([]any) {
			titles = append(titles, title.(string))
		}
		return titles
	}
	for _, prefix := range []string{"getting", "Hands-On", "THE "} {
		want := connectionSelection[string](t, a, "SELECT title FROM courses WHERE published AND starts_with(lower(title), lower($1)) ORDER BY enrollment_count DESC, title LIMIT 5", strings.TrimSpace(prefix))
		got := suggest(prefix, 5) // those that complete it come first
		if diff := cmp.Diff(want, got[:min(len(want), len(got))]); diff != "" {
			t.Errorf("%q (-want +got):\n%s", prefix, diff)
		}
	}
	for prefix, want := range map[string]string{"100%": "100% Pure_Zymurgy", "zymugry": "100% Pure_Zymurgy", "pyton": "Python", "machin lerning": "Machine Learning", "graphlq": "GraphQL", "ä ö": "Ä Ölige Überraschung"} {
		if got := suggest(prefix, 5); !slices.ContainsFunc(got, func(title string) bool { return strings.Contains(title, want) }) {
			t.Errorf("%q suggests %q, want one with %s", prefix, got, want)
		}
	}
	if got := suggest("twice", 20); len(got) == 0 || slices.Contains(got[1:], got[0]) {
		t.Errorf("suggestions repeat: %q", got)
	}
	if got := suggest("100%", 20); slices.Contains(got[:1], "100x Pure Zymology") {
		t.Errorf("a percent sign is taken as a pattern: %q", got)
	}
}
