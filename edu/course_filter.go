package edu

import "strings"

// PriceFilter selects free or paid courses.
type PriceFilter string

// The values of a PriceFilter.
const (
	PriceFree PriceFilter = "FREE"
	PricePaid PriceFilter = "PAID"
)

// CourseFilter is the filter of a list of courses, as clients send it. A course must meet every
// condition that is set.
type CourseFilter struct {
	CategoryID         *ID
	Difficulty         *Difficulty
	Price              *PriceFilter
	InstructorID       *ID
	MinRating          *float64
	MaxDurationSeconds *int
	Tags               []string
}

// CourseConditions is a validated CourseFilter with its ids as keys. A key of 0 sets no condition.
type CourseConditions struct {
	CategoryID, InstructorID int64
	Difficulty               Difficulty
	Price                    PriceFilter
	MinRating                *float64
	MaxDurationSeconds       *int
	Tags                     []string // in the form of SearchText
}

// IsEmpty reports whether no condition is set.
func (c CourseConditions) IsEmpty() bool {
	return c.CategoryID == 0 && c.InstructorID == 0 && c.Difficulty == "" && c.Price == "" &&
		c.MinRating == nil && c.MaxDurationSeconds == nil && len(c.Tags) == 0
}

// maxFilterTags limits the work of a filter.
const maxFilterTags = 20

// ParseConditions validates the filter. A nil filter has no conditions.
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
		return c, Errorf(BadUserInput, "filter.tags takes at most %d tags; got %d", maxFilterTags, len(f.Tags))
	}
	for _, tag := range f.Tags {
		if strings.ContainsRune(tag, 0) {
			return c, Errorf(BadUserInput, "filter.tags contains a NUL character")
		}
		c.Tags = append(c.Tags, SearchText(tag))
	}
	if f.Difficulty != nil {
		c.Difficulty = *f.Difficulty
	}
	if f.Price != nil {
		c.Price = *f.Price
	}
	c.MinRating, c.MaxDurationSeconds = f.MinRating, f.MaxDurationSeconds
	return c, nil
}
