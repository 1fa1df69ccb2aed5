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
	s.addSQL(" FROM courses c WHERE c.id = ", s.bindArg(id), " FOR NO KEY UPDATE")
	return s.buildQuery(scanCourse(0, func(c *edu.Course) { *into = c }))
}

func assignTo[T any](into **T) func(*T) { return func(row *T) { *into = row } }

// Enroll makes a viewer take a course.
func (s *Store) Enroll(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) (*edu.Enrollment, error) {
	var made *edu.Enrollment
	err := s.WriteInTx(ctx, func(tx *Tx) error {
		var c *edu.Course
		var existing *edu.Enrollment
		made = nil
		if err := tx.RunQueries(ctx, lockCourse(course, &c), EnrollmentsInCourses(v.ID, []int64{course}, assignTo(&existing))); err != nil {
			return err
		}
		if err := c.AuthorizeEnroll(v, existing != nil, at); err != nil {
			return err
		}
		q := newStatement("Enroll", "INSERT INTO enrollments AS e (user_id, course_id) VALUES (")
		q.addSQL(q.bindArg(v.ID), ", ", q.bindArg(course), ") ON CONFLICT DO NOTHING RETURNING ", enrollmentColumns)
		return tx.Commit(ctx, q.buildQuery(scanEnrollment(assignTo(&made))))
	})
	if err == nil && made == nil { // someone else's SQL came between, without the lock
		err = at.UserErrorf(edu.UserAlreadyExists, "the viewer takes this course already")
	}
	return made, err
}

// Unenroll makes a viewer leave a course.
func (s *Store) Unenroll(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
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
