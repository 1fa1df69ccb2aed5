package store

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// LastPublishedCourse reads the greatest id of a published course, 0 if there is none.
func LastPublishedCourse(into *int64) Query {
	return newStatement("LastPublishedCourse", "SELECT coalesce(max(c.id), 0) FROM courses c WHERE c.published").dependOn(edu.TagCourses).buildQuery(scanInt64(into))
}

// PublishedSlugs reads the slugs of the published courses with ids above after, up to through, and the times of their
// last changes, by id.
func PublishedSlugs(after, through int64, into func(slug string, updatedAt time.Time)) Query {
	s := newStatement("PublishedSlugs", "SELECT c.id, c.slug, c.updated_at FROM courses c WHERE c.published").dependOn(edu.TagCourses)
	s.addCondition("c.id > %", after).addCondition("c.id <= %", through).addSQL(" ORDER BY c.id")
	var id int64
	var slug string
	var updatedAt time.Time
	return s.buildQuery(func(rows pgx.Rows) error {
		err := rows.Scan(&id, &slug, &updatedAt)
		into(slug, updatedAt)
		return err
	}, rowTag{edu.TagCourse, &id})
}
