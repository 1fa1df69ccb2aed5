package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// ReviewCourse writes the review of a viewer, which replaces an earlier one of the same course. The
// database sets its id, author and time.
func (s *Store) ReviewCourse(ctx context.Context, v edu.Viewer, r edu.Review, at edu.InputPath) (id int64, err error) {
	err = s.writeRow(ctx, courseRow(r.CourseID), func(tx *Tx) error {
		var c *edu.Course
		var existing *edu.Enrollment
		if err := tx.RunQueries(ctx, lockCourse(r.CourseID, &c), EnrollmentsInCourses(v.ID, []int64{r.CourseID}, assignTo(&existing))); err != nil {
			return err
		}
		if err := c.AuthorizeReview(v, existing != nil, at); err != nil {
			return err
		}
		q := newStatement("ReviewCourse", "INSERT INTO reviews (course_id, user_id, rating, body) VALUES (")
		q.addSQL(q.bindArg(r.CourseID), ", ", q.bindArg(v.ID), ", ", q.bindArg(r.Rating), ", ", q.bindArg(r.Body), `)
			ON CONFLICT (course_id, user_id) DO UPDATE SET rating = excluded.rating, body = excluded.body, created_at = now()
			RETURNING id`)
		return tx.Commit(ctx, q.buildQuery(scanInt64(&id)))
	})
	return id, err
}
