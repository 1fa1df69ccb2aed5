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

// ValidateNewVideo rejects a video that exceeds MaxVideos, and a position that neither a video has
// nor follows the last one. A nil position selects the next. At is the path to the video.
func (t VideoTotals) ValidateNewVideo(position *int, at InputPath) error {
	switch {
	case t.Count >= MaxVideos:
		return at.Subpath("courseId").Reject(UserInvalid, "the course already has {max} videos, the most allowed", MaxVideos)
	case position != nil && (*position < 1 || *position > t.LastPosition+1):
		return at.Subpath("position").Reject(UserInvalid, "must be from {min} to {max}; it is {actual}", 1, t.LastPosition+1, *position)
	}
	return nil
}

// ValidateVideoOrder rejects a new order of a course's videos that is not made of all of them, each once. At is
// the path to the ids.
func ValidateVideoOrder(current, order []int64, at InputPath) error {
	sorted := slices.Sorted(slices.Values(order))
	if !slices.Equal(slices.Sorted(slices.Values(current)), sorted) {
		return at.Reject(UserInvalid, "must have all {count} videos of the course, each once: read them again", len(current))
	}
	return nil
}

// ValidateDuration rejects a duration of a course that is shorter than its videos. At is the path
// to the duration.
func (t VideoTotals) ValidateDuration(seconds int, at InputPath) error {
	if seconds < t.TotalSeconds {
		return at.Reject(UserInvalid, "must be at least {min}, the total length of the videos; it is {actual}", t.TotalSeconds, seconds)
	}
	return nil
}
