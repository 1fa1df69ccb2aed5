package resolvers

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/highlight"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// maxSuggestions is the maximum of suggestions in a list.
const maxSuggestions = 20

// validateTyped validates the arguments of suggestions and returns the text.
func validateTyped(prefix string, first int) (string, error) {
	text, err := edu.ParseSearchText("prefix", prefix)
	if err == nil {
		_, err = edu.ValidateLimit("first", first, maxSuggestions)
	}
	return text, err
}

// suggestion is a suggestion with the id of the object that it names.
type suggestion struct {
	*edu.Suggestion
	id int64
}

// suggestTerms returns suggestions for a typed text and prefetches the selection on their objects.
func suggestTerms(ctx context.Context, prefix string, first int) ([]*edu.Suggestion, error) {
	text, err := validateTyped(prefix, first)
	if err != nil {
		return nil, err
	}
	pf := newPrefetcher(ctx)
	list, byKind := []*edu.Suggestion{}, map[edu.SuggestionKind][]suggestion{}
	pf.batch.AddQuery(store.SuggestedTerms(text, first, func(t store.SuggestedTerm) {
		s := &edu.Suggestion{Text: t.Text, Kind: t.Kind, Highlight: highlight.New(t.Lexemes).RenderHTML(t.Text)}
		list, byKind[t.Kind] = append(list, s), append(byKind[t.Kind], suggestion{s, t.ID})
	}))
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	sel := currentSelection(ctx)
	pf.setSuggestedObjects(byKind, sel)
	pf.continuations = append(pf.continuations, func() { pf.walkSuggestions(list, sel) })
	return list, pf.sendBatches()
}

// setSuggestedObjects reads the selected objects of suggestions and sets them. A course that was hidden
// meanwhile is left out.
func (pf *prefetcher) setSuggestedObjects(byKind map[edu.SuggestionKind][]suggestion, sel ast.SelectionSet) {
	columns := map[string]edu.Columns{}
	for _, f := range collectAllFields(pf.op, sel, typeSuggestion) {
		types, fieldColumns := typeCourse, courseFieldColumns
		if f.Name == "instructor" {
			types, fieldColumns = typeUser, userFieldColumns
		}
		columns[f.Name] |= requiredColumns(pf.op, f.Selections, types, fieldColumns)
	}
	if c, selected := columns["course"]; selected {
		setObjects(pf, pf.loaders.Course, byKind[edu.SuggestCourse], func(id int64) loaders.EntityKey { return loaders.EntityKey{ID: id, Columns: c} },
			func(s *edu.Suggestion, course *edu.Course) {
				if course != nil && course.VisibleTo(pf.loaders.Viewer) {
					s.Course = course
				}
			})
	}
	if _, selected := columns["category"]; selected {
		setObjects(pf, pf.loaders.Category, byKind[edu.SuggestCategory], func(id int64) int64 { return id },
			func(s *edu.Suggestion, category *edu.Category) { s.Category = category })
	}
	if c, selected := columns["instructor"]; selected {
		setObjects(pf, pf.loaders.User, byKind[edu.SuggestInstructor], userKey(c, pf.loaders.Viewer),
			func(s *edu.Suggestion, user *edu.User) { s.Instructor = user })
	}
}

// setObjects adds the objects of suggestions of one kind to the batch, and sets them after it is sent.
func setObjects[K comparable, V any](pf *prefetcher, l *loaders.Loader[K, V], list []suggestion, key func(id int64) K, set func(*edu.Suggestion, V)) {
	keys := collectKeys(list, func(s suggestion) K { return key(s.id) })
	prefetchKeys(pf, l, keys, func(found []V) {
		for i, object := range found {
			set(list[i].Suggestion, object)
		}
	})
}

// walkSuggestions prefetches a selection on suggestions.
func (pf *prefetcher) walkSuggestions(list []*edu.Suggestion, sel ast.SelectionSet) {
	courses := collectKeys(list, func(s *edu.Suggestion) *edu.Course { return s.Course })
	categories := collectKeys(list, func(s *edu.Suggestion) *edu.Category { return s.Category })
	instructors := removeNils(collectKeys(list, func(s *edu.Suggestion) *edu.User { return s.Instructor }))
	for _, f := range collectFields(pf.op, sel, typeSuggestion) {
		pf.setField(f)
		switch f.Name {
		case "course":
			pf.walkCourses(removeNils(courses), f.Selections)
		case "category":
			pf.walkCategories(removeNils(categories), f.Selections)
		case "instructor":
			pf.walkUserEdges(collectKeys(instructors, func(u *edu.User) int64 { return u.ID }), f.Selections)
		}
	}
}
