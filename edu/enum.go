package edu

import (
	"io"
	"slices"
	"strings"
)

// The enums of the GraphQL schema. Their values are compared exactly here, because the validation
// of variables ignores case.

// MarshalGQL writes the value as a JSON string.
func (r Role) MarshalGQL(w io.Writer) { marshalEnum(w, string(r)) }

// UnmarshalGQL accepts exactly one of the values.
func (r *Role) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, r, RoleStudent, RoleInstructor, RoleAdmin)
}

// MarshalGQL writes the value as a JSON string.
func (p Plan) MarshalGQL(w io.Writer) { marshalEnum(w, string(p)) }

// UnmarshalGQL accepts exactly one of the values.
func (p *Plan) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, p, PlanFree, PlanPremium)
}

// MarshalGQL writes the value as a JSON string.
func (d Difficulty) MarshalGQL(w io.Writer) { marshalEnum(w, string(d)) }

// UnmarshalGQL accepts exactly one of the values.
func (d *Difficulty) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, d, DifficultyBeginner, DifficultyIntermediate, DifficultyAdvanced)
}

// MarshalGQL writes the value as a JSON string.
func (p PriceFilter) MarshalGQL(w io.Writer) { marshalEnum(w, string(p)) }

// UnmarshalGQL accepts exactly one of the values.
func (p *PriceFilter) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, p, PriceFree, PricePaid)
}

// MarshalGQL writes the value as a JSON string.
func (f CourseOrderField) MarshalGQL(w io.Writer) { marshalEnum(w, string(f)) }

// UnmarshalGQL accepts exactly one of the values.
func (f *CourseOrderField) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, f, CoursesByPublishedAt, CoursesByTitle, CoursesByPrice, CoursesByRating, CoursesByEnrollments)
}

// MarshalGQL writes the value as a JSON string.
func (s CourseStatus) MarshalGQL(w io.Writer) { marshalEnum(w, string(s)) }

// UnmarshalGQL accepts exactly one of the values.
func (s *CourseStatus) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, s, CourseDraft, CoursePublished, CourseArchived)
}

// MarshalGQL writes the value as a JSON string.
func (d OrderDirection) MarshalGQL(w io.Writer) { marshalEnum(w, string(d)) }

// UnmarshalGQL accepts exactly one of the values.
func (d *OrderDirection) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, d, Ascending, Descending)
}

// MarshalGQL writes the value as a JSON string.
func (s EnrollmentStatus) MarshalGQL(w io.Writer) { marshalEnum(w, string(s)) }

// UnmarshalGQL accepts exactly one of the values.
func (s *EnrollmentStatus) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, s, NotStarted, InProgress, Completed)
}

// MarshalGQL writes the value as a JSON string.
func (f EnrollmentOrderField) MarshalGQL(w io.Writer) { marshalEnum(w, string(f)) }

// UnmarshalGQL accepts exactly one of the values.
func (f *EnrollmentOrderField) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, f, EnrollmentsByEnrolledAt, EnrollmentsByLastAccessedAt, EnrollmentsByProgress)
}

// MarshalGQL writes the value as a JSON string.
func (f ReviewOrderField) MarshalGQL(w io.Writer) { marshalEnum(w, string(f)) }

// UnmarshalGQL accepts exactly one of the values.
func (f *ReviewOrderField) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, f, ReviewsByCreatedAt, ReviewsByRating)
}

// MarshalGQL writes the value as a JSON string.
func (s SearchSort) MarshalGQL(w io.Writer) { marshalEnum(w, string(s)) }

// UnmarshalGQL accepts exactly one of the values.
func (s *SearchSort) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, s, SortRelevance, SortRating, SortEnrollments, SortNewest)
}

// MarshalGQL writes the value as a JSON string.
func (k SuggestionKind) MarshalGQL(w io.Writer) { marshalEnum(w, string(k)) }

// UnmarshalGQL accepts exactly one of the values.
func (k *SuggestionKind) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, k, SuggestCourse, SuggestCategory, SuggestTag, SuggestInstructor)
}

// MarshalGQL writes the value as a JSON string.
func (i Interval) MarshalGQL(w io.Writer) { marshalEnum(w, string(i)) }

// UnmarshalGQL accepts exactly one of the values.
func (i *Interval) UnmarshalGQL(v any) error {
	return unmarshalEnum(v, i, IntervalDay, IntervalWeek, IntervalMonth)
}

func marshalEnum(w io.Writer, s string) {
	var buf [32]byte
	b := append(buf[:0], '"')
	b = append(b, s...)
	_, _ = w.Write(append(b, '"'))
}

func unmarshalEnum[T ~string](v any, to *T, values ...T) error {
	s, _ := v.(string)
	if !slices.Contains(values, T(s)) {
		names := make([]string, len(values))
		for i, value := range values {
			names[i] = string(value)
		}
		return Errorf(BadUserInput, "must be one of %s", strings.Join(names, ", "))
	}
	*to = T(s)
	return nil
}
