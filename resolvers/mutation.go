package resolvers

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// executeWrite calls write as the viewer, unless validation of the input found problems. It returns the
// problems of the input, or the problems that the store finds, as user errors. After a successful write it
// resets the loaders, so that all later fields of the operation see the write.
func executeWrite(ctx context.Context, in validate.Input, write func(*store.Store, edu.Viewer) error) ([]*edu.UserError, error) {
	l := loaders.FromContext(ctx)
	err := in.Err()
	if err == nil {
		err = write(l.Store, l.Viewer.Viewer())
	}
	if problems, ok := errors.AsType[edu.UserErrors](err); ok {
		return problems, nil
	}
	if err == nil {
		l.ResetForViewer(l.Viewer.Viewer())
	}
	return nil, err
}

// payloadSelection returns the merged selection sets of one field, under all its aliases, of the payload
// that is being resolved. A deferred field belongs to it: the entity is read with the write.
func payloadSelection(ctx context.Context, payload, field string) ast.SelectionSet {
	var sel ast.SelectionSet
	for _, f := range collectAllFields(graphql.GetOperationContext(ctx), currentSelection(ctx), []string{payload}) {
		if f.Name == field {
			sel = append(sel, f.Selections...)
		}
	}
	return sel
}

// loadWrittenCourse prefetches a selection on a course after a write and returns the course, or nil if
// the viewer may not see it (any more).
func loadWrittenCourse(ctx context.Context, id int64, sel ast.SelectionSet) (*edu.Course, error) {
	courses, err := loadWrittenCourses(ctx, []int64{id}, sel)
	if err != nil || len(courses) == 0 {
		return nil, err
	}
	return courses[0], nil
}

// loadWrittenCourses is loadWrittenCourse for several courses. It omits courses that the viewer may not see.
func loadWrittenCourses(ctx context.Context, ids []int64, sel ast.SelectionSet) ([]*edu.Course, error) {
	pf := newPrefetcher(ctx)
	pf.walkNodes(map[edu.Kind][]int64{edu.KindCourse: ids}, sel)
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	keys := collectKeys(ids, courseEntityKey(pf.op, sel))
	return pf.filterVisible(removeNils(pf.loaders.Course.CachedValues(keys))), nil
}
