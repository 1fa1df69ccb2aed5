package edu_test

import (
	"errors"
	"testing"

	"github.com/7p-education/api/edu"
)

// An enum accepts its own values only, and compares them exactly.
func TestEnums(t *testing.T) {
	t.Parallel()
	var d edu.Difficulty
	if err := d.UnmarshalGQL("BEGINNER"); err != nil || d != edu.DifficultyBeginner {
		t.Errorf("%v, %v", d, err)
	}
	for _, v := range []any{"beginner", "Beginner", "", " BEGINNER", nil, 1, "FREE"} {
		if err := d.UnmarshalGQL(v); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("%v: %v, want BAD_USER_INPUT", v, err)
		}
	}
}
