package store

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// UserBySlug reads the id of the user with a slug. into is not called if there is none.
func UserBySlug(slug string, into func(id int64)) Query {
	var id int64
	s := newStatement("UserBySlug", "SELECT u.id FROM users u WHERE u.slug = ")
	q := s.addSQL(s.bindArg(slug)).buildQuery(func(rows pgx.Rows) error {
		err := rows.Scan(&id)
		into(id)
		return err
	}, rowTag{edu.TagUser, &id})
	q.notFoundTag = edu.TagUsersSlugs
	return q
}

// InstructorFigures reads the figures of the published courses of instructors. into is not called for users
// without one.
func InstructorFigures(ids []int64, into func(*edu.InstructorFigures)) Query {
	s := newStatement("InstructorFigures", `SELECT c.instructor_id, count(*), sum(c.enrollment_count), sum(c.review_count),
		sum(c.rating_sum)::float8 / nullif(sum(c.review_count), 0) FROM courses c WHERE c.published AND c.instructor_id = ANY (`)
	s.addSQL(s.bindArg(ids), ") GROUP BY c.instructor_id").dependOnEach(ids, edu.TagUserCourses, edu.TagTeaching)
	return s.buildQuery(func(rows pgx.Rows) error {
		f := &edu.InstructorFigures{}
		err := rows.Scan(&f.InstructorID, &f.Courses, &f.Students, &f.Reviews, &f.Rating)
		into(f)
		return err
	})
}

// InstructorProfileChanges are the new values of an instructor's profile; nil leaves a value as it is.
type InstructorProfileChanges struct {
	Headline, Bio *string
	Links         []edu.InstructorLink
}

// UpdateInstructorProfile changes the profile of the viewer.
func (s *Store) UpdateInstructorProfile(ctx context.Context, v edu.Viewer, c InstructorProfileChanges) error {
	var links []byte
	if c.Links != nil {
		var err error
		if links, err = json.Marshal(c.Links); err != nil {
			return err
		}
	}
	return s.updateViewer(ctx, v, func() *statement {
		q := newStatement("UpdateInstructorProfile", "UPDATE users SET headline = coalesce(")
		return q.addSQL(q.bindArg(c.Headline), "::text, headline), bio = coalesce(", q.bindArg(c.Bio), "::text, bio), links = coalesce(", q.bindArg(links), "::jsonb, links)")
	})
}
