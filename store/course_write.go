package store

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// authored are the columns of a course that its author gives, the category apart.
var authored = []struct {
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
	err = s.Write(ctx, func(tx *Tx) error {
		id = 0
		q := sql("CreateCourse", "INSERT INTO courses (instructor_id")
		for _, a := range authored {
			q.add(", ", a.name)
		}
		q.add(", slug, category_id) SELECT ", q.arg(v.ID))
		for _, a := range authored {
			q.add(", ", q.arg(a.value(&c)))
		}
		slug := q.arg(c.Slug) + "::text"
		q.add(", CASE WHEN EXISTS (SELECT FROM courses t WHERE t.slug = ", slug, ") THEN ", slug, " || '-' || ", q.arg(slugSuffix()), "::text ELSE ", slug, " END")
		q.add(", k.id FROM categories k WHERE k.id = ", q.arg(c.CategoryID), " RETURNING id")
		return tx.Commit(ctx, q.into(scanKey(&id)))
	})
	if err == nil && id == 0 {
		err = noCategory(at.At("categoryId"))
	}
	return id, err
}

// slugSuffix is what tells a course from another whose title makes the same slug:
// one of a thousand million.
func slugSuffix() string { return strings.ToLower(rand.Text()[:6]) }

func noCategory(at edu.InputPath) edu.UserErrors {
	return at.Refuse(edu.UserNotFound, "there is no such category")
}

// UpdateCourse changes those columns of a course that are set, and its category
// unless the key of that is 0. Its slug stays. At is the path to the course.
func (s *Store) UpdateCourse(ctx context.Context, v edu.Viewer, c edu.Course, set edu.Columns, at edu.InputPath) error {
	return s.Write(ctx, func(tx *Tx) error {
		var before *edu.Course
		var videos edu.VideoTotals
		known := c.CategoryID == 0
		err := tx.Run(ctx, lockCourse(c.ID, &before), videoTotals(c.ID, &videos),
			knownCategories([]int64{c.CategoryID}, func(int64) { known = true }))
		if err != nil {
			return err
		}
		if err := before.CheckEdit(v, at.At("id")); err != nil {
			return err
		}
		if !known {
			return noCategory(at.At("categoryId"))
		}
		if set.Has(edu.CourseDuration) {
			if err := videos.CheckDuration(c.DurationSeconds, at.At("durationSeconds")); err != nil {
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
	q := sql("UpdateCourse", "UPDATE courses c SET updated_at = now()")
	var names, values []string
	change := func(name string, value any) {
		names, values = append(names, "c."+name), append(values, q.arg(value))
		q.add(", ", name, " = ", values[len(values)-1])
	}
	for _, a := range authored {
		if set.Has(a.is) {
			change(a.name, a.value(c))
		}
	}
	if c.CategoryID != 0 {
		change("category_id", c.CategoryID)
	}
	q.add(" WHERE c.id = ", q.arg(c.ID), " AND (", strings.Join(names, ", "), ") IS DISTINCT FROM (", strings.Join(values, ", "), ")")
	return q.into(nil)
}

// knownCategories reads which of some categories there are, and keeps them there
// until the transaction ends.
func knownCategories(ids []int64, into func(id int64)) Query {
	s := sql("KnownCategories", "SELECT k.id FROM categories k WHERE k.id = ANY (")
	var id int64
	read := scanKey(&id)
	return s.add(s.arg(ids), ") FOR KEY SHARE").into(func(rows pgx.Rows) error {
		err := read(rows)
		into(id)
		return err
	})
}

// SetPublished shows a course to everyone, or hides it. One that is as it should be
// stays as it is, and so does when it was first published. At is the path to the
// course's id.
func (s *Store) SetPublished(ctx context.Context, v edu.Viewer, id int64, published bool, at edu.InputPath) error {
	return s.Write(ctx, func(tx *Tx) error {
		var c *edu.Course
		if err := tx.Run(ctx, lockCourse(id, &c)); err != nil {
			return err
		}
		if err := c.CheckEdit(v, at); err != nil || c.Published == published {
			return err
		}
		q := sql("SetPublished", "UPDATE courses SET published_at = coalesce(published_at, now()), published = ")
		return tx.Commit(ctx, q.add(q.arg(published), " WHERE id = ", q.arg(id)).into(nil))
	})
}
