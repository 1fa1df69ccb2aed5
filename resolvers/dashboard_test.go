package resolvers_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// queryFigures runs a statement of a test and returns its only row as decoded JSON.
func (a *testAPI) queryFigures(t *testing.T, sql string, args ...any) map[string]any {
	t.Helper()
	return queryOne[map[string]any](t, a, "SELECT to_jsonb(f) FROM ("+sql+") f", args...)
}

// diffFigures compares figures. Floats may differ by rounding.
func diffFigures(t *testing.T, name string, want, got any) {
	t.Helper()
	approximately := cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < 1e-9*(1+math.Abs(x)) })
	if diff := cmp.Diff(want, got, approximately); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestDashboardFigures(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, user := range append(queryColumn[int64](t, a, "SELECT user_id FROM enrollments GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 3"), 1, 3) {
		as := edu.Viewer{ID: user, Role: edu.RoleStudent}
		t.Run(fmt.Sprint(user), func(t *testing.T) {
			got := a.mustExecute(t, as, `{ viewer { dashboard { enrolledCoursesCount inProgressCoursesCount completedCoursesCount
				month: watchTimeSeconds week: watchTimeSeconds(days: 7) ever: watchTimeSeconds(days: 3650) } } }`, nil)
			want := a.queryFigures(t, `SELECT count(*) AS "enrolledCoursesCount",
				count(*) FILTER (WHERE completed_at IS NOT NULL OR progress = 100) AS "completedCoursesCount",
				count(*) FILTER (WHERE completed_at IS NULL AND progress > 0 AND progress < 100) AS "inProgressCoursesCount",
				(SELECT coalesce(sum(watched_seconds), 0) FROM video_progress WHERE user_id = $1 AND watched_at BETWEEN $2::timestamptz - interval '30 days' AND $2) AS month,
				(SELECT coalesce(sum(watched_seconds), 0) FROM video_progress WHERE user_id = $1 AND watched_at BETWEEN $2::timestamptz - interval '7 days' AND $2) AS week,
				(SELECT coalesce(sum(watched_seconds), 0) FROM video_progress WHERE user_id = $1) AS ever
				FROM enrollments WHERE user_id = $1`, user, testdb.Now)
			diffFigures(t, "figures", any(want), valueAt(got, "viewer", "dashboard"))
		})
	}
}

func TestRecentActivity(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, createTies)
	for _, days := range []int{1, 7, 30, 3650} {
		got := a.mustExecute(t, student, fmt.Sprintf("{ viewer { dashboard { recentActivity(days: %d, first: 10) { id } } } }", days), nil)
		want := a.queryIDs(t, edu.KindEnrollment, `SELECT id FROM enrollments WHERE user_id = 1 AND coalesce(last_accessed_at, enrolled_at) >= $1::timestamptz - make_interval(days => $2)
			ORDER BY coalesce(last_accessed_at, enrolled_at) DESC, id DESC LIMIT 10`, testdb.Now, days)
		if diff := cmp.Diff(want, fieldValues(valueAt(got, "viewer", "dashboard", "recentActivity"), "id"), equalEmpty); diff != "" {
			t.Errorf("%d days (-want +got):\n%s", days, diff)
		}
	}
}

// TestRecommendedCourses checks the contract: published courses that the student is not enrolled in, from the
// categories of their enrollments, or from any category without enrollments.
func TestRecommendedCourses(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	newcomer := queryOne[int64](t, a, "INSERT INTO users (name, email) VALUES ('New', 'new@7p.example') RETURNING id")
	a.exec(t, "UPDATE courses SET published = true, published_at = coalesce(published_at, now()) WHERE id = 194") // ties at no enrollments
	for _, user := range append(queryColumn[int64](t, a, "SELECT user_id FROM enrollments GROUP BY 1 ORDER BY count(*), 1 LIMIT 3"), 1, 2, newcomer) {
		got := a.mustExecute(t, edu.Viewer{ID: user, Role: edu.RoleStudent}, "{ viewer { dashboard { recommendedCourses(first: 50) { id } five: recommendedCourses { id } } } }", nil)
		want := a.queryIDs(t, edu.KindCourse, `WITH taken AS (SELECT c.id, c.category_id FROM enrollments e JOIN courses c ON c.id = e.course_id WHERE e.user_id = $1)
			SELECT id FROM courses WHERE published AND NOT EXISTS (SELECT FROM taken WHERE taken.id = courses.id)
			AND (category_id IN (SELECT category_id FROM taken) OR (SELECT count(*) FROM taken) = 0)
			ORDER BY enrollment_count DESC, id DESC LIMIT 50`, user)
		if diff := cmp.Diff(want, fieldValues(valueAt(got, "viewer", "dashboard", "recommendedCourses"), "id"), equalEmpty); diff != "" {
			t.Errorf("user %d (-want +got):\n%s", user, diff)
		}
		if five := fieldValues(valueAt(got, "viewer", "dashboard", "five"), "id"); !slices.Equal(five, want[:min(5, len(want))]) {
			t.Errorf("user %d: the default of recommendedCourses returns %v, want the first 5 of %v", user, five, want)
		}
	}
}

func TestRelatedCourses(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	if _, err := a.store.RefreshRelatedCourses(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	a.exec(t, "UPDATE courses SET published = false WHERE id = (SELECT related_id FROM course_related WHERE course_id = 24 AND rank = 1)")
	for _, course := range []int64{24, 1, 116, 194} {
		got := a.mustExecute(t, admin, fmt.Sprintf("{ course(id: %q) { relatedCourses(first: 20) { id } } }", globalID(edu.KindCourse, course)), nil)
		want := a.queryIDs(t, edu.KindCourse, `SELECT c.id FROM enrollments mine JOIN enrollments theirs ON theirs.user_id = mine.user_id AND theirs.course_id <> mine.course_id
			JOIN courses c ON c.id = theirs.course_id WHERE mine.course_id = $1 AND c.published GROUP BY c.id ORDER BY count(*) DESC, c.id LIMIT 20`, course)
		if diff := cmp.Diff(want, fieldValues(valueAt(got, "course", "relatedCourses"), "id"), equalEmpty); diff != "" {
			t.Errorf("course %d (-want +got):\n%s", course, diff)
		}
	}
}

// TestAnalytics checks that a course has the figures of the last refresh until the next one. A course that is
// newer than the last refresh has current figures.
func TestAnalytics(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	const sql = `SELECT (SELECT count(*) FROM enrollments WHERE course_id = $1) AS "totalEnrollments",
		coalesce((SELECT avg(progress) FROM enrollments WHERE course_id = $1), 0) AS "averageProgress",
		(SELECT count(*) FROM enrollments WHERE course_id = $1 AND (completed_at IS NOT NULL OR progress = 100)) AS completions,
		coalesce((SELECT count(*) FILTER (WHERE completed_at IS NOT NULL OR progress = 100)::float8 / nullif(count(*), 0) FROM enrollments WHERE course_id = $1), 0) AS "completionRate",
		(SELECT avg(rating)::float8 FROM reviews WHERE course_id = $1) AS "averageRating",
		(SELECT count(*) FROM reviews WHERE course_id = $1) AS "totalReviews",
		coalesce((SELECT sum(watched_seconds) FROM video_progress WHERE video_id IN (SELECT id FROM videos WHERE course_id = $1)), 0) AS "watchTimeSeconds"`
	const query = "{ totalEnrollments averageProgress completions completionRate averageRating totalReviews watchTimeSeconds }"
	analytics := func(course int64) any {
		return valueAt(a.mustExecute(t, admin, fmt.Sprintf("{ course(id: %q) { analytics %s } }", globalID(edu.KindCourse, course), query), nil), "course", "analytics")
	}
	createdCourse := queryOne[int64](t, a, `INSERT INTO courses (slug, title, difficulty, instructor_id, category_id) VALUES ('young', 'Young', 'beginner', 2, 1) RETURNING id`)
	a.exec(t, "INSERT INTO enrollments (user_id, course_id, progress) SELECT id, $1, id % 101 FROM users WHERE id <= 300", createdCourse)
	a.exec(t, "INSERT INTO reviews (user_id, course_id, rating) SELECT id, $1, 1 + id % 5 FROM users WHERE id <= 7", createdCourse)
	for _, course := range []int64{24, 1, 194, createdCourse} {
		diffFigures(t, fmt.Sprint("course ", course), any(a.queryFigures(t, sql, course)), analytics(course))
	}
	before := analytics(24)
	a.exec(t, "DELETE FROM enrollments WHERE course_id = 24 AND id % 2 = 0")
	diffFigures(t, "before the refresh", before, analytics(24))
	if err := a.store.RefreshAnalytics(t.Context()); err != nil {
		t.Fatal(err)
	}
	diffFigures(t, "after the refresh", any(a.queryFigures(t, sql, 24)), analytics(24))
}

func TestInstructorDashboardFigures(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, "INSERT INTO enrollments (user_id, course_id, progress) VALUES (9, 194, 100), (10, 194, 10) ON CONFLICT DO NOTHING") // in a draft
	for _, v := range []edu.Viewer{instructor, {ID: 424, Role: edu.RoleInstructor}, {ID: 3, Role: edu.RoleAdmin}} {
		got := a.mustExecute(t, v, "{ instructorDashboard { coursesCount totalEnrollments totalCompletions averageRating topCourses(first: 50) { id } } }", nil)
		want := a.queryFigures(t, `SELECT (SELECT count(*) FROM courses WHERE instructor_id = $1) AS "coursesCount",
			(SELECT count(*) FROM enrollments WHERE course_id IN (SELECT id FROM courses WHERE instructor_id = $1)) AS "totalEnrollments",
			(SELECT count(*) FROM enrollments WHERE (completed_at IS NOT NULL OR progress = 100) AND course_id IN (SELECT id FROM courses WHERE instructor_id = $1)) AS "totalCompletions",
			(SELECT avg(rating)::float8 FROM reviews WHERE course_id IN (SELECT id FROM courses WHERE instructor_id = $1)) AS "averageRating"`, v.ID)
		top := fieldValues(valueAt(got, "instructorDashboard", "topCourses"), "id")
		delete(got["instructorDashboard"].(map[string]any), "topCourses")
		diffFigures(t, fmt.Sprint("instructor ", v.ID), any(want), got["instructorDashboard"])
		if diff := cmp.Diff(a.queryIDs(t, edu.KindCourse, "SELECT id FROM courses WHERE instructor_id = $1 ORDER BY enrollment_count DESC, id DESC LIMIT 50", v.ID), top, equalEmpty); diff != "" {
			t.Errorf("topCourses of %d (-want +got):\n%s", v.ID, diff)
		}
	}
}

func TestPlatformDashboardFigures(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	got := a.mustExecute(t, admin, `{ platformDashboard { usersCount publishedCoursesCount enrollmentsCount completionsCount
		active: activeUsersCount week: activeUsersCount(days: 7) topCourses(first: 50) { id } topCategories(first: 50) { id } } }`, nil)
	active := func(days int) string {
		return fmt.Sprintf(`(SELECT count(*) FROM users u WHERE EXISTS (SELECT FROM video_progress WHERE user_id = u.id AND watched_at >= $1::timestamptz - interval '%[1]d days')
			OR EXISTS (SELECT FROM enrollments WHERE user_id = u.id AND greatest(enrolled_at, last_accessed_at, completed_at) >= $1::timestamptz - interval '%[1]d days'))`, days)
	}
	want := a.queryFigures(t, `SELECT (SELECT count(*) FROM users) AS "usersCount", (SELECT count(*) FROM courses WHERE published) AS "publishedCoursesCount",
		(SELECT count(*) FROM enrollments) AS "enrollmentsCount", (SELECT count(*) FROM enrollments WHERE completed_at IS NOT NULL OR progress = 100) AS "completionsCount",
		`+active(30)+" AS active, "+active(7)+" AS week", testdb.Now)
	dashboard := got["platformDashboard"].(map[string]any)
	top, categories := fieldValues(dashboard["topCourses"], "id"), fieldValues(dashboard["topCategories"], "id")
	delete(dashboard, "topCourses")
	delete(dashboard, "topCategories")
	diffFigures(t, "platform", any(want), any(dashboard))
	if diff := cmp.Diff(a.queryIDs(t, edu.KindCourse, "SELECT id FROM courses WHERE published ORDER BY enrollment_count DESC, id DESC LIMIT 50"), top); diff != "" {
		t.Errorf("topCourses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(a.queryIDs(t, edu.KindCategory, `SELECT k.id FROM categories k LEFT JOIN courses c ON c.category_id = k.id AND c.published
		GROUP BY k.id ORDER BY coalesce(sum(c.enrollment_count), 0) DESC, k.id DESC LIMIT 50`), categories); diff != "" {
		t.Errorf("topCategories (-want +got):\n%s", diff)
	}
}

// TestTimeSeries checks that days, weeks and months start at midnight in UTC, and weeks on Mondays, at any
// time of day. Intervals without events are zero.
func TestTimeSeries(t *testing.T) {
	t.Parallel()
	moments := []time.Time{
		testdb.Now, // a Sunday, the first of a month
		time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),              // a Monday at midnight
		time.Date(2026, 11, 1, 23, 59, 59, 999_999_000, time.UTC), // the last moment of a week
		time.Date(2027, 1, 1, 0, 0, 0, 0, time.FixedZone("", 5*3600)),
		time.Date(2026, 12, 31, 20, 0, 0, 0, time.FixedZone("", -5*3600)), // already 2027 in UTC
		time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC),
		time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC), // after a 29th of February
	}
	for _, now := range moments {
		t.Run(now.Format(time.RFC3339), func(t *testing.T) {
			a := setupAt(t, testdb.New(t), now)
			a.insertSeriesEvents(t, now)
			for _, interval := range []string{"DAY", "WEEK", "MONTH"} {
				got := a.mustExecute(t, admin, fmt.Sprintf(`{ viewer { dashboard { watchTime(interval: %[1]s, last: 9) { at value } } }
					instructorDashboard { enrollmentsOverTime(interval: %[1]s, last: 9) { at value } }
					platformDashboard { enrollmentsOverTime(interval: %[1]s, last: 9) { at value } } }`, interval), nil)
				series := func(value string) any {
					return toAnyList(queryColumn[map[string]any](t, a, strings.ReplaceAll(`
						SELECT jsonb_build_object('at', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'value', coalesce(`+value+`)::float8)
						FROM generate_series(date_trunc('UNIT', $1::timestamptz AT TIME ZONE 'UTC') - 8 * interval '1 UNIT', date_trunc('UNIT', $1::timestamptz AT TIME ZONE 'UTC'), interval '1 UNIT') AS at
						ORDER BY at`, "UNIT", strings.ToLower(interval)), now))
				}
				const within = "(x AT TIME ZONE 'UTC') >= at AND (x AT TIME ZONE 'UTC') < at + interval '1 UNIT'"
				watched := series("(SELECT sum(watched_seconds) FROM video_progress WHERE user_id = 3 AND " + strings.ReplaceAll(within, "(x", "(watched_at") + "), 0")
				enrolled := series("(SELECT count(*) FROM enrollments WHERE " + strings.ReplaceAll(within, "(x", "(enrolled_at") + "), 0")
				diffFigures(t, interval+" watchTime", watched, valueAt(got, "viewer", "dashboard", "watchTime"))
				diffFigures(t, interval+" of the instructor", enrolled, valueAt(got, "instructorDashboard", "enrollmentsOverTime"))
				diffFigures(t, interval+" of the platform", enrolled, valueAt(got, "platformDashboard", "enrollmentsOverTime"))
			}
		})
	}
}

// toAnyList converts a list to []any, as decoded JSON has it.
func toAnyList[T any](list []T) any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

// insertSeriesEvents inserts a course of user 3, and enrollments in it and videos watched by user 3 at and
// around the boundaries of the last days, weeks and months before now.
func (a *testAPI) insertSeriesEvents(t *testing.T, now time.Time) {
	t.Helper()
	a.exec(t, "INSERT INTO users (name, email, role) SELECT n::text, n::text, 'admin' FROM generate_series(1, 400) n")
	a.exec(t, "INSERT INTO categories (name, slug) VALUES ('k', 'k')")
	a.exec(t, "INSERT INTO courses (slug, title, difficulty, instructor_id, category_id) VALUES ('c', 'c', 'beginner', 3, 1)")
	a.exec(t, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1, 'v', 1, 60)")
	a.exec(t, `CREATE TABLE moments AS SELECT row_number() OVER () AS n, at FROM (
		SELECT boundary + distance AS at FROM (
			SELECT (date_trunc(unit, $1::timestamptz AT TIME ZONE 'UTC') - n * ('1 ' || unit)::interval) AT TIME ZONE 'UTC' AS boundary
			FROM unnest('{day,week,month}'::text[]) unit, unnest('{0,1,2,5,8,9}'::int[]) n) boundaries,
		unnest('{0, -1 microsecond, 1 microsecond, -1 hour, 13 hours}'::interval[]) distance) m WHERE at <= $1`, now)
	a.exec(t, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_seconds, watched_at, created_at) SELECT 3, 1, 0, n, at, at FROM moments")
	a.exec(t, "INSERT INTO enrollments (user_id, course_id, enrolled_at) SELECT n, 1, at FROM moments")
	if err := a.store.RefreshAnalytics(t.Context()); err != nil {
		t.Fatal(err)
	}
}
