package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// lockCourse reads a course and locks it and its counters against changes until the transaction
// ends. It does not use FOR SHARE: two writers that hold a shared lock and both update the counters
// would deadlock.
func lockCourse(id int64, into **edu.Course) Query {
	s := selectCourses("LockCourse", 0)
	s.addSQL(" FROM courses c WHERE c.id = ", s.bindArg(id), " FOR NO KEY UPDATE")
	return s.buildQuery(scanCourse(0, func(c *edu.Course) { *into = c }))
}

// assignTo returns a function that stores a row.
func assignTo[T any](into **T) func(*T) { return func(row *T) { *into = row } }

// enrolledProgress selects the progress and the time of completion of a new enrollment, from the row of
// watchedShares w.
const enrolledProgress = "coalesce(w.progress, 0), CASE WHEN w.progress >= 100 THEN now() END"

// Enroll enrolls a viewer in a course, with the progress of what the viewer watched there before.
func (s *Store) Enroll(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) (*edu.Enrollment, error) {
	var enrollment *edu.Enrollment
	err := s.writeRow(ctx, courseRow(course), func(tx *Tx) error {
		var c *edu.Course
		var existing *edu.Enrollment
		enrollment = nil
		if err := tx.RunQueries(ctx, lockCourse(course, &c), EnrollmentsInCourses(v.ID, []int64{course}, assignTo(&existing))); err != nil {
			return err
		}
		if err := c.AuthorizeEnroll(v, existing != nil, at); err != nil {
			return err
		}
		q := newStatement("Enroll", "INSERT INTO enrollments AS e (user_id, course_id, progress, completed_at) SELECT t.user_id, t.course_id, ")
		userArg, courseArg := q.bindArg(v.ID), q.bindArg(course)
		q.addSQL(enrolledProgress, " FROM (VALUES (", userArg, "::bigint, ", courseArg, "::bigint)) AS t (user_id, course_id) LEFT JOIN (",
			watchedShares("ARRAY["+courseArg+"::bigint]", " AND p.user_id = "+userArg), ") w USING (user_id, course_id) ON CONFLICT DO NOTHING RETURNING ", enrollmentColumns)
		return tx.Commit(ctx, q.buildQuery(scanEnrollment(assignTo(&enrollment))))
	})
	if err == nil && enrollment == nil { // another client of the database inserted it without the lock
		err = at.Reject(edu.UserAlreadyExists, "the viewer is already enrolled in this course")
	}
	return enrollment, err
}

// Unenroll ends the enrollment of a viewer in a course.
func (s *Store) Unenroll(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) error {
	return s.writeRow(ctx, courseRow(course), func(tx *Tx) error {
		var c *edu.Course
		var existing *edu.Enrollment
		if err := tx.RunQueries(ctx, lockCourse(course, &c), EnrollmentsInCourses(v.ID, []int64{course}, assignTo(&existing))); err != nil {
			return err
		}
		if err := c.AuthorizeUnenroll(v, existing != nil, at); err != nil {
			return err
		}
		q := newStatement("Unenroll", "DELETE FROM enrollments e WHERE e.id = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(existing.ID)).buildQuery(nil))
	})
}
