package edu

import "time"

// Video is a lesson of a course.
type Video struct {
	ID              int64
	CourseID        int64
	Title           string
	Position        int // 1-based
	DurationSeconds int
	IsPreview       bool   // all visitors may play it
	Media           []byte // a VideoMedia in JSON, nil if there are no files
}

// GlobalID returns the global id of the video.
func (v *Video) GlobalID() ID { return NewID(KindVideo, v.ID) }

// IsNode marks a Video as a Node of the GraphQL schema.
func (*Video) IsNode() {}

// VideoOrder is the only order of a course's videos.
var VideoOrder = SortOrder{Name: "videos", Kind: IntValue}

// PageCursor returns the cursor of the video in the list of its course.
func (v *Video) PageCursor() Cursor {
	return Cursor{Order: VideoOrder.Name, Value: NewIntValue(int64(v.Position)), ID: v.ID}
}

// VideoProgress is a user's progress in a video.
type VideoProgress struct {
	VideoID         int64
	ProgressSeconds int // the furthest position reached, from the start
	WatchedAt       time.Time
	Completed       bool
}

// CompletionThreshold is the share of a video that must be watched for it to count as completed.
const CompletionThreshold = 0.9

// VideoEvent is a position in a video that a viewer reports to have watched up to.
type VideoEvent struct {
	Index           int // among the events of the request
	VideoID         int64
	ProgressSeconds int // from the start of the video
	WatchedAt       time.Time
}

// durationTolerance is the number of seconds that the position of an event may lie beyond the end
// of its video, because players round.
const durationTolerance = 30

// ValidateWatchEvent validates the event of a video, which is nil if it does not exist. It rejects
// events of viewers who are not enrolled in the course, and positions beyond the end of the video.
func (v *Video) ValidateWatchEvent(e VideoEvent, c *Course, viewer Viewer, enrolled bool, at InputPath) UserErrors {
	switch {
	case v == nil, !enrolled && !c.VisibleTo(viewer):
		return at.Subpath("videoId").Reject(UserNotFound, "video not found")
	case !enrolled:
		return at.Subpath("videoId").Reject(UserNotEnrolled, "the viewer is not enrolled in the course of this video")
	case e.ProgressSeconds > v.DurationSeconds+durationTolerance:
		return at.Subpath("progressSeconds").Reject(UserInvalid, "the video is {max} seconds long; it is {actual}", v.DurationSeconds, e.ProgressSeconds)
	}
	return nil
}
