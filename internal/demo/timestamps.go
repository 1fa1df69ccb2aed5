package demo

import (
	"math"
	"math/rand/v2"
	"time"
)

// Times are seconds since 1970; 0 means never.
const (
	minute int64 = 60
	hour         = 60 * minute
	day          = 24 * hour
)

// weekdays are the relative activities on the days of the week from Sunday, 1 at most.
var weekdays = [7]float64{0.75, 0.95, 1, 1, 0.95, 0.7, 0.6}

// hours holds each hour of the day in UTC as often as people learn in it: rarely at night, sometimes at
// noon, mostly in the evening.
var hours = func() (list []int64) {
	for h, n := range [24]int{2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 8, 10, 9, 8, 8, 9, 10, 12, 14, 15, 13, 9, 5} {
		for range n {
			list = append(list, int64(h))
		}
	}
	return list
}()

// timeFromUnix converts seconds to a time for the driver.
func timeFromUnix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// nullableTime converts seconds to a time, or 0 to null.
func nullableTime(seconds int64) any {
	if seconds == 0 {
		return nil
	}
	return timeFromUnix(seconds)
}

// drawActivityTime draws a time in [from, to) that follows the rhythm of the week and the day. A recency
// of 1 is uniform; above it, later times are more likely.
func drawActivityTime(r *rand.Rand, from, to int64, recency float64) int64 {
	span := float64(to - from)
	if span < 1 {
		return from
	}
	back := r.Float64()
	if recency != 1 {
		back = math.Pow(back, recency)
	}
	t := to - 1 - int64(span*back)
	if !drawBool(r, weekdays[(t/day+4)%7]) { // 1970 began on a Thursday
		t += day * (1 + r.Int64N(3))
	}
	t += drawItem(r, hours)*hour + r.Int64N(hour) - t%day
	if t < from || t >= to {
		return from + int64(span*r.Float64())
	}
	return t
}
