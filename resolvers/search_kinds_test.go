package resolvers_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// kindTitles are the titles of the courses of the tests of kinds of queries.
var kindTitles = []string{
	"Python for Everybody", "Pythonic Thinking", "GraphQL in Practice", "React Native Apps", "React and Redux", "Python Machine Learning",
	"Managing Management", "Trading - Fundamentals", "Trading Psychology", "Node.js Basics", "Node Anatomy", "UI/UX Design", "COVID-19 Contact Tracing",
	"Machine-Learning Operations", "ASP.NET Core", ".NET Internals", "C++ Primer", "C# in a Day", "C: a First Language", "F# Functions",
	"Música y Estadística", "Inglés básico", "IT for Managers", "The Who", "株式投資入門", "Italian Cooking", "Ａｎｇｕｌａｒ ２", "  Blank\u00a0 Framed  ",
	"Øresund Łódź", "Rock -Advanced",
}

// insertKinds inserts the courses of kindTitles, of an instructor named Andrew Ng.
func insertKinds(t *testing.T) searchFixture {
	t.Helper()
	a := searchFixture{setup(t, testdb.New(t))}
	a.exec(t, "INSERT INTO users (name, email, role) VALUES ('Andrew Ng', 'a', 'instructor')")
	a.exec(t, "INSERT INTO categories (name, slug) VALUES ('All', 'all')")
	a.insert(t, kindTitles...)
	return a
}

type searchFixture struct{ *testAPI }

func (a searchFixture) insert(t *testing.T, titles ...string) {
	t.Helper()
	for _, title := range titles {
		a.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			VALUES (md5($1), $1, 'beginner', true, now(), 1, 1)`, title)
	}
}

// search returns the titles that a query finds, and whether the result is relaxed.
func (a searchFixture) search(t *testing.T, query string) (titles []string, relaxed bool) {
	t.Helper()
	got := a.mustExecute(t, anonymous, "query($q: String!) { searchCourses(query: $q, first: 100) { relaxed totalCount nodes { title } } }", map[string]any{"q": query})
	for _, n := range valueAt(got, "searchCourses", "nodes").([]any) {
		titles = append(titles, valueAt(n, "title").(string))
	}
	if total := valueAt(got, "searchCourses", "totalCount"); total != float64(len(titles)) {
		t.Errorf("%q: totalCount %v of %d courses", query, total, len(titles))
	}
	return titles, valueAt(got, "searchCourses", "relaxed").(bool)
}

// TestKindsOfQueries checks that each kind of query finds all its courses and no others. The first title of a
// case must come first, unless it is "".
func TestKindsOfQueries(t *testing.T) {
	t.Parallel()
	a := insertKinds(t)
	for query, want := range map[string][]string{
		// The last word may be the start of a word.
		"pyth":           {"", "Python for Everybody", "Pythonic Thinking", "Python Machine Learning"},
		"python":         {"", "Python for Everybody", "Pythonic Thinking", "Python Machine Learning"},
		"graph":          {"GraphQL in Practice"},
		"react na":       {"React Native Apps"},
		"python machi":   {"Python Machine Learning"},
		"pyth machine":   nil,
		"managem":        {"Managing Management"},
		`"react nat`:     {"React Native Apps"},
		`"react native"`: {"React Native Apps"},
		`"native react"`: nil,
		// A dash before a blank means nothing.
		"Trading - Fundamentals": {"Trading - Fundamentals"},
		"trading -- fund":        {"Trading - Fundamentals"},
		"trading -fundamentals":  {"Trading Psychology"},
		"trading -":              {"", "Trading - Fundamentals", "Trading Psychology"},
		"Rock -Advanced":         {"Rock -Advanced"},
		"python -machine":        {"", "Python for Everybody", "Pythonic Thinking"},
		"redux or psychology":    {"", "React and Redux", "Trading Psychology"},
		// Parts find the whole, and the whole finds the parts.
		"node js":          {"Node.js Basics"},
		"node.js":          {"Node.js Basics"},
		"ui ux":            {"UI/UX Design"},
		"ui_ux":            {"UI/UX Design"},
		"covid 19":         {"COVID-19 Contact Tracing"},
		"covid-19":         {"COVID-19 Contact Tracing"},
		"machine-learning": {"", "Machine-Learning Operations", "Python Machine Learning"},
		"asp net":          {"ASP.NET Core"},
		"asp.net":          {"ASP.NET Core"},
		// Symbols carry meaning.
		"c++":  {"C++ Primer"},
		"C#":   {"C# in a Day"},
		"f#":   {"F# Functions"},
		"c":    {"C: a First Language"},
		".net": {"", ".NET Internals", "ASP.NET Core"},
		// Accents, case and Unicode forms.
		"musica":         {"Música y Estadística"},
		"MÚSICA":         {"Música y Estadística"},
		"estadistica":    {"Música y Estadística"},
		"ingles basico":  {"Inglés básico"},
		"oresund lodz":   {"Øresund Łódź"},
		"angular 2":      {"Ａｎｇｕｌａｒ ２"},
		"ÅNGULAR":        {"Ａｎｇｕｌａｒ ２"},
		"blank framed":   {"  Blank\u00a0 Framed  "},
		" Blank  Framed": {"  Blank\u00a0 Framed  "},
		// Stop words alone, and languages without blanks.
		"IT":    {"IT for Managers", "Italian Cooking"},
		"who":   {"The Who"},
		"株式投資":  {"株式投資入門"},
		"投資":    {"株式投資入門"},
		"株式 入門": {"株式投資入門"},
		// Names of instructors.
		"andrew ng redux": {"React and Redux"},
		"ng redux":        {"React and Redux"},
		// A course is a course.
		"graphql course":       {"GraphQL in Practice"},
		"curso de estadistica": {"Música y Estadística"},
		"xqzzy":                nil,
		"!?":                   nil,
	} {
		for _, form := range []norm.Form{norm.NFC, norm.NFD} {
			got, relaxed := a.search(t, form.String(query))
			if relaxed {
				got = nil
			}
			if len(want) > 0 && want[0] != "" && (len(got) == 0 || got[0] != want[0]) {
				t.Errorf("%+q: %q, want %q first", query, got, want[0])
			}
			titles := slices.Sorted(slices.Values(want))
			if len(titles) > 0 && titles[0] == "" {
				titles = titles[1:]
			}
			slices.Sort(got)
			if !slices.Equal(got, titles) {
				t.Errorf("%+q: %q, want %q", query, got, titles)
			}
		}
	}
	if all, _ := a.search(t, "andrew ng"); len(all) != len(kindTitles) {
		t.Errorf("the instructor's name finds %d courses, want %d", len(all), len(kindTitles))
	}
}

// TestTitlesFindThemselves checks that each title, also in other forms, finds its course first.
func TestTitlesFindThemselves(t *testing.T) {
	t.Parallel()
	a := insertKinds(t)
	for _, title := range kindTitles {
		for _, query := range []string{title, strings.ToUpper(title), norm.NFD.String(title), norm.NFKC.String(title), " " + strings.ReplaceAll(title, " ", "  ") + "\u00a0"} {
			if strings.Contains(title, "Rock") && query != title && query != norm.NFD.String(title) {
				continue // a dash before a word excludes it
			}
			if got, _ := a.search(t, query); len(got) == 0 || got[0] != title {
				t.Errorf("%+q finds %q, want %q first", query, got, title)
			}
		}
	}
}

// TestRelaxedSearch checks that a query whose words do not all occur finds the courses with at least half of
// the occurring ones, most words first, on every page and with every filter.
func TestRelaxedSearch(t *testing.T) {
	t.Parallel()
	a := insertKinds(t)
	for query, want := range map[string][]string{
		"react xqzzy redux":          {"React and Redux", "React Native Apps"},
		"trading graphql":            {"Trading Psychology", "Trading - Fundamentals", "GraphQL in Practice"},
		"trading graphql -practice":  {"Trading Psychology", "Trading - Fundamentals"},
		"python machine ops xqzzy c": {"Python Machine Learning"},
		"xqzzy pytho":                {"Pythonic Thinking", "Python Machine Learning", "Python for Everybody"},
		"xqzzy wvkkq":                nil,
		"the xqzzy":                  nil,
	} {
		got, relaxed := a.search(t, query)
		if !slices.Equal(got, want) || relaxed != (want != nil) {
			t.Errorf("%q: %q, relaxed %v, want %q", query, got, relaxed, want)
		}
	}
	var paged []string
	var after any
	for range 9 {
		got := a.mustExecute(t, anonymous, `query($after: String) { searchCourses(query: "trading graphql", first: 1, after: $after) {
			relaxed totalCount pageInfo { endCursor hasNextPage } nodes { title } edges { highlight { title } } } }`, map[string]any{"after": after})
		if valueAt(got, "searchCourses", "relaxed") != true || valueAt(got, "searchCourses", "totalCount") != 3.0 {
			t.Errorf("page %v", got)
		}
		if h := valueAt(got, "searchCourses", "edges", 0, "highlight", "title").(string); !strings.Contains(h, "<mark>") {
			t.Errorf("highlight %s, want the word that matched", h)
		}
		paged = append(paged, valueAt(got, "searchCourses", "nodes", 0, "title").(string))
		if after = valueAt(got, "searchCourses", "pageInfo", "endCursor"); valueAt(got, "searchCourses", "pageInfo", "hasNextPage") == false {
			break
		}
	}
	if want := []string{"Trading Psychology", "Trading - Fundamentals", "GraphQL in Practice"}; !slices.Equal(paged, want) {
		t.Errorf("pages %q, want %q", paged, want)
	}
	// The words occur in courses that the filter leaves out: nothing is relaxed.
	got := a.mustExecute(t, anonymous, `{ searchCourses(query: "react redux", filter: { difficulty: ADVANCED }) { relaxed totalCount nodes { title } }
		none: searchCourses(query: "react graphql", filter: { difficulty: ADVANCED }) { relaxed totalCount } }`, nil)
	if valueAt(got, "searchCourses", "totalCount") != 0.0 || valueAt(got, "searchCourses", "relaxed") != false || valueAt(got, "none", "totalCount") != 0.0 {
		t.Errorf("with a filter: %v, want nothing", got)
	}
}

// TestTagsInAnyForm checks that a filter finds a tag in any case and Unicode form, with any outer blanks, as
// written by clients and by plain SQL, and that tags are stored without outer blanks.
func TestTagsInAnyForm(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	created := s.mustExecute(t, s.instructor, `mutation($i: CourseInput!) { createCourse(input: $i) { course { id tags } userErrors { message } } }`,
		map[string]any{"i": map[string]any{"title": "Tagged", "description": "", "priceAmount": "1", "categoryId": globalID(edu.KindCategory, 1), "tags": []string{"  Diseño\u00a0", "C++", "diseño"}}})
	if tags := valueAt(created, "createCourse", "course", "tags").([]any); len(tags) != 2 || tags[0] != "diseño" || tags[1] != "c++" {
		t.Errorf("tags %q, want them without outer blanks and duplicates", tags)
	}
	s.exec(t, "UPDATE courses SET published = true, published_at = now() WHERE title = 'Tagged'")
	s.exec(t, "UPDATE courses SET tags = tags || '{\" SQL Tag \"}'::text[] WHERE title = 'Tagged'")
	for _, tag := range []string{"diseño", "DISEÑO", norm.NFD.String("diseño"), " diseno ", "c++", "C++ ", "sql tag", "SQL-Tag"} {
		got := s.mustExecute(t, s.anonymous, `query($t: [String!]) { courses(filter: {tags: $t}) { totalCount } searchCourses(filter: {tags: $t}) { totalCount } }`, map[string]any{"t": []string{tag}})
		if valueAt(got, "courses", "totalCount") != 1.0 || valueAt(got, "searchCourses", "totalCount") != 1.0 {
			t.Errorf("the filter %+q finds %v, want 1", tag, got)
		}
	}
	if got := s.mustExecute(t, s.anonymous, `{ courses(filter: {tags: ["c"]}) { totalCount } }`, nil); valueAt(got, "courses", "totalCount") != 0.0 {
		t.Errorf("the filter c finds %v, want nothing", got)
	}
}

// TestCorrectionsWhileTyping checks that a last word which is the start of a word stays, and is completed if it
// is misspelled.
func TestCorrectionsWhileTyping(t *testing.T) {
	t.Parallel()
	a := insertKinds(t)
	for query, want := range map[string]any{
		"pyhton machi":  "python machi",
		"python mahci":  "python machine",
		"tradign psych": "trading psych",
		"graphlq pract": "graphql pract",
		"managem":       nil,
	} {
		got := a.mustExecute(t, anonymous, "query($q: String!) { searchCourses(query: $q) { didYouMean } }", map[string]any{"q": query})
		if offered := valueAt(got, "searchCourses", "didYouMean"); offered != want {
			t.Errorf("%q: %v, want %v", query, offered, want)
		}
	}
}

// TestRareMisspelling checks that a query which a course has misspelled in the same way has a correction.
func TestRareMisspelling(t *testing.T) {
	t.Parallel()
	a := insertKinds(t)
	for _, topic := range []string{"A", "B", "D", "E", "F", "G", "H", "I", "J", "K"} {
		a.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			VALUES ($1, 'Watercolor ' || $1, 'beginner', true, now(), 1, 1)`, topic)
	}
	a.insert(t, "Watercolro Basics")
	for query, want := range map[string]any{"watercolro": "watercolor", "WATERCOLRO": "watercolor", "watercolor": nil, "watercolro basics": nil, "psychology": nil} {
		got := a.mustExecute(t, anonymous, "query($q: String!) { searchCourses(query: $q) { totalCount didYouMean } }", map[string]any{"q": query})
		if valueAt(got, "searchCourses", "didYouMean") != want || valueAt(got, "searchCourses", "totalCount") == 0.0 {
			t.Errorf("%q: %v, want the correction %v", query, got, want)
		}
	}
}
