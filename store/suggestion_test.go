package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// suggestTerms returns suggestions as "KIND id text".
func suggestTerms(t *testing.T, s *store.Store, typed string, first int) (texts []string) {
	t.Helper()
	for _, term := range readRows(t, s, func(into func(store.SuggestedTerm)) store.Query { return store.SuggestedTerms(typed, first, into) }) {
		texts = append(texts, string(term.Kind)+" "+string(rune('0'+term.ID))+" "+term.Text)
	}
	return texts
}

// Titles, tags and names complete a text: the closest first, then the first of each kind, then the second of
// each. Drafts, and names without published courses, are not suggested.
func TestSuggestedTerms(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	exec(t, db, `INSERT INTO users (name, email) VALUES ('Ana Vega', 'a'), ('Anatol Vega', 'b'), ('Anabel Draft', 'c'), ('Anatol Vega', 'd');
		INSERT INTO categories (name, slug) VALUES ('Analysis', 'a'), ('Analogy without courses', 'b'), ('Música', 'c');
		INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id, enrollment_count, tags)
		SELECT 'c' || n, title, 'beginner', published, now(), instructor, category, enrollments, tags FROM (VALUES
			(1, 'Analytics', true, 2, 1, 5, '{analog,Analogue synths}'::text[]), (2, 'Analytics', true, 2, 1, 7, '{analog}'), (3, 'Anatomy', true, 1, 1, 6, '{}'),
			(4, 'Data Analysis', true, 1, 3, 9, '{música}'), (5, 'Analysts in Draft', false, 3, 1, 99, '{analyst}')) v (n, title, published, instructor, category, enrollments, tags)`)
	for typed, want := range map[string][]string{
		"ana": {
			"COURSE 2 Analytics", "CATEGORY 1 Analysis", "TAG 0 analog", "INSTRUCTOR 1 Ana Vega",
			"COURSE 3 Anatomy", "TAG 0 Analogue synths", "INSTRUCTOR 2 Anatol Vega", "COURSE 4 Data Analysis",
		},
		"ANÁLY":       {"COURSE 2 Analytics", "CATEGORY 1 Analysis", "COURSE 4 Data Analysis"},
		"vega":        {"INSTRUCTOR 1 Ana Vega", "INSTRUCTOR 2 Anatol Vega"},
		"vega ana":    {"INSTRUCTOR 1 Ana Vega", "INSTRUCTOR 2 Anatol Vega"},
		"anatll vega": {"INSTRUCTOR 2 Anatol Vega"},
		"analysys":    {"COURSE 4 Data Analysis", "CATEGORY 1 Analysis"},
		"musica":      {"CATEGORY 3 Música", "TAG 0 música"},
		"synths":      {"TAG 0 Analogue synths"},
		"snyths":      {"TAG 0 Analogue synths"},
		"anabel":      nil,
		"analogy w":   nil,
		"analyst":     nil,
	} {
		got := suggestTerms(t, s, typed, 20)
		if want != nil && len(got) > len(want) {
			got = got[:len(want)] // similar ones follow
		}
		if want == nil && !strings.Contains(strings.Join(got, " "), "Draft") && !strings.Contains(strings.Join(got, " "), "without") && !strings.Contains(strings.Join(got, " "), "analyst") {
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", typed, diff)
		}
	}
	if got := suggestTerms(t, s, "ana", 3); len(got) != 3 || got[0] != "COURSE 2 Analytics" {
		t.Errorf("the first 3: %q", got)
	}
	// Terms follow the courses and names that they are of.
	exec(t, db, "UPDATE users SET name = 'Zoë' WHERE id = 2; UPDATE categories SET name = 'Zoology' WHERE id = 1; UPDATE courses SET tags = '{zoom}' WHERE tags <> '{}'; UPDATE courses SET published = true WHERE id = 5")
	want := []string{"CATEGORY 1 Zoology", "TAG 0 zoom", "INSTRUCTOR 2 Zoë"}
	if diff := cmp.Diff(want, suggestTerms(t, s, "zo", 20)); diff != "" {
		t.Errorf("after a rename (-want +got):\n%s", diff)
	}
	exec(t, db, "UPDATE courses SET published = false")
	if got := suggestTerms(t, s, "zo", 20); got != nil {
		t.Errorf("of drafts: %q", got)
	}
}

// A read depends on the names of the instructors that it returned, also on their case.
func TestSuggestedInstructorsAreTagged(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.NewWithDemo(t))
	name := value[string](t, db, "SELECT u.name FROM users u JOIN courses c ON c.instructor_id = u.id WHERE c.published AND u.id = 2 LIMIT 1")
	var tags edu.Tags
	if err := s.RunQueries(store.WithTags(t.Context(), &tags), store.SuggestedTerms(name, 5, func(store.SuggestedTerm) {})); err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(tags.SortedNames(), " ") + " "; !strings.Contains(names, "user:2 ") {
		t.Errorf("suggestions for %q depend on %s, want user:2", name, names)
	}
}
