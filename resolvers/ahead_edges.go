package resolvers

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
)

// The edges of each type: what a field wants read for all its parents.

func (a *ahead) users(ids []int64, sel ast.SelectionSet) {
	if len(ids) == 0 {
		return
	}
	want(a, a.l.User, keys(ids, userDetail(a.op, sel, a.l.Viewer)), nil)
	// Every edge of a user needs their key alone: none waits for the user.
	for _, f := range fields(a.op, sel, typeUser) {
		args := a.arguments(f)
		switch f.Name {
		case "coursesTaught":
			if key, err := coursesTaught(a.op, f, args.connection(), a.l.Viewer); err == nil {
				want(a, a.l.CoursesByInstructor, keys(ids, key), walk(a, connection(a.op, f.Selections, "Course"), (*ahead).courses))
			}
		case "enrollments":
			status, statusOK := args.status()
			by, orderOK := args.enrollmentOrder()
			if !statusOK || !orderOK {
				continue
			}
			if key, err := enrollmentsOfUser(a.op, f, args.connection(), status, by); err == nil {
				want(a, a.l.EnrollmentsByUser, keys(a.owned(ids), key), walk(a, connection(a.op, f.Selections, "Enrollment"), (*ahead).enrollments))
			}
		case "dashboard":
			for _, id := range a.owned(ids) {
				a.dashboard(id, f.Selections)
			}
		}
	}
}

// owned returns those users whose private things the viewer may read.
func (a *ahead) owned(ids []int64) []int64 {
	var owned []int64
	for _, id := range ids {
		if a.l.Viewer.Owns(id) {
			owned = append(owned, id)
		}
	}
	return owned
}

func (a *ahead) categories(list []*edu.Category, sel ast.SelectionSet) {
	if len(list) == 0 {
		return
	}
	for _, f := range fields(a.op, sel, typeCategory) {
		if f.Name != "courses" {
			continue
		}
		args := a.arguments(f)
		by, ok := args.courseOrder()
		if !ok {
			continue
		}
		if key, err := coursesByCategory(a.op, f, args.connection(), by); err == nil {
			want(a, a.l.CoursesByCategory, keys(list, func(k *edu.Category) loaders.List[edu.CourseOrder] { return key(k.ID) }),
				walk(a, connection(a.op, f.Selections, "Course"), (*ahead).courses))
		}
	}
}

func (a *ahead) courses(list []*edu.Course, sel ast.SelectionSet) {
	if len(list) == 0 {
		return
	}
	ids := keys(list, func(c *edu.Course) int64 { return c.ID })
	for _, f := range fields(a.op, sel, typeCourse) {
		args := a.arguments(f)
		switch f.Name {
		case "category":
			want(a, a.l.Category, keys(list, func(c *edu.Course) int64 { return c.CategoryID }),
				func(found []*edu.Category) { a.categories(found, f.Selections) })
		case "instructor":
			a.users(keys(list, func(c *edu.Course) int64 { return c.InstructorID }), f.Selections)
		case "videos":
			if key, err := videos(args.connection()); err == nil {
				want(a, a.l.VideosByCourse, keys(ids, key), walk(a, connection(a.op, f.Selections, "Video"), (*ahead).videos))
			}
		case "reviews":
			if key, err := reviews(a.op, f, args.connection()); err == nil {
				want(a, a.l.ReviewsByCourse, keys(ids, key), walk(a, connection(a.op, f.Selections, "Review"), (*ahead).reviews))
			}
		case "viewerEnrollment":
			if a.l.Viewer.SignedIn() {
				want(a, a.l.ViewerEnrollment, ids, func(found []*edu.Enrollment) { a.enrollments(found, f.Selections) })
			}
		case "enrollments":
			if key, err := enrollmentsOfCourse(args.connection()); err == nil {
				want(a, a.l.EnrollmentsByCourse, keys(a.taught(list), key), walk(a, connection(a.op, f.Selections, "Enrollment"), (*ahead).enrollments))
			}
		case "analytics":
			want(a, a.l.Analytics, a.taught(list), nil)
		case "relatedCourses":
			if t, err := top(a.op, f, args.number("first")); err == nil {
				want(a, a.l.RelatedCourses, keys(ids, of(t)), flat(a, f.Selections, (*ahead).courses))
			}
		}
	}
}

// taught returns the keys of those courses whose figures the viewer may read.
func (a *ahead) taught(list []*edu.Course) []int64 {
	var ids []int64
	for _, c := range list {
		if a.l.Viewer.Teaches(c) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func of[A comparable](args A) func(int64) loaders.Of[A] {
	return func(id int64) loaders.Of[A] { return loaders.Of[A]{Parent: id, Args: args} }
}

// courseEdge wants the courses that an edge leads to.
func (a *ahead) courseEdge(ids []int64, sel ast.SelectionSet) {
	want(a, a.l.Course, keys(ids, courseDetail(a.op, sel)),
		func(found []*edu.Course) { a.courses(known(found), sel) })
}

func (a *ahead) videos(list []*edu.Video, sel ast.SelectionSet) {
	if len(list) == 0 {
		return
	}
	for _, f := range fields(a.op, sel, typeVideo) {
		switch f.Name {
		case "course":
			a.courseEdge(keys(list, func(v *edu.Video) int64 { return v.CourseID }), f.Selections)
		case "viewerProgress":
			if a.l.Viewer.SignedIn() {
				for _, v := range list {
					a.l.Video.Prime(v.ID, v) // VideoProgress.video leads back
				}
				want(a, a.l.ViewerProgress, keys(list, func(v *edu.Video) int64 { return v.ID }),
					func(found []*edu.VideoProgress) { a.progress(known(found), f.Selections) })
			}
		}
	}
}

func (a *ahead) progress(list []*edu.VideoProgress, sel ast.SelectionSet) {
	for _, f := range fields(a.op, sel, []string{"VideoProgress"}) {
		if f.Name == "video" {
			want(a, a.l.Video, keys(list, func(p *edu.VideoProgress) int64 { return p.VideoID }),
				func(found []*edu.Video) { a.videos(known(found), f.Selections) })
		}
	}
}

func (a *ahead) reviews(list []*edu.Review, sel ast.SelectionSet) {
	if len(list) == 0 {
		return
	}
	for _, f := range fields(a.op, sel, typeReview) {
		switch f.Name {
		case "author":
			a.users(keys(list, func(r *edu.Review) int64 { return r.AuthorID }), f.Selections)
		case "course":
			a.courseEdge(keys(list, func(r *edu.Review) int64 { return r.CourseID }), f.Selections)
		}
	}
}

func (a *ahead) enrollments(list []*edu.Enrollment, sel ast.SelectionSet) {
	list = known(list)
	if len(list) == 0 {
		return
	}
	for _, f := range fields(a.op, sel, typeEnrollment) {
		switch f.Name {
		case "user":
			a.users(keys(list, func(e *edu.Enrollment) int64 { return e.UserID }), f.Selections)
		case "course":
			a.courseEdge(keys(list, func(e *edu.Enrollment) int64 { return e.CourseID }), f.Selections)
		}
	}
}

func (a *ahead) dashboard(user int64, sel ast.SelectionSet) {
	for _, f := range fields(a.op, sel, []string{"Dashboard"}) {
		args := a.arguments(f)
		switch f.Name {
		case "enrolledCoursesCount", "inProgressCoursesCount", "completedCoursesCount":
			want(a, a.l.DashboardCounts, []int64{user}, nil)
		case "watchTimeSeconds":
			if days, err := edu.Days(args.number("days")); err == nil {
				want(a, a.l.WatchTime, []loaders.Of[int]{of(days)(user)}, nil)
			}
		case "watchTime":
			if s, ok := args.series(); ok {
				want(a, a.l.WatchTimeSeries, []loaders.Of[edu.Series]{of(s)(user)}, nil)
			}
		case "recentActivity":
			if r, err := recent(args.number("days"), args.number("first")); err == nil {
				want(a, a.l.RecentActivity, []loaders.Of[loaders.Recent]{of(r)(user)}, flat(a, f.Selections, (*ahead).enrollments))
			}
		case "recommendedCourses":
			if t, err := top(a.op, f, args.number("first")); err == nil {
				want(a, a.l.Recommended, []loaders.Of[loaders.Top]{of(t)(user)}, flat(a, f.Selections, (*ahead).courses))
			}
		}
	}
}

func (a *ahead) instructorDashboard(id int64, sel ast.SelectionSet) {
	for _, f := range fields(a.op, sel, []string{"InstructorDashboard"}) {
		args := a.arguments(f)
		switch f.Name {
		case "coursesCount", "totalEnrollments", "totalCompletions", "averageRating":
			want(a, a.l.InstructorTotals, []int64{id}, nil)
		case "topCourses":
			if t, err := top(a.op, f, args.number("first")); err == nil {
				want(a, a.l.TopCourses, []loaders.Of[loaders.Top]{of(t)(id)}, flat(a, f.Selections, (*ahead).courses))
			}
		case "enrollmentsOverTime":
			if s, ok := args.series(); ok {
				want(a, a.l.InstructorEnrollments, []loaders.Of[edu.Series]{of(s)(id)}, nil)
			}
		}
	}
}

func (a *ahead) platformDashboard(sel ast.SelectionSet) {
	for _, f := range fields(a.op, sel, []string{"PlatformDashboard"}) {
		args := a.arguments(f)
		switch f.Name {
		case "usersCount", "publishedCoursesCount", "enrollmentsCount", "completionsCount":
			want(a, a.l.PlatformTotals, []int64{0}, nil)
		case "activeUsersCount":
			if days, err := edu.Days(args.number("days")); err == nil {
				want(a, a.l.ActiveUsers, []loaders.Of[int]{of(days)(0)}, nil)
			}
		case "topCourses":
			if t, err := top(a.op, f, args.number("first")); err == nil {
				want(a, a.l.TopCourses, []loaders.Of[loaders.Top]{of(t)(0)}, flat(a, f.Selections, (*ahead).courses))
			}
		case "topCategories":
			if n, err := edu.Limit("first", args.number("first"), edu.MaxList); err == nil {
				want(a, a.l.TopCategories, []loaders.Of[int]{of(n)(0)}, flat(a, f.Selections, (*ahead).categories))
			}
		case "enrollmentsOverTime":
			if s, ok := args.series(); ok {
				want(a, a.l.PlatformEnrollments, []loaders.Of[edu.Series]{of(s)(0)}, nil)
			}
		}
	}
}

// known returns those that the database has.
func known[T any](list []*T) []*T {
	found := make([]*T, 0, len(list))
	for _, t := range list {
		if t != nil {
			found = append(found, t)
		}
	}
	return found
}
