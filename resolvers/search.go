package resolvers

import (
	"context"
	"strings"
	"unicode"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/highlight"
	"github.com/7p-education/api/store"
)

// searchArguments holds the arguments of searchCourses as the caller sent them.
type searchArguments struct {
	query   string
	filter  *edu.CourseFilter
	orderBy *edu.CourseOrder
	sort    edu.SearchSort
	page    edu.ConnectionArgs
}

// parseSearch validates the arguments.
func (s searchArguments) parseSearch() (edu.SearchArgs, error) {
	q := edu.SearchArgs{Order: s.orderBy}
	if q.Order == nil {
		q.Order = s.sort.CourseOrder()
	} else if s.sort != edu.SortRelevance {
		return q, edu.Errorf(edu.BadUserInput, "orderBy and sort cannot be combined: use orderBy")
	}
	var err error
	if q.Query, err = edu.ParseSearchText("query", s.query); err != nil {
		return q, err
	}
	if q.Filter, err = parseFilter(s.filter); err != nil {
		return q, err
	}
	err = q.ParsePageArgs(s.page)
	return q, err
}

// sentArgument returns an argument of the current field that has a default in the schema, nil if the caller
// did not send it.
func sentArgument(ctx context.Context, name string, value int) *int {
	argument := graphql.GetFieldContext(ctx).Field.Arguments.ForName(name)
	if argument == nil {
		return nil
	}
	if argument.Value.Kind == ast.Variable {
		if _, sent := graphql.GetOperationContext(ctx).Variables[argument.Value.Raw]; !sent {
			return nil
		}
	}
	return &value
}

// searchSelection is the selection on a search: its connection, its optional parts, and its facets.
type searchSelection struct {
	connectionSelection
	facets, highlight map[string]bool // by the names of their fields, nil if not selected
	didYouMean        bool
}

// collectSearch returns the selection on a search.
func (pf *prefetcher) collectSearch(sel ast.SelectionSet) searchSelection {
	var selected searchSelection
	selected.connectionSelection = collectConnection(pf.op, sel, "CourseSearch")
	for _, f := range collectAllFields(pf.op, sel, []string{"CourseSearchConnection"}) {
		switch f.Name {
		case "facets":
			selected.facets = addFieldNames(pf.op, selected.facets, f.Selections, "SearchFacets")
		case "didYouMean":
			selected.didYouMean = true
		case "edges":
			for _, edge := range collectAllFields(pf.op, f.Selections, []string{"CourseSearchEdge"}) {
				if edge.Name == "highlight" {
					selected.highlight = addFieldNames(pf.op, selected.highlight, edge.Selections, "SearchHighlight")
				}
			}
		}
	}
	return selected
}

// addFieldNames adds the names of the selected fields of a type to a set, which is made if it is nil.
func addFieldNames(op *graphql.OperationContext, names map[string]bool, sel ast.SelectionSet, typ string) map[string]bool {
	if names == nil {
		names = map[string]bool{}
	}
	for _, f := range collectAllFields(op, sel, []string{typ}) {
		names[f.Name] = true
	}
	return names
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
	if selected.highlight["title"] {
		q.Page.Columns |= edu.CourseTitle
	}
	if selected.highlight["description"] || selected.highlight["snippet"] {
		q.Page.Columns |= edu.CourseDescription
	}
	var hits []store.SearchHit
	var groups []store.SearchGroup
	pf.batch.AddQuery(store.SearchCourses(q, func(h store.SearchHit) { hits = append(hits, h) }))
	if f := selected.facets; selected.totalCount || f["categories"] || f["difficulties"] || f["prices"] {
		pf.batch.AddQuery(store.SearchGroups(q, func(g store.SearchGroup) { groups = append(groups, g) }))
	}
	counts := pf.countFacets(q, selected.facets)
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
	if selected.facets != nil {
		result.Facets = pf.buildFacets(groups, q.Filter, counts, currentSelection(ctx))
	}
	if selected.didYouMean && (len(hits) < min(fewHits, q.Page.Limit+1) || result.Relaxed) && q.Query != "" && q.Page.After == "" && q.Page.Before == "" {
		if result.DidYouMean, err = pf.suggestCorrection(q); err != nil {
			return nil, err
		}
	}
	return result, pf.sendBatches()
}

// fewHits is the number of courses below which a query may be misspelled, although the courses have the
// same misspelling.
const fewHits = 3

// newCourseHits converts the hits of the store, with the selected fields of their highlights. The row beyond
// the page's limit, which only shows that there are more, gets none.
func newCourseHits(found []store.SearchHit, q edu.SearchArgs, highlights map[string]bool) []*edu.CourseHit {
	hits := make([]*edu.CourseHit, len(found))
	var marker *highlight.Marker
	for i, f := range found {
		hits[i] = &edu.CourseHit{Node: f.Course, Score: f.Score, Order: q.Order, Relaxed: f.Relaxed}
		if highlights == nil || q.Query == "" || i == q.Page.Limit {
			continue
		}
		if marker == nil {
			marker = highlight.New(f.Lexemes)
		}
		h := &edu.SearchHighlight{}
		if highlights["title"] {
			h.Title = marker.RenderHTML(f.Course.Title)
		}
		if highlights["description"] {
			h.Description = marker.RenderHTML(f.Course.Description)
		}
		if highlights["snippet"] {
			h.Snippet = marker.RenderSnippet(f.Course.Description, edu.SnippetLength)
		}
		hits[i].Highlight = h
	}
	return hits
}

// suggestCorrection replaces the words of a query that are unknown or rare: see store.Corrections. It
// returns the corrected query if it finds a course, nil otherwise.
func (pf *prefetcher) suggestCorrection(q edu.SearchArgs) (*string, error) {
	words := strings.FieldsFunc(q.Query, func(r rune) bool { return !isWordRune(r) })
	if len(words) == 0 {
		return nil, nil
	}
	corrected, changed := q.Query, false
	pf.batch.AddQuery(store.Corrections(words, edu.ParseSearchQuery(q.Query).Prefix != "", func(c store.Correction) {
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
