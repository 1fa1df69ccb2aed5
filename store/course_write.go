package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/7p-education/api/edu"
)

// authoredColumns are the columns of a course that its author sets, except the category.
var authoredColumns = []struct {
	mask  edu.Columns
	name  string
	value func(*edu.Course) any
}{
	{edu.CourseTitle, "title", func(c *edu.Course) any { return c.Title }},
	{edu.CourseDescription, "description", func(c *edu.Course) any { return c.Description }},
	{edu.CourseTags, "tags", func(c *edu.Course) any { return c.Tags }},
	{edu.CourseLearningOutcomes, "learning_outcomes", func(c *edu.Course) any { return arrayValue(c.LearningOutcomes) }},
	{edu.CourseRequirements, "requirements", func(c *edu.Course) any { return arrayValue(c.Requirements) }},
	{edu.CourseDifficulty, "difficulty", func(c *edu.Course) any { return strings.ToLower(string(c.Difficulty)) }},
	{edu.CoursePrice, "price", func(c *edu.Course) any { return string(c.Price.Amount) }},
	{edu.CourseDuration, "duration_seconds", func(c *edu.Course) any { return c.DurationSeconds }},
	{edu.CourseLanguage, "language", func(c *edu.Course) any { return c.Language }},
	{edu.CourseThumbnail, "thumbnail_url", func(c *edu.Course) any { return c.ThumbnailURL }},
}

// arrayValue returns the value of a column of texts that is never null.
func arrayValue(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// CreateCourse creates an unpublished course of a viewer and returns its id. If the slug is taken,
// the course gets a suffix. The parameter at is the path to the course.
func (s *Store) CreateCourse(ctx context.Context, v edu.Viewer, c edu.Course, at edu.InputPath) (id int64, err error) {
	err = s.WriteInTx(ctx, func(tx *Tx) error {
		id = 0
		q := newStatement("CreateCourse", "INSERT INTO courses (instructor_id")
		for _, a := range authoredColumns {
			q.addSQL(", ", a.name)
		}
		q.addSQL(", slug, category_id) SELECT ", q.bindArg(v.ID))
		for _, a := range authoredColumns {
			q.addSQL(", ", q.bindArg(a.value(&c)))
		}
		slug := q.bindArg(c.Slug) + "::text"
		q.addSQL(", CASE WHEN EXISTS (SELECT FROM courses t WHERE t.slug = ", slug, ") THEN ", slug, " || '-' || ", q.bindArg(randomSlugSuffix()), "::text ELSE ", slug, " END")
		q.addSQL(", k.id FROM categories k WHERE k.id = ", q.bindArg(c.CategoryID), " RETURNING id")
		return retryOnSlugConflict(tx.Commit(ctx, q.buildQuery(scanInt64(&id))))
	})
	if err == nil && id == 0 {
		err = categoryNotFound(at.Subpath("categoryId"))
	}
	return id, err
}

// randomSlugSuffix returns a suffix that distinguishes courses whose titles have the same slug: one
// of 2^30 values.
func randomSlugSuffix() string { return strings.ToLower(rand.Text()[:6]) }

// retryOnSlugConflict marks the error of a write that chose a free slug, which a concurrent write
// then took, as one to retry: the next attempt finds the slug taken and adds a suffix.
func retryOnSlugConflict(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok && pg.Code == "23505" && pg.ConstraintName == "courses_slug_key" { // unique_violation
		return &retryableError{err}
	}
	return err
}

func categoryNotFound(at edu.InputPath) edu.UserErrors {
	return at.Reject(edu.UserNotFound, "category not found")
}

// UpdateCourse changes the columns of a course that are in set, and its category unless its id is
// 0. The slug stays. The parameter at is the path to the course.
func (s *Store) UpdateCourse(ctx context.Context, v edu.Viewer, c edu.Course, set edu.Columns, at edu.InputPath) error {
	return s.writeRow(ctx, courseRow(c.ID), func(tx *Tx) error {
		var before *edu.Course
		var videos edu.VideoTotals
		known := c.CategoryID == 0
		err := tx.RunQueries(ctx, lockCourse(c.ID, &before), videoTotals(c.ID, &videos),
			existingCategories([]int64{c.CategoryID}, func(int64) { known = true }))
		if err != nil {
			return err
		}
		if err := before.AuthorizeEdit(v, at.Subpath("id")); err != nil {
			return err
		}
		if !known {
			return categoryNotFound(at.Subpath("categoryId"))
		}
		if set.HasAny(edu.CourseDuration) {
			if err := videos.ValidateDuration(c.DurationSeconds, at.Subpath("durationSeconds")); err != nil {
				return err
			}
		}
		if set == 0 && c.CategoryID == 0 {
			return nil
		}
		return tx.Commit(ctx, updateCourse(&c, set))
	})
}

// updateCourse writes the columns in set, unless all of them have their values already.
func updateCourse(c *edu.Course, set edu.Columns) Query {
	q := newStatement("UpdateCourse", "UPDATE courses c SET updated_at = now()")
	var names, values []string
	change := func(name string, value any) {
		names, values = append(names, "c."+name), append(values, q.bindArg(value))
		q.addSQL(", ", name, " = ", values[len(values)-1])
	}
	for _, a := range authoredColumns {
		if set.HasAny(a.mask) {
			change(a.name, a.value(c))
		}
	}
	if c.CategoryID != 0 {
		change("category_id", c.CategoryID)
	}
	q.addSQL(" WHERE c.id = ", q.bindArg(c.ID), " AND (", strings.Join(names, ", "), ") IS DISTINCT FROM (", strings.Join(values, ", "), ")")
	return q.buildQuery(nil)
}

// existingCategories reads which of some categories exist. It locks none: if one is deleted before the
// write refers to it, the foreign key fails and the retry reads that the category is missing.
func existingCategories(ids []int64, into func(id int64)) Query {
	s := newStatement("ExistingCategories", "SELECT k.id FROM categories k WHERE k.id = ANY (")
	var id int64
	read := scanInt64(&id)
	return s.addSQL(s.bindArg(ids), ")").buildQuery(func(rows pgx.Rows) error {
		err := read(rows)
		into(id)
		return err
	})
}

// SetCoursePublished publishes a course or hides it. A course that is in that state already is not
// written, and the time of its first publication never changes. The parameter at is the path to
// the id of the course.
func (s *Store) SetCoursePublished(ctx context.Context, v edu.Viewer, id int64, published bool, at edu.InputPath) error {
	return s.writeRow(ctx, courseRow(id), func(tx *Tx) error {
		var c *edu.Course
		if err := tx.RunQueries(ctx, lockCourse(id, &c)); err != nil {
			return err
		}
		if err := c.AuthorizeEdit(v, at); err != nil || c.Published == published {
			return err
		}
		q := newStatement("SetCoursePublished", "UPDATE courses SET published_at = coalesce(published_at, now()), published = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(published), " WHERE id = ", q.bindArg(id)).buildQuery(nil))
	})
}

// PublishCourses publishes courses, all or none. Courses that are published already are not written. The
// parameter at is the path to the ids.
func (s *Store) PublishCourses(ctx context.Context, v edu.Viewer, ids []int64, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		courses := map[int64]*edu.Course{}
		lock := selectCourses("LockCourses", 0)
		lock.addSQL(" FROM courses c WHERE c.id = ANY (", lock.bindArg(ids), ") ORDER BY c.id FOR NO KEY UPDATE")
		if err := tx.RunQueries(ctx, lock.buildQuery(scanCourse(0, func(c *edu.Course) { courses[c.ID] = c }))); err != nil {
			return err
		}
		var problems edu.UserErrors
		for i, id := range ids {
			if found, rejected := errors.AsType[edu.UserErrors](courses[id].AuthorizeEdit(v, at.Subpath(i))); rejected {
				problems = append(problems, found...)
			}
		}
		if problems != nil {
			return problems
		}
		q := newStatement("PublishCourses", "UPDATE courses SET published_at = coalesce(published_at, now()), published = true WHERE NOT published AND id = ANY (")
		return tx.Commit(ctx, q.addSQL(q.bindArg(ids), ")").buildQuery(nil))
	})
}

// DeleteCourse deletes a course that was never taken, with its videos. The parameter at is the path to the id
// of the course.
func (s *Store) DeleteCourse(ctx context.Context, v edu.Viewer, id int64, at edu.InputPath) error {
	return s.writeRow(ctx, courseRow(id), func(tx *Tx) error {
		var c *edu.Course
		var taken bool
		if err := tx.RunQueries(ctx, lockCourse(id, &c), courseTaken(id, &taken)); err != nil {
			return err
		}
		if err := c.AuthorizeDelete(v, taken, at); err != nil {
			return err
		}
		q := newStatement("DeleteCourse", "DELETE FROM courses WHERE id = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(id)).buildQuery(nil))
	})
}

// courseTaken reads whether a course has anything of a student. An enrollment that ended leaves the watch
// time, the review and the certificate.
func courseTaken(id int64, into *bool) Query {
	s := newStatement("CourseTaken", "SELECT ")
	s.addSQL(takenCondition(s.bindArg(id), ""))
	return s.buildQuery(func(rows pgx.Rows) error { return rows.Scan(into) })
}

// takenCondition returns the SQL of whether a course has rows of users. A further condition calls each table of them x.
func takenCondition(course, further string) string {
	videos := "x.video_id IN (SELECT id FROM videos WHERE course_id = " + course + ")"
	ofCourse := "x.course_id = " + course
	return "(EXISTS (SELECT FROM enrollments x WHERE " + ofCourse + further + ") OR EXISTS (SELECT FROM reviews x WHERE " + ofCourse + further +
		") OR EXISTS (SELECT FROM certificates x WHERE " + ofCourse + further + ") OR EXISTS (SELECT FROM video_progress x WHERE " + videos + further + "))"
}
