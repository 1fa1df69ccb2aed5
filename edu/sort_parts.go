package edu

import (
	"math"
	"math/bits"
)

// The orders by rating and by enrollments are cut into parts, which changes tell of:
// those from where a course was to where it is. So whatever comes to one side of a
// place from the other is told of by the part that the place is in. The functions of
// the same names in migrations/0012_titles.sql cut alike.

// RatingPart returns the part that a rating is in: a twentieth of a star wide, 0 to
// 100. What is below 0 or above 5, or no number, is where PostgreSQL orders it.
func RatingPart(rating float64) int64 {
	switch {
	case rating < 0:
		return 0
	case rating < 5:
		return int64(math.Floor(rating * 20))
	default:
		return 100
	}
}

// EnrollmentPart returns the part that a number of enrollments is in, 0 to 863: its
// own below 64, and a thirty-second of a power of two from there on. A number that
// no course can have is in the first part or the last.
func EnrollmentPart(n int64) int64 {
	n = min(max(n, 0), math.MaxInt32)
	shift := max(bits.Len32(uint32(n))-6, 0)
	return 32*int64(shift) + n>>shift
}
