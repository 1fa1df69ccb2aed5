package edu

import "time"

// EnrollmentStatus is the learning progress of an enrollment.
type EnrollmentStatus string

// The states of an enrollment.
const (
	NotStarted EnrollmentStatus = "NOT_STARTED"
	InProgress EnrollmentStatus = "IN_PROGRESS"
	Completed  EnrollmentStatus = "COMPLETED"
)

// Enrollment is the enrollment of a user in a course.
type Enrollment struct {
	ID             int64
	UserID         int64
	CourseID       int64
	Progress       float64 // percent
	EnrolledAt     time.Time
	LastAccessedAt *time.Time
	CompletedAt    *time.Time
}

// GlobalID returns the global id of the enrollment.
func (e *Enrollment) GlobalID() ID { return NewID(KindEnrollment, e.ID) }

// IsNode marks an Enrollment as a Node of the GraphQL schema.
func (*Enrollment) IsNode() {}

// Status returns the state of the enrollment.
func (e *Enrollment) Status() EnrollmentStatus {
	switch {
	case e.CompletedAt != nil || e.Progress >= 100:
		return Completed
	case e.Progress > 0:
		return InProgress
	default:
		return NotStarted
	}
}

// EnrollmentOrderField is a field that enrollments can be sorted by.
type EnrollmentOrderField string

// The sort fields of enrollments.
const (
	EnrollmentsByEnrolledAt     EnrollmentOrderField = "ENROLLED_AT"
	EnrollmentsByLastAccessedAt EnrollmentOrderField = "LAST_ACCESSED_AT"
	EnrollmentsByProgress       EnrollmentOrderField = "PROGRESS"
)

// EnrollmentOrder is a sort order of enrollments.
type EnrollmentOrder struct {
	Field     EnrollmentOrderField
	Direction OrderDirection
}

// The default orders of enrollments: LastOpenedEnrollments for the list of a user,
// NewestEnrollments for the list of a course.
var (
	LastOpenedEnrollments = EnrollmentOrder{EnrollmentsByLastAccessedAt, Descending}
	NewestEnrollments     = EnrollmentOrder{EnrollmentsByEnrolledAt, Descending}
)

// OrDefault returns the order, or LastOpenedEnrollments for nil.
func (o *EnrollmentOrder) OrDefault() EnrollmentOrder {
	if o == nil {
		return LastOpenedEnrollments
	}
	return *o
}

// SortOrder returns the sort order of the list.
func (o EnrollmentOrder) SortOrder() SortOrder {
	kind := TimeValue
	if o.Field == EnrollmentsByProgress {
		kind = FloatValue
	}
	return SortOrder{Name: "enrollments." + string(o.Field) + "." + string(o.Direction), Kind: kind, Desc: o.Direction == Descending}
}

// EnrollmentCursor returns the cursor of an enrollment in the order.
func (o EnrollmentOrder) EnrollmentCursor(e *Enrollment) Cursor {
	at := Cursor{Order: o.SortOrder().Name, ID: e.ID}
	switch o.Field {
	case EnrollmentsByProgress:
		at.Value = NewFloatValue(e.Progress)
	case EnrollmentsByEnrolledAt:
		at.Value = NewTimeValue(e.EnrolledAt)
	default:
		at.Value = NewTimeValue(e.lastOpenedAt())
	}
	return at
}

// lastOpenedAt returns the time at which the course was last opened. If it never was, that is the
// time of the enrollment.
func (e *Enrollment) lastOpenedAt() time.Time {
	if e.LastAccessedAt == nil {
		return e.EnrolledAt
	}
	return *e.LastAccessedAt
}
