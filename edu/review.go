package edu

import "time"

// Review is a student's review of a course. Only the columns that were requested are set: see
// Columns.
type Review struct {
	ID        int64
	CourseID  int64
	AuthorID  int64
	Rating    int // 1 to 5
	Body      string
	CreatedAt time.Time
}

// GlobalID returns the global id of the review.
func (r *Review) GlobalID() ID { return NewID(KindReview, r.ID) }

// IsNode marks a Review as a Node of the GraphQL schema.
func (*Review) IsNode() {}

// ReviewOrder is the only order of a course's reviews: the newest first.
var ReviewOrder = SortOrder{Name: "reviews", Kind: TimeValue, Desc: true}

// PageCursor returns the cursor of the review in the list of its course.
func (r *Review) PageCursor() Cursor {
	return Cursor{Order: ReviewOrder.Name, Value: NewTimeValue(r.CreatedAt), ID: r.ID}
}
