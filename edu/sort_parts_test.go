package edu_test

import (
	"math"
	"testing"

	"github.com/7p-education/api/edu"
)

func TestRatingPart(t *testing.T) {
	t.Parallel()
	for rating, want := range map[float64]int64{-1: 0, 0: 0, 0.049: 0, 0.05: 1, 2.5: 50, 4.96: 99, 5: 100, 9: 100, math.Inf(1): 100, math.Inf(-1): 0} {
		if got := edu.RatingPart(rating); got != want {
			t.Errorf("%v is in part %d, want %d", rating, got, want)
		}
	}
	if got := edu.RatingPart(math.NaN()); got != 100 {
		t.Errorf("NaN is in part %d, want the last", got)
	}
}

func TestEnrollmentPart(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]int64{-1: 0, 0: 0, 1: 1, 63: 63, 64: 64, 65: 64, 66: 65, 127: 95, 128: 96, 131: 96, 132: 97, math.MaxInt32: 863, math.MaxInt64: 863} {
		if got := edu.EnrollmentPart(n); got != want {
			t.Errorf("%d is in part %d, want %d", n, got, want)
		}
	}
}
