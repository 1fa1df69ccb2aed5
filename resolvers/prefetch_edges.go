package resolvers

import (
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/loaders"
)

// Each method adds the reads of one type's fields to the batch, for all parents at once. A field whose
// resolver reads through a loader has a case here; TestFieldsArePrefetched fails if one is missing.

// walkUsers prefetches users and a selection on them.
func (pf *prefetcher) walkUsers(ids []int64, sel ast.SelectionSet) {
	if len(ids) == 0 {
		return
	}
	prefetchKeys(pf, pf.loaders.User, collectKeys(ids, userEntityKey(pf.op, sel, pf.loaders.Viewer)), nil)
	pf.walkUserEdges(ids, sel) // they need only the user's key, so they join the batch that reads the user
}

// walkUserEdges prefetches a selection on users that are read already.
func (pf *prefetcher) walkUserEdges(ids []int64, sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, typeUser) {
		pf.setField(f)
		args := pf.fieldArguments(f)
		switch f.Name {
		case "coursesTaught":
			list, ok := args.parseTaughtCourses()
			if !ok {
				continue
			}
			if key, err := taughtCoursesKey(pf.op, f, args.parseConnection(), list, pf.loaders.Viewer); err == nil {
				prefetchKeys(pf, pf.loaders.CoursesByInstructor, collectKeys(ids, key), walkPages(pf, collectConnection(pf.op, f.Selections, "Course"), (*prefetcher).walkCourses))
			}
		case "enrollments":
			status, statusOK := args.parseStatus()
			by, orderOK := args.parseEnrollmentOrder()
			if !statusOK || !orderOK {
				continue
			}
			if key, err := userEnrollmentsKey(pf.op, f, args.parseConnection(), status, by); err == nil {
				prefetchKeys(pf, pf.loaders.EnrollmentsByUser, collectKeys(pf.accessibleUserIDs(ids), key), walkPages(pf, collectConnection(pf.op, f.Selections, "Enrollment"), (*prefetcher).walkEnrollments))
			}
		case "instructorProfile":
			pf.walkInstructorProfiles(ids, f.Selections)
		case "wishlist":
			if key, err := pageKey(pf.op, f, args.parseConnection(), edu.WishlistOrder, "Wishlist"); err == nil {
				prefetchKeys(pf, pf.loaders.WishlistByUser, collectKeys(pf.accessibleUserIDs(ids), key), walkPages(pf, collectConnection(pf.op, f.Selections, "Wishlist"), (*prefetcher).walkWishlistItems))
			}
		case "certificates":
			if key, err := pageKey(pf.op, f, args.parseConnection(), edu.CertificateOrder, "Certificate"); err == nil {
				prefetchKeys(pf, pf.loaders.CertificatesByUser, collectKeys(pf.accessibleUserIDs(ids), key), walkPages(pf, collectConnection(pf.op, f.Selections, "Certificate"), (*prefetcher).walkCertificates))
			}
		case "continueLearning":
			if first, err := edu.ValidateLimit("first", args.intOrZero("first"), edu.MaxListSize); err == nil {
				prefetchKeys(pf, pf.loaders.ContinuedEnrollments, collectKeys(pf.accessibleUserIDs(ids), parentKeyFor(first)), walkLists(pf, f.Selections, (*prefetcher).walkEnrollments))
			}
		case "sessions":
			if first, err := edu.ValidateLimit("first", args.intOrZero("first"), edu.MaxListSize); err == nil {
				prefetchKeys(pf, pf.loaders.Sessions, collectKeys(pf.accessibleUserIDs(ids), parentKeyFor(first)), nil)
			}
		case "dashboard":
			for _, id := range pf.accessibleUserIDs(ids) {
				pf.walkDashboard(id, f.Selections)
			}
		}
	}
}

// walkInstructorProfiles prefetches a selection on the profiles of users.
func (pf *prefetcher) walkInstructorProfiles(users []int64, sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, []string{"InstructorProfile"}) {
		pf.setField(f)
		switch f.Name {
		case "courseCount", "studentCount", "rating", "reviewCount":
			prefetchKeys(pf, pf.loaders.InstructorFigures, users, nil)
		}
	}
}

// accessibleUserIDs returns the ids of the users whose private data the viewer may read.
func (pf *prefetcher) accessibleUserIDs(ids []int64) []int64 {
	var accessible []int64
	for _, id := range ids {
		if pf.loaders.Viewer.CanAccessUser(id) {
			accessible = append(accessible, id)
		}
	}
	return accessible
}

// walkCategories prefetches a selection on categories.
func (pf *prefetcher) walkCategories(list []*edu.Category, sel ast.SelectionSet) {
	if len(list) == 0 {
		return
	}
	for _, f := range collectFields(pf.op, sel, typeCategory) {
		pf.setField(f)
		if f.Name != "courses" {
			continue
		}
		args := pf.fieldArguments(f)
		by, ok := args.parseCourseOrder()
		if !ok {
			continue
		}
		if key, err := categoryCoursesKey(pf.op, f, args.parseConnection(), by); err == nil {
			prefetchKeys(pf, pf.loaders.CoursesByCategory, collectKeys(list, func(k *edu.Category) loaders.ListKey[edu.CourseOrder] { return key(k.ID) }),
				walkPages(pf, collectConnection(pf.op, f.Selections, "Course"), (*prefetcher).walkCourses))
		}
	}
}

// walkCourses prefetches a selection on courses.
func (pf *prefetcher) walkCourses(list []*edu.Course, sel ast.SelectionSet) {
	if len(list) == 0 {
		return
	}
	ids := collectKeys(list, func(c *edu.Course) int64 { return c.ID })
	for _, f := range collectFields(pf.op, sel, typeCourse) {
		pf.setField(f)
		args := pf.fieldArguments(f)
		switch f.Name {
		case "category":
			prefetchKeys(pf, pf.loaders.Category, collectKeys(list, func(c *edu.Course) int64 { return c.CategoryID }),
				func(found []*edu.Category) { pf.walkCategories(found, f.Selections) })
		case "instructor":
			pf.walkUsers(collectKeys(list, func(c *edu.Course) int64 { return c.InstructorID }), f.Selections)
		case "videos":
			if key, err := courseVideosKey(args.parseConnection()); err == nil {
				prefetchKeys(pf, pf.loaders.VideosByCourse, collectKeys(ids, key), walkPages(pf, collectConnection(pf.op, f.Selections, "Video"), (*prefetcher).walkVideos))
			}
		case "sections":
			pf.walkSectionEdges(ids, f.Selections)
		case "reviews":
			list, ok := args.parseReviewList()
			if !ok {
				continue
			}
			if key, err := courseReviewsKey(pf.op, f, args.parseConnection(), list); err == nil {
				prefetchKeys(pf, pf.loaders.ReviewsByCourse, collectKeys(ids, key), walkPages(pf, collectConnection(pf.op, f.Selections, "Review"), (*prefetcher).walkReviews))
			}
		case "viewerCanEnroll", "viewerCanReview":
			if pf.loaders.Viewer.SignedIn() {
				prefetchKeys(pf, pf.loaders.ViewerEnrollment, ids, nil)
			}
		case "viewerHasWishlisted":
			if pf.loaders.Viewer.SignedIn() {
				prefetchKeys(pf, pf.loaders.ViewerWishlistItem, ids, nil)
			}
		case "viewerReview":
			if pf.loaders.Viewer.SignedIn() {
				prefetchKeys(pf, pf.loaders.ViewerReview, ids, func(found []*edu.Review) { pf.walkReviews(removeNils(found), f.Selections) })
			}
		case "viewerEnrollment":
			if pf.loaders.Viewer.SignedIn() {
				prefetchKeys(pf, pf.loaders.ViewerEnrollment, ids, func(found []*edu.Enrollment) { pf.walkEnrollments(found, f.Selections) })
			}
		case "enrollments":
			if key, err := courseEnrollmentsKey(args.parseConnection()); err == nil {
				prefetchKeys(pf, pf.loaders.EnrollmentsByCourse, collectKeys(pf.managedCourseIDs(list), key), walkPages(pf, collectConnection(pf.op, f.Selections, "Enrollment"), (*prefetcher).walkEnrollments))
			}
		case "analytics":
			prefetchKeys(pf, pf.loaders.Analytics, pf.managedCourseIDs(list), nil)
		case "relatedCourses":
			if top, err := courseListArgs(pf.op, f, args.intOrZero("first")); err == nil {
				prefetchKeys(pf, pf.loaders.RelatedCourses, collectKeys(ids, parentKeyFor(top)), walkLists(pf, f.Selections, (*prefetcher).walkCourses))
			}
		}
	}
}

// managedCourseIDs returns the ids of the courses whose enrollments and analytics the viewer may read.
func (pf *prefetcher) managedCourseIDs(list []*edu.Course) []int64 {
	var ids []int64
	for _, c := range list {
		if pf.loaders.Viewer.CanManageCourse(c) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// parentKeyFor returns a function that returns the loader key of a parent with the given arguments.
func parentKeyFor[A comparable](args A) func(int64) loaders.ParentKey[A] {
	return func(id int64) loaders.ParentKey[A] { return loaders.ParentKey[A]{Parent: id, Args: args} }
}

// walkCourseEdge prefetches the courses of an edge and a selection on them.
func (pf *prefetcher) walkCourseEdge(ids []int64, sel ast.SelectionSet) {
	prefetchKeys(pf, pf.loaders.Course, collectKeys(ids, courseEntityKey(pf.op, sel)),
		func(found []*edu.Course) { pf.walkCourses(removeNils(found), sel) })
}

// walkCourseProgress prefetches a selection on the progress of a course.
func (pf *prefetcher) walkCourseProgress(course int64, sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, []string{"CourseProgress"}) {
		pf.setField(f)
		if f.Name == "course" {
			pf.walkCourseEdge([]int64{course}, f.Selections)
		}
	}
}

// walkSectionEdges prefetches the sections of courses and a selection on them. Their videos need only the key of the
// course, so they join the batch that reads the sections.
func (pf *prefetcher) walkSectionEdges(courses []int64, sel ast.SelectionSet) {
	courses = slices.Compact(slices.Sorted(slices.Values(courses)))
	prefetchKeys(pf, pf.loaders.SectionsByCourse, collectKeys(courses, parentKeyFor(loaders.NoArgs{})), nil)
	pf.walkSectionsOf(courses, sel)
}

// walkSections prefetches a selection on sections.
func (pf *prefetcher) walkSections(list []*edu.Section, sel ast.SelectionSet) {
	courses := collectKeys(list, func(s *edu.Section) int64 { return s.CourseID })
	pf.walkSectionsOf(slices.Compact(slices.Sorted(slices.Values(courses))), sel)
}

// walkSectionsOf prefetches a selection on sections of courses.
func (pf *prefetcher) walkSectionsOf(courses []int64, sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, typeSection) {
		pf.setField(f)
		switch f.Name {
		case "course":
			pf.walkCourseEdge(courses, f.Selections)
		case "videos":
			prefetchKeys(pf, pf.loaders.VideosByCourse, collectKeys(courses, allVideosKey),
				func(pages []*edu.VideoConnection) {
					for _, p := range pages {
						pf.walkVideos(p.Nodes, f.Selections)
					}
				})
		}
	}
}

// walkVideos prefetches a selection on videos.
func (pf *prefetcher) walkVideos(list []*edu.Video, sel ast.SelectionSet) {
	if len(list) == 0 {
		return
	}
	for _, f := range collectFields(pf.op, sel, typeVideo) {
		pf.setField(f)
		switch f.Name {
		case "course":
			pf.walkCourseEdge(collectKeys(list, func(v *edu.Video) int64 { return v.CourseID }), f.Selections)
		case "section":
			pf.walkSectionEdges(collectKeys(list, func(v *edu.Video) int64 { return v.CourseID }), f.Selections)
		case "playback":
			pf.prefetchPlayback(list)
		case "viewerProgress":
			if pf.loaders.Viewer.SignedIn() {
				for _, v := range list {
					pf.loaders.Video.Prime(v.ID, v) // for VideoProgress.video
				}
				prefetchKeys(pf, pf.loaders.ViewerProgress, collectKeys(list, func(v *edu.Video) int64 { return v.ID }),
					func(found []*edu.VideoProgress) { pf.walkProgress(removeNils(found), f.Selections) })
			}
		}
	}
}

// walkProgress prefetches a selection on the viewer's progress in videos.
func (pf *prefetcher) walkProgress(list []*edu.VideoProgress, sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, []string{"VideoProgress"}) {
		pf.setField(f)
		if f.Name == "video" {
			prefetchKeys(pf, pf.loaders.Video, collectKeys(list, func(p *edu.VideoProgress) int64 { return p.VideoID }),
				func(found []*edu.Video) { pf.walkVideos(removeNils(found), f.Selections) })
		}
	}
}

// walkReviews prefetches a selection on reviews.
func (pf *prefetcher) walkReviews(list []*edu.Review, sel ast.SelectionSet) {
	if len(list) == 0 {
		return
	}
	for _, f := range collectFields(pf.op, sel, typeReview) {
		pf.setField(f)
		switch f.Name {
		case "author":
			pf.walkUsers(collectKeys(list, func(r *edu.Review) int64 { return r.AuthorID }), f.Selections)
		case "course":
			pf.walkCourseEdge(collectKeys(list, func(r *edu.Review) int64 { return r.CourseID }), f.Selections)
		case "reply":
			pf.walkReplies(collectKeys(list, (*edu.Review).Reply), f.Selections)
		}
	}
}

// walkReplies prefetches a selection on replies to reviews. It skips nils.
func (pf *prefetcher) walkReplies(list []*edu.ReviewReply, sel ast.SelectionSet) {
	var authors []int64
	for _, r := range removeNils(list) {
		if r.AuthorID != nil {
			authors = append(authors, *r.AuthorID)
		}
	}
	for _, f := range collectFields(pf.op, sel, []string{"ReviewReply"}) {
		pf.setField(f)
		if f.Name == "author" {
			pf.walkUsers(authors, f.Selections)
		}
	}
}

// walkEnrollments prefetches a selection on enrollments. It skips nils.
func (pf *prefetcher) walkEnrollments(list []*edu.Enrollment, sel ast.SelectionSet) {
	list = removeNils(list)
	if len(list) == 0 {
		return
	}
	for _, f := range collectFields(pf.op, sel, typeEnrollment) {
		pf.setField(f)
		switch f.Name {
		case "user":
			pf.walkUsers(collectKeys(list, func(e *edu.Enrollment) int64 { return e.UserID }), f.Selections)
		case "course":
			pf.walkCourseEdge(collectKeys(list, func(e *edu.Enrollment) int64 { return e.CourseID }), f.Selections)
		case "completedVideosCount", "remainingSeconds", "nextVideo", "lastVideo":
			prefetchKeys(pf, pf.loaders.LearningState, collectKeys(list, (*edu.Enrollment).UserCourse),
				func(found []*edu.LearningState) { pf.walkLearningStates(found, f) })
		case "certificate":
			prefetchKeys(pf, pf.loaders.CourseCertificate, collectKeys(list, (*edu.Enrollment).UserCourse),
				func(found []*edu.Certificate) { pf.walkCertificates(found, f.Selections) })
		}
	}
}

// walkWishlistItems prefetches a selection on items of wishlists.
func (pf *prefetcher) walkWishlistItems(list []*edu.WishlistItem, sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, []string{"WishlistItem"}) {
		pf.setField(f)
		if f.Name == "course" {
			pf.walkCourseEdge(collectKeys(list, func(w *edu.WishlistItem) int64 { return w.CourseID }), f.Selections)
		}
	}
}

// walkCertificates prefetches a selection on certificates. It skips nils.
func (pf *prefetcher) walkCertificates(list []*edu.Certificate, sel ast.SelectionSet) {
	list = removeNils(list)
	for _, f := range collectFields(pf.op, sel, typeCertificate) {
		pf.setField(f)
		switch f.Name {
		case "recipient":
			pf.walkUsers(collectKeys(list, func(c *edu.Certificate) int64 { return c.UserID }), f.Selections)
		case "course":
			pf.walkCourseEdge(collectKeys(list, func(c *edu.Certificate) int64 { return c.CourseID }), f.Selections)
		}
	}
}

// walkLearningStates prefetches a selection on the videos of learning states.
func (pf *prefetcher) walkLearningStates(list []*edu.LearningState, f graphql.CollectedField) {
	var videos []*edu.Video
	for _, s := range removeNils(list) {
		switch f.Name {
		case "nextVideo":
			videos = append(videos, s.NextVideo)
		case "lastVideo":
			videos = append(videos, s.LastVideo)
		}
	}
	pf.walkVideos(removeNils(videos), f.Selections)
}

// walkDashboard prefetches a selection on a user's dashboard.
func (pf *prefetcher) walkDashboard(user int64, sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, []string{"Dashboard"}) {
		pf.setField(f)
		args := pf.fieldArguments(f)
		switch f.Name {
		case "enrolledCoursesCount", "inProgressCoursesCount", "completedCoursesCount":
			prefetchKeys(pf, pf.loaders.DashboardCounts, []int64{user}, nil)
		case "watchTimeSeconds":
			if days, err := edu.ValidateDays(args.intOrZero("days")); err == nil {
				prefetchKeys(pf, pf.loaders.WatchTime, []loaders.ParentKey[int]{parentKeyFor(days)(user)}, nil)
			}
		case "watchTime":
			if series, ok := args.parseSeries(); ok {
				prefetchKeys(pf, pf.loaders.WatchTimeSeries, []loaders.ParentKey[edu.TimeSeries]{parentKeyFor(series)(user)}, nil)
			}
		case "recentActivity":
			if recent, err := recentActivityArgs(args.intOrZero("days"), args.intOrZero("first")); err == nil {
				prefetchKeys(pf, pf.loaders.RecentActivity, []loaders.ParentKey[loaders.RecentArgs]{parentKeyFor(recent)(user)}, walkLists(pf, f.Selections, (*prefetcher).walkEnrollments))
			}
		case "recommendedCourses":
			if top, err := courseListArgs(pf.op, f, args.intOrZero("first")); err == nil {
				prefetchKeys(pf, pf.loaders.RecommendedCourses, []loaders.ParentKey[loaders.TopArgs]{parentKeyFor(top)(user)}, walkLists(pf, f.Selections, (*prefetcher).walkCourses))
			}
		}
	}
}

// walkInstructorDashboard prefetches a selection on an instructor's dashboard.
func (pf *prefetcher) walkInstructorDashboard(id int64, sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, []string{"InstructorDashboard"}) {
		pf.setField(f)
		args := pf.fieldArguments(f)
		switch f.Name {
		case "coursesCount", "totalEnrollments", "totalCompletions", "averageRating":
			prefetchKeys(pf, pf.loaders.InstructorTotals, []int64{id}, nil)
		case "topCourses":
			if top, err := courseListArgs(pf.op, f, args.intOrZero("first")); err == nil {
				prefetchKeys(pf, pf.loaders.TopCourses, []loaders.ParentKey[loaders.TopArgs]{parentKeyFor(top)(id)}, walkLists(pf, f.Selections, (*prefetcher).walkCourses))
			}
		case "enrollmentsOverTime":
			if series, ok := args.parseSeries(); ok {
				prefetchKeys(pf, pf.loaders.InstructorEnrollments, []loaders.ParentKey[edu.TimeSeries]{parentKeyFor(series)(id)}, nil)
			}
		}
	}
}

// walkPlatformDashboard prefetches a selection on the platform's dashboard.
func (pf *prefetcher) walkPlatformDashboard(sel ast.SelectionSet) {
	for _, f := range collectFields(pf.op, sel, []string{"PlatformDashboard"}) {
		pf.setField(f)
		args := pf.fieldArguments(f)
		switch f.Name {
		case "usersCount", "publishedCoursesCount", "enrollmentsCount", "completionsCount":
			prefetchKeys(pf, pf.loaders.PlatformTotals, []int64{platformParentID}, nil)
		case "activeUsersCount":
			if days, err := edu.ValidateDays(args.intOrZero("days")); err == nil {
				prefetchKeys(pf, pf.loaders.ActiveUsers, []loaders.ParentKey[int]{parentKeyFor(days)(platformParentID)}, nil)
			}
		case "topCourses":
			if top, err := courseListArgs(pf.op, f, args.intOrZero("first")); err == nil {
				prefetchKeys(pf, pf.loaders.TopCourses, []loaders.ParentKey[loaders.TopArgs]{parentKeyFor(top)(platformParentID)}, walkLists(pf, f.Selections, (*prefetcher).walkCourses))
			}
		case "topCategories":
			if first, err := edu.ValidateLimit("first", args.intOrZero("first"), edu.MaxListSize); err == nil {
				prefetchKeys(pf, pf.loaders.TopCategories, []loaders.ParentKey[int]{parentKeyFor(first)(platformParentID)}, walkLists(pf, f.Selections, (*prefetcher).walkCategories))
			}
		case "enrollmentsOverTime":
			if series, ok := args.parseSeries(); ok {
				prefetchKeys(pf, pf.loaders.PlatformEnrollments, []loaders.ParentKey[edu.TimeSeries]{parentKeyFor(series)(platformParentID)}, nil)
			}
		}
	}
}

// removeNils returns the items that are not nil. Loaders return nil for an id that does not exist.
func removeNils[T any](list []*T) []*T {
	items := make([]*T, 0, len(list))
	for _, item := range list {
		if item != nil {
			items = append(items, item)
		}
	}
	return items
}
