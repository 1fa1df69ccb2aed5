package store

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// publishedOrDraft is the sort key of an instructor's courses, which puts drafts first. An index
// contains it.
const publishedOrDraft = "coalesce(c.published_at, timestamptz '9999-12-31 00:00:00+00')"

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
	{edu.CourseRatingCounts, "c.rating_counts", func(c *edu.Course) []any { return []any{&c.RatingCounts} }},
	{edu.CourseEnrollmentCount, "c.enrollment_count", func(c *edu.Course) []any { return []any{&c.EnrollmentCount} }},
	{edu.CourseLanguage, "c.language", func(c *edu.Course) []any { return []any{&c.Language} }},
	{edu.CourseLearningOutcomes, "c.learning_outcomes", func(c *edu.Course) []any { return []any{&c.LearningOutcomes} }},
	{edu.CourseRequirements, "c.requirements", func(c *edu.Course) []any { return []any{&c.Requirements} }},
	{edu.CourseVideoCount, "c.video_count", func(c *edu.Course) []any { return []any{&c.VideoCount} }},
}

// addCourseColumns appends the requested columns of a course.
func (s *statement) addCourseColumns(columns edu.Columns) *statement {
	s.addSQL("c.id, c.instructor_id, c.category_id, c.published")
	return addColumns(s, courseColumns, columns)
}

func selectCourses(name string, columns edu.Columns) *statement {
	return newStatement(name, "SELECT ").addCourseColumns(columns)
}

// CoursesByID reads courses by id, published or not, in no particular order.
func CoursesByID(ids []int64, columns edu.Columns, into func(*edu.Course)) Query {
	s := selectCourses("CoursesByID", columns)
	return s.addSQL(" FROM courses c WHERE c.id = ANY (", s.bindArg(ids), ")").dependOnEach(ids, edu.TagCourse).buildQuery(scanCourse(columns, into))
}

// CourseBySlug reads the course with a slug, published or not. into is not called if there is none.
func CourseBySlug(slug string, columns edu.Columns, into func(*edu.Course)) Query {
	s := selectCourses("CourseBySlug", columns)
	q := s.addSQL(" FROM courses c WHERE c.slug = ", s.bindArg(slug)).buildQuery(scanCourse(columns, into))
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

// CoursesByCategory reads the same page of the published courses of each category.
func CoursesByCategory(ids []int64, by edu.CourseOrder, p edu.PageArgs, into func(category int64, c *edu.Course)) Query {
	p.Columns |= by.CursorColumns()
	order := by.SortOrder()
	s := selectCourses("CoursesByCategory", p.Columns).dependOnCourseList(by.Field, order, p)
	s.addSQL(" FROM unnest(", s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM courses c WHERE c.published AND c.category_id = parent.id`)
	s.addPageClause(order, courseSortKeys[by.Field], "c.id", p).addSQL(") c")
	return s.buildQuery(scanCourse(p.Columns, s.dependOnPageEnds(by.Field, p.Limit+1, categoryPageKey, func(c *edu.Course) { into(c.CategoryID, c) })))
}

// courseStatusConditions is the SQL condition of each edu.CourseStatus.
var courseStatusConditions = map[edu.CourseStatus]string{
	edu.CourseDraft:     " AND NOT c.published AND c.published_at IS NULL",
	edu.CoursePublished: " AND c.published",
	edu.CourseArchived:  " AND NOT c.published AND c.published_at IS NOT NULL",
}

// addTaughtFilter appends the conditions of a list of an instructor's courses.
func (s *statement) addTaughtFilter(l edu.TaughtCourses) *statement {
	if !l.Drafts {
		s.addSQL(" AND c.published")
	}
	return s.addSQL(courseStatusConditions[l.Status])
}

// CoursesByInstructor reads the same page of the courses of each instructor.
func CoursesByInstructor(ids []int64, l edu.TaughtCourses, p edu.PageArgs, into func(instructor int64, c *edu.Course)) Query {
	p.Columns |= l.Order.CursorColumns()
	key := courseSortKeys[l.Order.Field]
	if l.Order.Field == edu.CoursesByPublishedAt {
		key = publishedOrDraft
	}
	s := selectCourses("CoursesByInstructor", p.Columns).dependOnEach(ids, edu.TagUserCourses)
	if l.Order.Field == edu.CoursesByRating || l.Order.Field == edu.CoursesByEnrollments {
		s.dependOnEach(ids, edu.TagTeaching)
	}
	s.addSQL(" FROM unnest(", s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM courses c WHERE c.instructor_id = parent.id`).addTaughtFilter(l)
	s.addPageClause(l.Order.SortOrder(), key, "c.id", p).addSQL(") c")
	return s.buildQuery(scanCourse(p.Columns, func(c *edu.Course) { into(c.InstructorID, c) }))
}

// CountCoursesByInstructor counts the courses of each instructor. into is not called for instructors without
// courses.
func CountCoursesByInstructor(ids []int64, l edu.TaughtCourses, into func(instructor int64, n int)) Query {
	s := newStatement("CountCoursesByInstructor", "SELECT c.instructor_id, count(*) FROM courses c WHERE c.instructor_id = ANY (")
	s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagUserCourses).addTaughtFilter(l)
	return s.addSQL(" GROUP BY c.instructor_id").buildQuery(scanKeyedCount(into))
}

// RelatedCourses reads, for each course, the published courses that share the most students with
// it, the closest first.
func RelatedCourses(ids []int64, first int, columns edu.Columns, into func(course int64, related *edu.Course)) Query {
	s := newStatement("RelatedCourses", "SELECT c.parent, ").addCourseColumns(columns).dependOnEach(ids, edu.TagCourseRelated).dependOn(edu.TagCoursesPublished)
	s.addSQL(" FROM unnest(", s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT r.course_id AS parent, c.* FROM course_related r JOIN courses c ON c.id = r.related_id
		WHERE r.course_id = parent.id AND c.published ORDER BY r.rank LIMIT `, s.bindArg(first), ") c")
	var parent int64
	return s.buildQuery(scanCourse(columns, func(c *edu.Course) { into(parent, c) }, &parent))
}

// courseSortKeys is the SQL of the sort keys of courses.
var courseSortKeys = map[edu.CourseOrderField]string{
	edu.CoursesByPublishedAt: "c.published_at",
	edu.CoursesByTitle:       "c.title",
	edu.CoursesByPrice:       "c.price",
	edu.CoursesByRating:      "coalesce(c.rating_average, 0)",
	edu.CoursesByEnrollments: "c.enrollment_count",
}

func (s *statement) addCourseFilter(w edu.CourseConditions) *statement {
	addAnyOf(s, "c.category_id", w.CategoryIDs)
	addAnyOf(s, "c.instructor_id", w.InstructorIDs)
	difficulties := make([]string, len(w.Difficulties))
	for i, d := range w.Difficulties {
		difficulties[i] = strings.ToLower(string(d))
	}
	addAnyOf(s, "c.difficulty", difficulties)
	switch w.Price {
	case edu.PriceFree:
		s.addSQL(" AND c.price = 0")
	case edu.PricePaid:
		s.addSQL(" AND c.price > 0")
	}
	if w.MinPrice != nil || w.MaxPrice != nil {
		s.addSQL(" AND ", s.priceRange(w))
	}
	if w.MinRating != nil {
		s.addCondition("coalesce(c.rating_average, 0) >= %", *w.MinRating).dependOnID(edu.RatingPart(*w.MinRating), edu.TagCoursesRatingPart)
	}
	if w.MinDurationSeconds != nil {
		s.addCondition("c.duration_seconds >= %", *w.MinDurationSeconds)
	}
	if w.MaxDurationSeconds != nil {
		s.addCondition("c.duration_seconds <= %", *w.MaxDurationSeconds)
	}
	if len(w.Languages) > 0 {
		patterns := make([]string, len(w.Languages))
		for i, language := range w.Languages {
			patterns[i] = language + "-%"
		}
		s.addCondition("c.language || '-' LIKE ANY (%)", patterns)
	}
	if len(w.Tags) > 0 {
		s.addCondition("c.tag_keys @> %", w.Tags)
	}
	return s
}

// addAnyOf appends the condition that a column has one of some values, unless there are none. One
// value is compared by itself: an index with further columns then has their order.
func addAnyOf[T any](s *statement, column string, values []T) {
	switch len(values) {
	case 0:
	case 1:
		s.addCondition(column+" = %", values[0])
	default:
		s.addCondition(column+" = ANY (%)", values)
	}
}

// priceRange returns the condition that a price is in the range of a filter.
func (s *statement) priceRange(w edu.CourseConditions) string {
	condition := "true"
	if w.MinPrice != nil {
		condition += " AND c.price >= " + s.bindArg(string(*w.MinPrice)) + "::numeric"
	}
	if w.MaxPrice != nil {
		condition += " AND c.price <= " + s.bindArg(string(*w.MaxPrice)) + "::numeric"
	}
	return condition
}

// scanCourse returns a scan function for courses. before are the targets of the columns that
// precede those of the course. The targets are allocated once for each query, not for each row.
func scanCourse(columns edu.Columns, into func(*edu.Course), before ...any) (func(pgx.Rows) error, rowTag) {
	var c edu.Course
	targets := appendScanTargets(append(before, &c.ID, &c.InstructorID, &c.CategoryID, &c.Published), &c, courseColumns, columns)
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := c
		into(&row)
		return nil
	}, rowTag{edu.TagCourse, &c.ID}
}
