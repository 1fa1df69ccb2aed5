package store

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// authoredColumns are the columns of a course that its author gives, the category apart.
var authoredColumns = []struct {
	is    edu.Columns
	name  string
	value func(*edu.Course) any
}{
	{edu.CourseTitle, "title", func(c *edu.Course) any { return c.Title }},
	{edu.CourseDescription, "description", func(c *edu.Course) any { return c.Description }},
	{edu.CourseTags, "tags", func(c *edu.Course) any { return c.Tags }},
	{edu.CourseDifficulty, "difficulty", func(c *edu.Course) any { return strings.ToLower(string(c.Difficulty)) }},
	{edu.CoursePrice, "price", func(c *edu.Course) any { return string(c.Price.Amount) }},
	{edu.CourseDuration, "duration_seconds", func(c *edu.Course) any { return c.DurationSeconds }},
	{edu.CourseThumbnail, "thumbnail_url", func(c *edu.Course) any { return c.ThumbnailURL }},
}

// CreateCourse makes a course of a viewer's, not published, and returns its key.
// If its slug is taken it gets a suffix. At is the path to the course.
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
		return tx.Commit(ctx, q.buildQuery(scanInt64(&id)))
	})
	if err == nil && id == 0 {
		err = categoryNotFound(at.Subpath("categoryId"))
	}
	return id, err
}

// randomSlugSuffix is what tells a course from another whose title makes the same slug:
// one of a thousand million.
func randomSlugSuffix() string { return strings.ToLower(rand.Text()[:6]) }

func categoryNotFound(at edu.InputPath) edu.UserErrors {
	return at.UserErrorf(edu.UserNotFound, "there is no such category")
}

// UpdateCourse changes those columns of a course that are set, and its category
// unless the key of that is 0. Its slug stays. At is the path to the course.
func (s *Store) UpdateCourse(ctx context.Context, v edu.Viewer, c edu.Course, set edu.Columns, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		var before *edu.Course
		var videos edu.VideoTotals
		known := c.CategoryID == 0
		err := tx.RunQueries(ctx, lockCourse(c.ID, &before), videoTotals(c.ID, &videos),
			lockCategories([]int64{c.CategoryID}, func(int64) { known = true }))
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

// updateCourse writes what is set of a course, if that changes anything.
func updateCourse(c *edu.Course, set edu.Columns) Query {
	q := newStatement("UpdateCourse", "UPDATE courses c SET updated_at = now()")
	var names, values []string
	change := func(name string, value any) {
		names, values = append(names, "c."+name), append(values, q.bindArg(value))
		q.addSQL(", ", name, " = ", values[len(values)-1])
	}
	for _, a := range authoredColumns {
		if set.HasAny(a.is) {
			change(a.name, a.value(c))
		}
	}
	if c.CategoryID != 0 {
		change("category_id", c.CategoryID)
	}
	q.addSQL(" WHERE c.id = ", q.bindArg(c.ID), " AND (", strings.Join(names, ", "), ") IS DISTINCT FROM (", strings.Join(values, ", "), ")")
	return q.buildQuery(nil)
}

// lockCategories reads which of some categories there are, and keeps them there
// until the transaction ends.
func lockCategories(ids []int64, into func(id int64)) Query {
	s := newStatement("KnownCategories", "SELECT k.id FROM categories k WHERE k.id = ANY (")
	var id int64
	read := scanInt64(&id)
	return s.addSQL(s.bindArg(ids), ") FOR KEY SHARE").buildQuery(func(rows pgx.Rows) error {
		err := read(rows)
		into(id)
		return err
	})
}

// SetCoursePublished shows a course to everyone, or hides it. One that is as it should be
// stays as it is, and so does when it was first published. At is the path to the
// course's id.
func (s *Store) SetCoursePublished(ctx context.Context, v edu.Viewer, id int64, published bool, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		var c *edu.Course
		if err := tx.RunQueries(ctx, lockCourse(id, &c)); err != nil {
			return err
		}
		if err := c.AuthorizeEdit(v, at); err != nil || c.Published == published {
			return err
		}
		q := newStatement("SetPublished", "UPDATE courses SET published_at = coalesce(published_at, now()), published = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(published), " WHERE id = ", q.bindArg(id)).buildQuery(nil))
	})
}
