package store

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// DashboardCounts counts a user's enrollments by state.
func DashboardCounts(user int64, into *edu.DashboardCounts) Query {
	s := sql("DashboardCounts", "SELECT count(*), count(*) FILTER (WHERE NOT ", completed, " AND e.progress > 0), count(*) FILTER (WHERE ",
		completed, ") FROM enrollments e WHERE e.user_id = ")
	return s.add(s.arg(user)).of(user, edu.TagUserEnrollments).into(func(rows pgx.Rows) error {
		return rows.Scan(&into.Enrolled, &into.InProgress, &into.Completed)
	})
}

// WatchTimeSeries sums the seconds of video that a user watched, by interval,
// since the start of one. Into is not called for an interval without any.
func WatchTimeSeries(user int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) Query {
	s := sql("WatchTimeSeries", "SELECT ", trunc(by, "p.watched_at"), " AS at, sum(p.progress_seconds)::float8 FROM video_progress p WHERE p.user_id = ")
	return s.add(s.arg(user)).watchedSince(since).add(" GROUP BY at").of(user, edu.TagUserProgress).into(scanPoint(into))
}

// RecommendedCourses reads published courses that a user does not take, in the
// categories of those taken (in any where there are none), the most taken
// first.
func RecommendedCourses(user int64, first int, want edu.Columns, into func(*edu.Course)) Query {
	want |= edu.CourseEnrollmentCount
	s := selectCourses("RecommendedCourses", want).of(user, edu.TagUserEnrollments).on(edu.TagCourses)
	viewer := s.arg(user)
	s.add(` FROM courses c WHERE c.published
		AND c.id NOT IN (SELECT e.course_id FROM enrollments e WHERE e.user_id = `, viewer, `)
		AND (c.category_id IN (SELECT t.category_id FROM enrollments e JOIN courses t ON t.id = e.course_id WHERE e.user_id = `, viewer, `)
			OR NOT EXISTS (SELECT FROM enrollments e WHERE e.user_id = `, viewer, `))
		ORDER BY c.enrollment_count DESC, c.id DESC LIMIT `, s.arg(first))
	return s.into(scanCourse(want, s.ends(edu.CoursesByEnrollments, first, onePage, into)))
}

// AnalyticsByCourse reads how courses are doing as of the last refresh; a course
// younger than that is computed now.
func AnalyticsByCourse(ids []int64, into func(*edu.CourseAnalytics)) Query {
	s := sql("AnalyticsByCourse", `SELECT c.id,
		coalesce(a.total_enrollments, c.enrollment_count),
		coalesce(a.average_progress, (SELECT avg(e.progress) FROM enrollments e WHERE e.course_id = c.id), 0)::float8,
		coalesce(a.completions, (SELECT count(*) FROM enrollments e WHERE e.course_id = c.id AND `, completed, `)),
		CASE WHEN a.course_id IS NULL THEN c.rating_average ELSE a.average_rating::float8 END,
		coalesce(a.total_reviews, c.review_count),
		coalesce(a.watch_time_seconds, (SELECT sum(p.progress_seconds) FROM video_progress p
			JOIN videos v ON v.id = p.video_id WHERE v.course_id = c.id), 0),
		coalesce(a.refreshed_at, now())
		FROM courses c LEFT JOIN course_analytics a ON a.course_id = c.id WHERE c.id = ANY (`)
	s.on(edu.TagAnalytics).each(ids, edu.TagCourse)
	return s.add(s.arg(ids), ")").into(func(rows pgx.Rows) error {
		a := &edu.CourseAnalytics{}
		err := rows.Scan(&a.CourseID, &a.TotalEnrollments, &a.AverageProgress, &a.Completions,
			&a.AverageRating, &a.TotalReviews, &a.WatchTimeSeconds, &a.RefreshedAt)
		into(a)
		return err
	})
}

// InstructorTotals sums over an instructor's courses, drafts included.
func InstructorTotals(instructor int64, into *edu.InstructorTotals) Query {
	s := sql("InstructorTotals", `SELECT count(*), coalesce(sum(c.enrollment_count), 0),
		coalesce(sum((SELECT count(*) FROM enrollments e WHERE e.course_id = c.id AND `, completed, `)), 0),
		sum(c.rating_sum)::float8 / nullif(sum(c.review_count), 0)
		FROM courses c WHERE c.instructor_id = `)
	return s.add(s.arg(instructor)).of(instructor, edu.TagUserCourses, edu.TagTeaching).into(func(rows pgx.Rows) error {
		return rows.Scan(&into.Courses, &into.Enrollments, &into.Completions, &into.AverageRating)
	})
}

// TopCourses reads the most taken courses: those of an instructor, drafts
// included, or all published ones where instructor is 0.
func TopCourses(instructor int64, first int, want edu.Columns, into func(*edu.Course)) Query {
	want |= edu.CourseEnrollmentCount
	s := selectCourses("TopCourses", want).add(" FROM courses c WHERE ")
	if instructor != 0 {
		s.add("c.instructor_id = ", s.arg(instructor)).of(instructor, edu.TagUserCourses, edu.TagTeaching)
	} else {
		s.add("c.published").on(edu.TagCourses)
		into = s.ends(edu.CoursesByEnrollments, first, onePage, into)
	}
	return s.add(" ORDER BY c.enrollment_count DESC, c.id DESC LIMIT ", s.arg(first)).into(scanCourse(want, into))
}

// InstructorEnrollments counts the enrollments made in an instructor's courses,
// by interval, since the start of one. Into is not called for an interval
// without any.
func InstructorEnrollments(instructor int64, by edu.Interval, since time.Time, into func(edu.TimePoint)) Query {
	s := sql("InstructorEnrollments", "SELECT ", trunc(by, "e.enrolled_at"), ` AS at, count(*)::float8
		FROM courses c JOIN enrollments e ON e.course_id = c.id WHERE c.instructor_id = `)
	s.of(instructor, edu.TagUserCourses, edu.TagTeaching)
	return s.add(s.arg(instructor), " AND e.enrolled_at >= ", s.arg(since), " GROUP BY at").into(scanPoint(into))
}

// PlatformTotals reads the sums over the platform as of the last refresh.
func PlatformTotals(into *edu.PlatformTotals) Query {
	return sql("PlatformTotals", `SELECT t.users, (SELECT coalesce(sum(k.course_count), 0) FROM categories k), t.enrollments, t.completions
		FROM platform_totals t`).on(edu.TagPlatform, edu.TagCategories, edu.TagCategoriesCounts).into(func(rows pgx.Rows) error {
		return rows.Scan(&into.Users, &into.PublishedCourses, &into.Enrollments, &into.Completions)
	})
}

// ActiveUsers counts the users who watched a video or touched an enrollment
// since a time, as of the last refresh.
func ActiveUsers(since time.Time, into *int) Query {
	s := sql("ActiveUsers", "SELECT count(*) FROM user_activity WHERE active_at >= ")
	return s.add(s.arg(since)).on(edu.TagPlatform).into(scanInt(into))
}

// PlatformEnrollments counts the enrollments made, by interval, since the start
// of one, as of the last refresh. Into is not called for an interval without
// any.
func PlatformEnrollments(by edu.Interval, since time.Time, into func(edu.TimePoint)) Query {
	s := sql("PlatformEnrollments", "SELECT ", trunc(by, "d.day::timestamp AT TIME ZONE 'UTC'"), " AS at, sum(d.enrollments)::float8 FROM platform_days d WHERE d.day >= (")
	return s.add(s.arg(since), "::timestamptz AT TIME ZONE 'UTC')::date GROUP BY at").on(edu.TagPlatform).into(scanPoint(into))
}

// trunc is the SQL of the start of the interval that a time is in, in UTC.
func trunc(by edu.Interval, column string) string {
	unit := map[edu.Interval]string{edu.IntervalDay: "day", edu.IntervalWeek: "week", edu.IntervalMonth: "month"}[by]
	return "date_trunc('" + unit + "', " + column + ", 'UTC')"
}

func scanPoint(into func(edu.TimePoint)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var p edu.TimePoint
		err := rows.Scan(&p.At, &p.Value)
		into(p)
		return err
	}
}
