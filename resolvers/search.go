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

type searchArgs struct {
	query  string
	filter *edu.CourseFilter
	sort   edu.SearchSort
	first  int
	after  *string
}

// read checks the arguments.
func (s searchArgs) read() (edu.Search, error) {
	q := edu.Search{Sort: s.sort}
	var err error
	if q.Query, err = edu.SearchText("query", s.query); err != nil {
		return q, err
	}
	if q.Filter, err = s.filter.Conditions(); err != nil {
		return q, err
	}
	q.Page, err = edu.Connection{First: &s.first, After: s.after}.Page(s.sort.Order())
	return q, err
}

// searchWants is what is selected of a search, and the selections on its courses.
type searchWants struct {
	rows
	facets, didYouMean, highlight bool
	category                      []ast.SelectionSet
}

func (a *ahead) searchWants(sel ast.SelectionSet) searchWants {
	var w searchWants
	w.rows = connection(a.op, sel, "CourseSearch")
	for _, f := range fields(a.op, sel, []string{"CourseSearchConnection"}) {
		switch f.Name {
		case "facets":
			w.facets = true
			for _, g := range fields(a.op, f.Selections, []string{"SearchFacets"}) {
				for _, c := range fields(a.op, g.Selections, []string{"CategoryFacet"}) {
					if c.Name == "category" {
						w.category = append(w.category, c.Selections)
					}
				}
			}
		case "didYouMean":
			w.didYouMean = true
		case "edges":
			w.highlight = w.highlight || selects(a.op, f.Selections, []string{"CourseSearchEdge"}, "highlight")
		}
	}
	return w
}

func searchCourses(ctx context.Context, args searchArgs) (*edu.SearchResult, error) {
	q, err := args.read()
	if err != nil {
		return nil, err
	}
	a := readAhead(ctx)
	w := a.searchWants(selection(ctx))
	q.Page.Columns = w.columns(a.op, typeCourse, courseFields)
	if w.highlight {
		q.Page.Columns |= edu.CourseTitle | edu.CourseDescription
	}
	var hits []store.Found
	var groups []store.SearchGroup
	a.round.Add(store.SearchCourses(q, func(f store.Found) { hits = append(hits, f) }))
	if w.facets || w.total {
		a.round.Add(store.SearchGroups(q, func(g store.SearchGroup) { groups = append(groups, g) }))
	}
	if err := a.run(); err != nil {
		return nil, err
	}
	result := &edu.SearchResult{Page: edu.NewPage(mark(hits, q, w.highlight), q.Page, (*edu.CourseHit).Place)}
	result.TotalCount = sum(groups, q.Filter, dimensions{})
	if w.didYouMean && len(hits) == 0 && args.after == nil {
		if result.DidYouMean, err = a.didYouMean(q); err != nil {
			return nil, err
		}
	}
	found := result.Nodes()
	for _, sel := range w.nodes {
		a.courses(found, sel)
	}
	if w.facets {
		a.facets(result, groups, q.Filter, w.category)
	}
	return result, a.run()
}

// mark makes hits of what was found, with their highlights where wanted.
func mark(found []store.Found, q edu.Search, highlights bool) []*edu.CourseHit {
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
		hits[i].Highlight = &edu.SearchHighlight{Title: marker.HTML(f.Course.Title), Description: marker.HTML(f.Course.Description)}
	}
	return hits
}

// dimensions are those conditions of a filter that a sum ignores.
type dimensions struct{ category, difficulty, price bool }

// sum adds up the groups that meet a filter's conditions on category, difficulty
// and price, but for those ignored.
func sum(groups []store.SearchGroup, w edu.CourseConditions, ignore dimensions) int {
	n := 0
	for _, g := range groups {
		if meets(g, w, ignore) {
			n += g.Count
		}
	}
	return n
}

func meets(g store.SearchGroup, w edu.CourseConditions, ignore dimensions) bool {
	return (ignore.category || w.CategoryID == 0 || w.CategoryID == g.CategoryID) &&
		(ignore.difficulty || w.Difficulty == "" || w.Difficulty == g.Difficulty) &&
		(ignore.price || w.Price == "" || w.Price == g.Price)
}

// facets divides the result, each dimension without regard to the filter on
// itself, and reads the categories.
func (a *ahead) facets(result *edu.SearchResult, groups []store.SearchGroup, w edu.CourseConditions, sels []ast.SelectionSet) {
	categories, difficulties, prices := map[int64]int{}, map[edu.Difficulty]int{}, map[edu.PriceFilter]int{}
	var ids []int64
	for _, g := range groups {
		if meets(g, w, dimensions{category: true}) {
			if categories[g.CategoryID] == 0 {
				ids = append(ids, g.CategoryID)
			}
			categories[g.CategoryID] += g.Count
		}
		if meets(g, w, dimensions{difficulty: true}) {
			difficulties[g.Difficulty] += g.Count
		}
		if meets(g, w, dimensions{price: true}) {
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
	want(a, a.l.Category, ids, func(found []*edu.Category) {
		for _, k := range known(found) {
			f.Categories = append(f.Categories, edu.CategoryFacet{Category: k, Count: categories[k.ID]})
		}
		slices.SortFunc(f.Categories, func(x, y edu.CategoryFacet) int {
			if x.Count != y.Count {
				return y.Count - x.Count
			}
			return strings.Compare(x.Category.Name, y.Category.Name)
		})
		for _, sel := range sels {
			a.categories(known(found), sel)
		}
	})
}

// didYouMean replaces each word that no course has by the nearest that one has,
// and offers the text if it finds something.
func (a *ahead) didYouMean(q edu.Search) (*string, error) {
	words := strings.FieldsFunc(q.Query, func(r rune) bool { return !isWord(r) })
	if len(words) == 0 {
		return nil, nil
	}
	corrected, changed := q.Query, false
	a.round.Add(store.Corrections(words, func(c store.Correction) {
		if !c.Known && c.Nearest != "" {
			corrected, changed = replaceWord(corrected, c.Word, c.Nearest), true
		}
	}))
	if err := a.run(); err != nil || !changed {
		return nil, err
	}
	var finds bool
	a.round.Add(store.Finds(corrected, q.Filter, &finds))
	if err := a.run(); err != nil || !finds {
		return nil, err
	}
	return &corrected, nil
}

// replaceWord replaces a word where it stands as a whole word.
func replaceWord(text, word, by string) string {
	var out strings.Builder
	for len(text) > 0 {
		at := strings.IndexFunc(text, isWord)
		if at < 0 {
			break
		}
		end := strings.IndexFunc(text[at:], func(r rune) bool { return !isWord(r) })
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

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
