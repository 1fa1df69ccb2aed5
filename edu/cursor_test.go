package edu_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
)

// orders maps each kind of sort value to the name of an order that sorts by it.
var orders = map[edu.SortValueKind]string{
	edu.IntValue: "videos", edu.FloatValue: "search.RELEVANCE", edu.TextValue: "courses.TITLE.ASC",
	edu.DecimalValue: "courses.PRICE.DESC", edu.TimeValue: "reviews",
}

func FuzzCursor(f *testing.F) {
	f.Add(int64(3), 0.5, "Rust", int64(7), []byte("reviews\x00t\x02\x02"))
	f.Add(int64(math.MinInt64), math.Inf(1), "", int64(-1), []byte("videos\x00i\x80\x00\x02"))
	f.Add(int64(math.MaxInt64), math.NaN(), "\x00", int64(math.MaxInt64), []byte("search.RELEVANCE\x00f\x00\x00\x00\x00\x00\x00\x00\x00\x02"))
	f.Add(int64(0), math.Copysign(0, -1), "\xff", int64(0), []byte("courses.TITLE.ASC\x00s\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a\x02"))
	f.Fuzz(func(t *testing.T, n int64, x float64, text string, id int64, body []byte) {
		for _, v := range []edu.SortValue{edu.NewIntValue(n), edu.NewFloatValue(x), edu.NewTextValue(text), edu.NewTimeValue(time.Unix(int64(int32(n)), 0)), edu.NewDecimalValue("49.90")} {
			c := edu.Cursor{Order: orders[v.Kind], Value: v, ID: id}
			parsed, err := edu.ParseCursor("after", c.String(), c.Order, v.Kind)
			if err == nil && parsed.String() != c.String() {
				t.Errorf("%+v is parsed as %+v", c, parsed)
			}
			if err != nil && v.Kind != edu.TextValue { // texts that PostgreSQL cannot store are rejected
				t.Errorf("%+v is rejected: %v", c, err)
			}
		}
		signed := base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(body, crc32.ChecksumIEEE(body)))
		for kind, order := range orders {
			for _, s := range []string{signed, string(body)} {
				c, err := edu.ParseCursor("after", s, order, kind)
				if err != nil && !errors.Is(err, edu.BadUserInput) {
					t.Errorf("%q is rejected with %v, want BAD_USER_INPUT", s, err)
				}
				if err == nil && c.String() != s {
					t.Errorf("%q is parsed, but formatted as %q", s, c.String())
				}
			}
		}
	})
}

// Cursors keep the microsecond resolution of times through formatting and parsing.
func TestCursorTimeRoundTrip(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{edu.DraftSortTime, time.Date(2026, 1, 31, 9, 30, 0, 123_456_000, time.FixedZone("", 3600)), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		c := edu.Cursor{Order: "reviews", Value: edu.NewTimeValue(at), ID: 5}
		parsed, err := edu.ParseCursor("after", c.String(), "reviews", edu.TimeValue)
		if err != nil || !parsed.Value.QueryParameter().(time.Time).Equal(at) || parsed.ID != 5 {
			t.Errorf("%v is parsed as %+v, %v", at, parsed, err)
		}
	}
}
