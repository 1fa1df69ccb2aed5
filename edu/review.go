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
	UpdatedAt time.Time

	// The reply to the review; all are nil without one.
	ReplyBody      *string
	RepliedAt      *time.Time
	ReplyUpdatedAt *time.Time
	ReplierID      *int64 // also nil if the account was deleted
}

// GlobalID returns the global id of the review.
func (r *Review) GlobalID() ID { return NewID(KindReview, r.ID) }

// IsNode marks a Review as a Node of the GraphQL schema.
func (*Review) IsNode() {}

// Reply returns the reply to the review, or nil.
func (r *Review) Reply() *ReviewReply {
	if r.ReplyBody == nil {
		return nil
	}
	return &ReviewReply{Body: *r.ReplyBody, CreatedAt: *r.RepliedAt, UpdatedAt: *r.ReplyUpdatedAt, AuthorID: r.ReplierID}
}

// ReviewReply is the reply of a course's instructor, or of an admin, to a review.
type ReviewReply struct {
	Body      string
	CreatedAt time.Time
	UpdatedAt time.Time
	AuthorID  *int64 // nil if the account was deleted
}

// RatingCount is the number of a course's reviews with a rating.
type RatingCount struct{ Rating, Count int }

// RatingHistogram returns the number of reviews of each rating, from 5 to 1.
func (c *Course) RatingHistogram() []RatingCount {
	counts := make([]RatingCount, 0, MaxRating)
	for rating := MaxRating; rating > 0 && len(c.RatingCounts) == MaxRating; rating-- {
		counts = append(counts, RatingCount{rating, c.RatingCounts[rating-1]})
	}
	return counts
}

// MaxRating is the highest rating of a review; the lowest is 1.
const MaxRating = 5

// ReviewOrderField is a field that reviews can be sorted by.
type ReviewOrderField string

// The sort fields of reviews.
const (
	ReviewsByCreatedAt ReviewOrderField = "CREATED_AT"
	ReviewsByRating    ReviewOrderField = "RATING"
)

// ReviewOrder is a sort order of the reviews of a course.
type ReviewOrder struct {
	Field     ReviewOrderField
	Direction OrderDirection
}

// NewestReviews is the default order of reviews.
var NewestReviews = ReviewOrder{ReviewsByCreatedAt, Descending}

// OrDefault returns the order, or NewestReviews for nil.
func (o *ReviewOrder) OrDefault() ReviewOrder {
	if o == nil {
		return NewestReviews
	}
	return *o
}

// SortOrder returns the sort order of the list.
func (o ReviewOrder) SortOrder() SortOrder {
	order := SortOrder{Name: "reviews." + string(o.Field) + "." + string(o.Direction), Kind: TimeValue, Desc: o.Direction == Descending}
	if o.Field == ReviewsByRating {
		order.Kind = IntValue
	}
	if o == NewestReviews {
		order.Name = "reviews" // as in cursors of the time when there was no other order
	}
	return order
}

// CursorColumns returns the columns that ReviewCursor reads.
func (o ReviewOrder) CursorColumns() Columns {
	if o.Field == ReviewsByRating {
		return ReviewRating
	}
	return ReviewCreatedAt
}

// ReviewCursor returns the cursor of a review in the order.
func (o ReviewOrder) ReviewCursor(r *Review) Cursor {
	at := Cursor{Order: o.SortOrder().Name, Value: NewTimeValue(r.CreatedAt), ID: r.ID}
	if o.Field == ReviewsByRating {
		at.Value = NewIntValue(int64(r.Rating))
	}
	return at
}

// ReviewList selects the reviews of a course by rating, and their order. A rating of 0 selects all.
type ReviewList struct {
	Rating int
	Order  ReviewOrder
}

// NewReviewList returns the list for optional arguments. A rating out of range is rejected with
// BadUserInput.
func NewReviewList(rating *int, by *ReviewOrder) (ReviewList, error) {
	list := ReviewList{Order: by.OrDefault()}
	if rating == nil {
		return list, nil
	}
	var err error
	list.Rating, err = validateRange("rating", *rating, 1, MaxRating)
	return list, err
}
