package edu

import "time"

// CourseAnalytics holds the figures of a course as of RefreshedAt.
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
