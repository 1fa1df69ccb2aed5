package store_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// Every search, facet and suggestion can use indexes: no plan reads a whole table of courses, names or words where
// PostgreSQL has a choice, in any order and with any filter.
func TestSearchesUseIndexes(t *testing.T) {
	t.Parallel()
	s := openWithout(t, "enable_seqscan")
	pages, others := searchQueries()
	maps.Copy(others, pages)
	for name, q := range others {
		explainQuery(t, s, q).visit(func(n planNode) {
			if n.NodeType == "Seq Scan" && (n.RelationName == "courses" || n.RelationName == "search_terms" || n.RelationName == "course_words") {
				t.Errorf("%s reads all of %s", name, n.RelationName)
			}
		})
	}
}

// TestSearchReadsCoursesByID checks that no plan of a page of a search joins all courses, however many of them the
// planner expects.
func TestSearchReadsCoursesByID(t *testing.T) {
	t.Parallel()
	s := openWithout(t, "enable_nestloop")
	pages, _ := searchQueries()
	for name, q := range pages {
		explainQuery(t, s, q).visit(func(n planNode) {
			if n.NodeType == "Hash Join" || n.NodeType == "Merge Join" {
				t.Errorf("%s: %s", name, n.NodeType)
			}
		})
	}
}

// openWithout opens a store of the demo data, with a setting of the planner off.
func openWithout(t *testing.T, setting string) *store.Store {
	t.Helper()
	dsn := testdb.Direct(t, testdb.NewWithDemo(t))
	exec(t, testdb.OpenPool(t, dsn), "VACUUM courses") // the vacuum of the load marks no page as visible beside another load
	separator := "?"
	if strings.Contains(dsn, "?") {
		separator = "&"
	}
	return open(t, store.Config{URL: dsn + separator + "options=-c%20" + setting + "%3Doff", MaxConns: 1})
}

// searchQueries returns searches of all kinds: their pages, and the counts and suggestions.
func searchQueries() (pages, others map[string]store.Query) {
	pages, others = map[string]store.Query{}, map[string]store.Query{}
	search := func(name string, args edu.SearchArgs) {
		args.Page.Limit = 20
		pages[name] = store.SearchCourses(args, func(store.SearchHit) {})
		others["groups of "+name] = store.SearchGroups(args, func(store.SearchGroup) {})
		for _, facet := range []edu.SearchFacet{edu.FacetLanguages, edu.FacetTags, edu.FacetInstructors, edu.FacetRatings, edu.FacetDurations} {
			others[fmt.Sprint("facet ", facet, " of ", name)] = store.SearchFacet(args, facet, func(string, int) {})
		}
	}
	for name, query := range map[string]string{
		"a common word": "python", "several words": "python data science", "a rare word": "zymurgy", "the start of a word": "pyth", "a phrase": `"data science"`,
	} {
		search(name, edu.SearchArgs{Query: query})
		search(name+", relaxed", edu.SearchArgs{Query: query + " zymurgy", Mode: edu.SearchRelaxed})
	}
	search("a filter", edu.SearchArgs{Query: "python", Filter: everyCondition})
	search("languages", edu.SearchArgs{Query: "python", Filter: edu.CourseConditions{Languages: []string{"en"}}})
	for _, field := range []edu.CourseOrderField{edu.CoursesByTitle, edu.CoursesByPrice, edu.CoursesByRating, edu.CoursesByEnrollments, edu.CoursesByPublishedAt} {
		for _, backward := range []bool{false, true} {
			order := &edu.CourseOrder{Field: field}
			search(fmt.Sprint("by ", field, ", backward ", backward), edu.SearchArgs{Query: "python", Order: order, Page: edu.PageArgs{Backward: backward}})
			search(fmt.Sprint("all by ", field, ", backward ", backward), edu.SearchArgs{Order: order, Page: edu.PageArgs{Backward: backward}})
		}
	}
	for _, typed := range []string{"p", "python", "pyhton", "data scien", "м"} {
		others["titles for "+typed] = store.Suggestions(typed, 10, func(string) {})
		others["terms for "+typed] = store.SuggestedTerms(typed, 10, func(store.SuggestedTerm) {})
	}
	return pages, others
}

// TestCourseRowsAreWhole checks that a row of 3 kB is in one piece, so that a search reads no further page for the search
// vector of a course.
func TestCourseRowsAreWhole(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.NewWithDemo(t))
	exec(t, db, "UPDATE courses SET description = (SELECT string_agg(md5(n::text), ' ') FROM generate_series(1, 25) n) WHERE id = 1")
	exec(t, db, "VACUUM courses") // which removes the former version of the row
	pages := func(column string) int64 {
		t.Helper()
		var plan []struct{ Plan planNode }
		sql := "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT " + column + " FROM courses WHERE id = 1"
		for range 2 { // the first time, the connection reads the catalog
			if err := db.QueryRow(t.Context(), sql).Scan(&plan); err != nil {
				t.Fatal(err)
			}
		}
		return plan[0].Plan.HitPages + plan[0].Plan.ReadPages
	}
	for _, column := range []string{"search_vector", "description", "title"} {
		if row, value := pages("price"), pages("length("+column+"::text)"); value != row {
			t.Errorf("%d pages for a row, %d with its %s", row, value, column)
		}
	}
}

// TestTotalsAreCountedInAnIndex checks that a total reads no row of a course, unless its filter is rare, and no course at
// all for the filters that are counted.
func TestTotalsAreCountedInAnIndex(t *testing.T) {
	t.Parallel()
	s := openWithout(t, "enable_seqscan")
	rating, step, duration, n := 4.51, 4.5, 36_000, 0
	for name, where := range map[string]edu.CourseConditions{
		"rating":              {MinRating: &rating},
		"duration":            {MaxDurationSeconds: &duration},
		"rating and duration": {MinRating: &rating, MaxDurationSeconds: &duration, Difficulties: []edu.Difficulty{edu.DifficultyBeginner}},
	} {
		explainQuery(t, s, store.CountCourses(where, &n)).visit(func(node planNode) {
			if node.RelationName == "courses" && (node.NodeType != "Index Only Scan" || node.IndexName != "courses_facets") {
				t.Errorf("%s: %s by %q", name, node.NodeType, node.IndexName)
			}
		})
	}
	for name, where := range map[string]edu.CourseConditions{
		"counted conditions": {CategoryIDs: []int64{1}, Difficulties: []edu.Difficulty{edu.DifficultyBeginner}, Price: edu.PriceFree, Languages: []string{"en"}},
		"a step of ratings":  {MinRating: &step},
		"a tag":              {Tags: []string{"python"}},
	} {
		explainQuery(t, s, store.CountCourses(where, &n)).visit(func(node planNode) {
			if node.RelationName == "courses" {
				t.Errorf("%s: reads courses", name)
			}
		})
	}
}
