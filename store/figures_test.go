package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// stageFigures inserts rows that each condition of a read distinguishes:
//
//   - users 1 and 2 teach, 3 and 4 learn, 5 is new
//   - courses 1, 6, 8 and 9 of category 1, 3 and 4 of category 2 and 5 of category 3 are published, 2, 7 and 10 are drafts
//   - user 3 completed courses 1 (by time) and 3 (by progress), is in course 4, and did not start 2 and 6
//   - user 4 completed course 1
//   - the analytics are those of courses 3 and 4 before user 4 reviewed course 3
func stageFigures(t *testing.T) (*store.Store, *pgxpool.Pool) {
	t.Helper()
	s, db := setup(t, testdb.New(t))
	const insertCourses = `INSERT INTO courses (id, slug, title, difficulty, published, published_at, instructor_id, category_id) OVERRIDING SYSTEM VALUE
		SELECT n, 's' || n, 't' || n, 'beginner', n NOT IN (2, 7, 10), '2026-01-01', CASE WHEN n IN (3, 4) THEN 2 ELSE 1 END,
			CASE WHEN n IN (3, 4) THEN 2 WHEN n IN (5, 10) THEN 3 ELSE 1 END FROM unnest($1::int[]) n`
	exec(t, db, `INSERT INTO users (name, email) SELECT n, n FROM unnest('{a,b,c,d,e}'::text[]) n;
		INSERT INTO categories (name, slug) VALUES ('K', 'k1'), ('K', 'k2'), ('A', 'k3'), ('L', 'k4')`)
	exec(t, db, insertCourses, []int{3, 4})
	exec(t, db, `INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (3, 'v', 1, 100), (3, 'v', 2, 1000);
		INSERT INTO enrollments (user_id, course_id, progress, enrolled_at, last_accessed_at) VALUES (3, 3, 100, '2026-01-01', '2026-01-03'), (3, 4, 10, '2026-01-02', NULL);
		INSERT INTO reviews (user_id, course_id, rating) VALUES (3, 3, 5), (3, 4, 4)`)
	if err := s.RefreshAnalytics(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, db, insertCourses, []int{1, 2, 5, 6, 7, 8, 9, 10})
	exec(t, db, `INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1, 'v', 1, 100), (1, 'v', 2, 200);
		INSERT INTO enrollments (user_id, course_id, progress, completed_at, enrolled_at, last_accessed_at) VALUES
			(3, 1, 50, '2026-01-02', '2025-12-01', '2026-01-02'), (3, 2, 0, NULL, '2026-01-02', NULL), (3, 6, 0, NULL, '2026-01-01', NULL), (4, 1, 100, NULL, '2026-01-04', NULL);
		INSERT INTO reviews (user_id, course_id, rating) VALUES (4, 3, 1);
		INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_seconds, watched_at, created_at) VALUES
			(3, 1, 90, 91, '2026-01-01', '2026-01-01'), (3, 1, 40, 42, '2026-01-02', '2026-01-02'), (3, 3, 89, 93, '2026-01-03', '2026-01-03'), (4, 1, 120, 94, '2026-01-03', '2026-01-03'), (4, 2, 5, 5, '2026-01-03', '2026-01-03');
		UPDATE courses SET enrollment_count = 9 WHERE id = 10`)
	return s, db
}

// readRows returns the rows of a query.
func readRows[T any](t *testing.T, s *store.Store, query func(into func(T)) store.Query) []T {
	t.Helper()
	var rows []T
	if err := s.RunQueries(t.Context(), query(func(row T) { rows = append(rows, row) })); err != nil {
		t.Fatal(err)
	}
	return rows
}

// courseIDs returns the ids of the courses of a query.
func courseIDs(t *testing.T, s *store.Store, query func(into func(*edu.Course)) store.Query) []int64 {
	t.Helper()
	var ids []int64
	for _, c := range readRows(t, s, query) {
		ids = append(ids, c.ID)
	}
	return ids
}

func TestFiguresOfStudents(t *testing.T) {
	t.Parallel()
	s, _ := stageFigures(t)
	var counts edu.DashboardCounts
	var watched int
	second := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	if err := s.RunQueries(t.Context(), store.DashboardCounts(3, &counts), store.WatchTime(3, second, &watched)); err != nil {
		t.Fatal(err)
	}
	if want := (edu.DashboardCounts{Enrolled: 5, InProgress: 1, Completed: 2}); counts != want || watched != 135 {
		t.Errorf("%+v and %d s, want %+v and 135 s", counts, watched, want)
	}
	for status, want := range map[edu.EnrollmentStatus][]int64{edu.Completed: {3, 1}, edu.InProgress: {4}, edu.NotStarted: {2, 6}, "": {3, 2, 1, 4, 6}} {
		list := store.EnrollmentList{Status: status, Order: edu.LastOpenedEnrollments}
		var got []int64
		total := map[int64]int{}
		err := s.RunQueries(t.Context(),
			store.EnrollmentsByUser([]int64{3}, list, edu.PageArgs{Limit: 9}, func(_ int64, e *edu.Enrollment) { got = append(got, e.CourseID) }),
			store.CountEnrollmentsByUser([]int64{3}, status, func(user int64, n int) { total[user] = n }))
		if err != nil || !slices.Equal(got, want) || total[3] != len(want) || len(total) != 1 {
			t.Errorf("status %q: courses %v, total %v, %v, want %v", status, got, total, err, want)
		}
	}
	recent := readRows(t, s, func(into func(*edu.Enrollment)) store.Query { return store.RecentEnrollments(3, second, 9, into) })
	var opened []int64
	for _, e := range recent {
		opened = append(opened, e.CourseID)
	}
	if want := []int64{3, 2, 1, 4}; !slices.Equal(opened, want) {
		t.Errorf("recently opened %v, want %v", opened, want)
	}
	progress := readRows(t, s, func(into func(*edu.VideoProgress)) store.Query { return store.ProgressByVideo(3, []int64{1}, into) })
	want := []*edu.VideoProgress{{VideoID: 1, ProgressSeconds: 90, WatchedAt: second, Completed: true}}
	if diff := cmp.Diff(want, progress, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	// A video that became shorter has no position beyond its end.
	if p := readRows(t, s, func(into func(*edu.VideoProgress)) store.Query { return store.ProgressByVideo(4, []int64{1}, into) }); len(p) != 1 || p[0].ProgressSeconds != 100 {
		t.Errorf("progress %+v, want 100 s", p)
	}
	points := readRows(t, s, func(into func(edu.TimePoint)) store.Query {
		return store.WatchTimeSeries(3, edu.IntervalMonth, second, into)
	})
	if len(points) != 1 || points[0].Value != 135 {
		t.Errorf("watched %+v, want 135 s in one month", points)
	}
}

func TestRecommendations(t *testing.T) {
	t.Parallel()
	s, _ := stageFigures(t)
	for user, want := range map[int64][]int64{4: {6, 9, 8}, 5: {1, 6, 4, 3, 9, 8, 5}} {
		if got := courseIDs(t, s, func(into func(*edu.Course)) store.Query { return store.RecommendedCourses(user, 9, 0, into) }); !slices.Equal(got, want) {
			t.Errorf("user %d: %v, want %v", user, got, want)
		}
	}
	for instructor, want := range map[int64][]int64{0: {1, 6, 4, 3, 9, 8, 5}, 1: {10, 1, 6, 2, 9, 8, 7, 5}, 2: {4, 3}} {
		if got := courseIDs(t, s, func(into func(*edu.Course)) store.Query { return store.TopCourses(instructor, 9, 0, into) }); !slices.Equal(got, want) {
			t.Errorf("top courses of %d: %v, want %v", instructor, got, want)
		}
	}
	for name, c := range map[string]struct {
		query func(into func(*edu.Category)) store.Query
		want  string
	}{
		"top": {func(into func(*edu.Category)) store.Query { return store.TopCategories(9, into) }, "1 2 4 3 "},
		"all": {store.Categories, "3 1 2 4 "},
	} {
		got := ""
		for _, k := range readRows(t, s, c.query) {
			got += fmt.Sprint(k.ID, " ")
		}
		if got != c.want {
			t.Errorf("%s categories: %s, want %s", name, got, c.want)
		}
	}
}

func TestFiguresOfInstructors(t *testing.T) {
	t.Parallel()
	s, _ := stageFigures(t)
	var one, two edu.InstructorTotals
	if err := s.RunQueries(t.Context(), store.InstructorTotals(1, &one), store.InstructorTotals(2, &two)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]edu.InstructorTotals{{Courses: 8, Enrollments: 13, Completions: 2}, {Courses: 2, Enrollments: 2, Completions: 1, AverageRating: ptr(10.0 / 3)}}, []edu.InstructorTotals{one, two}); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	got := readRows(t, s, func(into func(*edu.CourseAnalytics)) store.Query { return store.AnalyticsByCourse([]int64{1, 3}, into) })
	slices.SortFunc(got, func(a, b *edu.CourseAnalytics) int { return int(a.CourseID - b.CourseID) })
	for _, a := range got {
		a.RefreshedAt = time.Time{}
	}
	want := []*edu.CourseAnalytics{
		{CourseID: 1, TotalEnrollments: 2, AverageProgress: 75, Completions: 2, WatchTimeSeconds: 93},
		{CourseID: 3, TotalEnrollments: 1, AverageProgress: 100, Completions: 1, AverageRating: ptr(5.0), TotalReviews: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("analytics (-want +got):\n%s", diff)
	}
	enrolled := map[string]float64{}
	for _, p := range readRows(t, s, func(into func(edu.TimePoint)) store.Query {
		return store.InstructorEnrollments(1, edu.IntervalMonth, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), into)
	}) {
		enrolled[p.At.UTC().Format(time.DateOnly)] = p.Value
	}
	if diff := cmp.Diff(map[string]float64{"2026-01-01": 3}, enrolled); diff != "" {
		t.Errorf("enrollments (-want +got):\n%s", diff)
	}
	for since, want := range map[string]int{
		"2026-01-01T00:00:00Z": 1, "2026-01-02T23:59:59Z": 1, "2026-01-03T00:00:00Z": 1, "2026-01-03T00:00:01Z": 0,
		"2026-01-03T00:59:59+01:00": 1, "2026-01-03T01:00:01+01:00": 0, // days are those of UTC
	} {
		at, err := time.Parse(time.RFC3339, since)
		var active int
		if err := s.RunQueries(t.Context(), store.ActiveUsers(at, &active)); err != nil || active != want {
			t.Errorf("%d active since %s, %v, want %d", active, since, err, want)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A read by ids returns the rows with these ids, or of these parents, and no others.
func TestReadsByID(t *testing.T) {
	t.Parallel()
	s, db := stageFigures(t)
	exec(t, db, "SELECT refresh_related(ARRAY[1, 3]::bigint[])")
	all := edu.PageArgs{Limit: 99}
	for name, c := range map[string]struct {
		query func(into func(int64)) store.Query
		want  string
	}{
		"courses": {func(into func(int64)) store.Query {
			return store.CoursesByID([]int64{2}, 0, func(c *edu.Course) { into(c.ID) })
		}, "[2]"},
		"by slug": {func(into func(int64)) store.Query {
			return store.CourseBySlug("s2", 0, func(c *edu.Course) { into(c.ID) })
		}, "[2]"},
		"categories": {func(into func(int64)) store.Query {
			return store.CategoriesByID([]int64{2}, func(k *edu.Category) { into(k.ID) })
		}, "[2]"},
		"category": {func(into func(int64)) store.Query {
			return store.CategoryBySlug("k2", func(k *edu.Category) { into(k.ID) })
		}, "[2]"},
		"users": {func(into func(int64)) store.Query {
			return store.UsersByID([]int64{2}, 0, func(u *edu.User) { into(u.ID) })
		}, "[2]"},
		"videos": {func(into func(int64)) store.Query {
			return store.VideosByID([]int64{2}, func(v *edu.Video) { into(v.ID) })
		}, "[2]"},
		"reviews": {func(into func(int64)) store.Query {
			return store.ReviewsByID([]int64{2}, func(r *edu.Review) { into(r.ID) })
		}, "[2]"},
		"enrollments": {func(into func(int64)) store.Query {
			return store.EnrollmentsByID([]int64{2}, func(e *edu.Enrollment) { into(e.ID) })
		}, "[2]"},
		"enrollments in courses": {func(into func(int64)) store.Query {
			return store.EnrollmentsInCourses(3, []int64{1}, func(e *edu.Enrollment) { into(e.ID) })
		}, "[3]"},
		"courses of a category": {func(into func(int64)) store.Query {
			return store.CoursesByCategory([]int64{3}, edu.NewestCourses, all, func(_ int64, c *edu.Course) { into(c.ID) })
		}, "[5]"},
		"courses of an instructor": {func(into func(int64)) store.Query {
			return store.CoursesByInstructor([]int64{1}, edu.TaughtCourses{Order: edu.NewestCourses}, all, func(_ int64, c *edu.Course) { into(c.ID) })
		}, "[9 8 6 5 1]"},
		"courses of an instructor with drafts": {func(into func(int64)) store.Query {
			return store.CoursesByInstructor([]int64{2}, edu.TaughtCourses{Drafts: true, Order: edu.NewestCourses}, all, func(_ int64, c *edu.Course) { into(c.ID) })
		}, "[4 3]"},
		"related courses": {func(into func(int64)) store.Query {
			return store.RelatedCourses([]int64{3}, 9, 0, func(_ int64, c *edu.Course) { into(c.ID) })
		}, "[1 4 6]"},
		"videos of a course": {func(into func(int64)) store.Query {
			return store.VideosByCourse([]int64{1}, all, func(_ int64, v *edu.Video) { into(v.ID) })
		}, "[3 4]"},
		"reviews of a course": {func(into func(int64)) store.Query {
			return store.ReviewsByCourse([]int64{3}, edu.ReviewList{Order: edu.NewestReviews}, all, func(r *edu.Review, _ *edu.User) { into(r.ID) })
		}, "[3 1]"},
		"enrollments in a course": {func(into func(int64)) store.Query {
			return store.EnrollmentsByCourse([]int64{1}, all, func(_ int64, e *edu.Enrollment) { into(e.UserID) })
		}, "[4 3]"},
		"counts of courses": {func(into func(int64)) store.Query {
			return store.CountCoursesByInstructor([]int64{1}, edu.TaughtCourses{}, func(_ int64, n int) { into(int64(n)) })
		}, "[5]"},
		"counts of courses with drafts": {func(into func(int64)) store.Query {
			return store.CountCoursesByInstructor([]int64{1}, edu.TaughtCourses{Drafts: true}, func(_ int64, n int) { into(int64(n)) })
		}, "[8]"},
		"accounts": {func(into func(int64)) store.Query {
			return store.LookupAccount(0, "B", 0, func(a store.Account) { into(a.ID) })
		}, "[2]"},
	} {
		if got := fmt.Sprint(readRows(t, s, c.query)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Each condition of a filter, together with others, holds for the count and the list.
func TestCountsOfFilters(t *testing.T) {
	t.Parallel()
	s, db := stageFigures(t)
	exec(t, db, "UPDATE courses SET difficulty = 'advanced', price = 5, duration_seconds = 900, tags = '{x}' WHERE id IN (4, 5, 7)")
	for _, c := range []struct {
		where edu.CourseConditions
		want  []int64
	}{
		{edu.CourseConditions{}, []int64{9, 8, 6, 5, 4, 3, 1}},
		{edu.CourseConditions{CategoryIDs: []int64{2}}, []int64{4, 3}},
		{edu.CourseConditions{CategoryIDs: []int64{2}, Difficulties: []edu.Difficulty{edu.DifficultyBeginner}}, []int64{3}},
		{edu.CourseConditions{CategoryIDs: []int64{3}, Price: edu.PriceFree}, nil},
		{edu.CourseConditions{InstructorIDs: []int64{2}}, []int64{4, 3}},
		{edu.CourseConditions{Difficulties: []edu.Difficulty{edu.DifficultyAdvanced}}, []int64{5, 4}},
		{edu.CourseConditions{Price: edu.PriceFree}, []int64{9, 8, 6, 3, 1}},
		{edu.CourseConditions{Price: edu.PricePaid}, []int64{5, 4}},
		{edu.CourseConditions{CategoryIDs: []int64{2, 3}}, []int64{5, 4, 3}},
		{edu.CourseConditions{MinPrice: ptr(edu.Decimal("4.99")), MaxPrice: ptr(edu.Decimal("5"))}, []int64{5, 4}},
		{edu.CourseConditions{MaxPrice: ptr(edu.Decimal("4.99"))}, []int64{9, 8, 6, 3, 1}},
		{edu.CourseConditions{MinDurationSeconds: ptr(900)}, []int64{5, 4}},
		{edu.CourseConditions{MinRating: ptr(4.0)}, []int64{4}},
		{edu.CourseConditions{MaxDurationSeconds: ptr(899)}, []int64{9, 8, 6, 3, 1}},
		{edu.CourseConditions{Tags: []string{"x"}}, []int64{5, 4}},
	} {
		count := -1
		got := courseIDs(t, s, func(into func(*edu.Course)) store.Query {
			return store.Courses(c.where, edu.NewestCourses, edu.PageArgs{Limit: 20}, into)
		})
		if err := s.RunQueries(t.Context(), store.CountCourses(c.where, &count)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, c.want) || count != len(c.want) {
			t.Errorf("%+v: %v, count %d, want %v", c.where, got, count, c.want)
		}
	}
}
