package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// ReviewCourse writes the review of a viewer, which replaces an earlier one of the same course: its id, its
// time and the reply to it stay.
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
			ON CONFLICT (course_id, user_id) DO UPDATE SET rating = excluded.rating, body = excluded.body,
				updated_at = CASE WHEN (reviews.rating, reviews.body) = (excluded.rating, excluded.body) THEN reviews.updated_at ELSE now() END
			RETURNING id`)
		return tx.Commit(ctx, q.buildQuery(scanInt64(&id)))
	})
	return id, err
}

// DeleteReview deletes a review of the viewer, or any review for an admin, and returns the id of its course.
// The parameter at is the path to the id of the review.
func (s *Store) DeleteReview(ctx context.Context, v edu.Viewer, id int64, at edu.InputPath) (course int64, err error) {
	err = s.WriteInTx(ctx, func(tx *Tx) error {
		c, r, err := lockReviewedCourse(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := r.AuthorizeDelete(c, v, at); err != nil {
			return err
		}
		course = c.ID
		q := newStatement("DeleteReview", "DELETE FROM reviews WHERE id = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(id)).buildQuery(nil))
	})
	return course, err
}

// ReplyToReview writes the reply to a review, which replaces an earlier one. The parameter at is the path to
// the id of the review.
func (s *Store) ReplyToReview(ctx context.Context, v edu.Viewer, id int64, body string, at edu.InputPath) error {
	q := newStatement("ReplyToReview", "UPDATE reviews SET reply_updated_at = now(), replied_at = coalesce(replied_at, now()), reply = ")
	bodyArg, userArg := q.bindArg(body), q.bindArg(v.ID)
	q.addSQL(bodyArg, ", replied_by = ", userArg, " WHERE id = ", q.bindArg(id), " AND (reply, replied_by) IS DISTINCT FROM (", bodyArg, ", ", userArg, ")")
	return s.writeReply(ctx, v, id, q.buildQuery(nil), at)
}

// DeleteReviewReply deletes the reply to a review, if there is one. The parameter at is the path to the id of
// the review.
func (s *Store) DeleteReviewReply(ctx context.Context, v edu.Viewer, id int64, at edu.InputPath) error {
	q := newStatement("DeleteReviewReply", "UPDATE reviews SET reply = NULL, replied_at = NULL, reply_updated_at = NULL, replied_by = NULL WHERE reply IS NOT NULL AND id = ")
	return s.writeReply(ctx, v, id, q.addSQL(q.bindArg(id)).buildQuery(nil), at)
}

// writeReply sends a statement that changes the reply to a review, for viewers who may reply.
func (s *Store) writeReply(ctx context.Context, v edu.Viewer, id int64, write Query, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		c, r, err := lockReviewedCourse(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := r.AuthorizeReply(c, v, at); err != nil {
			return err
		}
		return tx.Commit(ctx, write)
	})
}

// lockReviewedCourse locks the course of a review, as all writers of its reviews do, and reads the review.
// Either is nil if it is missing.
func lockReviewedCourse(ctx context.Context, tx *Tx, id int64) (c *edu.Course, r *edu.Review, err error) {
	lock := selectCourses("LockReviewedCourse", 0)
	lock.addSQL(" FROM courses c WHERE c.id = (SELECT course_id FROM reviews WHERE id = ", lock.bindArg(id), ") FOR NO KEY UPDATE")
	err = tx.RunQueries(ctx, lock.buildQuery(scanCourse(0, assignTo(&c))), ReviewsByID([]int64{id}, assignTo(&r)))
	return c, r, err
}
