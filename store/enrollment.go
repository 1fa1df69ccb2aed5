package store

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const (
	enrollmentColumns = "e.id, e.user_id, e.course_id, e.progress::float8, e.enrolled_at, e.last_accessed_at, e.completed_at"

	// lastOpenedAt is the time at which a course was last opened. If it never was, that is the
	// time of the enrollment.
	lastOpenedAt = "coalesce(e.last_accessed_at, e.enrolled_at)"
	// completedCondition selects the enrollments whose edu.Enrollment.Status is completed.
	completedCondition = "(e.completed_at IS NOT NULL OR e.progress = 100)"
)

var enrollmentSortKeys = map[edu.EnrollmentOrderField]string{
	edu.EnrollmentsByEnrolledAt:     "e.enrolled_at",
	edu.EnrollmentsByLastAccessedAt: lastOpenedAt,
	edu.EnrollmentsByProgress:       "e.progress::float8",
}

// statusConditions is the SQL condition of each edu.EnrollmentStatus.
var statusConditions = map[edu.EnrollmentStatus]string{
	edu.Completed:  " AND " + completedCondition,
	edu.InProgress: " AND NOT " + completedCondition + " AND e.progress > 0",
	edu.NotStarted: " AND NOT " + completedCondition + " AND e.progress = 0",
}

// EnrollmentsByID reads enrollments by id, in no particular order.
func EnrollmentsByID(ids []int64, into func(*edu.Enrollment)) Query {
	s := newStatement("EnrollmentsByID", "SELECT ", enrollmentColumns, " FROM enrollments e WHERE e.id = ANY (")
	return s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagEnrollment).buildQuery(scanEnrollment(into))
}

// EnrollmentsInCourses reads the enrollments of a user in some courses. into is not called for
// courses that the user is not enrolled in.
func EnrollmentsInCourses(user int64, courses []int64, into func(*edu.Enrollment)) Query {
	s := newStatement("EnrollmentsInCourses", "SELECT ", enrollmentColumns, " FROM enrollments e WHERE e.user_id = ")
	return s.addSQL(s.bindArg(user), " AND e.course_id = ANY (", s.bindArg(courses), ")").dependOnID(user, edu.TagUserEnrollments).buildQuery(scanEnrollment(into))
}

// EnrollmentList selects the enrollments of a user by status, and their order. An empty status
// selects all.
type EnrollmentList struct {
	Status edu.EnrollmentStatus
	Order  edu.EnrollmentOrder
}

// EnrollmentsByUser reads the same page of the enrollments of each user.
func EnrollmentsByUser(ids []int64, l EnrollmentList, p edu.PageArgs, into func(user int64, e *edu.Enrollment)) Query {
	s := newStatement("EnrollmentsByUser", "SELECT ", enrollmentColumns, " FROM unnest(")
	s.addSQL(s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM enrollments e WHERE e.user_id = parent.id`, statusConditions[l.Status])
	s.addPageClause(l.Order.SortOrder(), enrollmentSortKeys[l.Order.Field], "e.id", p).addSQL(") e").dependOnEach(ids, edu.TagUserEnrollments)
	return s.buildQuery(scanEnrollment(func(e *edu.Enrollment) { into(e.UserID, e) }))
}

// CountEnrollmentsByUser counts the enrollments of each user in a state. into is not called for
// users without any.
func CountEnrollmentsByUser(ids []int64, status edu.EnrollmentStatus, into func(user int64, n int)) Query {
	s := newStatement("CountEnrollmentsByUser", "SELECT e.user_id, count(*) FROM enrollments e WHERE e.user_id = ANY (")
	return s.addSQL(s.bindArg(ids), ")", statusConditions[status], " GROUP BY e.user_id").dependOnEach(ids, edu.TagUserEnrollments).buildQuery(scanKeyedCount(into))
}

// EnrollmentsByCourse reads the same page of the enrollments in each course, the newest first.
func EnrollmentsByCourse(ids []int64, p edu.PageArgs, into func(course int64, e *edu.Enrollment)) Query {
	s := newStatement("EnrollmentsByCourse", "SELECT ", enrollmentColumns, " FROM unnest(")
	s.addSQL(s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM enrollments e WHERE e.course_id = parent.id`)
	s.addPageClause(edu.NewestEnrollments.SortOrder(), "e.enrolled_at", "e.id", p).addSQL(") e").dependOnEach(ids, edu.TagCourseEnrollments)
	return s.buildQuery(scanEnrollment(func(e *edu.Enrollment) { into(e.CourseID, e) }))
}

// RecentEnrollments reads the enrollments of a user that were touched since a time, the latest
// first.
func RecentEnrollments(user int64, since time.Time, first int, into func(*edu.Enrollment)) Query {
	s := newStatement("RecentEnrollments", "SELECT ", enrollmentColumns, " FROM enrollments e WHERE e.user_id = ")
	s.addSQL(s.bindArg(user), " AND ", lastOpenedAt, " >= ", s.bindArg(since)).dependOnID(user, edu.TagUserEnrollments)
	return s.addSQL(" ORDER BY ", lastOpenedAt, " DESC, e.id DESC LIMIT ", s.bindArg(first)).buildQuery(scanEnrollment(into))
}

// ContinuedEnrollments reads the enrollments of a user that were begun and are not completed, the last opened
// first.
func ContinuedEnrollments(user int64, first int, into func(*edu.Enrollment)) Query {
	s := newStatement("ContinuedEnrollments", "SELECT ", enrollmentColumns, " FROM enrollments e WHERE e.user_id = ")
	s.addSQL(s.bindArg(user), " AND NOT ", completedCondition, " AND (e.last_accessed_at IS NOT NULL OR e.progress > 0)").dependOnID(user, edu.TagUserEnrollments)
	return s.addSQL(" ORDER BY ", lastOpenedAt, " DESC, e.id DESC LIMIT ", s.bindArg(first)).buildQuery(scanEnrollment(into))
}

func scanEnrollment(into func(*edu.Enrollment)) func(pgx.Rows) error {
	var e edu.Enrollment
	targets := []any{&e.ID, &e.UserID, &e.CourseID, &e.Progress, &e.EnrolledAt, &e.LastAccessedAt, &e.CompletedAt}
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := e
		into(&row)
		return nil
	}
}
