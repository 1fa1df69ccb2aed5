package resolvers

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
)

// nodes finds things of any kind by their ids, in the order asked: nil where
// there is none that the viewer may see, and a problem where an id is none.
func nodes(ctx context.Context, ids []*edu.ID) ([]edu.Node, []error, error) {
	a := readAhead(ctx)
	sel := selection(ctx)
	byKind := map[edu.Kind][]int64{}
	problems := make([]error, len(ids))
	for i, id := range ids {
		if problems[i] = id.Check(); problems[i] == nil {
			byKind[id.Kind] = append(byKind[id.Kind], id.Key)
		}
	}
	a.kinds(byKind, sel)
	if err := a.run(); err != nil {
		return nil, nil, err
	}
	found := make([]edu.Node, len(ids))
	for i, id := range ids {
		if problems[i] == nil {
			node, err := a.node(ctx, *id, sel)
			if err != nil {
				return nil, nil, err
			}
			found[i] = node
		}
	}
	return found, problems, nil
}

// kinds wants things of each kind, what decides whether the viewer may see them,
// and what is selected of them.
func (a *ahead) kinds(byKind map[edu.Kind][]int64, sel ast.SelectionSet) {
	a.users(byKind[edu.KindUser], sel)
	if ids := byKind[edu.KindCategory]; ids != nil {
		want(a, a.l.Category, ids, func(found []*edu.Category) { a.categories(known(found), sel) })
	}
	if ids := byKind[edu.KindCourse]; ids != nil {
		want(a, a.l.Course, keys(ids, courseDetail(a.op, sel)),
			func(found []*edu.Course) { a.courses(a.visible(known(found)), sel) })
	}
	if ids := byKind[edu.KindVideo]; ids != nil {
		want(a, a.l.Video, ids, func(found []*edu.Video) {
			a.coursesOf(keys(known(found), func(v *edu.Video) int64 { return v.CourseID }))
			a.videos(known(found), sel)
		})
	}
	if ids := byKind[edu.KindEnrollment]; ids != nil {
		want(a, a.l.Enrollment, ids, func(found []*edu.Enrollment) {
			a.coursesOf(keys(known(found), func(e *edu.Enrollment) int64 { return e.CourseID }))
			a.enrollments(found, sel)
		})
	}
	if ids := byKind[edu.KindReview]; ids != nil {
		want(a, a.l.Review, ids, func(found []*edu.Review) {
			a.coursesOf(keys(known(found), func(r *edu.Review) int64 { return r.CourseID }))
			a.reviews(known(found), sel)
		})
	}
}

// coursesOf wants the courses that decide whether a thing may be seen.
func (a *ahead) coursesOf(ids []int64) {
	want(a, a.l.Course, keys(ids, func(id int64) loaders.Detail { return loaders.Detail{ID: id} }), nil)
}

func (a *ahead) visible(list []*edu.Course) []*edu.Course {
	var seen []*edu.Course
	for _, c := range list {
		if c.Visible(a.l.Viewer) {
			seen = append(seen, c)
		}
	}
	return seen
}

// node returns the thing with an id, nil where there is none that the viewer may
// see.
func (a *ahead) node(ctx context.Context, id edu.ID, sel ast.SelectionSet) (edu.Node, error) {
	switch id.Kind {
	case edu.KindUser:
		return orNil(a.l.User.Load(ctx, userDetail(a.op, sel, a.l.Viewer)(id.Key)))
	case edu.KindCategory:
		return orNil(a.l.Category.Load(ctx, id.Key))
	case edu.KindCourse:
		c, err := a.l.Course.Load(ctx, courseDetail(a.op, sel)(id.Key))
		if err != nil || c == nil || !c.Visible(a.l.Viewer) {
			return nil, err
		}
		return c, nil
	case edu.KindVideo:
		v, err := a.l.Video.Load(ctx, id.Key)
		if err != nil || v == nil {
			return nil, err
		}
		return ifCourse(ctx, a, v.CourseID, (*edu.Course).Visible, v)
	case edu.KindReview:
		r, err := a.l.Review.Load(ctx, id.Key)
		if err != nil || r == nil {
			return nil, err
		}
		return ifCourse(ctx, a, r.CourseID, (*edu.Course).Visible, r)
	default:
		e, err := a.l.Enrollment.Load(ctx, id.Key)
		if err != nil || e == nil || a.l.Viewer.Owns(e.UserID) {
			return orNil(e, err)
		}
		return ifCourse(ctx, a, e.CourseID, func(c *edu.Course, v edu.Asker) bool { return v.Teaches(c) }, e)
	}
}

// ifCourse returns a thing if a policy on its course lets the viewer see it.
func ifCourse(ctx context.Context, a *ahead, id int64, may func(*edu.Course, edu.Asker) bool, thing edu.Node) (edu.Node, error) {
	c, err := a.l.Course.Load(ctx, loaders.Detail{ID: id})
	if err != nil || c == nil || !may(c, a.l.Viewer) {
		return nil, err
	}
	return thing, nil
}

// orNil makes a Node of a pointer, and nil of a nil pointer.
func orNil[T any, P interface {
	*T
	edu.Node
}](p P, err error) (edu.Node, error) {
	if p == nil {
		return nil, err
	}
	return p, err
}
