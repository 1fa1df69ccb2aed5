package edu_test

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
)

// signedCursor returns the text of a cursor with any body and a valid checksum.
func signedCursor(body string) string {
	b := []byte(body)
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)))
}

// A body that String would not write is rejected, even if its checksum is valid.
func TestForgedCursors(t *testing.T) {
	t.Parallel()
	valid := edu.Cursor{Order: "reviews", Value: edu.NewTextValue("x"), ID: 1}.String()
	overflow := strings.Repeat("\x80", 10) + "\x02"
	for name, s := range map[string]string{
		"empty":                       "",
		"too short for a checksum":    base64.RawURLEncoding.EncodeToString([]byte("abc")),
		"only a checksum":             signedCursor(""),
		"another alphabet":            valid[:len(valid)-1] + "+",
		"a line break":                valid + "\n",
		"a blank at the end":          valid + " ",
		"another checksum":            base64.RawURLEncoding.EncodeToString([]byte("reviews\x00s\x01x\x02abcd")),
		"no value":                    signedCursor("reviews"),
		"no kind":                     signedCursor("reviews\x00"),
		"an unknown kind":             signedCursor("reviews\x00x\x02\x02"),
		"a zero cursor":               signedCursor("\x00\x00\x00\x00"),
		"no number":                   signedCursor("reviews\x00i"),
		"a number without an end":     signedCursor("reviews\x00i\x80"),
		"a number of more than 64":    signedCursor("reviews\x00i" + overflow + "\x02"),
		"a number of needless length": signedCursor("reviews\x00i\x82\x00\x02"),
		"no id":                       signedCursor("reviews\x00i\x02"),
		"an id of needless length":    signedCursor("reviews\x00i\x02\x82\x00"),
		"an id of more than 64":       signedCursor("reviews\x00i\x02" + overflow),
		"bytes after the id":          signedCursor("reviews\x00i\x02\x02\x02"),
		"half a float":                signedCursor("reviews\x00f\x00\x00\x00\x00"),
		"a float without an id":       signedCursor("reviews\x00f\x00\x00\x00\x00\x00\x00\x00\x00"),
		"no length":                   signedCursor("reviews\x00s"),
		"a length of more than 64":    signedCursor("reviews\x00s" + overflow + "\x02"),
		"less text than its length":   signedCursor("reviews\x00s\x02x"),
		"a huge length":               signedCursor("reviews\x00s\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x\x02"),
		"text with NUL":               signedCursor("reviews\x00s\x01\x00\x02"),
		"text that is not UTF-8":      signedCursor("reviews\x00s\x01\xff\x02"),
		"a decimal of letters":        signedCursor("reviews\x00d\x01x\x02"),
		"a time before year 1":        edu.Cursor{Order: "reviews", Value: edu.NewTimeValue(time.Date(1, 1, 1, 0, 0, 0, -1000, time.UTC))}.String(),
		"a time after year 9999":      edu.Cursor{Order: "reviews", Value: edu.NewTimeValue(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))}.String(),
	} {
		for _, kind := range []edu.SortValueKind{edu.TextValue, edu.IntValue} {
			c, err := edu.ParseCursor("after", s, "reviews", kind)
			if want := "BAD_USER_INPUT: after is not a cursor of this API: use one that an edge or pageInfo returned"; err == nil || err.Error() != want || c != (edu.Cursor{}) {
				t.Errorf("%s: %+v, %v", name, c, err)
			}
		}
	}
}

// A valid cursor is accepted in its own list, order and kind only.
func TestCursorsOfOtherLists(t *testing.T) {
	t.Parallel()
	for _, v := range []edu.SortValue{
		edu.NewTextValue(""), edu.NewTextValue("x"), edu.NewDecimalValue("1.50"), edu.NewFloatValue(0), edu.NewIntValue(-1 << 63), edu.NewIntValue(1<<63 - 1),
		edu.NewTimeValue(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), edu.NewTimeValue(time.Date(10000, 1, 1, 0, 0, 0, -1000, time.UTC)),
	} {
		c := edu.Cursor{Order: "list", Value: v, ID: 7}
		if got, err := edu.ParseCursor("after", c.String(), "list", v.Kind); err != nil || got != c {
			t.Errorf("%+v is parsed as %+v, %v", c, got, err)
		}
		const want = "BAD_USER_INPUT: before is a cursor of another list or order: a cursor is valid only in the list and order that returned it"
		if _, err := edu.ParseCursor("before", c.String(), "other", v.Kind); err == nil || err.Error() != want {
			t.Errorf("%+v in another list: %v", c, err)
		}
		if _, err := edu.ParseCursor("before", c.String(), "list", 'x'); err == nil || err.Error() != want {
			t.Errorf("%+v of another kind: %v", c, err)
		}
	}
}

func TestDecimals(t *testing.T) {
	t.Parallel()
	for text, want := range map[edu.Decimal]bool{
		"0": true, "9": true, "-1": true, "12.50": true, "1.": true, "-0.5": true, edu.Decimal(strings.Repeat("9", 32)): true,
		"": false, "-": false, ".5": false, "-.5": false, "1-": false, "--1": false, "1.2.3": false, "1e3": false, "/": false, ":": false, "٣": false,
		edu.Decimal(strings.Repeat("9", 33)): false,
	} {
		if text.IsValid() != want {
			t.Errorf("%q is valid: %v", text, !want)
		}
	}
}
