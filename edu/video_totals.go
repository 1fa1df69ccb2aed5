package edu

// MaxVideos is how many videos a course may have. Adding one in front moves all
// others, and progress reads them all.
const MaxVideos = 1_000

// VideoTotals are the videos of a course together.
type VideoTotals struct {
	Count        int
	LastPosition int // the highest position, 0 where there are none
	TotalSeconds int
}

// ValidateNewVideo refuses one video more than there may be, and a position that is
// neither one of the videos' nor the next; a position of nil is the next. At is
// the path to the video.
func (t VideoTotals) ValidateNewVideo(position *int, at InputPath) error {
	switch {
	case t.Count >= MaxVideos:
		return at.Subpath("courseId").UserErrorf(UserInvalid, "a course has %d videos at most, and this one has them", MaxVideos)
	case position != nil && (*position < 1 || *position > t.LastPosition+1):
		return at.Subpath("position").UserErrorf(UserInvalid, "this must be from 1 to %d; it is %d", t.LastPosition+1, *position)
	}
	return nil
}

// ValidateDuration refuses to make a course shorter than its videos. At is the path
// to the duration.
func (t VideoTotals) ValidateDuration(seconds int, at InputPath) error {
	if seconds < t.TotalSeconds {
		return at.UserErrorf(UserInvalid, "this must be %d at least, as long as the videos together; it is %d", t.TotalSeconds, seconds)
	}
	return nil
}
