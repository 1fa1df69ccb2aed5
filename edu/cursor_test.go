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
		signed := signCursor(body)
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

// TestCraftedCursors parses contents that no cursor has, below a checksum that fits: anyone can compute
// it. Each is rejected in every list.
func TestCraftedCursors(t *testing.T) {
	t.Parallel()
	overlong := "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02" // a varint of more than 64 bits
	for name, body := range map[string]string{
		"empty":                            "",
		"no order":                         "videos",
		"no kind":                          "videos\x00",
		"unknown kind":                     "videos\x00x\x02\x02",
		"kind without a value":             "videos\x00i",
		"unfinished integer":               "videos\x00i\x80",
		"integer beyond 64 bits":           "videos\x00i" + overlong + "\x02",
		"integer without an id":            "videos\x00i\x02",
		"integer in a longer form":         "videos\x00i\x82\x00\x02",
		"unfinished id":                    "videos\x00i\x02\x80",
		"id beyond 64 bits":                "videos\x00i\x02" + overlong,
		"id in a longer form":              "videos\x00i\x02\x82\x00",
		"bytes after the id":               "videos\x00i\x02\x02\x02",
		"number without bytes":             "search.RELEVANCE\x00f",
		"number of seven bytes":            "search.RELEVANCE\x00f\x00\x00\x00\x00\x00\x00\x00",
		"number without an id":             "search.RELEVANCE\x00f\x00\x00\x00\x00\x00\x00\x00\x00",
		"text without a length":            "courses.TITLE.ASC\x00s",
		"unfinished length":                "courses.TITLE.ASC\x00s\x80",
		"length beyond 64 bits":            "courses.TITLE.ASC\x00s" + overlong,
		"text shorter than its length":     "courses.TITLE.ASC\x00s\x05abc",
		"text one byte too short":          "courses.TITLE.ASC\x00s\x04abc",
		"length of -1":                     "courses.TITLE.ASC\x00s\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01abc\x02",
		"length of the smallest integer":   "courses.TITLE.ASC\x00s\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01abc\x02",
		"text without an id":               "courses.TITLE.ASC\x00s\x03abc",
		"text with NUL":                    "courses.TITLE.ASC\x00s\x03a\x00c\x02",
		"text that is not UTF-8":           "courses.TITLE.ASC\x00s\x03a\xffc\x02",
		"text with half a character":       "courses.TITLE.ASC\x00s\x01\xc3\x02",
		"decimal that is a word":           "courses.PRICE.DESC\x00d\x03abc\x02",
		"decimal NaN":                      "courses.PRICE.DESC\x00d\x03NaN\x02",
		"decimal with an exponent":         "courses.PRICE.DESC\x00d\x041e99\x02",
		"empty decimal":                    "courses.PRICE.DESC\x00d\x00\x02",
		"time without a value":             "reviews\x00t",
		"time after the year 9999":         "reviews\x00t" + varint(math.MaxInt64) + "\x02",
		"time before the year 1":           "reviews\x00t" + varint(math.MinInt64) + "\x02",
		"first microsecond of year 10,000": "reviews\x00t" + varint(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()) + "\x02",
		"last microsecond of the year 0":   "reviews\x00t" + varint(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()-1) + "\x02",
	} {
		signed := signCursor([]byte(body))
		for kind, order := range orders {
			if c, err := edu.ParseCursor("after", signed, order, kind); !errors.Is(err, edu.BadUserInput) {
				t.Errorf("%s is parsed as %+v, %v", name, c, err)
			}
		}
	}
	for _, body := range []string{"", "a", "ab", "abc"} { // shorter than a checksum
		if c, err := edu.ParseCursor("after", base64.RawURLEncoding.EncodeToString([]byte(body)), "reviews", edu.TimeValue); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("%q is parsed as %+v, %v", body, c, err)
		}
	}
}

// signCursor returns a cursor of a content, with the checksum that fits.
func signCursor(body []byte) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(body, crc32.ChecksumIEEE(body)))
}

func varint(n int64) string { return string(binary.AppendVarint(nil, n)) }
