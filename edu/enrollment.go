package edu

import "time"

// EnrollmentStatus is how far an enrollment has come.
type EnrollmentStatus string

// The states of an enrollment.
const (
	NotStarted EnrollmentStatus = "NOT_STARTED"
	InProgress EnrollmentStatus = "IN_PROGRESS"
	Completed  EnrollmentStatus = "COMPLETED"
)

// Enrollment is someone taking a course.
type Enrollment struct {
	ID             int64
	UserID         int64
	CourseID       int64
	Progress       float64 // percent
	EnrolledAt     time.Time
	LastAccessedAt *time.Time
	CompletedAt    *time.Time
}

// GlobalID returns the enrollment's id as clients know it.
func (e *Enrollment) GlobalID() ID { return NewID(KindEnrollment, e.ID) }

// IsNode marks an Enrollment as a Node of the GraphQL schema.
func (*Enrollment) IsNode() {}

// Status returns how far the enrollment has come.
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

// EnrollmentOrderField is what enrollments can be ordered by.
type EnrollmentOrderField string

// The fields that enrollments can be ordered by.
const (
	EnrollmentsByEnrolledAt     EnrollmentOrderField = "ENROLLED_AT"
	EnrollmentsByLastAccessedAt EnrollmentOrderField = "LAST_ACCESSED_AT"
	EnrollmentsByProgress       EnrollmentOrderField = "PROGRESS"
)

// EnrollmentOrder is an order of enrollments.
type EnrollmentOrder struct {
	Field     EnrollmentOrderField
	Direction OrderDirection
}

// Orders that enrollments are in without being asked to: a user's by when they
// were last opened, a course's by when they were made.
var (
	LastOpenedEnrollments = EnrollmentOrder{EnrollmentsByLastAccessedAt, Descending}
	NewestEnrollments     = EnrollmentOrder{EnrollmentsByEnrolledAt, Descending}
)

// OrDefault returns the order itself, or last opened first for nil.
func (o *EnrollmentOrder) OrDefault() EnrollmentOrder {
	if o == nil {
		return LastOpenedEnrollments
	}
	return *o
}

// SortOrder returns the list's order.
func (o EnrollmentOrder) SortOrder() SortOrder {
	kind := TimeValue
	if o.Field == EnrollmentsByProgress {
		kind = FloatValue
	}
	return SortOrder{Name: "enrollments." + string(o.Field) + "." + string(o.Direction), Kind: kind, Desc: o.Direction == Descending}
}

// EnrollmentCursor returns the place of an enrollment in the order.
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

// lastOpenedAt is when the course was last opened, or when the enrollment was made
// for one that never was.
func (e *Enrollment) lastOpenedAt() time.Time {
	if e.LastAccessedAt == nil {
		return e.EnrolledAt
	}
	return *e.LastAccessedAt
}
