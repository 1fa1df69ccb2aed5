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

// The contract's definitions of a match, of an exact title and of the score; $1 is the text.
const (
	matchesSQL    = "published AND (search_vector @@ (" + wholeSQL + " || " + startedSQL + ") OR title_key = search_text($1) OR $1 = '')"
	exactTitleSQL = "(title_key = search_text($1))"
	rankSQL       = "CASE WHEN search_vector @@ " + wholeSQL + " OR " + startedSQL + " = '' THEN ts_rank(search_vector, " + wholeSQL + ") ELSE ts_rank(search_vector, " + startedSQL + ", 32) / 2 END"
	// Stop words alone are words.
	wholeSQL = "websearch_to_tsquery(CASE $1 WHEN 'the' THEN 'simple' ELSE 'english' END::regconfig, $1)"
	// The last word of the texts of TestSearchSorts as the start of a word.
	startedSQL = `CASE $1 WHEN 'data' THEN '''data'':*' WHEN 'course' THEN '''course'':*' WHEN 'web or security' THEN '''security'':*'
		WHEN 'Same title' THEN '''title'':*' WHEN 'the' THEN '''the'':*' WHEN 'web' THEN '''web'':*' ELSE '' END::tsquery`
)

// searchOrderSQL maps each sort of a search to the contract's definition of it.
var searchOrderSQL = map[string]string{
	"RELEVANCE":   "CASE WHEN $1 = '' THEN false ELSE " + exactTitleSQL + " END DESC, CASE WHEN $1 = '' THEN 0 ELSE " + rankSQL + " END DESC, id DESC",
	"RATING":      "coalesce(rating_average, 0) DESC, id DESC",
	"ENROLLMENTS": "enrollment_count DESC, id DESC",
	"NEWEST":      "published_at DESC, id DESC",
}

func TestSearchSorts(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, createTies)
	for _, text := range []string{"", "data", "course", "web or security", `"step by step"`, "design -web", "Same title", "the"} {
		for sort, order := range searchOrderSQL {
			t.Run(fmt.Sprintf("%q by %s", text, sort), func(t *testing.T) {
				want := a.queryIDs(t, edu.KindCourse, "SELECT id FROM courses WHERE "+matchesSQL+" ORDER BY "+order, text)
				var got []string
				var after any
				for {
					c := findConnection(a.mustExecute(t, anonymous, fmt.Sprintf(`query($q: String!, $after: String) { searchCourses(query: $q, sort: %s, first: 7, after: $after) {
						totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } nodes { id } } }`, sort), map[string]any{"q": text, "after": after}))
					page := checkPage(t, c)
					got = append(got, page...)
					checkPageInfo(t, c, len(got) < len(want), after != nil, len(want))
					after = valueAt(c, "pageInfo", "endCursor")
					if len(page) == 0 || valueAt(c, "pageInfo", "hasNextPage") != true {
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

// TestExactTitleComesFirst checks that a title equal to the query comes before more relevant courses, in
// any case, even if it consists of stop words.
func TestExactTitleComesFirst(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	course := func(title, description string) string {
		return a.queryIDs(t, edu.KindCourse, `INSERT INTO courses (slug, title, description, difficulty, published, published_at, instructor_id, category_id)
			VALUES (md5($1 || $2), $1, $2, 'beginner', true, now(), 2, 1) RETURNING id`, title, description)[0]
	}
	exactTitle := course("Quantum Baking", "")
	course("Quantum Baking Quantum Baking", strings.Repeat("quantum baking ", 200))
	stopWords := course("The Who", "")
	for text, want := range map[string]string{"quantum baking": exactTitle, "QUANTUM BAKING": exactTitle, "Quantum Baking": exactTitle, "  quantum baking ": exactTitle, "the who": stopWords} {
		got := a.mustExecute(t, anonymous, "query($q: String!) { searchCourses(query: $q, first: 5) { totalCount nodes { id } edges { score node { id } } } }", map[string]any{"q": text})
		if valueAt(got, "searchCourses", "nodes", 0, "id") != want {
			t.Errorf("%q returns %v, want %s first", text, got, want)
		}
		edges := valueAt(got, "searchCourses", "edges").([]any)
		if len(edges) > 1 && valueAt(edges[0], "score").(float64) <= valueAt(edges[1], "score").(float64) {
			t.Errorf("%q: the exact title does not have the highest score: %v", text, edges)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, sort := range []string{"RELEVANCE", "NEWEST"} {
		got := a.mustExecute(t, anonymous, `{ searchCourses(query: "data", sort: `+sort+`, first: 50) { edges { score node { id } } } empty: searchCourses(sort: `+sort+`, first: 5) { edges { score highlight { title } } } }`, nil)
		for _, e := range valueAt(got, "searchCourses", "edges").([]any) {
			want := queryOne[float64](t, a, "SELECT "+rankSQL+"::float8 FROM courses WHERE id = $2", "data", keyOfID(t, valueAt(e, "node", "id").(string)))
			if score := valueAt(e, "score").(float64); score != want {
				t.Errorf("score of %v is %v, want %v", valueAt(e, "node", "id"), score, want)
			}
		}
		for _, e := range valueAt(got, "empty", "edges").([]any) {
			if valueAt(e, "score") != 0.0 || valueAt(e, "highlight") != nil {
				t.Errorf("empty query returns %v, want a score of 0 and no highlight", e)
			}
		}
	}
}

// TestHighlights checks that a highlight is the whole text, escaped, with only <mark> added.
func TestHighlights(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for title, texts := range map[string]map[string]string{
		`<script>alert("xss")</script> & Rust's List<T>`: {
			"rust": `&lt;script&gt;alert(&#34;xss&#34;)&lt;/script&gt; &amp; <mark>Rust</mark>&#39;s List&lt;T&gt;`,
			"list": `&lt;script&gt;alert(&#34;xss&#34;)&lt;/script&gt; &amp; Rust&#39;s <mark>List</mark>&lt;T&gt;`,
		},
		"Running <mark>runners</mark> RUN": {"run": "<mark>Running</mark> &lt;mark&gt;<mark>runners</mark>&lt;/mark&gt; <mark>RUN</mark>", "run now -walk": "<mark>Running</mark> &lt;mark&gt;runners&lt;/mark&gt; <mark>RUN</mark>"},
		"Café Zürich 東京":                   {"café": "<mark>Café</mark> Zürich 東京", "zürich": "Café <mark>Zürich</mark> 東京", "東京": "Café Zürich <mark>東京</mark>"},
		"Grasping Qubit.js 3.11 at last":   {"qubit.js": "Grasping <mark>Qubit.js</mark> 3.11 at last", "3.11": "Grasping Qubit.js <mark>3.11</mark> at last"},
		"Wholly full-stack zebras":         {"full-stack zebra": "Wholly <mark>full-stack</mark> <mark>zebras</mark>"},
		"Alpacas and Not Llamas":           {"alpacas -vicuna": "<mark>Alpacas</mark> and Not Llamas", "alpacas or vicuna": "<mark>Alpacas</mark> and Not Llamas", `"alpacas and not llamas"`: "<mark>Alpacas</mark> and Not <mark>Llamas</mark>"},
	} {
		course := globalID(edu.KindCourse, queryOne[int64](t, a, `INSERT INTO courses (slug, title, description, difficulty, published, published_at, instructor_id, category_id)
			VALUES (md5($1), $1, $1, 'beginner', true, now(), 2, 1) RETURNING id`, title))
		for text, want := range texts {
			t.Run(text, func(t *testing.T) {
				got := a.mustExecute(t, anonymous, "query($q: String!) { searchCourses(query: $q, first: 100, sort: NEWEST) { edges { node { id } highlight { title description } } } }", map[string]any{"q": text})
				for _, e := range valueAt(got, "searchCourses", "edges").([]any) {
					if valueAt(e, "node", "id") == course {
						if valueAt(e, "highlight", "title") != want || valueAt(e, "highlight", "description") != want {
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

var markTags = regexp.MustCompile("</?mark>")

// TestHighlightsContainWholeText checks that a highlight without its marks is the escaped text, and that
// every text which matched has a mark.
func TestHighlightsContainWholeText(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, text := range []string{"data", "practice", "node.js", "C++ or python", "security -cloud", `"step by step"`, "n+1 problem"} {
		got := a.mustExecute(t, anonymous, "query($q: String!) { searchCourses(query: $q, first: 50) { edges { node { title description tags } highlight { title description } } } }", map[string]any{"q": text})
		edges := valueAt(got, "searchCourses", "edges").([]any)
		if len(edges) == 0 {
			t.Errorf("%q has no results", text)
		}
		for _, e := range edges {
			for _, part := range []string{"title", "description"} {
				marked, plain := valueAt(e, "highlight", part).(string), valueAt(e, "node", part).(string)
				if markTags.ReplaceAllString(marked, "") != html.EscapeString(plain) {
					t.Errorf("%q: highlight %q, want the text %q with marks", text, marked, plain)
				}
				matched := queryOne[bool](t, a, "SELECT to_tsvector('english', $1) @@ to_tsquery('simple', regexp_replace(strip(to_tsvector('english', $2))::text, ''' ''', ''' | ''', 'g'))", plain, text)
				if matched && !strings.Contains(marked, "<mark>") {
					t.Errorf("%q: no mark in %q", text, marked)
				}
			}
		}
	}
}

// TestSnippets checks that a snippet shows the match in a long description, escaped, and that each field of a
// highlight can be selected alone.
func TestSnippets(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, `INSERT INTO courses (slug, title, description, difficulty, published, published_at, instructor_id, category_id)
		VALUES ('q', 'Quokka', repeat('filler ', 100) || '<script>quokkas</script> & "Quokka" ' || repeat('filler ', 100), 'beginner', true, now(), 2, 1)`)
	filler := strings.Repeat("filler ", 100)
	for field, want := range map[string]string{
		"snippet":     "…filler filler filler filler &lt;script&gt;<mark>quokkas</mark>&lt;/script&gt; &amp; &#34;<mark>Quokka</mark>&#34; filler filler filler filler filler filler filler filler filler filler filler filler filler…",
		"title":       "<mark>Quokka</mark>",
		"description": filler + "&lt;script&gt;<mark>quokkas</mark>&lt;/script&gt; &amp; &#34;<mark>Quokka</mark>&#34; " + filler,
	} {
		got := a.mustExecute(t, anonymous, `{ searchCourses(query: "quokka") { edges { a: highlight { __typename } highlight { `+field+` } } } }`, nil)
		if text := valueAt(got, "searchCourses", "edges", 0, "highlight", field); text != want {
			t.Errorf("%s is %v, want %s", field, text, want)
		}
	}
}

// TestFacets checks that facets count the whole result, and that each ignores the filter on its own
// dimension.
func TestFacets(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	type condition struct{ text, sql string }
	categories := []condition{{"", "true"}, {fmt.Sprintf("categoryId: %q", globalID(edu.KindCategory, 2)), "category_id = 2"}}
	difficulties := []condition{{"", "true"}, {"difficulty: ADVANCED", "difficulty = 'advanced'"}}
	prices := []condition{{"", "true"}, {"price: FREE", "price = 0"}, {"price: PAID", "price > 0"}}
	for _, text := range []string{"", "web", "xqzzy"} {
		for _, c := range categories {
			for _, d := range difficulties {
				for _, p := range prices {
					filter := strings.Join([]string{c.text, d.text, p.text, "maxDurationSeconds: 14000"}, " ")
					t.Run(text+" "+filter, func(t *testing.T) {
						got := a.mustExecute(t, anonymous, fmt.Sprintf(`query($q: String!) { searchCourses(query: $q, filter: { %s }, first: 1) { totalCount facets {
							categories { count category { id } } difficulties { count difficulty } prices { count price } } } }`, filter), map[string]any{"q": text})
						count := func(group, by string, where ...condition) []string {
							conditions := matchesSQL + " AND duration_seconds <= 14000"
							for _, w := range where {
								conditions += " AND " + w.sql
							}
							return queryColumn[string](t, a, "SELECT "+group+" || ' ' || count(*) FROM courses JOIN categories k ON k.id = category_id WHERE "+conditions+" GROUP BY "+by, text)
						}
						facets := valueAt(got, "searchCourses", "facets")
						check := func(name string, want, got []string) {
							if diff := cmp.Diff(want, got, equalEmpty); diff != "" {
								t.Errorf("%s (-want +got):\n%s", name, diff)
							}
						}
						check("categories", count("k.id", "k.id ORDER BY count(*) DESC, k.name", d, p), facetCounts(t, valueAt(facets, "categories"), func(f any) any { return keyOfID(t, valueAt(f, "category", "id").(string)) }))
						check("difficulties", count("upper(difficulty)", "difficulty ORDER BY array_position('{beginner,intermediate,advanced}', difficulty)", c, p),
							facetCounts(t, valueAt(facets, "difficulties"), func(f any) any { return valueAt(f, "difficulty") }))
						check("prices", count("CASE WHEN price = 0 THEN 'FREE' ELSE 'PAID' END", "price = 0 ORDER BY price = 0 DESC", c, d),
							facetCounts(t, valueAt(facets, "prices"), func(f any) any { return valueAt(f, "price") }))
						total := queryOne[int](t, a, "SELECT count(*) FROM courses WHERE "+matchesSQL+" AND duration_seconds <= 14000 AND "+c.sql+" AND "+d.sql+" AND "+p.sql, text)
						if valueAt(got, "searchCourses", "totalCount") != float64(total) {
							t.Errorf("totalCount %v, want %d", valueAt(got, "searchCourses", "totalCount"), total)
						}
					})
				}
			}
		}
	}
}

// facetCounts returns the values and counts of a facet, as text.
func facetCounts(t *testing.T, list any, value func(any) any) []string {
	t.Helper()
	var got []string
	for _, f := range list.([]any) {
		got = append(got, fmt.Sprint(value(f), " ", valueAt(f, "count")))
	}
	return got
}

// TestDidYouMean checks that a correction replaces only unknown words, by the most similar word of the
// courses, and is offered only if it finds something.
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
		got := a.mustExecute(t, anonymous, "query($q: String!) { searchCourses(query: $q) { totalCount didYouMean } }", map[string]any{"q": text})
		offered := valueAt(got, "searchCourses", "didYouMean")
		if text == "qqqqqqqq wwwwwwww" || strings.HasPrefix(text, "pteradon") || strings.HasSuffix(text, "nothing") {
			// No similar word exists. A correction, if any, must find something.
			if offered != nil && queryOne[int](t, a, "SELECT count(*) FROM courses WHERE "+matchesSQL, offered) == 0 {
				t.Errorf("%q: didYouMean %v finds nothing", text, offered)
			}
			continue
		}
		if offered != want {
			t.Errorf("%q: didYouMean %v, want %v", text, offered, want)
		}
	}
	// With a filter, a correction must find a course that matches the filter.
	got := a.mustExecute(t, anonymous, `{ searchCourses(query: "pterodactil", filter: { difficulty: BEGINNER }) { didYouMean } }`, nil)
	if valueAt(got, "searchCourses", "didYouMean") != nil {
		t.Errorf("response %v, want no correction, because it finds nothing with the filter", got)
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id) VALUES
		('s1', '100% Pure_Zymurgy', 'beginner', true, now(), 2, 1), ('s2', '100x Pure Zymology', 'beginner', true, now(), 2, 1),
		('s3', 'Twice Told', 'beginner', true, now(), 2, 1), ('s4', 'Twice Told', 'beginner', true, now(), 2, 1), ('s5', 'Ä Ölige Überraschung', 'beginner', true, now(), 2, 1)`)
	suggest := func(prefix string, first int) []string {
		got := a.mustExecute(t, anonymous, "query($p: String!, $n: Int!) { searchSuggestions(prefix: $p, first: $n) }", map[string]any{"p": prefix, "n": first})
		var titles []string
		for _, title := range got["searchSuggestions"].([]any) {
			titles = append(titles, title.(string))
		}
		return titles
	}
	for _, prefix := range []string{"getting", "Hands-On", "THE "} {
		want := queryColumn[string](t, a, "SELECT title FROM courses WHERE published AND starts_with(lower(title), lower($1)) ORDER BY enrollment_count DESC, title LIMIT 5", strings.TrimSpace(prefix))
		got := suggest(prefix, 5) // completions of the prefix come before corrections
		if diff := cmp.Diff(want, got[:min(len(want), len(got))]); diff != "" {
			t.Errorf("%q (-want +got):\n%s", prefix, diff)
		}
	}
	for prefix, want := range map[string]string{"100%": "100% Pure_Zymurgy", "zymugry": "100% Pure_Zymurgy", "pyton": "Python", "machin lerning": "Machine Learning", "graphlq": "GraphQL", "ä ö": "Ä Ölige Überraschung"} {
		if got := suggest(prefix, 5); !slices.ContainsFunc(got, func(title string) bool { return strings.Contains(title, want) }) {
			t.Errorf("suggestions for %q are %q, want one with %s", prefix, got, want)
		}
	}
	if got := suggest("twice", 20); len(got) == 0 || slices.Contains(got[1:], got[0]) {
		t.Errorf("suggestions repeat: %q", got)
	}
	if got := suggest("100%", 20); slices.Contains(got[:1], "100x Pure Zymology") {
		t.Errorf("a percent sign is treated as a pattern: %q", got)
	}
}
