package edu

import (
	"errors"
	"strings"
)

// PriceFilter selects free or paid courses.
type PriceFilter string

// The values of a PriceFilter.
const (
	PriceFree PriceFilter = "FREE"
	PricePaid PriceFilter = "PAID"
)

// CourseFilter is the filter of a list of courses, as clients send it. A course must meet every
// condition that is set. An empty list sets no condition.
type CourseFilter struct {
	CategoryIDs        []ID
	Difficulties       []Difficulty
	Price              *PriceFilter
	MinPrice           *Decimal
	MaxPrice           *Decimal
	InstructorIDs      []ID
	MinRating          *float64
	MinDurationSeconds *int
	MaxDurationSeconds *int
	Languages          []string
	Tags               []string

	// Fields of one value, which the lists replace.
	CategoryID   *ID
	Difficulty   *Difficulty
	InstructorID *ID
}

// CourseConditions is a validated CourseFilter with its ids as keys.
type CourseConditions struct {
	CategoryIDs, InstructorIDs             []int64
	Difficulties                           []Difficulty
	Price                                  PriceFilter
	MinPrice, MaxPrice                     *Decimal
	MinRating                              *float64
	MinDurationSeconds, MaxDurationSeconds *int
	Languages                              []string
	Tags                                   []string // in the form of SearchText
}

// IsEmpty reports whether no condition is set.
func (c CourseConditions) IsEmpty() bool {
	return len(c.CategoryIDs) == 0 && len(c.InstructorIDs) == 0 && len(c.Difficulties) == 0 && c.Price == "" &&
		c.MinPrice == nil && c.MaxPrice == nil && c.MinRating == nil && c.MinDurationSeconds == nil && c.MaxDurationSeconds == nil &&
		len(c.Languages) == 0 && len(c.Tags) == 0
}

// maxFilterValues limits the work of each list of a filter.
const maxFilterValues = 20

// ParseConditions validates the filter. A nil filter has no conditions.
func (f *CourseFilter) ParseConditions() (CourseConditions, error) {
	if f == nil {
		return CourseConditions{}, nil
	}
	c := CourseConditions{
		MinPrice: f.MinPrice, MaxPrice: f.MaxPrice, MinRating: f.MinRating,
		MinDurationSeconds: f.MinDurationSeconds, MaxDurationSeconds: f.MaxDurationSeconds,
	}
	if f.Price != nil {
		c.Price = *f.Price
	}
	var err error
	if c.CategoryIDs, err = parseFilterKeys(KindCategory, "categoryId", f.CategoryID, f.CategoryIDs); err != nil {
		return c, err
	}
	if c.InstructorIDs, err = parseFilterKeys(KindUser, "instructorId", f.InstructorID, f.InstructorIDs); err != nil {
		return c, err
	}
	if c.Difficulties, err = mergeFilterValue("difficulty", f.Difficulty, "difficulties", f.Difficulties); err != nil {
		return c, err
	}
	if c.Languages, err = mergeFilterValue("", nil, "languages", f.Languages); err != nil {
		return c, err
	}
	if c.Tags, err = parseFilterTags(f.Tags); err != nil {
		return c, err
	}
	return c, nil
}

// mergeFilterValue returns the values of a list of a filter, or the value of the field that the list
// replaces.
func mergeFilterValue[T any](name string, value *T, listName string, list []T) ([]T, error) {
	switch {
	case len(list) > maxFilterValues:
		return nil, Errorf(BadUserInput, "filter.%s takes at most %d values; got %d", listName, maxFilterValues, len(list))
	case value != nil && len(list) > 0:
		return nil, Errorf(BadUserInput, "filter.%s and filter.%s cannot be combined: use %s", name, listName, listName)
	case value != nil:
		return []T{*value}, nil
	case len(list) == 0:
		return nil, nil
	}
	return list, nil
}

// parseFilterKeys returns the keys of the ids of a list, or of the field that the list replaces. The name of
// the list is that of the field with an s.
func parseFilterKeys(kind Kind, name string, value *ID, list []ID) ([]int64, error) {
	ids, err := mergeFilterValue(name, value, name+"s", list)
	if err != nil {
		return nil, err
	}
	if value == nil {
		name += "s"
	}
	var keys []int64
	for _, id := range ids {
		key, err := id.KeyForKind(kind)
		if problem, ok := errors.AsType[*Error](err); ok {
			return nil, Errorf(problem.Code, "filter.%s: %s", name, problem.Message)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// parseFilterTags returns tags in the form of SearchText.
func parseFilterTags(tags []string) ([]string, error) {
	if len(tags) > maxFilterValues {
		return nil, Errorf(BadUserInput, "filter.tags takes at most %d tags; got %d", maxFilterValues, len(tags))
	}
	var keys []string
	for _, tag := range tags {
		if strings.ContainsRune(tag, 0) {
			return nil, Errorf(BadUserInput, "filter.tags contains a NUL character")
		}
		keys = append(keys, SearchText(tag))
	}
	return keys, nil
}
