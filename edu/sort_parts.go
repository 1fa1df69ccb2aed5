package edu

import (
	"math"
	"math/bits"
)

// The sort orders by rating and by enrollments are divided into parts. A change of a course has the
// tag of each part between its old and its new position. So a course that moves past a position
// always changes the part that contains the position. The SQL functions rating_part and
// enrollment_part in migrations/0012_titles.sql use the same division.

// RatingPart returns the part of a rating, 0 to 100. A part is a twentieth of a star wide. Ratings
// below 0 or above 5 and NaN get the part at the end where PostgreSQL sorts them.
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

// StartsRatingPart reports whether a rating is the lowest of its part: a rating is at least as high if its part is. It
// holds for averages of whole ratings, which differ from a twentieth by more than rounding does.
func StartsRatingPart(rating float64) bool { return float64(RatingPart(rating))/20 == rating }

// EnrollmentPart returns the part of a number of enrollments, 0 to 863. Each number below 64 has
// its own part. From 64 on, each power of two has 32 parts. Numbers out of range get the first or
// the last part.
func EnrollmentPart(n int64) int64 {
	n = min(max(n, 0), math.MaxInt32)
	shift := max(bits.Len32(uint32(n))-6, 0)
	return 32*int64(shift) + n>>shift
}
