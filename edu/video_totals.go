package edu

import "slices"

// MaxVideos is the most videos that a course may have. Adding a video at the front moves all
// others, and computing progress reads them all.
const MaxVideos = 1_000

// VideoTotals holds the totals of the videos of a course.
type VideoTotals struct {
	Count        int
	LastPosition int // the highest position, 0 if there are no videos
	TotalSeconds int
}

// PlaceVideo returns the position of a new video, and its section among those of its course: nil for none. A nil
// position selects the next, in the section with the id unless that is 0. PlaceVideo rejects a video that exceeds
// MaxVideos, an unknown section, and a position outside the section. At is the path to the video.
func (t VideoTotals) PlaceVideo(sections []*Section, position *int, section int64, at InputPath) (place int, in *Section, err error) {
	if t.Count >= MaxVideos {
		return 0, nil, at.Subpath("courseId").Reject(UserInvalid, "the course already has {max} videos, the most allowed", MaxVideos)
	}
	first, last := 1, t.LastPosition+1
	if section != 0 {
		i := slices.IndexFunc(sections, func(s *Section) bool { return s.ID == section })
		if i < 0 {
			return 0, nil, at.Subpath("sectionId").Reject(UserNotFound, sectionNotFound)
		}
		in = sections[i]
		first, last = in.FirstPosition, max(in.FirstPosition, min(in.NextPosition, last))
	}
	place = last
	if position != nil {
		place = *position
	}
	if place < first || place > last {
		return 0, nil, at.Subpath("position").Reject(UserInvalid, "must be from {min} to {max}; it is {actual}", first, last, place)
	}
	if in == nil {
		in = SectionAt(sections, place)
	}
	return place, in, nil
}

// ValidateDuration rejects a duration of a course that is shorter than its videos. At is the path
// to the duration.
func (t VideoTotals) ValidateDuration(seconds int, at InputPath) error {
	if seconds < t.TotalSeconds {
		return at.Reject(UserInvalid, "must be at least {min}, the total length of the videos; it is {actual}", t.TotalSeconds, seconds)
	}
	return nil
}
