package edu_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/7p-education/api/edu"
)

func TestParseConditions(t *testing.T) {
	t.Parallel()
	none := (*edu.CourseFilter)(nil)
	if c, err := none.ParseConditions(); err != nil || !c.IsEmpty() {
		t.Errorf("no filter: %+v, %v", c, err)
	}
	full := edu.CourseFilter{CategoryID: ptr(edu.NewID(edu.KindCategory, 4)), InstructorID: ptr(edu.NewID(edu.KindUser, 5)), Tags: []string{"a"}}
	if c, err := full.ParseConditions(); err != nil || !slices.Equal(c.CategoryIDs, []int64{4}) || !slices.Equal(c.InstructorIDs, []int64{5}) || c.IsEmpty() {
		t.Errorf("%+v, %v", c, err)
	}
	for _, invalid := range []edu.CourseFilter{
		{CategoryID: ptr(edu.NewID(edu.KindUser, 4))}, {InstructorID: &edu.ID{}}, {Tags: make([]string, 21)},
	} {
		if _, err := invalid.ParseConditions(); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("%+v: %v, want BAD_USER_INPUT", invalid, err)
		}
	}
}
