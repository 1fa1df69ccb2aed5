package edu

import (
	"strings"
	"time"
)

// Difficulty is how much a course presumes.
type Difficulty string

// The difficulties, from the least to the most.
const (
	DifficultyBeginner     Difficulty = "BEGINNER"
	DifficultyIntermediate Difficulty = "INTERMEDIATE"
	DifficultyAdvanced     Difficulty = "ADVANCED"
)

// PriceFilter says whether a course costs something.
type PriceFilter string

// The sides of a PriceFilter.
const (
	PriceFree PriceFilter = "FREE"
	PricePaid PriceFilter = "PAID"
)

// Decimal is an exact decimal number as text, e.g. 49.90.
type Decimal string

// IsValid tells whether the text is a number: digits, at most 32, with at most one
// point among them, and a minus before them if need be.
func (d Decimal) IsValid() bool {
	digits, dot := 0, false
	for i, r := range d {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '-' && i == 0:
		case r == '.' && !dot && digits > 0:
			dot = true
		default:
			return false
		}
	}
	return digits > 0 && digits <= 32
}

// Money is an amount in a currency; the amount has two decimals.
type Money struct {
	Amount       Decimal
	CurrencyCode string
}

// Course is a course, as far as it was read: see Columns.
type Course struct {
	ID              int64
	Slug            string
	Title           string
	Description     string
	Tags            []string
	Difficulty      Difficulty
	Price           Money
	DurationSeconds int
	ThumbnailURL    *string
	Published       bool
	PublishedAt     *time.Time
	CreatedAt       time.Time
	UpdatedAt       time.Time
	InstructorID    int64
	CategoryID      int64
	Rating          *float64
	ReviewCount     int
	EnrollmentCount int
	VideoCount      int
}

// GlobalID returns the course's id as clients know it.
func (c *Course) GlobalID() ID { return NewID(KindCourse, c.ID) }

// IsNode marks a Course as a Node of the GraphQL schema.
func (*Course) IsNode() {}

// VisibleTo tells whether a viewer may know of the course: everyone of a
// published one, its instructor and admins of any.
func (c *Course) VisibleTo(v Principal) bool { return c.Published || v.CanManageCourse(c) }

// CourseFilter is which courses a list holds; every condition given must hold.
type CourseFilter struct {
	CategoryID         *ID
	Difficulty         *Difficulty
	Price              *PriceFilter
	InstructorID       *ID
	MinRating          *float64
	MaxDurationSeconds *int
	Tags               []string
}

// CourseConditions is a CourseFilter whose ids were read; zero keys are none.
type CourseConditions struct {
	CategoryID, InstructorID int64
	Difficulty               Difficulty
	Price                    PriceFilter
	MinRating                *float64
	MaxDurationSeconds       *int
	Tags                     []string
}

// IsEmpty tells whether there is no condition at all.
func (c CourseConditions) IsEmpty() bool {
	return c.CategoryID == 0 && c.InstructorID == 0 && c.Difficulty == "" && c.Price == "" &&
		c.MinRating == nil && c.MaxDurationSeconds == nil && len(c.Tags) == 0
}

// maxFilterTags bounds the work of a filter.
const maxFilterTags = 20

// ParseConditions checks the filter; nil is no condition.
func (f *CourseFilter) ParseConditions() (CourseConditions, error) {
	var c CourseConditions
	if f == nil {
		return c, nil
	}
	var err error
	if f.CategoryID != nil {
		if c.CategoryID, err = f.CategoryID.KeyForKind(KindCategory); err != nil {
			return c, err
		}
	}
	if f.InstructorID != nil {
		if c.InstructorID, err = f.InstructorID.KeyForKind(KindUser); err != nil {
			return c, err
		}
	}
	if len(f.Tags) > maxFilterTags {
		return c, Errorf(BadUserInput, "filter.tags takes at most %d tags; %d were given", maxFilterTags, len(f.Tags))
	}
	for _, tag := range f.Tags {
		if strings.ContainsRune(tag, 0) {
			return c, Errorf(BadUserInput, "filter.tags holds a NUL character")
		}
	}
	if f.Difficulty != nil {
		c.Difficulty = *f.Difficulty
	}
	if f.Price != nil {
		c.Price = *f.Price
	}
	c.MinRating, c.MaxDurationSeconds, c.Tags = f.MinRating, f.MaxDurationSeconds, f.Tags
	return c, nil
}

// CourseOrderField is what courses can be ordered by.
type CourseOrderField string

// The fields that courses can be ordered by.
const (
	CoursesByPublishedAt CourseOrderField = "PUBLISHED_AT"
	CoursesByTitle       CourseOrderField = "TITLE"
	CoursesByPrice       CourseOrderField = "PRICE"
	CoursesByRating      CourseOrderField = "RATING"
	CoursesByEnrollments CourseOrderField = "ENROLLMENTS"
)

// OrderDirection is which way a list is ordered.
type OrderDirection string

// The directions.
const (
	Ascending  OrderDirection = "ASC"
	Descending OrderDirection = "DESC"
)

// CourseOrder is an order of courses.
type CourseOrder struct {
	Field     CourseOrderField
	Direction OrderDirection
}

// Orders that courses are in without being asked to: the newest first; those of
// an instructor, where drafts come before all.
var (
	NewestCourses    = CourseOrder{CoursesByPublishedAt, Descending}
	courseOrderKinds = map[CourseOrderField]SortValueKind{
		CoursesByPublishedAt: TimeValue, CoursesByTitle: TextValue, CoursesByPrice: DecimalValue,
		CoursesByRating: FloatValue, CoursesByEnrollments: IntValue,
	}
)

// DraftSortTime is the time that a course never published is ordered by.
var DraftSortTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// SortOrder returns the list's order; a nil CourseOrder is the newest first.
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

// OrDefault returns the order itself, or the newest first for nil.
func (o *CourseOrder) OrDefault() CourseOrder {
	if o == nil {
		return NewestCourses
	}
	return *o
}

// CursorColumns are those that Cursor looks at.
func (o CourseOrder) CursorColumns() Columns {
	return map[CourseOrderField]Columns{
		CoursesByPublishedAt: CoursePublishedAt, CoursesByTitle: CourseTitle, CoursesByPrice: CoursePrice,
		CoursesByRating: CourseRating, CoursesByEnrollments: CourseEnrollmentCount,
	}[o.Field]
}

// CourseCursor returns the place of a course in the order.
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

// CourseAnalytics is how a course is doing, as of RefreshedAt.
type CourseAnalytics struct {
	CourseID         int64
	TotalEnrollments int
	AverageProgress  float64 // percent
	Completions      int
	AverageRating    *float64
	TotalReviews     int
	WatchTimeSeconds int
	RefreshedAt      time.Time
}

// CompletionRate returns the share of enrollments that are completed, 0 to 1.
func (a *CourseAnalytics) CompletionRate() float64 {
	if a.TotalEnrollments == 0 {
		return 0
	}
	return float64(a.Completions) / float64(a.TotalEnrollments)
}
