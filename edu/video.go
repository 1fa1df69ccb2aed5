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
var VideoOrder = Order{Name: "videos", Kind: IntValue}

// Cursor returns the video's place in its course.
func (v *Video) Cursor() Cursor {
	return Cursor{Order: VideoOrder.Name, Value: IntOf(int64(v.Position)), ID: v.ID}
}

// VideoProgress is how far someone has watched a video.
type VideoProgress struct {
	VideoID         int64
	ProgressSeconds int // the furthest, from the start
	WatchedAt       time.Time
	Completed       bool
}

// WatchedShare is how much of a video must be watched for it to count as
// completed.
const WatchedShare = 0.9
