package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// ReviewCourse writes a viewer's review of a course, in the place of the one they
// wrote before. Its id, author and time are the database's.
func (s *Store) ReviewCourse(ctx context.Context, v edu.Viewer, r edu.Review, at edu.InputPath) (id int64, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		var c *edu.Course
		var taken *edu.Enrollment
		if err := tx.Run(ctx, lockCourse(r.CourseID, &c), EnrollmentsOfUserIn(v.ID, []int64{r.CourseID}, keep(&taken))); err != nil {
			return err
		}
		if err := c.CheckReview(v, taken != nil, at); err != nil {
			return err
		}
		q := sql("ReviewCourse", "INSERT INTO reviews (course_id, user_id, rating, body) VALUES (")
		q.add(q.arg(r.CourseID), ", ", q.arg(v.ID), ", ", q.arg(r.Rating), ", ", q.arg(r.Body), `)
			ON CONFLICT (course_id, user_id) DO UPDATE SET rating = excluded.rating, body = excluded.body, created_at = now()
			RETURNING id`)
		return tx.Commit(ctx, q.into(scanKey(&id)))
	})
	return id, err
}
