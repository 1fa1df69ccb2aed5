package store

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// DashboardCounts counts the enrollments of a user by state.
func DashboardCounts(user int64, into *edu.DashboardCounts) Query {
	s := newStatement("DashboardCounts", "SELECT count(*), count(*) FILTER (WHERE NOT ", completedCondition, " AND e.progress > 0), count(*) FILTER (WHERE ",
		completedCondition, ") FROM enrollments e WHERE e.user_id = ")
	return s.addSQL(s.bindArg(user)).dependOnID(user, edu.TagUserEnrollments).buildQuery(func(rows pgx.Rows) error {
		return rows.Scan(&into.Enrolled, &into.InProgress, &into.Completed)
	})
}

// WatchTimeSeries sums the seconds of video that a user watched, by interval. since is the start of
// an interval. into is not called for empty intervals.
func WatchTimeSeries(user int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) Query {
	s := newStatement("WatchTimeSeries", "SELECT ", truncateToInterval(by, "p.watched_at"), " AS at, sum(p.watched_seconds)::float8 FROM video_progress p WHERE p.user_id = ")
	return s.addSQL(s.bindArg(user)).addWatchedSince(since).addSQL(" GROUP BY at").dependOnID(user, edu.TagUserProgress).buildQuery(scanTimePoint(into))
}

// RecommendedCourses reads published courses that a user is not enrolled in, those with the most
// enrollments first. They are of the categories of the user's courses, or of any category if the
// user has none.
func RecommendedCourses(user int64, first int, columns edu.Columns, into func(*edu.Course)) Query {
	columns |= edu.CourseEnrollmentCount
	s := selectCourses("RecommendedCourses", columns).dependOnID(user, edu.TagUserEnrollments).dependOn(edu.TagCourses)
	viewer := s.bindArg(user)
	s.addSQL(` FROM courses c WHERE c.published
		AND c.id NOT IN (SELECT e.course_id FROM enrollments e WHERE e.user_id = `, viewer, `)
		AND (c.category_id IN (SELECT t.category_id FROM enrollments e JOIN courses t ON t.id = e.course_id WHERE e.user_id = `, viewer, `)
			OR NOT EXISTS (SELECT FROM enrollments e WHERE e.user_id = `, viewer, `))
		ORDER BY c.enrollment_count DESC, c.id DESC LIMIT `, s.bindArg(first))
	return s.buildQuery(scanCourse(columns, s.dependOnPageEnds(edu.CoursesByEnrollments, first, singlePageKey, into)))
}

// AnalyticsByCourse reads the figures of courses as of the last refresh. The figures of younger
// courses are computed by the query.
func AnalyticsByCourse(ids []int64, into func(*edu.CourseAnalytics)) Query {
	s := newStatement("AnalyticsByCourse", `SELECT c.id,
		coalesce(a.total_enrollments, c.enrollment_count),
		coalesce(a.average_progress, (SELECT avg(e.progress) FROM enrollments e WHERE e.course_id = c.id), 0)::float8,
		coalesce(a.completions, (SELECT count(*) FROM enrollments e WHERE e.course_id = c.id AND `, completedCondition, `)),
		CASE WHEN a.course_id IS NULL THEN c.rating_average ELSE a.average_rating::float8 END,
		coalesce(a.total_reviews, c.review_count),
		coalesce(a.watch_time_seconds, (SELECT sum(p.watched_seconds) FROM video_progress p
			JOIN videos v ON v.id = p.video_id WHERE v.course_id = c.id), 0),
		coalesce(a.refreshed_at, now())
		FROM courses c LEFT JOIN course_analytics a ON a.course_id = c.id WHERE c.id = ANY (`)
	s.dependOn(edu.TagAnalytics).dependOnEach(ids, edu.TagCourse)
	return s.addSQL(s.bindArg(ids), ")").buildQuery(func(rows pgx.Rows) error {
		a := &edu.CourseAnalytics{}
		err := rows.Scan(&a.CourseID, &a.TotalEnrollments, &a.AverageProgress, &a.Completions,
			&a.AverageRating, &a.TotalReviews, &a.WatchTimeSeconds, &a.RefreshedAt)
		into(a)
		return err
	})
}

// InstructorTotals reads the sums over an instructor's courses, drafts included.
func InstructorTotals(instructor int64, into *edu.InstructorTotals) Query {
	s := newStatement("InstructorTotals", `SELECT count(*), coalesce(sum(c.enrollment_count), 0),
		coalesce(sum((SELECT count(*) FROM enrollments e WHERE e.course_id = c.id AND `, completedCondition, `)), 0),
		sum(c.rating_sum)::float8 / nullif(sum(c.review_count), 0)
		FROM courses c WHERE c.instructor_id = `)
	return s.addSQL(s.bindArg(instructor)).dependOnID(instructor, edu.TagUserCourses, edu.TagTeaching).buildQuery(func(rows pgx.Rows) error {
		return rows.Scan(&into.Courses, &into.Enrollments, &into.Completions, &into.AverageRating)
	})
}

// TopCourses reads the courses with the most enrollments: those of an instructor, drafts included,
// or all published ones if instructor is 0.
func TopCourses(instructor int64, first int, columns edu.Columns, into func(*edu.Course)) Query {
	columns |= edu.CourseEnrollmentCount
	s := selectCourses("TopCourses", columns).addSQL(" FROM courses c WHERE ")
	if instructor != 0 {
		s.addSQL("c.instructor_id = ", s.bindArg(instructor)).dependOnID(instructor, edu.TagUserCourses, edu.TagTeaching)
	} else {
		s.addSQL("c.published").dependOn(edu.TagCourses)
		into = s.dependOnPageEnds(edu.CoursesByEnrollments, first, singlePageKey, into)
	}
	return s.addSQL(" ORDER BY c.enrollment_count DESC, c.id DESC LIMIT ", s.bindArg(first)).buildQuery(scanCourse(columns, into))
}

// InstructorEnrollments counts the new enrollments in an instructor's courses, by interval. since
// is the start of an interval. into is not called for empty intervals.
func InstructorEnrollments(instructor int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) Query {
	s := newStatement("InstructorEnrollments", "SELECT ", truncateToInterval(by, "e.enrolled_at"), ` AS at, count(*)::float8
		FROM courses c JOIN enrollments e ON e.course_id = c.id WHERE c.instructor_id = `)
	s.dependOnID(instructor, edu.TagUserCourses, edu.TagTeaching)
	return s.addSQL(s.bindArg(instructor), " AND e.enrolled_at >= ", s.bindArg(since), " GROUP BY at").buildQuery(scanTimePoint(into))
}

// PlatformTotals reads the sums over the platform as of the last refresh.
func PlatformTotals(into *edu.PlatformTotals) Query {
	return newStatement("PlatformTotals", `SELECT t.users, (SELECT coalesce(sum(k.course_count), 0) FROM categories k), t.enrollments, t.completions
		FROM platform_totals t`).dependOn(edu.TagPlatform, edu.TagCategories, edu.TagCategoriesCounts).buildQuery(func(rows pgx.Rows) error {
		return rows.Scan(&into.Users, &into.PublishedCourses, &into.Enrollments, &into.Completions)
	})
}

// ActiveUsers counts the users who watched a video or touched an enrollment since a time, as of the
// last refresh.
func ActiveUsers(since time.Time, into *int) Query {
	// The users of the first day are counted one by one, and those of later days by the day.
	s := newStatement("ActiveUsers", "SELECT (SELECT count(*) FROM user_activity WHERE active_at >= ")
	at := s.bindArg(since)
	return s.addSQL(at, " AND active_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC') + (SELECT coalesce(sum(a.users), 0) FROM active_days a WHERE a.day > d.day)::bigint FROM (SELECT (",
		at, "::timestamptz AT TIME ZONE 'UTC')::date AS day) d").dependOn(edu.TagPlatform).buildQuery(scanNumber(into))
}

// PlatformEnrollments counts new enrollments by interval, as of the last refresh. since is the
// start of an interval. into is not called for empty intervals.
func PlatformEnrollments(by edu.Interval, since time.Time, into func(edu.TimePoint)) Query {
	s := newStatement("PlatformEnrollments", "SELECT ", truncateToInterval(by, "d.day::timestamp AT TIME ZONE 'UTC'"), " AS at, sum(d.enrollments)::float8 FROM platform_days d WHERE d.day >= (")
	return s.addSQL(s.bindArg(since), "::timestamptz AT TIME ZONE 'UTC')::date GROUP BY at").dependOn(edu.TagPlatform).buildQuery(scanTimePoint(into))
}

// truncateToInterval returns the SQL that truncates a time to the start of its interval, in UTC.
func truncateToInterval(by edu.Interval, column string) string {
	unit := map[edu.Interval]string{edu.IntervalDay: "day", edu.IntervalWeek: "week", edu.IntervalMonth: "month"}[by]
	return "date_trunc('" + unit + "', " + column + ", 'UTC')"
}

func scanTimePoint(into func(edu.TimePoint)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var p edu.TimePoint
		err := rows.Scan(&p.At, &p.Value)
		into(p)
		return err
	}
}

// CourseProgress reads the progress of the students of a course, as of now.
func CourseProgress(course int64, into *edu.CourseProgress) Query {
	into.CourseID = course
	s := newStatement("CourseProgress", "SELECT count(*), count(*) FILTER (WHERE NOT ", completedCondition, " AND e.progress > 0), count(*) FILTER (WHERE ",
		completedCondition, "), avg(e.progress)::float8 FROM enrollments e WHERE e.course_id = ")
	return s.addSQL(s.bindArg(course)).dependOnID(course, edu.TagCourseEnrollments).buildQuery(func(rows pgx.Rows) error {
		return rows.Scan(&into.Enrolled, &into.InProgress, &into.Completed, &into.AverageProgress)
	})
}
