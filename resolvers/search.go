package resolvers

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/highlight"
	"github.com/7p-education/api/store"
)

// searchArguments holds the arguments of searchCourses as the caller sent them.
type searchArguments struct {
	query  string
	filter *edu.CourseFilter
	sort   edu.SearchSort
	first  int
	after  *string
}

// parseSearch validates the arguments.
func (s searchArguments) parseSearch() (edu.SearchArgs, error) {
	q := edu.SearchArgs{Sort: s.sort}
	var err error
	if q.Query, err = edu.ParseSearchText("query", s.query); err != nil {
		return q, err
	}
	if q.Filter, err = s.filter.ParseConditions(); err != nil {
		return q, err
	}
	err = q.ParsePageArgs(edu.ConnectionArgs{First: &s.first, After: s.after})
	return q, err
}

// searchSelection is the selection on a search: its connection, its optional parts, and the selection sets
// on the categories of its facets.
type searchSelection struct {
	connectionSelection
	facets, didYouMean, highlight bool
	categorySelections            []ast.SelectionSet
}

// collectSearch returns the selection on a search.
func (pf *prefetcher) collectSearch(sel ast.SelectionSet) searchSelection {
	var selected searchSelection
	selected.connectionSelection = collectConnection(pf.op, sel, "CourseSearch")
	selected.categorySelections = pf.collectCategories(selectionsOn(pf.op, []ast.SelectionSet{sel}, "CourseSearchConnection", "facets"))
	for _, f := range collectAllFields(pf.op, sel, []string{"CourseSearchConnection"}) {
		switch f.Name {
		case "facets":
			selected.facets = true
		case "didYouMean":
			selected.didYouMean = true
		case "edges":
			selected.highlight = selected.highlight || selectsAnyField(pf.op, f.Selections, []string{"CourseSearchEdge"}, "highlight")
		}
	}
	return selected
}

// collectCategories returns the selection sets on the categories of facets, which have selection sets of their own.
func (pf *prefetcher) collectCategories(facets []ast.SelectionSet) []ast.SelectionSet {
	return selectionsOn(pf.op, selectionsOn(pf.op, facets, "SearchFacets", "categories"), "CategoryFacet", "category")
}

// searchCourses searches courses and prefetches the selection on the page.
func searchCourses(ctx context.Context, args searchArguments) (*edu.SearchResult, error) {
	q, err := args.parseSearch()
	if err != nil {
		return nil, err
	}
	pf := newPrefetcher(ctx)
	selected := pf.collectSearch(currentSelection(ctx))
	q.Page.Columns = selected.requiredColumns(pf.op, typeCourse, courseFieldColumns)
	if selected.highlight {
		q.Page.Columns |= edu.CourseTitle | edu.CourseDescription
	}
	var hits []store.SearchHit
	var groups []store.SearchGroup
	pf.batch.AddQuery(store.SearchCourses(q, func(h store.SearchHit) { hits = append(hits, h) }))
	if selected.facets || selected.totalCount {
		pf.batch.AddQuery(store.SearchGroups(q, func(g store.SearchGroup) { groups = append(groups, g) }))
	}
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	result := &edu.SearchResult{Page: edu.NewPage(newCourseHits(hits, q, selected.highlight), q.Page, (*edu.CourseHit).PageCursor)}
	result.TotalCount = countMatches(groups, q.Filter, facetDimensions{})
	result.Relaxed = q.Mode == edu.SearchRelaxed || len(hits) > 0 && hits[0].Relaxed
	courses := result.Nodes()
	for _, sel := range selected.nodeSelections {
		pf.walkCourses(courses, sel)
	}
	if selected.facets {
		pf.buildFacets(result, groups, q.Filter, selected.categorySelections)
	}
	if selected.didYouMean && (len(hits) < min(fewHits, q.Page.Limit+1) || result.Relaxed) && q.Query != "" && args.after == nil {
		if result.DidYouMean, err = pf.suggestCorrection(q); err != nil {
			return nil, err
		}
	}
	return result, pf.sendBatches()
}

// fewHits is the number of courses below which a query may be misspelled, although the courses have the
// same misspelling.
const fewHits = 3

// newCourseHits converts the hits of the store, with highlights if they are selected. The row beyond the
// page's limit, which only shows that there are more, gets none.
func newCourseHits(found []store.SearchHit, q edu.SearchArgs, highlights bool) []*edu.CourseHit {
	hits := make([]*edu.CourseHit, len(found))
	var marker *highlight.Marker
	for i, f := range found {
		hits[i] = &edu.CourseHit{Node: f.Course, Score: f.Score, Sort: q.Sort, Relaxed: f.Relaxed}
		if !highlights || q.Query == "" || i == q.Page.Limit {
			continue
		}
		if marker == nil {
			marker = highlight.New(f.Lexemes)
		}
		hits[i].Highlight = &edu.SearchHighlight{Title: marker.RenderHTML(f.Course.Title), Description: marker.RenderHTML(f.Course.Description)}
	}
	return hits
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
	return (ignore.category || filter.CategoryID == 0 || filter.CategoryID == g.CategoryID) &&
		(ignore.difficulty || filter.Difficulty == "" || filter.Difficulty == g.Difficulty) &&
		(ignore.price || filter.Price == "" || filter.Price == g.Price)
}

// buildFacets counts the results by category, difficulty and price. Each facet ignores the filter on its
// own dimension. The categories are added to the batch, with the selection sets on them.
func (pf *prefetcher) buildFacets(result *edu.SearchResult, groups []store.SearchGroup, filter edu.CourseConditions, categorySelections []ast.SelectionSet) {
	categories, difficulties, prices := map[int64]int{}, map[edu.Difficulty]int{}, map[edu.PriceFilter]int{}
	var ids []int64
	for _, g := range groups {
		if matchesFilter(g, filter, facetDimensions{category: true}) {
			if categories[g.CategoryID] == 0 {
				ids = append(ids, g.CategoryID)
			}
			categories[g.CategoryID] += g.Count
		}
		if matchesFilter(g, filter, facetDimensions{difficulty: true}) {
			difficulties[g.Difficulty] += g.Count
		}
		if matchesFilter(g, filter, facetDimensions{price: true}) {
			prices[g.Price] += g.Count
		}
	}
	f := &edu.SearchFacets{Categories: []edu.CategoryFacet{}, Difficulties: []edu.DifficultyFacet{}, Prices: []edu.PriceFacet{}}
	result.Facets = f
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
	prefetchKeys(pf, pf.loaders.Category, ids, func(found []*edu.Category) {
		for _, k := range removeNils(found) {
			f.Categories = append(f.Categories, edu.CategoryFacet{Category: k, Count: categories[k.ID]})
		}
		slices.SortFunc(f.Categories, func(x, y edu.CategoryFacet) int {
			if x.Count != y.Count {
				return y.Count - x.Count
			}
			return strings.Compare(x.Category.Name, y.Category.Name)
		})
		for _, sel := range categorySelections {
			pf.walkCategories(removeNils(found), sel)
		}
	})
}

// suggestCorrection replaces the words of a query that are unknown or rare: see store.Corrections. It
// returns the corrected query if it finds a course, nil otherwise.
func (pf *prefetcher) suggestCorrection(q edu.SearchArgs) (*string, error) {
	words := strings.FieldsFunc(q.Query, func(r rune) bool { return !isWordRune(r) })
	if len(words) == 0 {
		return nil, nil
	}
	corrected, changed := q.Query, false
	pf.batch.AddQuery(store.Corrections(words, func(c store.Correction) {
		if c.Nearest != "" {
			corrected, changed = replaceWord(corrected, c.Word, c.Nearest), true
		}
	}))
	if err := pf.sendBatches(); err != nil || !changed {
		return nil, err
	}
	var matches bool
	pf.batch.AddQuery(store.MatchesAnyCourse(corrected, q.Filter, &matches))
	if err := pf.sendBatches(); err != nil || !matches {
		return nil, err
	}
	return &corrected, nil
}

// replaceWord replaces each occurrence of a whole word.
func replaceWord(text, word, replacement string) string {
	var out strings.Builder
	for len(text) > 0 {
		at := strings.IndexFunc(text, isWordRune)
		if at < 0 {
			break
		}
		end := strings.IndexFunc(text[at:], func(r rune) bool { return !isWordRune(r) })
		if end < 0 {
			end = len(text) - at
		}
		out.WriteString(text[:at])
		if text[at:at+end] == word {
			out.WriteString(replacement)
		} else {
			out.WriteString(text[at : at+end])
		}
		text = text[at+end:]
	}
	out.WriteString(text)
	return out.String()
}

// isWordRune reports whether a character is part of a word.
func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
