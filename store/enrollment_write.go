package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

// lockCourse reads a course and keeps others from changing it, or its counters,
// until the transaction ends. Not FOR SHARE: two writers that hold that, and then
// both want to count, wait for each other.
func lockCourse(id int64, into **edu.Course) Query {
	s := selectCourses("LockCourse", 0)
	s.add(" FROM courses c WHERE c.id = ", s.arg(id), " FOR NO KEY UPDATE")
	return s.into(scanCourse(0, func(c *edu.Course) { *into = c }))
}

func keep[T any](into **T) func(*T) { return func(row *T) { *into = row } }

// Enroll makes a viewer take a course.
func (s *Store) Enroll(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) (*edu.Enrollment, error) {
	var made *edu.Enrollment
	err := s.Write(ctx, func(tx *Tx) error {
		var c *edu.Course
		var taken *edu.Enrollment
		made = nil
		if err := tx.Run(ctx, lockCourse(course, &c), EnrollmentsOfUserIn(v.ID, []int64{course}, keep(&taken))); err != nil {
			return err
		}
		if err := c.CheckEnroll(v, taken != nil, at); err != nil {
			return err
		}
		q := sql("Enroll", "INSERT INTO enrollments AS e (user_id, course_id) VALUES (")
		q.add(q.arg(v.ID), ", ", q.arg(course), ") ON CONFLICT DO NOTHING RETURNING ", enrollmentColumns)
		return tx.Commit(ctx, q.into(scanEnrollment(keep(&made))))
	})
	if err == nil && made == nil { // someone else's SQL came between, without the lock
		err = at.Refuse(edu.UserAlreadyExists, "the viewer takes this course already")
	}
	return made, err
}

// Unenroll makes a viewer leave a course.
func (s *Store) Unenroll(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) error {
	return s.Write(ctx, func(tx *Tx) error {
		var c *edu.Course
		var taken *edu.Enrollment
		if err := tx.Run(ctx, lockCourse(course, &c), EnrollmentsOfUserIn(v.ID, []int64{course}, keep(&taken))); err != nil {
			return err
		}
		if err := c.CheckUnenroll(v, taken != nil, at); err != nil {
			return err
		}
		q := sql("Unenroll", "DELETE FROM enrollments e WHERE e.id = ")
		return tx.Commit(ctx, q.add(q.arg(taken.ID)).into(nil))
	})
}
