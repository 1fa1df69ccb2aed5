package store_test

import (
	"fmt"
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
	dsn := testdb.NewWithDemo(t)
	separator := "?"
	if strings.Contains(dsn, "?") {
		separator = "&"
	}
	s := open(t, store.Config{URL: dsn + separator + "options=-c%20enable_seqscan%3Doff", MaxConns: 1})
	for name, q := range searchQueries() {
		explainQuery(t, s, q).visit(func(n planNode) {
			if n.NodeType == "Seq Scan" && (n.RelationName == "courses" || n.RelationName == "search_terms" || n.RelationName == "course_words") {
				t.Errorf("%s reads all of %s", name, n.RelationName)
			}
		})
	}
}

// searchQueries returns searches of all kinds.
func searchQueries() map[string]store.Query {
	queries := map[string]store.Query{}
	search := func(name string, args edu.SearchArgs) {
		args.Page.Limit = 20
		queries[name] = store.SearchCourses(args, func(store.SearchHit) {})
		queries["groups of "+name] = store.SearchGroups(args, func(store.SearchGroup) {})
		for _, facet := range []edu.SearchFacet{edu.FacetLanguages, edu.FacetTags, edu.FacetInstructors, edu.FacetRatings, edu.FacetDurations} {
			queries[fmt.Sprint("facet ", facet, " of ", name)] = store.SearchFacet(args, facet, func(string, int) {})
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
		queries["titles for "+typed] = store.Suggestions(typed, 10, func(string) {})
		queries["terms for "+typed] = store.SuggestedTerms(typed, 10, func(store.SuggestedTerm) {})
	}
	return queries
}
