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
	is   edu.Columns
	sql  string
	into func(*T) []any
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

// courses appends the columns wanted of a course.
func (s *statement) courses(want edu.Columns) *statement {
	s.add("c.id, c.instructor_id, c.category_id, c.published")
	return addColumns(s, courseColumns, want)
}

func addColumns[T any](s *statement, columns []column[T], want edu.Columns) *statement {
	for _, c := range columns {
		if want.Has(c.is) {
			s.add(", ", c.sql)
		}
	}
	return s
}

func targets[T any](to []any, row *T, columns []column[T], want edu.Columns) []any {
	for _, c := range columns {
		if want.Has(c.is) {
			to = append(to, c.into(row)...)
		}
	}
	return to
}

func selectCourses(name string, want edu.Columns) *statement {
	return sql(name, "SELECT ").courses(want)
}

// CoursesByID reads courses by their keys, published or not, in no order.
func CoursesByID(ids []int64, want edu.Columns, into func(*edu.Course)) Query {
	s := selectCourses("CoursesByID", want)
	return s.add(" FROM courses c WHERE c.id = ANY (", s.arg(ids), ")").each(ids, edu.TagCourse).into(scanCourse(want, into))
}

// CourseBySlug reads the course with a slug, published or not. Into is not
// called where there is none.
func CourseBySlug(slug string, want edu.Columns, into func(*edu.Course)) Query {
	s := selectCourses("CourseBySlug", want)
	q := s.add(" FROM courses c WHERE c.slug = ", s.arg(slug)).into(scanCourse(want, into))
	q.none = edu.TagCoursesSlugs
	return q
}

// Courses reads a page of the published courses that meet the conditions.
func Courses(where edu.CourseConditions, by edu.CourseOrder, p edu.PageArgs, into func(*edu.Course)) Query {
	p.Columns |= by.Columns()
	order := by.Order()
	s := selectCourses("Courses", p.Columns).add(" FROM courses c WHERE c.published").listed(by.Field, order, p)
	s.conditions(where).page(order, courseKeys[by.Field], "c.id", p)
	return s.into(scanCourse(p.Columns, s.ends(by.Field, p.Limit+1, onePage, into)))
}

// CountCourses counts the published courses that meet the conditions. Without
// any, or with a category alone, the categories' counters know: that reads 20
// rows where there are thousands.
func CountCourses(where edu.CourseConditions, into *int) Query {
	category := where.CategoryID
	where.CategoryID = 0
	if where.None() {
		s := sql("CountCourses", "SELECT coalesce(sum(k.course_count), 0) FROM categories k")
		if category != 0 {
			return s.add(" WHERE k.id = ", s.arg(category)).of(category, edu.TagCategory).into(scanInt(into))
		}
		return s.on(edu.TagCategories, edu.TagCategoriesCounts).into(scanInt(into))
	}
	where.CategoryID = category
	return sql("CountCourses", "SELECT count(*) FROM courses c WHERE c.published").on(edu.TagCourses).conditions(where).into(scanInt(into))
}

// CoursesByCategory reads the same page of published courses of each category.
func CoursesByCategory(ids []int64, by edu.CourseOrder, p edu.PageArgs, into func(category int64, c *edu.Course)) Query {
	p.Columns |= by.Columns()
	order := by.Order()
	s := selectCourses("CoursesByCategory", p.Columns).listed(by.Field, order, p)
	s.add(" FROM unnest(", s.arg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM courses c WHERE c.published AND c.category_id = parent.id`)
	s.page(order, courseKeys[by.Field], "c.id", p).add(") c")
	return s.into(scanCourse(p.Columns, s.ends(by.Field, p.Limit+1, ofCategory, func(c *edu.Course) { into(c.CategoryID, c) })))
}

// CoursesByInstructor reads the same page of the courses of each instructor,
// with drafts or without.
func CoursesByInstructor(ids []int64, drafts bool, p edu.PageArgs, into func(instructor int64, c *edu.Course)) Query {
	p.Columns |= edu.NewestCourses.Columns()
	s := selectCourses("CoursesByInstructor", p.Columns).each(ids, edu.TagUserCourses)
	s.add(" FROM unnest(", s.arg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM courses c WHERE c.instructor_id = parent.id`)
	if !drafts {
		s.add(" AND c.published")
	}
	s.page(edu.NewestCourses.Order(), publishedOrDraft, "c.id", p).add(") c")
	return s.into(scanCourse(p.Columns, func(c *edu.Course) { into(c.InstructorID, c) }))
}

// CountCoursesByInstructor counts the courses of each instructor, with drafts
// or without. Into is not called for an instructor who has none.
func CountCoursesByInstructor(ids []int64, drafts bool, into func(instructor int64, n int)) Query {
	s := sql("CountCoursesByInstructor", "SELECT c.instructor_id, count(*) FROM courses c WHERE c.instructor_id = ANY (")
	s.add(s.arg(ids), ")").each(ids, edu.TagUserCourses)
	if !drafts {
		s.add(" AND c.published")
	}
	return s.add(" GROUP BY c.instructor_id").into(scanCount(into))
}

// RelatedCourses reads, for each course, the published ones that its students
// also take, the strongest first.
func RelatedCourses(ids []int64, first int, want edu.Columns, into func(course int64, related *edu.Course)) Query {
	s := sql("RelatedCourses", "SELECT c.parent, ").courses(want).each(ids, edu.TagCourseRelated).on(edu.TagCoursesPublished)
	s.add(" FROM unnest(", s.arg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT r.course_id AS parent, c.* FROM course_related r JOIN courses c ON c.id = r.related_id
		WHERE r.course_id = parent.id AND c.published ORDER BY r.rank LIMIT `, s.arg(first), ") c")
	var parent int64
	return s.into(scanCourse(want, func(c *edu.Course) { into(parent, c) }, &parent))
}

// courseKeys is the SQL of what courses can be ordered by.
var courseKeys = map[edu.CourseOrderField]string{
	edu.CoursesByPublishedAt: "c.published_at",
	edu.CoursesByTitle:       "c.title",
	edu.CoursesByPrice:       "c.price",
	edu.CoursesByRating:      "coalesce(c.rating_average, 0)",
	edu.CoursesByEnrollments: "c.enrollment_count",
}

func (s *statement) conditions(w edu.CourseConditions) *statement {
	if w.CategoryID != 0 {
		s.where("c.category_id = %", w.CategoryID)
	}
	if w.InstructorID != 0 {
		s.where("c.instructor_id = %", w.InstructorID)
	}
	if w.Difficulty != "" {
		s.where("c.difficulty = %", strings.ToLower(string(w.Difficulty)))
	}
	switch w.Price {
	case edu.PriceFree:
		s.add(" AND c.price = 0")
	case edu.PricePaid:
		s.add(" AND c.price > 0")
	}
	if w.MinRating != nil {
		s.where("coalesce(c.rating_average, 0) >= %", *w.MinRating).of(edu.RatingPart(*w.MinRating), edu.TagCoursesRated)
	}
	if w.MaxDurationSeconds != nil {
		s.where("c.duration_seconds <= %", *w.MaxDurationSeconds)
	}
	if len(w.Tags) > 0 {
		s.where("c.tags @> %", w.Tags)
	}
	return s
}

// scanCourse reads a course from a row; before tells where the columns before
// the course's go. The targets are made once a query and not once a row.
func scanCourse(want edu.Columns, into func(*edu.Course), before ...any) (func(pgx.Rows) error, rowKey) {
	var c edu.Course
	to := targets(append(before, &c.ID, &c.InstructorID, &c.CategoryID, &c.Published), &c, courseColumns, want)
	return func(rows pgx.Rows) error {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		row := c
		into(&row)
		return nil
	}, rowKey{edu.TagCourse, &c.ID}
}
