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

// executeWrite runs a write of the viewer's, unless the check of its input found
// problems. Those, and the ones that the store finds, come back as user errors.
// After a success, what the operation had read before is forgotten, so that all
// fields from here on see what was written.
func executeWrite(ctx context.Context, in validate.Input, do func(*store.Store, edu.Viewer) error) ([]*edu.UserError, error) {
	l := loaders.FromContext(ctx)
	err := in.Err()
	if err == nil {
		err = do(l.Store, l.Viewer.Viewer())
	}
	if problems, ok := errors.AsType[edu.UserErrors](err); ok {
		return problems, nil
	}
	if err == nil {
		l.ResetForViewer(l.Viewer.Viewer())
	}
	return nil, err
}

// payloadSelection returns what is selected of a field of the payload that is being
// resolved, under all its aliases.
func payloadSelection(ctx context.Context, payload, field string) ast.SelectionSet {
	var sel ast.SelectionSet
	for _, f := range collectFields(graphql.GetOperationContext(ctx), currentSelection(ctx), []string{payload}) {
		if f.Name == field {
			sel = append(sel, f.Selections...)
		}
	}
	return sel
}

// loadWrittenCourse reads a course that was written, with what is selected of it;
// nil where the viewer may not know of it any more.
func loadWrittenCourse(ctx context.Context, id int64, sel ast.SelectionSet) (*edu.Course, error) {
	pf := newPrefetcher(ctx)
	pf.walkNodes(map[edu.Kind][]int64{edu.KindCourse: {id}}, sel)
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	c, err := pf.loaders.Course.Load(ctx, courseEntityKey(pf.op, sel)(id))
	if err != nil || c == nil || !c.VisibleTo(pf.loaders.Viewer) {
		return nil, err
	}
	return c, nil
}
