package store

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// publishedOrDraft orders an instructor's courses, drafts before all; an index
// holds it.
const publishedOrDraft = "coalesce(c.published_at, timestamptz '9999-12-31 00:00:00+00')"

// column is a column of a row, or a few that belong together: its SQL, and where
// it goes.
type column[T any] struct {
	mask    edu.Columns
	sql     string
	targets func(*T) []any
}

var courseColumns = []column[edu.Course]{
	{edu.CourseSlug, "c.slug", func(c *edu.Course) []any { return []any{&c.Slug} }},
	{edu.CourseTitle, "c.title", func(c *edu.Course) []any { return []any{&c.Title} }},
	{edu.CourseDescription, "c.description", func(c *edu.Course) []any { return []any{&c.Description} }},
	{edu.CourseTags, "c.tags", func(c *edu.Course) []any { return []any{&c.Tags} }},
	{edu.CourseDifficulty, "upper(c.difficulty)", func(c *edu.Course) []any { return []any{(*string)(&c.Difficulty)} }},
	{edu.CoursePrice, "c.price::text, c.currency_code", func(c *edu.Course) []any {
		return []any{(*string)(&c.Price.Amount), &c.Price.CurrencyCode}
	}},
	{edu.CourseDuration, "c.duration_seconds", func(c *edu.Course) []any { return []any{&c.DurationSeconds} }},
	{edu.CourseThumbnail, "c.thumbnail_url", func(c *edu.Course) []any { return []any{&c.ThumbnailURL} }},
	{edu.CoursePublishedAt, "c.published_at", func(c *edu.Course) []any { return []any{&c.PublishedAt} }},
	{edu.CourseCreatedAt, "c.created_at", func(c *edu.Course) []any { return []any{&c.CreatedAt} }},
	{edu.CourseUpdatedAt, "c.updated_at", func(c *edu.Course) []any { return []any{&c.UpdatedAt} }},
	{edu.CourseRating, "c.rating_average", func(c *edu.Course) []any { return []any{&c.Rating} }},
	{edu.CourseReviewCount, "c.review_count", func(c *edu.Course) []any { return []any{&c.ReviewCount} }},
	{edu.CourseEnrollmentCount, "c.enrollment_count", func(c *edu.Course) []any { return []any{&c.EnrollmentCount} }},
	{edu.CourseVideoCount, "c.video_count", func(c *edu.Course) []any { return []any{&c.VideoCount} }},
}

// addCourseColumns appends the columns wanted of a course.
func (s *statement) addCourseColumns(want edu.Columns) *statement {
	s.addSQL("c.id, c.instructor_id, c.category_id, c.published")
	return addColumns(s, courseColumns, want)
}

func addColumns[T any](s *statement, columns []column[T], want edu.Columns) *statement {
	for _, c := range columns {
		if want.HasAny(c.mask) {
			s.addSQL(", ", c.sql)
		}
	}
	return s
}

func appendScanTargets[T any](to []any, row *T, columns []column[T], want edu.Columns) []any {
	for _, c := range columns {
		if want.HasAny(c.mask) {
			to = append(to, c.targets(row)...)
		}
	}
	return to
}

func selectCourses(name string, want edu.Columns) *statement {
	return newStatement(name, "SELECT ").addCourseColumns(want)
}

// CoursesByID reads courses by their keys, published or not, in no order.
func CoursesByID(ids []int64, want edu.Columns, into func(*edu.Course)) Query {
	s := selectCourses("CoursesByID", want)
	return s.addSQL(" FROM courses c WHERE c.id = ANY (", s.bindArg(ids), ")").dependOnEach(ids, edu.TagCourse).buildQuery(scanCourse(want, into))
}

// CourseBySlug reads the course with a slug, published or not. Into is not
// called where there is none.
func CourseBySlug(slug string, want edu.Columns, into func(*edu.Course)) Query {
	s := selectCourses("CourseBySlug", want)
	q := s.addSQL(" FROM courses c WHERE c.slug = ", s.bindArg(slug)).buildQuery(scanCourse(want, into))
	q.notFoundTag = edu.TagCoursesSlugs
	return q
}

// Courses reads a page of the published courses that meet the conditions.
func Courses(where edu.CourseConditions, by edu.CourseOrder, p edu.PageArgs, into func(*edu.Course)) Query {
	p.Columns |= by.CursorColumns()
	order := by.SortOrder()
	s := selectCourses("Courses", p.Columns).addSQL(" FROM courses c WHERE c.published").dependOnCourseList(by.Field, order, p)
	s.addCourseFilter(where).addPageClause(order, courseSortKeys[by.Field], "c.id", p)
	return s.buildQuery(scanCourse(p.Columns, s.dependOnPageEnds(by.Field, p.Limit+1, singlePageKey, into)))
}

// CountCourses counts the published courses that meet the conditions. Without
// any, or with a category alone, the categories' counters know: that reads 20
// rows where there are thousands.
func CountCourses(where edu.CourseConditions, into *int) Query {
	category := where.CategoryID
	where.CategoryID = 0
	if where.IsEmpty() {
		s := newStatement("CountCourses", "SELECT coalesce(sum(k.course_count), 0) FROM categories k")
		if category != 0 {
			return s.addSQL(" WHERE k.id = ", s.bindArg(category)).dependOnID(category, edu.TagCategory).buildQuery(scanNumber(into))
		}
		return s.dependOn(edu.TagCategories, edu.TagCategoriesCounts).buildQuery(scanNumber(into))
	}
	where.CategoryID = category
	return newStatement("CountCourses", "SELECT count(*) FROM courses c WHERE c.published").dependOn(edu.TagCourses).addCourseFilter(where).buildQuery(scanNumber(into))
}

// CoursesByCategory reads the same page of published courses of each category.
func CoursesByCategory(ids []int64, by edu.CourseOrder, p edu.PageArgs, into func(category int64, c *edu.Course)) Query {
	p.Columns |= by.CursorColumns()
	order := by.SortOrder()
	s := selectCourses("CoursesByCategory", p.Columns).dependOnCourseList(by.Field, order, p)
	s.addSQL(" FROM unnest(", s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM courses c WHERE c.published AND c.category_id = parent.id`)
	s.addPageClause(order, courseSortKeys[by.Field], "c.id", p).addSQL(") c")
	return s.buildQuery(scanCourse(p.Columns, s.dependOnPageEnds(by.Field, p.Limit+1, categoryPageKey, func(c *edu.Course) { into(c.CategoryID, c) })))
}

// CoursesByInstructor reads the same page of the courses of each instructor,
// with drafts or without.
func CoursesByInstructor(ids []int64, drafts bool, p edu.PageArgs, into func(instructor int64, c *edu.Course)) Query {
	p.Columns |= edu.NewestCourses.CursorColumns()
	s := selectCourses("CoursesByInstructor", p.Columns).dependOnEach(ids, edu.TagUserCourses)
	s.addSQL(" FROM unnest(", s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM courses c WHERE c.instructor_id = parent.id`)
	if !drafts {
		s.addSQL(" AND c.published")
	}
	s.addPageClause(edu.NewestCourses.SortOrder(), publishedOrDraft, "c.id", p).addSQL(") c")
	return s.buildQuery(scanCourse(p.Columns, func(c *edu.Course) { into(c.InstructorID, c) }))
}

// CountCoursesByInstructor counts the courses of each instructor, with drafts
// or without. Into is not called for an instructor who has none.
func CountCoursesByInstructor(ids []int64, drafts bool, into func(instructor int64, n int)) Query {
	s := newStatement("CountCoursesByInstructor", "SELECT c.instructor_id, count(*) FROM courses c WHERE c.instructor_id = ANY (")
	s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagUserCourses)
	if !drafts {
		s.addSQL(" AND c.published")
	}
	return s.addSQL(" GROUP BY c.instructor_id").buildQuery(scanKeyedCount(into))
}

// RelatedCourses reads, for each course, the published ones that its students
// also take, the strongest first.
func RelatedCourses(ids []int64, first int, want edu.Columns, into func(course int64, related *edu.Course)) Query {
	s := newStatement("RelatedCourses", "SELECT c.parent, ").addCourseColumns(want).dependOnEach(ids, edu.TagCourseRelated).dependOn(edu.TagCoursesPublished)
	s.addSQL(" FROM unnest(", s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT r.course_id AS parent, c.* FROM course_related r JOIN courses c ON c.id = r.related_id
		WHERE r.course_id = parent.id AND c.published ORDER BY r.rank LIMIT `, s.bindArg(first), ") c")
	var parent int64
	return s.buildQuery(scanCourse(want, func(c *edu.Course) { into(parent, c) }, &parent))
}

// courseSortKeys is the SQL of what courses can be ordered by.
var courseSortKeys = map[edu.CourseOrderField]string{
	edu.CoursesByPublishedAt: "c.published_at",
	edu.CoursesByTitle:       "c.title",
	edu.CoursesByPrice:       "c.price",
	edu.CoursesByRating:      "coalesce(c.rating_average, 0)",
	edu.CoursesByEnrollments: "c.enrollment_count",
}

func (s *statement) addCourseFilter(w edu.CourseConditions) *statement {
	if w.CategoryID != 0 {
		s.addCondition("c.category_id = %", w.CategoryID)
	}
	if w.InstructorID != 0 {
		s.addCondition("c.instructor_id = %", w.InstructorID)
	}
	if w.Difficulty != "" {
		s.addCondition("c.difficulty = %", strings.ToLower(string(w.Difficulty)))
	}
	switch w.Price {
	case edu.PriceFree:
		s.addSQL(" AND c.price = 0")
	case edu.PricePaid:
		s.addSQL(" AND c.price > 0")
	}
	if w.MinRating != nil {
		s.addCondition("coalesce(c.rating_average, 0) >= %", *w.MinRating).dependOnID(edu.RatingPart(*w.MinRating), edu.TagCoursesRatingPart)
	}
	if w.MaxDurationSeconds != nil {
		s.addCondition("c.duration_seconds <= %", *w.MaxDurationSeconds)
	}
	if len(w.Tags) > 0 {
		s.addCondition("c.tags @> %", w.Tags)
	}
	return s
}

// scanCourse reads a course from a row; before tells where the columns before
// the course's go. The targets are made once a query and not once a row.
func scanCourse(want edu.Columns, into func(*edu.Course), before ...any) (func(pgx.Rows) error, rowTag) {
	var c edu.Course
	to := appendScanTargets(append(before, &c.ID, &c.InstructorID, &c.CategoryID, &c.Published), &c, courseColumns, want)
	return func(rows pgx.Rows) error {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		row := c
		into(&row)
		return nil
	}, rowTag{edu.TagCourse, &c.ID}
}
