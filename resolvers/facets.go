package resolvers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// countedFacets are the fields of SearchFacets with a statement of their own.
var countedFacets = map[string]edu.SearchFacet{
	"languages": edu.FacetLanguages, "tags": edu.FacetTags, "instructors": edu.FacetInstructors,
	"ratings": edu.FacetRatings, "durations": edu.FacetDurations,
}

// facetCount is a value of a facet and the number of its results.
type facetCount struct {
	value string
	count int
}

// facetCounts holds the counts of facets, by their name, in their order.
type facetCounts map[string][]facetCount

// countFacets adds the counts of the selected facets to the batch.
func (pf *prefetcher) countFacets(q edu.SearchArgs, selected map[string]bool) facetCounts {
	counts := facetCounts{}
	for name, facet := range countedFacets {
		if selected[name] {
			pf.batch.AddQuery(store.SearchFacet(q, facet, func(value string, n int) { counts[name] = append(counts[name], facetCount{value, n}) }))
		}
	}
	return counts
}

// facetDimensions names conditions of a filter, for countMatches and matchesFilter to ignore.
type facetDimensions struct{ category, difficulty, price bool }

// countMatches returns the number of results in the groups that match the filter.
func countMatches(groups []store.SearchGroup, filter edu.CourseConditions, ignore facetDimensions) int {
	n := 0
	for _, g := range groups {
		if matchesFilter(g, filter, ignore) {
			n += g.Count
		}
	}
	return n
}

// matchesFilter reports whether a group meets the filter's conditions on category, difficulty and price,
// except the ignored ones.
func matchesFilter(g store.SearchGroup, filter edu.CourseConditions, ignore facetDimensions) bool {
	return (ignore.category || len(filter.CategoryIDs) == 0 || slices.Contains(filter.CategoryIDs, g.CategoryID)) &&
		(ignore.difficulty || len(filter.Difficulties) == 0 || slices.Contains(filter.Difficulties, g.Difficulty)) &&
		(ignore.price || g.InPriceRange && (filter.Price == "" || filter.Price == g.Price))
}

// buildFacets returns the facets of a search with a selection on it. Each facet ignores the filter on its
// own dimension. The categories and instructors are added to the batch.
func (pf *prefetcher) buildFacets(groups []store.SearchGroup, filter edu.CourseConditions, counts facetCounts, sel ast.SelectionSet) *edu.SearchFacets {
	f := &edu.SearchFacets{
		Categories: []edu.CategoryFacet{}, Difficulties: []edu.DifficultyFacet{}, Prices: []edu.PriceFacet{},
		Languages: []edu.LanguageFacet{}, Tags: []edu.TagFacet{}, Instructors: []edu.InstructorFacet{},
		Ratings: []edu.RatingFacet{}, Durations: []edu.DurationFacet{},
	}
	categories, difficulties, prices := map[int64]int{}, map[edu.Difficulty]int{}, map[edu.PriceFilter]int{}
	for _, g := range groups {
		if matchesFilter(g, filter, facetDimensions{category: true}) {
			categories[g.CategoryID] += g.Count
		}
		if matchesFilter(g, filter, facetDimensions{difficulty: true}) {
			difficulties[g.Difficulty] += g.Count
		}
		if matchesFilter(g, filter, facetDimensions{price: true}) {
			prices[g.Price] += g.Count
		}
	}
	for _, d := range []edu.Difficulty{edu.DifficultyBeginner, edu.DifficultyIntermediate, edu.DifficultyAdvanced} {
		if n := difficulties[d]; n > 0 {
			f.Difficulties = append(f.Difficulties, edu.DifficultyFacet{Difficulty: d, Count: n})
		}
	}
	for _, p := range []edu.PriceFilter{edu.PriceFree, edu.PricePaid} {
		if n := prices[p]; n > 0 {
			f.Prices = append(f.Prices, edu.PriceFacet{Price: p, Count: n})
		}
	}
	counts.setFacets(f)
	pf.setFacetCategories(f, categories)
	pf.setFacetInstructors(f, counts["instructors"], sel)
	pf.continuations = append(pf.continuations, func() {
		pf.walkFacets(f, selectionsOn(pf.op, []ast.SelectionSet{sel}, "CourseSearchConnection", "facets"))
	})
	return f
}

// setFacets sets the facets that have no objects.
func (c facetCounts) setFacets(f *edu.SearchFacets) {
	for _, v := range countLanguages(c["languages"]) {
		f.Languages = append(f.Languages, edu.LanguageFacet{Language: v.value, Count: v.count})
	}
	for _, v := range c["tags"] {
		f.Tags = append(f.Tags, edu.TagFacet{Tag: v.value, Count: v.count})
	}
	for _, v := range c["ratings"] {
		step, _ := strconv.Atoi(v.value)
		f.Ratings = append(f.Ratings, edu.RatingFacet{MinRating: edu.FacetRatingSteps[step], Count: v.count})
	}
	for _, v := range c["durations"] {
		step, _ := strconv.Atoi(v.value)
		d := edu.DurationFacet{Count: v.count}
		if step > 0 {
			d.MinDurationSeconds = edu.FacetDurationSteps[step-1] + 1
		}
		if step < len(edu.FacetDurationSteps) {
			d.MaxDurationSeconds = &edu.FacetDurationSteps[step]
		}
		f.Durations = append(f.Durations, d)
	}
}

// countLanguages adds the counts of regional forms to their language, as a filter finds them, and returns
// the largest.
func countLanguages(counts []facetCount) []facetCount {
	languages := slices.Clone(counts)
	for i := range languages {
		for _, v := range counts {
			if strings.HasPrefix(v.value, languages[i].value+"-") {
				languages[i].count += v.count
			}
		}
	}
	slices.SortStableFunc(languages, func(a, b facetCount) int { return cmp.Compare(b.count, a.count) })
	return languages[:min(len(languages), edu.MaxFacetValues)]
}

// setFacetCategories adds the categories of a facet to the batch, and sets them after it is sent.
func (pf *prefetcher) setFacetCategories(f *edu.SearchFacets, counts map[int64]int) {
	ids := make([]int64, 0, len(counts))
	for id := range counts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	prefetchKeys(pf, pf.loaders.Category, ids, func(found []*edu.Category) {
		for _, k := range removeNils(found) {
			f.Categories = append(f.Categories, edu.CategoryFacet{Category: k, Count: counts[k.ID]})
		}
		slices.SortFunc(f.Categories, func(x, y edu.CategoryFacet) int {
			return cmp.Or(cmp.Compare(y.Count, x.Count), strings.Compare(x.Category.Name, y.Category.Name))
		})
	})
}

// setFacetInstructors adds the instructors of a facet to the batch, and sets them after it is sent.
func (pf *prefetcher) setFacetInstructors(f *edu.SearchFacets, counts []facetCount, sel ast.SelectionSet) {
	var columns edu.Columns
	for _, facets := range collectAllFields(pf.op, sel, []string{"CourseSearchConnection"}) {
		for _, instructors := range collectAllFields(pf.op, facets.Selections, []string{"SearchFacets"}) {
			for _, u := range collectAllFields(pf.op, instructors.Selections, []string{"InstructorFacet"}) {
				columns |= requiredColumns(pf.op, u.Selections, typeUser, userFieldColumns)
			}
		}
	}
	key := userKey(columns, pf.loaders.Viewer)
	keys := collectKeys(counts, func(v facetCount) loaders.EntityKey {
		id, _ := strconv.ParseInt(v.value, 10, 64)
		return key(id)
	})
	prefetchKeys(pf, pf.loaders.User, keys, func(found []*edu.User) {
		for i, u := range found {
			if u != nil {
				f.Instructors = append(f.Instructors, edu.InstructorFacet{Instructor: u, Count: counts[i].count})
			}
		}
	})
}

// walkFacets prefetches selections on the facets of a search, which are nil without one.
func (pf *prefetcher) walkFacets(f *edu.SearchFacets, selections []ast.SelectionSet) {
	if f == nil {
		return
	}
	categories := collectKeys(f.Categories, func(c edu.CategoryFacet) *edu.Category { return c.Category })
	for _, sel := range selectionsOn(pf.op, selectionsOn(pf.op, selections, "SearchFacets", "categories"), "CategoryFacet", "category") {
		pf.walkCategories(categories, sel)
	}
	instructors := collectKeys(f.Instructors, func(i edu.InstructorFacet) int64 { return i.Instructor.ID })
	for _, sel := range selectionsOn(pf.op, selectionsOn(pf.op, selections, "SearchFacets", "instructors"), "InstructorFacet", "instructor") {
		pf.walkUserEdges(instructors, sel)
	}
}
