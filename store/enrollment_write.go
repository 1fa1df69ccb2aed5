package store

import (
	"context"
	"errors"
	"maps"
	"slices"

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

// Enroll enrolls a viewer in a course, with the progress of what the viewer watched there before. Calls that wait for one
// course share a transaction, unless they are part of a larger one.
func (s *Store) Enroll(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) (*edu.Enrollment, error) {
	call := &enrollCall{viewer: v, at: at}
	if s.outerTx != nil {
		return s.enrollAlone(ctx, course, call)
	}
	g := s.enrollGroups.join(ctx, course, call, func(ctx context.Context, g *enrollGroup) error {
		return s.enroll(ctx, course, call, func() []*enrollCall { return s.enrollGroups.close(course, g) })
	})
	select {
	case <-g.ended:
	case <-ctx.Done():
		if !s.enrollGroups.leave(course, g, call) {
			return nil, convertError(context.Cause(ctx))
		}
		<-g.ended
	}
	if len(g.calls) > 1 && failsOneCall(g.err) {
		return s.enrollAlone(ctx, course, call)
	}
	return call.result(g.err)
}

// failsOneCall reports whether an error of a transaction may be that of one of its calls, such as a deleted account.
func failsOneCall(err error) bool {
	_, rejected := errors.AsType[edu.UserErrors](err)
	return err != nil && !rejected && !errors.Is(err, edu.Unavailable)
}

// enrollAlone makes one call in a transaction of its own.
func (s *Store) enrollAlone(ctx context.Context, course int64, call *enrollCall) (*edu.Enrollment, error) {
	return call.result(s.enroll(ctx, course, call, func() []*enrollCall { return []*enrollCall{call} }))
}

// enroll makes the calls that list returns once the course is locked. The enrollment of the first one is read with the
// lock, and those of the others after it.
func (s *Store) enroll(ctx context.Context, course int64, first *enrollCall, list func() []*enrollCall) error {
	return s.writeRow(ctx, courseRow(course), func(tx *Tx) error {
		var c *edu.Course
		enrolled := map[int64]bool{} // viewers
		readEnrollment := func(call *enrollCall) Query {
			return EnrollmentsInCourses(call.viewer.ID, []int64{course}, func(*edu.Enrollment) { enrolled[call.viewer.ID] = true })
		}
		if err := tx.RunQueries(ctx, lockCourse(course, &c), readEnrollment(first)); err != nil {
			return err
		}
		calls := list()
		var others []Query
		for _, call := range calls {
			if call != first {
				others = append(others, readEnrollment(call))
			}
		}
		if len(others) > 0 {
			if err := tx.RunQueries(ctx, others...); err != nil {
				return err
			}
		}
		accepted := map[int64]*enrollCall{} // by viewer
		for _, call := range calls {
			viewer := call.viewer.ID
			if call.rejection = c.AuthorizeEnroll(call.viewer, enrolled[viewer], call.at); call.rejection == nil {
				accepted[viewer], enrolled[viewer] = call, true
			}
		}
		if len(accepted) == 0 && len(calls) > 0 {
			return calls[0].rejection
		}
		return s.commitEnrollments(ctx, tx, course, accepted)
	})
}

// commitEnrollments inserts the enrollments of calls, by viewer, and commits.
func (s *Store) commitEnrollments(ctx context.Context, tx *Tx, course int64, calls map[int64]*enrollCall) error {
	q := newStatement("Enroll", "INSERT INTO enrollments AS e (user_id, course_id, progress, completed_at) SELECT t.user_id, ")
	usersArg, courseArg := q.bindArg(slices.Sorted(maps.Keys(calls))), q.bindArg(course)
	q.addSQL(courseArg, "::bigint, ", enrolledProgress, " FROM unnest(", usersArg, "::bigint[]) AS t (user_id) LEFT JOIN (",
		watchedShares("ARRAY["+courseArg+"::bigint]", " AND p.user_id = ANY ("+usersArg+")"), ") w USING (user_id) ORDER BY t.user_id ON CONFLICT DO NOTHING RETURNING ", enrollmentColumns)
	inserted := map[int64]*edu.Enrollment{}
	err := tx.Commit(ctx, q.buildQuery(scanEnrollment(func(e *edu.Enrollment) { inserted[e.UserID] = e })))
	for viewer, call := range calls {
		if call.enrollment = inserted[viewer]; err == nil && call.enrollment == nil { // another client of the database inserted it without the lock
			call.rejection = call.at.Reject(edu.UserAlreadyExists, "the viewer is already enrolled in this course")
		}
	}
	return err
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
