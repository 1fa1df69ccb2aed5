package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// The keys of lists, by the arguments of their fields. A resolver and what reads
// ahead of it make the same key of the same field, so they share these.

func coursesByCategory(op *graphql.OperationContext, f graphql.CollectedField, c edu.Connection, by *edu.CourseOrder) (func(int64) loaders.List[edu.CourseOrder], error) {
	p, err := c.Page(by.Order())
	r := connection(op, f.Selections, "Course")
	p.Columns = r.columns(op, typeCourse, courseFields)
	order := by.OrDefault()
	return func(id int64) loaders.List[edu.CourseOrder] {
		return loaders.List[edu.CourseOrder]{Parent: id, Of: order, Page: p}
	}, err
}

func coursesTaught(op *graphql.OperationContext, f graphql.CollectedField, c edu.Connection, v edu.Asker) (func(int64) loaders.List[loaders.Drafts], error) {
	p, err := c.Page(edu.NewestCourses.Order())
	r := connection(op, f.Selections, "Course")
	p.Columns, p.Total = r.columns(op, typeCourse, courseFields), r.total
	return func(id int64) loaders.List[loaders.Drafts] {
		return loaders.List[loaders.Drafts]{Parent: id, Of: loaders.Drafts(v.Owns(id)), Page: p}
	}, err
}

func videos(c edu.Connection) (func(int64) loaders.List[loaders.None], error) {
	p, err := c.Page(edu.VideoOrder)
	return func(id int64) loaders.List[loaders.None] { return loaders.List[loaders.None]{Parent: id, Page: p} }, err
}

func reviews(op *graphql.OperationContext, f graphql.CollectedField, c edu.Connection) (func(int64) loaders.List[loaders.None], error) {
	p, err := c.Page(edu.ReviewOrder)
	wanted := connection(op, f.Selections, "Review")
	p.Columns = wanted.columns(op, typeReview, reviewFields)
	p.Joined = wanted.authors(op)
	return func(id int64) loaders.List[loaders.None] { return loaders.List[loaders.None]{Parent: id, Page: p} }, err
}

func enrollmentsOfCourse(c edu.Connection) (func(int64) loaders.List[loaders.None], error) {
	p, err := c.Page(edu.NewestEnrollments.Order())
	return func(id int64) loaders.List[loaders.None] { return loaders.List[loaders.None]{Parent: id, Page: p} }, err
}

func enrollmentsOfUser(op *graphql.OperationContext, f graphql.CollectedField, c edu.Connection, status *edu.EnrollmentStatus, by *edu.EnrollmentOrder) (func(int64) loaders.List[store.EnrollmentList], error) {
	list := store.EnrollmentList{Order: by.OrDefault()}
	if status != nil {
		list.Status = *status
	}
	p, err := c.Page(list.Order.Order())
	p.Total = connection(op, f.Selections, "Enrollment").total
	return func(id int64) loaders.List[store.EnrollmentList] {
		return loaders.List[store.EnrollmentList]{Parent: id, Of: list, Page: p}
	}, err
}

// top is the key of a plain list of courses.
func top(op *graphql.OperationContext, f graphql.CollectedField, first int) (loaders.Top, error) {
	n, err := edu.Limit("first", first, edu.MaxList)
	return loaders.Top{First: n, Want: columns(op, f.Selections, typeCourse, courseFields)}, err
}

func recent(days, first int) (loaders.Recent, error) {
	if _, err := edu.Days(days); err != nil {
		return loaders.Recent{}, err
	}
	n, err := edu.Limit("first", first, edu.MaxPageSize)
	return loaders.Recent{Days: days, First: n}, err
}
