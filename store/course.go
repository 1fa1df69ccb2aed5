package store

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const (
	courseColumns = `c.id, c.slug, c.title, c.difficulty, c.price::text, c.currency_code, c.duration_seconds,
	c.thumbnail_url, c.published, c.published_at, c.created_at, c.updated_at, c.instructor_id, c.category_id,
	c.rating_average, c.review_count, c.enrollment_count, c.video_count`
	// courseTexts are most of a row's bytes: lists that do not show them leave
	// them in the database.
	courseTexts = ", c.description, c.tags"

	// publishedOrDraft orders an instructor's courses, drafts before all; an
	// index holds it.
	publishedOrDraft = "coalesce(c.published_at, timestamptz '9999-12-31 00:00:00+00')"
)

func selectCourses(name string, full bool) *statement {
	s := sql(name, "SELECT ", courseColumns)
	if full {
		s.add(courseTexts)
	}
	return s
}

// CoursesByID reads courses by their keys, published or not, in no order.
func CoursesByID(ids []int64, full bool, into func(*edu.Course)) Query {
	s := selectCourses("CoursesByID", full)
	return s.add(" FROM courses c WHERE c.id = ANY (", s.arg(ids), ")").into(scanCourse(full, into))
}

// CourseBySlug reads the course with a slug, published or not. Into is not
// called where there is none.
func CourseBySlug(slug string, full bool, into func(*edu.Course)) Query {
	s := selectCourses("CourseBySlug", full)
	return s.add(" FROM courses c WHERE c.slug = ", s.arg(slug)).into(scanCourse(full, into))
}

// Courses reads a page of the published courses that meet the conditions.
func Courses(where edu.CourseConditions, by edu.CourseOrder, p edu.PageArgs, into func(*edu.Course)) Query {
	s := selectCourses("Courses", p.Full).add(" FROM courses c WHERE c.published")
	return s.conditions(where).page(by.Order(), courseKeys[by.Field], "c.id", p).into(scanCourse(p.Full, into))
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
			s.add(" WHERE k.id = ", s.arg(category))
		}
		return s.into(scanInt(into))
	}
	where.CategoryID = category
	return sql("CountCourses", "SELECT count(*) FROM courses c WHERE c.published").conditions(where).into(scanInt(into))
}

// CoursesByCategory reads the same page of published courses of each category.
func CoursesByCategory(ids []int64, by edu.CourseOrder, p edu.PageArgs, into func(category int64, c *edu.Course)) Query {
	s := selectCourses("CoursesByCategory", p.Full)
	s.add(" FROM unnest(", s.arg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM courses c WHERE c.published AND c.category_id = parent.id`)
	s.page(by.Order(), courseKeys[by.Field], "c.id", p).add(") c")
	return s.into(scanCourse(p.Full, func(c *edu.Course) { into(c.CategoryID, c) }))
}

// CoursesByInstructor reads the same page of the courses of each instructor,
// with drafts or without.
func CoursesByInstructor(ids []int64, drafts bool, p edu.PageArgs, into func(instructor int64, c *edu.Course)) Query {
	s := selectCourses("CoursesByInstructor", p.Full)
	s.add(" FROM unnest(", s.arg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM courses c WHERE c.instructor_id = parent.id`)
	if !drafts {
		s.add(" AND c.published")
	}
	s.page(edu.NewestCourses.Order(), publishedOrDraft, "c.id", p).add(") c")
	return s.into(scanCourse(p.Full, func(c *edu.Course) { into(c.InstructorID, c) }))
}

// CountCoursesByInstructor counts the courses of each instructor, with drafts
// or without. Into is not called for an instructor who has none.
func CountCoursesByInstructor(ids []int64, drafts bool, into func(instructor int64, n int)) Query {
	s := sql("CountCoursesByInstructor", "SELECT c.instructor_id, count(*) FROM courses c WHERE c.instructor_id = ANY (")
	s.add(s.arg(ids), ")")
	if !drafts {
		s.add(" AND c.published")
	}
	return s.add(" GROUP BY c.instructor_id").into(scanCount(into))
}

// RelatedCourses reads, for each course, the published ones that its students
// also take, the strongest first.
func RelatedCourses(ids []int64, first int, full bool, into func(course int64, related *edu.Course)) Query {
	s := sql("RelatedCourses", "SELECT c.parent, ", courseColumns)
	if full {
		s.add(courseTexts)
	}
	s.add(" FROM unnest(", s.arg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT r.course_id AS parent, c.* FROM course_related r JOIN courses c ON c.id = r.related_id
		WHERE r.course_id = parent.id AND c.published ORDER BY r.rank LIMIT `, s.arg(first), ") c")
	var parent int64
	return s.into(scanCourse(full, func(c *edu.Course) { into(parent, c) }, &parent))
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
		s.where("coalesce(c.rating_average, 0) >= %", *w.MinRating)
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
func scanCourse(full bool, into func(*edu.Course), before ...any) func(pgx.Rows) error {
	var c edu.Course
	var difficulty string
	targets := append(before,
		&c.ID, &c.Slug, &c.Title, &difficulty, (*string)(&c.Price.Amount), &c.Price.CurrencyCode, &c.DurationSeconds,
		&c.ThumbnailURL, &c.Published, &c.PublishedAt, &c.CreatedAt, &c.UpdatedAt, &c.InstructorID, &c.CategoryID,
		&c.Rating, &c.ReviewCount, &c.EnrollmentCount, &c.VideoCount)
	if full {
		targets = append(targets, &c.Description, &c.Tags)
	}
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := c
		row.Difficulty, row.Full = difficulties[difficulty], full
		into(&row)
		return nil
	}
}

// difficulties tells what the database's texts are called in the vocabulary.
var difficulties = map[string]edu.Difficulty{
	"beginner": edu.DifficultyBeginner, "intermediate": edu.DifficultyIntermediate, "advanced": edu.DifficultyAdvanced,
}
