package resolvers

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
)

// loadNodes returns entities of any kind in the order of their ids. An entity that does not exist or that
// the viewer may not see is nil. For an invalid id, the second list has an error at the same index.
func loadNodes(ctx context.Context, ids []*edu.ID) ([]edu.Node, []error, error) {
	pf := newPrefetcher(ctx)
	sel := currentSelection(ctx)
	byKind := map[edu.Kind][]int64{}
	problems := make([]error, len(ids))
	for i, id := range ids {
		if problems[i] = id.Validate(); problems[i] == nil {
			byKind[id.Kind] = append(byKind[id.Kind], id.Key)
		}
	}
	pf.walkNodes(byKind, sel)
	if err := pf.sendBatches(); err != nil {
		return nil, nil, err
	}
	nodes := make([]edu.Node, len(ids))
	for i, id := range ids {
		if problems[i] == nil {
			node, err := pf.loadNode(ctx, *id, sel)
			if err != nil {
				return nil, nil, err
			}
			nodes[i] = node
		}
	}
	return nodes, problems, nil
}

// walkNodes prefetches entities of each kind, the courses whose policies decide on them, and a selection
// on them.
func (pf *prefetcher) walkNodes(byKind map[edu.Kind][]int64, sel ast.SelectionSet) {
	pf.walkUsers(byKind[edu.KindUser], sel)
	if ids := byKind[edu.KindCategory]; ids != nil {
		prefetchKeys(pf, pf.loaders.Category, ids, func(found []*edu.Category) { pf.walkCategories(removeNils(found), sel) })
	}
	if ids := byKind[edu.KindCourse]; ids != nil {
		prefetchKeys(pf, pf.loaders.Course, collectKeys(ids, courseEntityKey(pf.op, sel)),
			func(found []*edu.Course) { pf.walkCourses(pf.filterVisible(removeNils(found)), sel) })
	}
	if ids := byKind[edu.KindSection]; ids != nil {
		prefetchKeys(pf, pf.loaders.Section, ids, func(found []*edu.Section) {
			pf.addPolicyCourses(collectKeys(removeNils(found), func(s *edu.Section) int64 { return s.CourseID }))
			pf.walkSections(removeNils(found), sel)
		})
	}
	if ids := byKind[edu.KindVideo]; ids != nil {
		prefetchKeys(pf, pf.loaders.Video, ids, func(found []*edu.Video) {
			pf.addPolicyCourses(collectKeys(removeNils(found), func(v *edu.Video) int64 { return v.CourseID }))
			pf.walkVideos(removeNils(found), sel)
		})
	}
	if ids := byKind[edu.KindEnrollment]; ids != nil {
		prefetchKeys(pf, pf.loaders.Enrollment, ids, func(found []*edu.Enrollment) {
			pf.addPolicyCourses(collectKeys(removeNils(found), func(e *edu.Enrollment) int64 { return e.CourseID }))
			pf.walkEnrollments(found, sel)
		})
	}
	if ids := byKind[edu.KindCertificate]; ids != nil {
		prefetchKeys(pf, pf.loaders.Certificate, ids, func(found []*edu.Certificate) { pf.walkCertificates(found, sel) })
	}
	if ids := byKind[edu.KindReview]; ids != nil {
		prefetchKeys(pf, pf.loaders.Review, ids, func(found []*edu.Review) {
			pf.addPolicyCourses(collectKeys(removeNils(found), func(r *edu.Review) int64 { return r.CourseID }))
			pf.walkReviews(removeNils(found), sel)
		})
	}
}

// addPolicyCourses prefetches the courses whose policies decide whether an entity is visible.
func (pf *prefetcher) addPolicyCourses(ids []int64) {
	prefetchKeys(pf, pf.loaders.Course, collectKeys(ids, func(id int64) loaders.EntityKey { return loaders.EntityKey{ID: id} }), nil)
}

// filterVisible returns the courses that the viewer may see.
func (pf *prefetcher) filterVisible(list []*edu.Course) []*edu.Course {
	var visible []*edu.Course
	for _, c := range list {
		if c.VisibleTo(pf.loaders.Viewer) {
			visible = append(visible, c)
		}
	}
	return visible
}

// loadNode returns the entity with an id, or nil if it does not exist or the viewer may not see it.
func (pf *prefetcher) loadNode(ctx context.Context, id edu.ID, sel ast.SelectionSet) (edu.Node, error) {
	switch id.Kind {
	case edu.KindUser:
		return nodeOrNil(pf.loaders.User.Load(ctx, userEntityKey(pf.op, sel, pf.loaders.Viewer)(id.Key)))
	case edu.KindCategory:
		return nodeOrNil(pf.loaders.Category.Load(ctx, id.Key))
	case edu.KindCourse:
		c, err := pf.loaders.Course.Load(ctx, courseEntityKey(pf.op, sel)(id.Key))
		if err != nil || c == nil || !c.VisibleTo(pf.loaders.Viewer) {
			return nil, err
		}
		return c, nil
	case edu.KindSection:
		s, err := pf.loaders.Section.Load(ctx, id.Key)
		if err != nil || s == nil {
			return nil, err
		}
		return authorizeByCourse(ctx, pf, s.CourseID, (*edu.Course).VisibleTo, s)
	case edu.KindVideo:
		v, err := pf.loaders.Video.Load(ctx, id.Key)
		if err != nil || v == nil {
			return nil, err
		}
		return authorizeByCourse(ctx, pf, v.CourseID, (*edu.Course).VisibleTo, v)
	case edu.KindReview:
		r, err := pf.loaders.Review.Load(ctx, id.Key)
		if err != nil || r == nil {
			return nil, err
		}
		return authorizeByCourse(ctx, pf, r.CourseID, (*edu.Course).VisibleTo, r)
	case edu.KindCertificate:
		c, err := pf.loaders.Certificate.Load(ctx, id.Key)
		if err != nil || c == nil || !pf.loaders.Viewer.CanAccessUser(c.UserID) {
			return nil, err
		}
		return c, nil
	case edu.KindEnrollment:
		e, err := pf.loaders.Enrollment.Load(ctx, id.Key)
		if err != nil || e == nil || pf.loaders.Viewer.CanAccessUser(e.UserID) {
			return nodeOrNil(e, err)
		}
		return authorizeByCourse(ctx, pf, e.CourseID, func(c *edu.Course, v edu.Principal) bool { return v.CanManageCourse(c) }, e)
	default: // a session is no node
		return nil, nil
	}
}

// authorizeByCourse returns the node if a policy on its course lets the viewer see it, and nil otherwise.
func authorizeByCourse(ctx context.Context, pf *prefetcher, id int64, policy func(*edu.Course, edu.Principal) bool, node edu.Node) (edu.Node, error) {
	c, err := pf.loaders.Course.Load(ctx, loaders.EntityKey{ID: id})
	if err != nil || c == nil || !policy(c, pf.loaders.Viewer) {
		return nil, err
	}
	return node, nil
}

// nodeOrNil converts a pointer to a Node, and a nil pointer to a nil Node.
func nodeOrNil[T any, P interface {
	*T
	edu.Node
}](p P, err error) (edu.Node, error) {
	if p == nil {
		return nil, err
	}
	return p, err
}
