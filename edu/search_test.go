package edu_test

import (
	"errors"
	"testing"

	"github.com/7p-education/api/edu"
)

func TestParseSearchText(t *testing.T) {
	t.Parallel()
	if got, err := edu.ParseSearchText("query", "  a b\t"); got != "a b" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"a\x00", string(make([]byte, edu.MaxQueryLength+1))} {
		if _, err := edu.ParseSearchText("query", text); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("%.10q: %v, want BAD_USER_INPUT", text, err)
		}
	}
}
