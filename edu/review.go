package edu

import "time"

// Review is what a student says of a course, as far as it was read: see Columns.
type Review struct {
	ID        int64
	CourseID  int64
	AuthorID  int64
	Rating    int // 1 to 5
	Body      string
	CreatedAt time.Time
}

// GlobalID returns the review's id as clients know it.
func (r *Review) GlobalID() ID { return NewID(KindReview, r.ID) }

// IsNode marks a Review as a Node of the GraphQL schema.
func (*Review) IsNode() {}

// ReviewOrder is the only order of a course's reviews: the newest first.
var ReviewOrder = SortOrder{Name: "reviews", Kind: TimeValue, Desc: true}

// PageCursor returns the review's place in its course.
func (r *Review) PageCursor() Cursor {
	return Cursor{Order: ReviewOrder.Name, Value: NewTimeValue(r.CreatedAt), ID: r.ID}
}
