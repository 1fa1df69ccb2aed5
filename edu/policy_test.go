package edu_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
)

func TestPolicies(t *testing.T) {
	t.Parallel()
	published, draft := &edu.Course{InstructorID: 2, Published: true}, &edu.Course{InstructorID: 2}
	for _, c := range []struct {
		v                                                 edu.Viewer
		signedIn, owns2, teaches, seesDraft, isInstructor bool
	}{
		{edu.Viewer{}, false, false, false, false, false},
		{edu.Viewer{Role: edu.RoleAdmin}, false, false, false, false, false}, // no one, whatever the role says
		{edu.Viewer{ID: 1, Role: edu.RoleStudent}, true, false, false, false, false},
		{edu.Viewer{ID: 1, Role: edu.RoleInstructor}, true, false, false, false, true},
		{edu.Viewer{ID: 2, Role: edu.RoleInstructor}, true, true, true, true, true},
		{edu.Viewer{ID: 3, Role: edu.RoleAdmin}, true, true, true, true, true},
		{edu.Viewer{ID: 4, Role: "owner"}, true, false, false, false, false},
	} {
		got := [5]bool{c.v.SignedIn(), c.v.CanAccessUser(2), c.v.CanManageCourse(draft), draft.VisibleTo(c.v), c.v.HasRole(edu.RoleInstructor)}
		if want := [5]bool{c.signedIn, c.owns2, c.teaches, c.seesDraft, c.isInstructor}; got != want {
			t.Errorf("%+v: %v, want %v", c.v, got, want)
		}
		if !published.VisibleTo(c.v) {
			t.Errorf("%+v does not see a published course", c.v)
		}
	}
}

func TestViewerTravels(t *testing.T) {
	t.Parallel()
	v := edu.Viewer{ID: 7, Role: edu.RoleStudent}
	if got := edu.ViewerFrom(edu.WithViewer(t.Context(), v)); got != v {
		t.Errorf("got %+v", got)
	}
	if got := edu.ViewerFrom(context.Background()); got.SignedIn() {
		t.Errorf("nobody is %+v", got)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for want, list := range map[edu.EnrollmentStatus][]edu.Enrollment{
		edu.NotStarted: {{}, {LastAccessedAt: &now}},
		edu.InProgress: {{Progress: 0.01}, {Progress: 99.99}},
		edu.Completed:  {{Progress: 100}, {CompletedAt: &now}, {Progress: 50, CompletedAt: &now}},
	} {
		for _, e := range list {
			if e.Status() != want {
				t.Errorf("%+v is %s, want %s", e, e.Status(), want)
			}
		}
	}
}

// A code is found however often an error was wrapped.
func TestErrors(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("store: %w", fmt.Errorf("again: %w", edu.Errorf(edu.NotFound, "no course %d", 3)))
	var own *edu.Error
	if !errors.Is(err, edu.NotFound) || errors.Is(err, edu.Forbidden) || !errors.As(err, &own) || own.Message != "no course 3" {
		t.Errorf("%v", err)
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for d, valid := range map[edu.Decimal]bool{
		"0": true, "49.90": true, "-1.5": true, "12345678.99": true,
		"": false, "-": false, ".": false, "1.2.3": false, "1e5": false, "NaN": false, "1,5": false, "+1": false, "1-": false, "١": false,
		"123456789012345678901234567890123": false,
	} {
		if d.IsValid() != valid {
			t.Errorf("%q: %v, want %v", d, d.IsValid(), valid)
		}
	}
}

func TestTimeline(t *testing.T) {
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

// Each enum takes its own values to the letter and nothing else.
func TestEnums(t *testing.T) {
	t.Parallel()
	var d edu.Difficulty
	if err := d.UnmarshalGQL("BEGINNER"); err != nil || d != edu.DifficultyBeginner {
		t.Errorf("%v, %v", d, err)
	}
	for _, v := range []any{"beginner", "Beginner", "", " BEGINNER", nil, 1, "FREE"} {
		if err := d.UnmarshalGQL(v); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("%v: %v, want BAD_USER_INPUT", v, err)
		}
	}
}

func TestSearchText(t *testing.T) {
	t.Parallel()
	if got, err := edu.ParseSearchText("query", "  a b\t"); got != "a b" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"a\x00", string(make([]byte, edu.MaxQueryLength+1))} {
		if _, err := edu.ParseSearchText("query", text); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("%.10q: %v, want BAD_USER_INPUT", text, err)
		}
	}
}

func TestFilterConditions(t *testing.T) {
	t.Parallel()
	none := (*edu.CourseFilter)(nil)
	if c, err := none.ParseConditions(); err != nil || !c.IsEmpty() {
		t.Errorf("no filter: %+v, %v", c, err)
	}
	full := edu.CourseFilter{CategoryID: ptr(edu.NewID(edu.KindCategory, 4)), InstructorID: ptr(edu.NewID(edu.KindUser, 5)), Tags: []string{"a"}}
	if c, err := full.ParseConditions(); err != nil || c.CategoryID != 4 || c.InstructorID != 5 || c.IsEmpty() {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []edu.CourseFilter{
		{CategoryID: ptr(edu.NewID(edu.KindUser, 4))}, {InstructorID: &edu.ID{}}, {Tags: make([]string, 21)},
	} {
		if _, err := bad.ParseConditions(); !errors.Is(err, edu.BadUserInput) {
			t.Errorf("%+v: %v, want BAD_USER_INPUT", bad, err)
		}
	}
}
