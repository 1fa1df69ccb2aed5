package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// The keys of lists, by the arguments of their fields. A resolver and what reads
// ahead of it make the same key of the same field, so they share these.

func categoryCoursesKey(op *graphql.OperationContext, f graphql.CollectedField, c edu.ConnectionArgs, by *edu.CourseOrder) (func(int64) loaders.ListKey[edu.CourseOrder], error) {
	p, err := c.ParsePageArgs(by.SortOrder())
	r := collectConnection(op, f.Selections, "Course")
	p.Columns = r.requiredColumns(op, typeCourse, courseFieldColumns)
	order := by.OrDefault()
	return func(id int64) loaders.ListKey[edu.CourseOrder] {
		return loaders.ListKey[edu.CourseOrder]{Parent: id, Args: order, Page: p}
	}, err
}

func taughtCoursesKey(op *graphql.OperationContext, f graphql.CollectedField, c edu.ConnectionArgs, v edu.Principal) (func(int64) loaders.ListKey[loaders.IncludeDrafts], error) {
	p, err := c.ParsePageArgs(edu.NewestCourses.SortOrder())
	r := collectConnection(op, f.Selections, "Course")
	p.Columns, p.CountTotal = r.requiredColumns(op, typeCourse, courseFieldColumns), r.totalCount
	return func(id int64) loaders.ListKey[loaders.IncludeDrafts] {
		return loaders.ListKey[loaders.IncludeDrafts]{Parent: id, Args: loaders.IncludeDrafts(v.CanAccessUser(id)), Page: p}
	}, err
}

func courseVideosKey(c edu.ConnectionArgs) (func(int64) loaders.ListKey[loaders.NoArgs], error) {
	p, err := c.ParsePageArgs(edu.VideoOrder)
	return func(id int64) loaders.ListKey[loaders.NoArgs] {
		return loaders.ListKey[loaders.NoArgs]{Parent: id, Page: p}
	}, err
}

func courseReviewsKey(op *graphql.OperationContext, f graphql.CollectedField, c edu.ConnectionArgs) (func(int64) loaders.ListKey[loaders.NoArgs], error) {
	p, err := c.ParsePageArgs(edu.ReviewOrder)
	selected := collectConnection(op, f.Selections, "Review")
	p.Columns = selected.requiredColumns(op, typeReview, reviewFieldColumns)
	p.JoinedColumns = selected.authorColumns(op)
	return func(id int64) loaders.ListKey[loaders.NoArgs] {
		return loaders.ListKey[loaders.NoArgs]{Parent: id, Page: p}
	}, err
}

func courseEnrollmentsKey(c edu.ConnectionArgs) (func(int64) loaders.ListKey[loaders.NoArgs], error) {
	p, err := c.ParsePageArgs(edu.NewestEnrollments.SortOrder())
	return func(id int64) loaders.ListKey[loaders.NoArgs] {
		return loaders.ListKey[loaders.NoArgs]{Parent: id, Page: p}
	}, err
}

func userEnrollmentsKey(op *graphql.OperationContext, f graphql.CollectedField, c edu.ConnectionArgs, status *edu.EnrollmentStatus, by *edu.EnrollmentOrder) (func(int64) loaders.ListKey[store.EnrollmentList], error) {
	list := store.EnrollmentList{Order: by.OrDefault()}
	if status != nil {
		list.Status = *status
	}
	p, err := c.ParsePageArgs(list.Order.SortOrder())
	p.CountTotal = collectConnection(op, f.Selections, "Enrollment").totalCount
	return func(id int64) loaders.ListKey[store.EnrollmentList] {
		return loaders.ListKey[store.EnrollmentList]{Parent: id, Args: list, Page: p}
	}, err
}

// courseListKey is the key of a plain list of courses.
func courseListKey(op *graphql.OperationContext, f graphql.CollectedField, first int) (loaders.TopArgs, error) {
	n, err := edu.ValidateLimit("first", first, edu.MaxListSize)
	return loaders.TopArgs{First: n, Columns: requiredColumns(op, f.Selections, typeCourse, courseFieldColumns)}, err
}

func recentActivityKey(days, first int) (loaders.RecentArgs, error) {
	if _, err := edu.ValidateDays(days); err != nil {
		return loaders.RecentArgs{}, err
	}
	n, err := edu.ValidateLimit("first", first, edu.MaxPageSize)
	return loaders.RecentArgs{Days: days, First: n}, err
}
