package edu

import "time"

// Video is a lesson of a course.
type Video struct {
	ID              int64
	CourseID        int64
	Title           string
	Position        int // 1-based
	DurationSeconds int
}

// GlobalID returns the video's id as clients know it.
func (v *Video) GlobalID() ID { return NewID(KindVideo, v.ID) }

// IsNode marks a Video as a Node of the GraphQL schema.
func (*Video) IsNode() {}

// VideoOrder is the only order of a course's videos.
var VideoOrder = SortOrder{Name: "videos", Kind: IntValue}

// PageCursor returns the video's place in its course.
func (v *Video) PageCursor() Cursor {
	return Cursor{Order: VideoOrder.Name, Value: NewIntValue(int64(v.Position)), ID: v.ID}
}

// VideoProgress is how far someone has watched a video.
type VideoProgress struct {
	VideoID         int64
	ProgressSeconds int // the furthest, from the start
	WatchedAt       time.Time
	Completed       bool
}

// CompletionThreshold is how much of a video must be watched for it to count as
// completed.
const CompletionThreshold = 0.9

// VideoEvent is a stretch of watching that a viewer tells of.
type VideoEvent struct {
	VideoID         int64
	ProgressSeconds int // from the start of the video
	WatchedAt       time.Time
}

// durationTolerance is by how many seconds an event may lie beyond the end of its video:
// players round.
const durationTolerance = 30

// ValidateWatchEvent refuses what a viewer tells of a video, nil where there is none, if
// they do not take its course, or if it lies beyond the video's end.
func (v *Video) ValidateWatchEvent(e VideoEvent, c *Course, by Viewer, enrolled bool, at InputPath) UserErrors {
	switch {
	case v == nil, !enrolled && !c.VisibleTo(by):
		return at.Subpath("videoId").UserErrorf(UserNotFound, "there is no such video")
	case !enrolled:
		return at.Subpath("videoId").UserErrorf(UserNotEnrolled, "the viewer does not take the course of this video")
	case e.ProgressSeconds > v.DurationSeconds+durationTolerance:
		return at.Subpath("progressSeconds").UserErrorf(UserInvalid, "the video is %d seconds long; this is %d", v.DurationSeconds, e.ProgressSeconds)
	}
	return nil
}
