package edu_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
)

func ptr[T any](v T) *T { return &v }

var byNumber = edu.SortOrder{Name: "numbers", Kind: edu.IntValue}

func numberCursor(n int) edu.Cursor {
	return edu.Cursor{Order: byNumber.Name, Value: edu.NewIntValue(int64(n)), ID: int64(n)}
}

func TestParsePageArgs(t *testing.T) {
	t.Parallel()
	cursor := numberCursor(5).String()
	other := edu.Cursor{Order: "others", Value: edu.NewIntValue(5), ID: 5}.String()
	for name, c := range map[string]struct {
		args    edu.ConnectionArgs
		want    edu.PageArgs
		invalid bool
	}{
		"no arguments":                     {edu.ConnectionArgs{}, edu.PageArgs{Limit: 20}, false},
		"first":                            {edu.ConnectionArgs{First: ptr(3)}, edu.PageArgs{Limit: 3}, false},
		"first of zero":                    {edu.ConnectionArgs{First: ptr(0)}, edu.PageArgs{}, false},
		"maximum first":                    {edu.ConnectionArgs{First: ptr(100)}, edu.PageArgs{Limit: 100}, false},
		"last":                             {edu.ConnectionArgs{Last: ptr(3)}, edu.PageArgs{Limit: 3, Backward: true}, false},
		"after":                            {edu.ConnectionArgs{After: &cursor}, edu.PageArgs{Limit: 20, After: cursor}, false},
		"before":                           {edu.ConnectionArgs{Before: &cursor}, edu.PageArgs{Limit: 20, Backward: true, Before: cursor}, false},
		"first before":                     {edu.ConnectionArgs{First: ptr(2), Before: &cursor}, edu.PageArgs{Limit: 2, Before: cursor}, false},
		"last after":                       {edu.ConnectionArgs{Last: ptr(2), After: &cursor}, edu.PageArgs{Limit: 2, Backward: true, After: cursor}, false},
		"after and before":                 {edu.ConnectionArgs{After: &cursor, Before: &cursor}, edu.PageArgs{Limit: 20, After: cursor, Before: cursor}, false},
		"rejects first with last":          {edu.ConnectionArgs{First: ptr(1), Last: ptr(1)}, edu.PageArgs{}, true},
		"rejects a negative first":         {edu.ConnectionArgs{First: ptr(-1)}, edu.PageArgs{}, true},
		"rejects a negative last":          {edu.ConnectionArgs{Last: ptr(-1)}, edu.PageArgs{}, true},
		"rejects a first over the maximum": {edu.ConnectionArgs{First: ptr(101)}, edu.PageArgs{}, true},
		"rejects a last over the maximum":  {edu.ConnectionArgs{Last: ptr(101)}, edu.PageArgs{}, true},
		"rejects a cursor of another list": {edu.ConnectionArgs{After: &other}, edu.PageArgs{}, true},
		"rejects a damaged cursor":         {edu.ConnectionArgs{Before: ptr(cursor[1:])}, edu.PageArgs{}, true},
		"rejects an empty cursor":          {edu.ConnectionArgs{After: ptr("")}, edu.PageArgs{}, true},
	} {
		got, err := c.args.ParsePageArgs(byNumber)
		if c.invalid {
			if !errors.Is(err, edu.BadUserInput) {
				t.Errorf("%s: %v, want BAD_USER_INPUT", name, err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		after, before := got.CursorBounds(byNumber)
		if (after == numberCursor(5)) != (c.args.After != nil) || (before == numberCursor(5)) != (c.args.Before != nil) {
			t.Errorf("%s lies between %+v and %+v", name, after, before)
		}
	}
}

// A page is built from rows in reading order, one more than its limit if the list goes on.
func TestNewPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		read           []int
		args           edu.PageArgs
		want           []int
		next, previous bool
	}{
		{[]int{1, 2, 3}, edu.PageArgs{Limit: 2}, []int{1, 2}, true, false},
		{[]int{1, 2}, edu.PageArgs{Limit: 2}, []int{1, 2}, false, false},
		{[]int{3}, edu.PageArgs{Limit: 2, After: numberCursor(2).String()}, []int{3}, false, true},
		{[]int{9, 8, 7}, edu.PageArgs{Limit: 2, Backward: true}, []int{8, 9}, false, true},
		{[]int{2, 1}, edu.PageArgs{Limit: 2, Backward: true, Before: numberCursor(3).String()}, []int{1, 2}, true, false},
		{[]int{1}, edu.PageArgs{Limit: 0}, []int{}, true, false},
		{nil, edu.PageArgs{Limit: 2}, []int{}, false, false},
	} {
		page := edu.NewPage(c.read, c.args, numberCursor)
		info := page.PageInfo()
		if diff := cmp.Diff(c.want, page.Nodes); diff != "" || info.HasNextPage != c.next || info.HasPreviousPage != c.previous {
			t.Errorf("%v: %+v, next %v, previous %v (-want +got):\n%s", c.args, page.Nodes, info.HasNextPage, info.HasPreviousPage, diff)
		}
		edges := page.Edges()
		if len(edges) != len(c.want) || (len(edges) == 0) != (info.StartCursor == nil) || (len(edges) == 0) != (info.EndCursor == nil) {
			t.Fatalf("%d edges, pageInfo %+v", len(edges), info)
		}
		for i, e := range edges {
			if e.Node != c.want[i] || e.Cursor() != numberCursor(c.want[i]).String() {
				t.Errorf("edge %d is %v", i, e)
			}
		}
	}
}

func TestArgumentRanges(t *testing.T) {
	t.Parallel()
	for n, valid := range map[int]bool{-1: false, 0: false, 1: true, edu.MaxDays: true, edu.MaxDays + 1: false} {
		if _, err := edu.ValidateDays(n); (err == nil) != valid {
			t.Errorf("days %d: %v", n, err)
		}
	}
	for n, valid := range map[int]bool{0: false, 1: true, edu.MaxPoints: true, edu.MaxPoints + 1: false} {
		if _, err := edu.NewTimeSeries(edu.IntervalDay, n); (err == nil) != valid {
			t.Errorf("last %d: %v", n, err)
		}
	}
	_, err := edu.ValidateLimit("first", 51, 50)
	if want := "BAD_USER_INPUT: first must be from 1 to 50; got 51"; fmt.Sprint(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}
