package edu

import (
	"io"
	"slices"
	"strings"
)

// The enums of the schema. Their texts are checked here to the letter, because
// the validation of variables takes any case.

// MarshalGQL writes the value as a JSON string.
func (e Role) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *Role) UnmarshalGQL(v any) error {
	return readEnum(v, e, RoleStudent, RoleInstructor, RoleAdmin)
}

// MarshalGQL writes the value as a JSON string.
func (e Plan) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *Plan) UnmarshalGQL(v any) error { return readEnum(v, e, PlanFree, PlanPremium) }

// MarshalGQL writes the value as a JSON string.
func (e Difficulty) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *Difficulty) UnmarshalGQL(v any) error {
	return readEnum(v, e, DifficultyBeginner, DifficultyIntermediate, DifficultyAdvanced)
}

// MarshalGQL writes the value as a JSON string.
func (e PriceFilter) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *PriceFilter) UnmarshalGQL(v any) error { return readEnum(v, e, PriceFree, PricePaid) }

// MarshalGQL writes the value as a JSON string.
func (e CourseOrderField) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *CourseOrderField) UnmarshalGQL(v any) error {
	return readEnum(v, e, CoursesByPublishedAt, CoursesByTitle, CoursesByPrice, CoursesByRating, CoursesByEnrollments)
}

// MarshalGQL writes the value as a JSON string.
func (e OrderDirection) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *OrderDirection) UnmarshalGQL(v any) error { return readEnum(v, e, Ascending, Descending) }

// MarshalGQL writes the value as a JSON string.
func (e EnrollmentStatus) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *EnrollmentStatus) UnmarshalGQL(v any) error {
	return readEnum(v, e, NotStarted, InProgress, Completed)
}

// MarshalGQL writes the value as a JSON string.
func (e EnrollmentOrderField) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *EnrollmentOrderField) UnmarshalGQL(v any) error {
	return readEnum(v, e, EnrollmentsByEnrolledAt, EnrollmentsByLastAccessedAt, EnrollmentsByProgress)
}

// MarshalGQL writes the value as a JSON string.
func (e SearchSort) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *SearchSort) UnmarshalGQL(v any) error {
	return readEnum(v, e, SortRelevance, SortRating, SortEnrollments, SortNewest)
}

// MarshalGQL writes the value as a JSON string.
func (e Interval) MarshalGQL(w io.Writer) { writeEnum(w, string(e)) }

// UnmarshalGQL reads one of the values.
func (e *Interval) UnmarshalGQL(v any) error {
	return readEnum(v, e, IntervalDay, IntervalWeek, IntervalMonth)
}

func writeEnum(w io.Writer, s string) {
	var buf [32]byte
	b := append(buf[:0], '"')
	b = append(b, s...)
	_, _ = w.Write(append(b, '"'))
}

func readEnum[T ~string](v any, to *T, values ...T) error {
	s, _ := v.(string)
	if !slices.Contains(values, T(s)) {
		names := make([]string, len(values))
		for i, value := range values {
			names[i] = string(value)
		}
		return Errorf(BadUserInput, "this must be one of %s", strings.Join(names, ", "))
	}
	*to = T(s)
	return nil
}
