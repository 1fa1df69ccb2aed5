package edu_test

import (
	"testing"
	"time"

	"github.com/7p-education/api/edu"
)

func TestZeroPoints(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		parsed, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for _, c := range []struct {
		interval edu.Interval
		now      string
		want     []string
	}{
		{edu.IntervalDay, "2024-03-01T00:00:00Z", []string{"2024-02-28", "2024-02-29", "2024-03-01"}},
		{edu.IntervalDay, "2026-01-01T01:00:00+02:00", []string{"2025-12-29", "2025-12-30", "2025-12-31"}}, // still 2025 in UTC
		{edu.IntervalWeek, "2026-11-01T23:59:59Z", []string{"2026-10-12", "2026-10-19", "2026-10-26"}},     // a Sunday
		{edu.IntervalWeek, "2026-11-02T00:00:00Z", []string{"2026-10-19", "2026-10-26", "2026-11-02"}},     // a Monday
		{edu.IntervalWeek, "2027-01-01T12:00:00Z", []string{"2026-12-14", "2026-12-21", "2026-12-28"}},     // week 53
		{edu.IntervalMonth, "2026-03-31T12:00:00Z", []string{"2026-01-01", "2026-02-01", "2026-03-01"}},
		{edu.IntervalMonth, "2026-01-01T00:00:00Z", []string{"2025-11-01", "2025-12-01", "2026-01-01"}},
	} {
		points := edu.TimeSeries{Interval: c.interval, Points: 3}.ZeroPoints(at(c.now))
		for i, p := range points {
			if got := p.At.Format(time.DateTime); got != c.want[i]+" 00:00:00" || p.Value != 0 || p.At.Location() != time.UTC {
				t.Errorf("%s at %s: point %d is %s, want %s", c.interval, c.now, i, got, c.want[i])
			}
		}
	}
}
