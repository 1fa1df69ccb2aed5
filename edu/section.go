package edu

import (
	"cmp"
	"math"
	"slices"
)

// MaxSections is the most sections that a course may have.
const MaxSections = 100

// Section is a section of a course. It has the videos of the course from FirstPosition up to NextPosition, which
// is the first position of the next section.
type Section struct {
	ID              int64
	CourseID        int64
	Title           string
	Position        int // 1-based, among the sections of the course
	FirstPosition   int // 1-based, among the videos of the course
	NextPosition    int // MaxPosition for the last section
	VideosCount     int
	DurationSeconds int // the sum of its videos
}

// MaxPosition is after every position of a video.
const MaxPosition = math.MaxInt32

// GlobalID returns the global id of the section.
func (s *Section) GlobalID() ID { return NewID(KindSection, s.ID) }

// IsNode marks a Section as a Node of the GraphQL schema.
func (*Section) IsNode() {}

// Contains reports whether a position of its course's videos is in the section.
func (s *Section) Contains(position int) bool {
	return s.FirstPosition <= position && position < s.NextPosition
}

// SectionAt returns the section of a course that contains a position, nil if there is none.
func SectionAt(sections []*Section, position int) *Section {
	for _, s := range sections {
		if s.Contains(position) {
			return s
		}
	}
	return nil
}

// SectionVideos returns the videos of a section among those of its course, which are in their order.
func (s *Section) SectionVideos(course []*Video) []*Video {
	indexOf := func(position int) int {
		i, _ := slices.BinarySearchFunc(course, position, func(v *Video, at int) int { return cmp.Compare(v.Position, at) })
		return i
	}
	return course[indexOf(s.FirstPosition):indexOf(s.NextPosition)]
}

// PlaceSection returns the position of a new section, and the first position of its videos. A nil position selects
// the next. PlaceSection rejects a section that exceeds MaxSections, and a position that neither a section has nor
// follows the last one. At is the path to the section.
func (t VideoTotals) PlaceSection(sections []*Section, position *int, at InputPath) (place, first int, err error) {
	last := 1
	first = t.LastPosition + 1
	if n := len(sections); n >= MaxSections {
		return 0, 0, at.Subpath("courseId").Reject(UserInvalid, "the course already has {max} sections, the most allowed", MaxSections)
	} else if n > 0 {
		last, first = sections[n-1].Position+1, max(first, sections[n-1].FirstPosition)
	}
	if position == nil {
		return last, first, nil
	}
	if *position < 1 || *position > last {
		return 0, 0, at.Subpath("position").Reject(UserInvalid, "must be from {min} to {max}; it is {actual}", 1, last, *position)
	}
	for _, s := range slices.Backward(sections) {
		if s.Position >= *position {
			first = s.FirstPosition
		}
	}
	return *position, first, nil
}
