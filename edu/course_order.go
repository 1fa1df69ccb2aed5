package edu

import "time"

// CourseOrderField is a field that courses can be sorted by.
type CourseOrderField string

// The sort fields of courses.
const (
	CoursesByPublishedAt CourseOrderField = "PUBLISHED_AT"
	CoursesByTitle       CourseOrderField = "TITLE"
	CoursesByPrice       CourseOrderField = "PRICE"
	CoursesByRating      CourseOrderField = "RATING"
	CoursesByEnrollments CourseOrderField = "ENROLLMENTS"
)

// CourseOrder is a sort order of courses.
type CourseOrder struct {
	Field     CourseOrderField
	Direction OrderDirection
}

// NewestCourses is the default order of courses. In an instructor's list, drafts come first.
var NewestCourses = CourseOrder{CoursesByPublishedAt, Descending}

var courseOrderKinds = map[CourseOrderField]SortValueKind{
	CoursesByPublishedAt: TimeValue, CoursesByTitle: TextValue, CoursesByPrice: DecimalValue,
	CoursesByRating: FloatValue, CoursesByEnrollments: IntValue,
}

// DraftSortTime is the publication time that never published courses are sorted by.
var DraftSortTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// SortOrder returns the sort order of the list. A nil CourseOrder is NewestCourses.
func (o *CourseOrder) SortOrder() SortOrder {
	by := NewestCourses
	if o != nil {
		by = *o
	}
	return SortOrder{
		Name: "courses." + string(by.Field) + "." + string(by.Direction),
		Kind: courseOrderKinds[by.Field], Desc: by.Direction == Descending,
	}
}

// OrDefault returns the order, or NewestCourses for nil.
func (o *CourseOrder) OrDefault() CourseOrder {
	if o == nil {
		return NewestCourses
	}
	return *o
}

// CursorColumns returns the columns that CourseCursor reads.
func (o CourseOrder) CursorColumns() Columns {
	return map[CourseOrderField]Columns{
		CoursesByPublishedAt: CoursePublishedAt, CoursesByTitle: CourseTitle, CoursesByPrice: CoursePrice,
		CoursesByRating: CourseRating, CoursesByEnrollments: CourseEnrollmentCount,
	}[o.Field]
}

// CourseCursor returns the cursor of a course in the order.
func (o CourseOrder) CourseCursor(c *Course) Cursor {
	at := Cursor{Order: o.SortOrder().Name, ID: c.ID}
	switch o.Field {
	case CoursesByTitle:
		at.Value = NewTextValue(c.Title)
	case CoursesByPrice:
		at.Value = NewDecimalValue(c.Price.Amount)
	case CoursesByRating:
		at.Value = NewFloatValue(c.ratingOrZero())
	case CoursesByEnrollments:
		at.Value = NewIntValue(int64(c.EnrollmentCount))
	default:
		at.Value = NewTimeValue(c.publishedOrDraft())
	}
	return at
}

func (c *Course) ratingOrZero() float64 {
	if c.Rating == nil {
		return 0
	}
	return *c.Rating
}

func (c *Course) publishedOrDraft() time.Time {
	if c.PublishedAt == nil {
		return DraftSortTime
	}
	return *c.PublishedAt
}
