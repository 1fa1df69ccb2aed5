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

type searchArguments struct {
	query  string
	filter *edu.CourseFilter
	sort   edu.SearchSort
	first  int
	after  *string
}

// parseSearch checks the arguments.
func (s searchArguments) parseSearch() (edu.SearchArgs, error) {
	q := edu.SearchArgs{Sort: s.sort}
	var err error
	if q.Query, err = edu.ParseSearchText("query", s.query); err != nil {
		return q, err
	}
	if q.Filter, err = s.filter.ParseConditions(); err != nil {
		return q, err
	}
	q.Page, err = edu.ConnectionArgs{First: &s.first, After: s.after}.ParsePageArgs(s.sort.SortOrder())
	return q, err
}

// searchSelection is what is selected of a search, and the selections on its courses.
type searchSelection struct {
	connectionSelection
	facets, didYouMean, highlight bool
	categorySelections            []ast.SelectionSet
}

func (pf *prefetcher) collectSearch(sel ast.SelectionSet) searchSelection {
	var w searchSelection
	w.connectionSelection = collectConnection(pf.op, sel, "CourseSearch")
	for _, f := range collectFields(pf.op, sel, []string{"CourseSearchConnection"}) {
		switch f.Name {
		case "facets":
			w.facets = true
			for _, g := range collectFields(pf.op, f.Selections, []string{"SearchFacets"}) {
				for _, c := range collectFields(pf.op, g.Selections, []string{"CategoryFacet"}) {
					if c.Name == "category" {
						w.categorySelections = append(w.categorySelections, c.Selections)
					}
				}
			}
		case "didYouMean":
			w.didYouMean = true
		case "edges":
			w.highlight = w.highlight || selectsAnyField(pf.op, f.Selections, []string{"CourseSearchEdge"}, "highlight")
		}
	}
	return w
}

func searchCourses(ctx context.Context, args searchArguments) (*edu.SearchResult, error) {
	q, err := args.parseSearch()
	if err != nil {
		return nil, err
	}
	pf := newPrefetcher(ctx)
	w := pf.collectSearch(currentSelection(ctx))
	q.Page.Columns = w.requiredColumns(pf.op, typeCourse, courseFieldColumns)
	if w.highlight {
		q.Page.Columns |= edu.CourseTitle | edu.CourseDescription
	}
	var hits []store.SearchHit
	var groups []store.SearchGroup
	pf.batch.AddQuery(store.SearchCourses(q, func(f store.SearchHit) { hits = append(hits, f) }))
	if w.facets || w.totalCount {
		pf.batch.AddQuery(store.SearchGroups(q, func(g store.SearchGroup) { groups = append(groups, g) }))
	}
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	result := &edu.SearchResult{Page: edu.NewPage(newCourseHits(hits, q, w.highlight), q.Page, (*edu.CourseHit).PageCursor)}
	result.TotalCount = countMatches(groups, q.Filter, facetDimensions{})
	if w.didYouMean && len(hits) == 0 && args.after == nil {
		if result.DidYouMean, err = pf.suggestCorrection(q); err != nil {
			return nil, err
		}
	}
	found := result.Nodes()
	for _, sel := range w.nodeSelections {
		pf.walkCourses(found, sel)
	}
	if w.facets {
		pf.buildFacets(result, groups, q.Filter, w.categorySelections)
	}
	return result, pf.sendBatches()
}

// newCourseHits makes hits of what was found, with their highlights where wanted.
func newCourseHits(found []store.SearchHit, q edu.SearchArgs, highlights bool) []*edu.CourseHit {
	hits := make([]*edu.CourseHit, len(found))
	var marker *highlight.Marker
	for i, f := range found {
		hits[i] = &edu.CourseHit{Node: f.Course, Score: f.Score, Sort: q.Sort}
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

// facetDimensions are those conditions of a filter that a sum ignores.
type facetDimensions struct{ category, difficulty, price bool }

// countMatches adds up the groups that meet a filter's conditions on category, difficulty
// and price, but for those ignored.
func countMatches(groups []store.SearchGroup, w edu.CourseConditions, ignore facetDimensions) int {
	n := 0
	for _, g := range groups {
		if matchesFilter(g, w, ignore) {
			n += g.Count
		}
	}
	return n
}

func matchesFilter(g store.SearchGroup, w edu.CourseConditions, ignore facetDimensions) bool {
	return (ignore.category || w.CategoryID == 0 || w.CategoryID == g.CategoryID) &&
		(ignore.difficulty || w.Difficulty == "" || w.Difficulty == g.Difficulty) &&
		(ignore.price || w.Price == "" || w.Price == g.Price)
}

// buildFacets divides the result, each dimension without regard to the filter on
// itself, and reads the categories.
func (pf *prefetcher) buildFacets(result *edu.SearchResult, groups []store.SearchGroup, w edu.CourseConditions, sels []ast.SelectionSet) {
	categories, difficulties, prices := map[int64]int{}, map[edu.Difficulty]int{}, map[edu.PriceFilter]int{}
	var ids []int64
	for _, g := range groups {
		if matchesFilter(g, w, facetDimensions{category: true}) {
			if categories[g.CategoryID] == 0 {
				ids = append(ids, g.CategoryID)
			}
			categories[g.CategoryID] += g.Count
		}
		if matchesFilter(g, w, facetDimensions{difficulty: true}) {
			difficulties[g.Difficulty] += g.Count
		}
		if matchesFilter(g, w, facetDimensions{price: true}) {
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
		for _, sel := range sels {
			pf.walkCategories(removeNils(found), sel)
		}
	})
}

// suggestCorrection replaces each word that no course has by the nearest that one has,
// and offers the text if it finds something.
func (pf *prefetcher) suggestCorrection(q edu.SearchArgs) (*string, error) {
	words := strings.FieldsFunc(q.Query, func(r rune) bool { return !isWordRune(r) })
	if len(words) == 0 {
		return nil, nil
	}
	corrected, changed := q.Query, false
	pf.batch.AddQuery(store.Corrections(words, func(c store.Correction) {
		if !c.Known && c.Nearest != "" {
			corrected, changed = replaceWord(corrected, c.Word, c.Nearest), true
		}
	}))
	if err := pf.sendBatches(); err != nil || !changed {
		return nil, err
	}
	var finds bool
	pf.batch.AddQuery(store.MatchesAnyCourse(corrected, q.Filter, &finds))
	if err := pf.sendBatches(); err != nil || !finds {
		return nil, err
	}
	return &corrected, nil
}

// replaceWord replaces a word where it stands as a whole word.
func replaceWord(text, word, by string) string {
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
			out.WriteString(by)
		} else {
			out.WriteString(text[at : at+end])
		}
		text = text[at+end:]
	}
	out.WriteString(text)
	return out.String()
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
