package edu_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
)

// newSections returns sections with the ids 101, 102 … that begin at the positions.
func newSections(first ...int) []*edu.Section {
	var list []*edu.Section
	for i, position := range first {
		next := edu.MaxPosition
		if i+1 < len(first) {
			next = first[i+1]
		}
		list = append(list, &edu.Section{ID: int64(101 + i), Position: i + 1, FirstPosition: position, NextPosition: next})
	}
	return list
}

// newOutline returns the outline of a course with the videos 1, 2 … and sections that begin at the positions.
func newOutline(videos int, first ...int) *edu.Outline {
	list := make([]*edu.Video, videos)
	for i := range list {
		list[i] = &edu.Video{ID: int64(i + 1), Position: i + 1}
	}
	slices.Reverse(list) // the order does not matter
	return edu.NewOutline(newSections(first...), list)
}

// describe returns the videos of no section, and then each section with its videos. It checks that the first
// positions of the sections say the same.
func describe(t *testing.T, o *edu.Outline) string {
	t.Helper()
	groups := make([][]string, len(o.Sections)+1)
	for _, v := range o.Videos {
		groups[v.Section] = append(groups[v.Section], fmt.Sprint(v.ID))
	}
	parts, position := []string{strings.Join(groups[0], " ")}, len(groups[0])+1
	for i, id := range o.Sections {
		if first := o.FirstPositions()[i]; first != position {
			t.Errorf("section %d begins at %d, want %d", id, first, position)
		}
		position += len(groups[i+1])
		parts = append(parts, fmt.Sprint(id, ": ", strings.Join(groups[i+1], " ")))
	}
	if !slices.IsSortedFunc(o.Videos, func(a, b edu.OutlineVideo) int { return a.Section - b.Section }) {
		t.Errorf("the videos of a section do not stand together: %v", o.Videos)
	}
	return strings.TrimSpace(strings.Join(parts, " | "))
}

func TestOutline(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*edu.Outline) error
		want   string
	}{
		{"unchanged", func(*edu.Outline) error { return nil }, "1 | 101: 2 3 | 102:  | 103: 4 5"},
		{"a video into an empty section", func(o *edu.Outline) error { _, err := o.MoveVideo(5, 102, nil); return err }, "1 | 101: 2 3 | 102: 5 | 103: 4"},
		{"a video after the others of a section", func(o *edu.Outline) error { _, err := o.MoveVideo(1, 103, nil); return err }, "| 101: 2 3 | 102:  | 103: 4 5 1"},
		{"a video out of its section", func(o *edu.Outline) error { _, err := o.MoveVideo(4, 0, nil); return err }, "1 4 | 101: 2 3 | 102:  | 103: 5"},
		{"a video into its own section", func(o *edu.Outline) error {
			moved, err := o.MoveVideo(2, 101, nil)
			if moved {
				return fmt.Errorf("it is moved: %w", err)
			}
			return err
		}, "1 | 101: 2 3 | 102:  | 103: 4 5"},
		{"sections with their videos", func(o *edu.Outline) error { return o.ReorderSections([]int64{103, 102, 101}, nil) }, "1 | 103: 4 5 | 102:  | 101: 2 3"},
		{"videos within their sections", func(o *edu.Outline) error { return o.ReorderVideos([]int64{1, 3, 2, 5, 4}, nil, nil) }, "1 | 101: 3 2 | 102:  | 103: 5 4"},
		{"a video among those of an earlier section", func(o *edu.Outline) error { return o.ReorderVideos([]int64{1, 2, 5, 3, 4}, nil, nil) }, "1 | 101: 2 5 3 | 102:  | 103: 4"},
		{"a video among those of a later section", func(o *edu.Outline) error { return o.ReorderVideos([]int64{1, 3, 4, 2, 5}, nil, nil) }, "1 | 101: 3 | 102:  | 103: 4 2 5"},
		{"a video to the end", func(o *edu.Outline) error { return o.ReorderVideos([]int64{2, 3, 4, 5, 1}, nil, nil) }, "| 101: 2 3 | 102:  | 103: 4 5 1"},
		{"a video to the start", func(o *edu.Outline) error { return o.ReorderVideos([]int64{5, 1, 2, 3, 4}, nil, nil) }, "5 1 | 101: 2 3 | 102:  | 103: 4"},
		{"videos into named sections", func(o *edu.Outline) error {
			return o.ReorderVideos([]int64{5, 4, 3, 2, 1}, []int64{0, 0, 102, 102, 103}, nil)
		}, "5 4 | 101:  | 102: 3 2 | 103: 1"},
	} {
		o := newOutline(5, 2, 4, 4)
		if err := c.change(o); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := describe(t, o); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Invalid changes have problems at their paths, all at once.
func TestOutlineRejections(t *testing.T) {
	t.Parallel()
	reorder := func(order, sections []int64) error {
		return newOutline(3, 2, 3).ReorderVideos(order, sections, edu.InputPath{"input"})
	}
	_, unknown := newOutline(3, 2, 3).MoveVideo(1, 999, edu.InputPath{"sectionId"})
	all := []int64{1, 2, 3}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a video is missing":      {reorder(all[:2], nil), "INVALID input.videoIds"},
		"a section is missing":    {newOutline(3, 2, 3).ReorderSections([]int64{101}, edu.InputPath{"sectionIds"}), "INVALID sectionIds"},
		"a section twice":         {newOutline(3, 2, 3).ReorderSections([]int64{101, 101}, edu.InputPath{"sectionIds"}), "INVALID sectionIds"},
		"an unknown section":      {unknown, "NOT_FOUND sectionId"},
		"too few sections":        {reorder(all, []int64{0, 101}), "INVALID input.sectionIds"},
		"sections out of order":   {reorder(all, []int64{102, 101, 0}), "INVALID input.sectionIds.1, INVALID input.sectionIds.2"},
		"a section in two pieces": {reorder(all, []int64{101, 102, 101}), "INVALID input.sectionIds.2"},
		"unknown sections":        {reorder(all, []int64{999, 101, 998}), "NOT_FOUND input.sectionIds.0, NOT_FOUND input.sectionIds.2"},
	} {
		var got []string
		problems, _ := c.err.(edu.UserErrors) //nolint:errorlint // policies return it unwrapped
		for _, p := range problems {
			got = append(got, fmt.Sprintf("%s %s", p.Code, strings.Join(p.Field, ".")))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// Random changes keep every video and section, and the videos of each section together.
func TestOutlineInvariants(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		o := newOutline(1+r.IntN(12), slices.Sorted(slices.Values([]int{1 + r.IntN(6), 1 + r.IntN(6), 1 + r.IntN(6)}))...)
		for range 8 {
			videos, sections := o.VideoIDs(), slices.Clone(o.Sections)
			r.Shuffle(len(videos), func(i, j int) { videos[i], videos[j] = videos[j], videos[i] })
			var err error
			switch r.IntN(3) {
			case 0:
				_, err = o.MoveVideo(videos[0], append(sections, 0)[r.IntN(4)], nil)
			case 1:
				r.Shuffle(3, func(i, j int) { sections[i], sections[j] = sections[j], sections[i] })
				err = o.ReorderSections(sections, nil)
			default:
				err = o.ReorderVideos(videos, nil, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			describe(t, o)
			if ids := o.VideoIDs(); !slices.Equal(slices.Sorted(slices.Values(ids)), slices.Sorted(slices.Values(videos))) {
				t.Fatalf("videos %v, want those of %v", ids, videos)
			}
		}
	}
}

// A new video is in the section with its id, or in the one that contains its position.
func TestPlaceVideo(t *testing.T) {
	t.Parallel()
	sections, totals := newSections(2, 4, 4), edu.VideoTotals{Count: 5, LastPosition: 5}
	for _, c := range []struct {
		position int // 0 for none
		section  int64
		want     string
	}{
		{0, 0, "6 in 103"},
		{6, 0, "6 in 103"},
		{4, 0, "4 in 103"},
		{3, 0, "3 in 101"},
		{2, 0, "2 in 101"},
		{1, 0, "1 in 0"},
		{0, 101, "4 in 101"},
		{4, 101, "4 in 101"},
		{2, 101, "2 in 101"},
		{1, 101, "position: must be from 2 to 4; it is 1"},
		{5, 101, "position: must be from 2 to 4; it is 5"},
		{0, 102, "4 in 102"},
		{5, 102, "position: must be from 4 to 4; it is 5"},
		{0, 103, "6 in 103"},
		{7, 103, "position: must be from 4 to 6; it is 7"},
		{0, 104, "sectionId: section not found"},
	} {
		position := &c.position
		if c.position == 0 {
			position = nil
		}
		place, in, err := totals.PlaceVideo(sections, position, c.section, nil)
		if in == nil {
			in = &edu.Section{}
		}
		got := fmt.Sprintf("%d in %d", place, in.ID)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("position %d in section %d: %s, want %s", c.position, c.section, got, c.want)
		}
	}
}

// A new section begins where the section at its position begins, and after all videos if it is the last.
func TestPlaceSection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first    []int
		position int // 0 for none
		want     string
	}{
		{nil, 0, "1 at 6"},
		{nil, 1, "1 at 6"},
		{nil, 2, "position: must be from 1 to 1; it is 2"},
		{[]int{2, 4}, 0, "3 at 6"},
		{[]int{2, 4}, 3, "3 at 6"},
		{[]int{2, 4}, 2, "2 at 4"},
		{[]int{2, 4}, 1, "1 at 2"},
		{[]int{2, 4}, -1, "position: must be from 1 to 3; it is -1"},
		{[]int{2, 4}, 4, "position: must be from 1 to 3; it is 4"},
		{[]int{9}, 0, "2 at 9"},
		{make([]int, edu.MaxSections), 0, "courseId: the course already has 100 sections, the most allowed"},
		{make([]int, edu.MaxSections-1), 0, "100 at 6"},
	} {
		position := &c.position
		if c.position == 0 {
			position = nil
		}
		place, first, err := edu.VideoTotals{LastPosition: 5}.PlaceSection(newSections(c.first...), position, nil)
		got := fmt.Sprintf("%d at %d", place, first)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("position %d of %v: %s, want %s", c.position, c.first, got, c.want)
		}
	}
}

// TestSectionVideos checks the videos of sections, of which one is empty, in a course with and without videos.
func TestSectionVideos(t *testing.T) {
	t.Parallel()
	videos := make([]*edu.Video, 5)
	for i := range videos {
		videos[i] = &edu.Video{ID: int64(i + 1), Position: i + 1}
	}
	for i, want := range []string{"2 3", "", "4 5"} {
		var ids []string
		s := newSections(2, 4, 4)[i]
		for _, v := range s.SectionVideos(videos) {
			ids = append(ids, fmt.Sprint(v.ID))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("section %d has the videos %q, want %q", i+1, got, want)
		}
		if n := len(s.SectionVideos(nil)); n != 0 {
			t.Errorf("section %d has %d videos of a course without any", i+1, n)
		}
	}
}
