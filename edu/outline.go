package edu

import (
	"cmp"
	"slices"
)

// Outline is the order of the sections and the videos of a course. Writes read it, change it and store it.
type Outline struct {
	Sections []int64        // the ids, in their order
	Videos   []OutlineVideo // in their order
}

// OutlineVideo is a video of an Outline. Section is the number of its section: 0 for none, 1 for the first of
// Outline.Sections. The numbers never decrease from one video to the next.
type OutlineVideo struct {
	ID      int64
	Section int
}

// NewOutline returns the outline of a course, from its sections in their order and its videos in any order.
func NewOutline(sections []*Section, videos []*Video) *Outline {
	o := &Outline{}
	for _, s := range sections {
		o.Sections = append(o.Sections, s.ID)
	}
	slices.SortFunc(videos, func(a, b *Video) int { return cmp.Compare(a.Position, b.Position) })
	for _, v := range videos {
		at := slices.IndexFunc(sections, func(s *Section) bool { return s.Contains(v.Position) })
		o.Videos = append(o.Videos, OutlineVideo{v.ID, at + 1})
	}
	return o
}

// VideoIDs returns the ids of the videos, in their order.
func (o *Outline) VideoIDs() []int64 {
	ids := make([]int64, len(o.Videos))
	for i, v := range o.Videos {
		ids[i] = v.ID
	}
	return ids
}

// FirstPositions returns the first position of each section. A section without videos begins where the next one
// does.
func (o *Outline) FirstPositions() []int {
	positions := make([]int, len(o.Sections))
	for i := range positions {
		positions[i] = 1 + o.firstAfter(i)
	}
	return positions
}

// firstAfter returns the index of the first video after a section.
func (o *Outline) firstAfter(section int) int {
	i, _ := slices.BinarySearchFunc(o.Videos, section+1, func(v OutlineVideo, number int) int { return cmp.Compare(v.Section, number) })
	return i
}

// sectionNumber returns the number of a section, 0 for the id 0, and whether the course has it.
func (o *Outline) sectionNumber(id int64) (number int, known bool) {
	number = 1 + slices.Index(o.Sections, id)
	return number, id == 0 || number > 0
}

// MoveVideo moves a video to a section, after its other videos; the id 0 is that of no section. It reports
// whether the video was in another section. At is the path to the id of the section.
func (o *Outline) MoveVideo(video, section int64, at InputPath) (moved bool, err error) {
	number, known := o.sectionNumber(section)
	if !known {
		return false, at.Reject(UserNotFound, sectionNotFound)
	}
	from := slices.IndexFunc(o.Videos, func(v OutlineVideo) bool { return v.ID == video })
	if o.Videos[from].Section == number {
		return false, nil
	}
	o.Videos = slices.Delete(o.Videos, from, from+1)
	o.Videos = slices.Insert(o.Videos, o.firstAfter(number), OutlineVideo{video, number})
	return true, nil
}

// ReorderSections sets the order of the sections, which must be all of them, and moves their videos with them. At
// is the path to the ids.
func (o *Outline) ReorderSections(order []int64, at InputPath) error {
	if !isPermutation(o.Sections, order) {
		return at.Reject(UserInvalid, "must have all {count} sections of the course, each once: read them again", len(o.Sections))
	}
	for i := range o.Videos {
		if number := o.Videos[i].Section; number > 0 {
			o.Videos[i].Section = 1 + slices.Index(order, o.Sections[number-1])
		}
	}
	slices.SortStableFunc(o.Videos, func(a, b OutlineVideo) int { return cmp.Compare(a.Section, b.Section) })
	o.Sections = order
	return nil
}

// ReorderVideos sets the order of the videos, which must be all of them, and the section of each: 0 is none. Nil
// sections are found by joinSections. At is the path to the input, whose ids are videoIds and sectionIds.
func (o *Outline) ReorderVideos(order, sections []int64, at InputPath) error {
	if !isPermutation(o.VideoIDs(), order) {
		return at.Subpath("videoIds").Reject(UserInvalid, "must have all {count} videos of the course, each once: read them again", len(o.Videos))
	}
	before := make(map[int64]int, len(o.Videos)) // the index of each video
	for i, v := range o.Videos {
		before[v.ID] = i
	}
	reordered, from := make([]OutlineVideo, len(order)), make([]int, len(order))
	for i, id := range order {
		from[i] = before[id]
		reordered[i] = o.Videos[from[i]]
	}
	o.Videos = reordered
	if sections == nil {
		o.joinSections(from)
		return nil
	}
	return o.setSections(sections, at.Subpath("sectionIds"))
}

// setSections sets the section of each video. At is the path to the ids.
func (o *Outline) setSections(sections []int64, at InputPath) error {
	if len(sections) != len(o.Videos) {
		return at.Reject(UserInvalid, "must have a section, or null, for each of the {count} videos; it has {actual}", len(o.Videos), len(sections))
	}
	var problems UserErrors
	before := 0
	for i, id := range sections {
		number, known := o.sectionNumber(id)
		switch {
		case !known:
			problems = append(problems, at.Subpath(i).Reject(UserNotFound, sectionNotFound)...)
		case number < before:
			problems = append(problems, at.Subpath(i).Reject(UserInvalid, "the videos of a section must stand together, in the order of the sections")...)
		default:
			before, o.Videos[i].Section = number, number
		}
	}
	if problems != nil {
		return problems
	}
	return nil
}

// joinSections moves each video that is among the videos of other sections to the one of them that is nearest to its
// own. from holds the index that each video had. Videos that were moved adapt to the others, which are as many as
// possible.
func (o *Outline) joinSections(from []int) {
	stays := longestAscending(from)
	next := make([]int, len(o.Videos)) // the section of the next video that stays
	number := len(o.Sections)
	for i, v := range slices.Backward(o.Videos) {
		if stays[i] {
			number = v.Section
		}
		next[i] = number
	}
	number = 0
	for i, v := range o.Videos {
		number = min(max(v.Section, number), next[i])
		o.Videos[i].Section = number
	}
}

// longestAscending reports which numbers are part of the longest ascending series.
func longestAscending(numbers []int) []bool {
	length, before := make([]int, len(numbers)), make([]int, len(numbers))
	last := 0 // of the longest series
	for i := range numbers {
		length[i], before[i] = 1, -1
		for j := range i {
			if numbers[j] < numbers[i] && length[j] >= length[i] {
				length[i], before[i] = length[j]+1, j
			}
		}
		if length[i] > length[last] {
			last = i
		}
	}
	ascending := make([]bool, len(numbers))
	for i := last; i >= 0 && i < len(numbers); i = before[i] {
		ascending[i] = true
	}
	return ascending
}

// isPermutation reports whether an order has all ids, each once.
func isPermutation(ids, order []int64) bool {
	return slices.Equal(slices.Sorted(slices.Values(ids)), slices.Sorted(slices.Values(order)))
}
