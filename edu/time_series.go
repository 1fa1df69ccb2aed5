package edu

import "time"

// Interval is the width of a point of a time series, in UTC.
type Interval string

// The intervals. Weeks are ISO weeks, which start on Monday.
const (
	IntervalDay   Interval = "DAY"
	IntervalWeek  Interval = "WEEK"
	IntervalMonth Interval = "MONTH"
)

// TimePoint is a point of a time series: the start of an interval in UTC and the value measured in
// it.
type TimePoint struct {
	At    time.Time
	Value float64
}

// MaxPoints is the most points that a time series may have.
const MaxPoints = 366

// TimeSeries holds the arguments of a time series.
type TimeSeries struct {
	Interval Interval
	Points   int
}

// NewTimeSeries validates the arguments of a time series.
func NewTimeSeries(i Interval, last int) (TimeSeries, error) {
	n, err := validateRange("last", last, 1, MaxPoints)
	return TimeSeries{Interval: i, Points: n}, err
}

// ZeroPoints returns the points of the series with a value of zero, the oldest first. The last
// point is the interval that contains now.
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
