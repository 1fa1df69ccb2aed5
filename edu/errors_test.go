package edu_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/7p-education/api/edu"
)

// errors.Is finds the code of an error through any number of wraps.
func TestErrorsKeepTheirCode(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("store: %w", fmt.Errorf("loaders: %w", edu.Errorf(edu.NotFound, "no course %d", 3)))
	var typed *edu.Error
	if !errors.Is(err, edu.NotFound) || errors.Is(err, edu.Forbidden) || !errors.As(err, &typed) || typed.Message != "no course 3" {
		t.Errorf("%v", err)
	}
}
