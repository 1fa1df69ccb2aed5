package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// These functions make the loader keys of lists from the arguments of their fields. A resolver and the
// prefetcher share them, because both must make the same key. A function named Key returns a function
// that returns the key of a parent.

// categoryCoursesKey returns the key of Category.courses.
func categoryCoursesKey(op *graphql.OperationContext, f graphql.CollectedField, c edu.ConnectionArgs, by *edu.CourseOrder) (func(int64) loaders.ListKey[edu.CourseOrder], error) {
	p, err := c.ParsePageArgs(by.SortOrder())
	selected := collectConnection(op, f.Selections, "Course")
	p.Columns = selected.requiredColumns(op, typeCourse, courseFieldColumns)
	order := by.OrDefault()
	return func(id int64) loaders.ListKey[edu.CourseOrder] {
		return loaders.ListKey[edu.CourseOrder]{Parent: id, Args: order, Page: p}
	}, err
}

// taughtCoursesKey returns the key of User.coursesTaught. The list has drafts where the viewer may see them.
func taughtCoursesKey(op *graphql.OperationContext, f graphql.CollectedField, c edu.ConnectionArgs, list edu.TaughtCourses, v edu.Principal) (func(int64) loaders.ListKey[edu.TaughtCourses], error) {
	p, err := c.ParsePageArgs(list.Order.SortOrder())
	selected := collectConnection(op, f.Selections, "Course")
	p.Columns, p.CountTotal = selected.requiredColumns(op, typeCourse, courseFieldColumns), selected.totalCount
	return func(id int64) loaders.ListKey[edu.TaughtCourses] {
		list.Drafts = v.CanAccessUser(id)
		return loaders.ListKey[edu.TaughtCourses]{Parent: id, Args: list, Page: p}
	}, err
}

// courseVideosKey returns the key of Course.videos.
func courseVideosKey(c edu.ConnectionArgs) (func(int64) loaders.ListKey[loaders.NoArgs], error) {
	p, err := c.ParsePageArgs(edu.VideoOrder)
	return func(id int64) loaders.ListKey[loaders.NoArgs] {
		return loaders.ListKey[loaders.NoArgs]{Parent: id, Page: p}
	}, err
}

// allVideosKey returns the key of all videos of a course, for Section.videos.
func allVideosKey(course int64) loaders.ListKey[loaders.NoArgs] {
	return loaders.ListKey[loaders.NoArgs]{Parent: course, Page: edu.PageArgs{Limit: edu.MaxVideos}}
}

// courseReviewsKey returns the key of Course.reviews.
func courseReviewsKey(op *graphql.OperationContext, f graphql.CollectedField, c edu.ConnectionArgs, list edu.ReviewList) (func(int64) loaders.ListKey[edu.ReviewList], error) {
	p, err := c.ParsePageArgs(list.Order.SortOrder())
	selected := collectConnection(op, f.Selections, "Review")
	p.Columns = selected.requiredColumns(op, typeReview, reviewFieldColumns)
	p.JoinedColumns = selected.authorColumns(op)
	p.CountTotal = list.Rating != 0 && selected.totalCount // the course has the number of all reviews
	return func(id int64) loaders.ListKey[edu.ReviewList] {
		return loaders.ListKey[edu.ReviewList]{Parent: id, Args: list, Page: p}
	}, err
}

// courseEnrollmentsKey returns the key of Course.enrollments.
func courseEnrollmentsKey(c edu.ConnectionArgs) (func(int64) loaders.ListKey[loaders.NoArgs], error) {
	p, err := c.ParsePageArgs(edu.NewestEnrollments.SortOrder())
	return func(id int64) loaders.ListKey[loaders.NoArgs] {
		return loaders.ListKey[loaders.NoArgs]{Parent: id, Page: p}
	}, err
}

// pageKey returns the key of a list of User without other arguments, such as User.wishlist. order is the order
// of the list; name is the type of its rows.
func pageKey(op *graphql.OperationContext, f graphql.CollectedField, c edu.ConnectionArgs, order edu.SortOrder, name string) (func(int64) loaders.ListKey[loaders.NoArgs], error) {
	p, err := c.ParsePageArgs(order)
	p.CountTotal = collectConnection(op, f.Selections, name).totalCount
	return func(id int64) loaders.ListKey[loaders.NoArgs] {
		return loaders.ListKey[loaders.NoArgs]{Parent: id, Page: p}
	}, err
}

// userEnrollmentsKey returns the key of User.enrollments.
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

// courseListArgs returns the arguments of a plain list of courses, for parentKeyFor.
func courseListArgs(op *graphql.OperationContext, f graphql.CollectedField, first int) (loaders.TopArgs, error) {
	n, err := edu.ValidateLimit("first", first, edu.MaxListSize)
	return loaders.TopArgs{First: n, Columns: requiredColumns(op, f.Selections, typeCourse, courseFieldColumns)}, err
}

// recentActivityArgs returns the arguments of Dashboard.recentActivity, for parentKeyFor.
func recentActivityArgs(days, first int) (loaders.RecentArgs, error) {
	if _, err := edu.ValidateDays(days); err != nil {
		return loaders.RecentArgs{}, err
	}
	n, err := edu.ValidateLimit("first", first, edu.MaxPageSize)
	return loaders.RecentArgs{Days: days, First: n}, err
}
