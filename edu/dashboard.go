package edu

import "time"

// Interval is how wide a point of a time series is; always in UTC.
type Interval string

// The intervals. Weeks are ISO weeks, from Monday.
const (
	IntervalDay   Interval = "DAY"
	IntervalWeek  Interval = "WEEK"
	IntervalMonth Interval = "MONTH"
)

// TimePoint is a point of a time series: the interval's start in UTC and what
// was measured within it.
type TimePoint struct {
	At    time.Time
	Value float64
}

// Bounds of dashboards' arguments.
const (
	MaxDays     = 3650
	MaxPoints   = 366
	MaxListSize = 50
)

// ValidateDays checks how far to look back.
func ValidateDays(n int) (int, error) { return validateRange("days", n, 1, MaxDays) }

// TimeSeries is a time series that is asked for.
type TimeSeries struct {
	Interval Interval
	Points   int
}

// NewTimeSeries checks a time series' arguments.
func NewTimeSeries(i Interval, last int) (TimeSeries, error) {
	n, err := validateRange("last", last, 1, MaxPoints)
	return TimeSeries{Interval: i, Points: n}, err
}

// Dashboard is how a student's learning is going; each of its fields is read on
// its own.
type Dashboard struct{ UserID int64 }

// DashboardCounts are a student's enrollments by state.
type DashboardCounts struct{ Enrolled, InProgress, Completed int }

// InstructorDashboard is how an instructor's courses are doing, drafts included.
type InstructorDashboard struct{ InstructorID int64 }

// InstructorTotals are the sums over an instructor's courses.
type InstructorTotals struct {
	Courses       int
	Enrollments   int
	Completions   int
	AverageRating *float64
}

// PlatformDashboard is how the platform is doing.
type PlatformDashboard struct{}

// PlatformTotals are the sums over the platform.
type PlatformTotals struct{ Users, PublishedCourses, Enrollments, Completions int }

// ZeroPoints returns the points of the series with a value of zero, the oldest
// first; the interval that now is in is the last.
func (s TimeSeries) ZeroPoints(now time.Time) []*TimePoint {
	now = now.UTC()
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	start := func(back int) time.Time { return day.AddDate(0, 0, -back) }
	switch s.Interval {
	case IntervalWeek:
		monday := day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
		start = func(back int) time.Time { return monday.AddDate(0, 0, -7*back) }
	case IntervalMonth:
		first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
		start = func(back int) time.Time { return first.AddDate(0, -back, 0) }
	}
	points := make([]*TimePoint, s.Points)
	for i := range points {
		points[i] = &TimePoint{At: start(s.Points - 1 - i)}
	}
	return points
}
