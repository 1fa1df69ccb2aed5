package demo

import (
	"iter"
	"math/big"

	"github.com/jackc/pgx/v5/pgtype"
)

var (
	enrollmentColumns = []string{"id", "user_id", "course_id", "progress", "enrolled_at", "last_accessed_at", "completed_at"}
	reviewColumns     = []string{"id", "course_id", "user_id", "rating", "body", "created_at", "updated_at", "reply", "replied_at", "reply_updated_at", "replied_by"}
	progressColumns   = []string{"id", "user_id", "video_id", "progress_seconds", "watched_seconds", "watched_at", "created_at"}
)

// allEnrollments yields the users' histories in the order of the users' ids.
func (ds *dataset) allEnrollments() iter.Seq2[int, enrollment] {
	return func(yield func(int, enrollment) bool) {
		for user := range ds.joinedAt {
			for _, e := range ds.makeHistory(user) {
				if !yield(user, e) {
					return
				}
			}
		}
	}
}

func (ds *dataset) enrollmentRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		row := make([]any, len(enrollmentColumns))
		id := 0
		for user, e := range ds.allEnrollments() {
			id++
			percent := progressPercent(e.finishedVideos, ds.courses[e.course].videos)
			row = append(row[:0], id, user+1, e.course+1, percent,
				timeFromUnix(e.enrolledAt), nullableTime(e.accessedAt), nullableTime(e.completedAt))
			if !yield(row) {
				return
			}
		}
	}
}

func (ds *dataset) reviewRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		row := make([]any, len(reviewColumns))
		id := 0
		for user, e := range ds.allEnrollments() {
			if e.rating == 0 {
				continue
			}
			id++
			r, at := ds.newRandom(streamReview, id), timeFromUnix(e.reviewedAt)
			row = append(row[:0], id, e.course+1, user+1, e.rating, ds.drawReviewBody(r, e), at, at)
			row = append(row, ds.drawReply(r, e)...)
			if !yield(row) {
				return
			}
		}
	}
}

func (ds *dataset) progressRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		row := make([]any, len(progressColumns))
		id := 0
		for user, e := range ds.allEnrollments() {
			for _, p := range e.progressEvents {
				id++
				at := timeFromUnix(p.watchedAt)
				row = append(row[:0], id, user+1, p.video+1, p.seconds, p.watched, at, at)
				if !yield(row) {
					return
				}
			}
		}
	}
}

// progressPercent returns the share of the finished videos in percent, rounded half up to two decimals.
func progressPercent(finished, videos int) pgtype.Numeric {
	return centsToNumeric(int64((20_000*finished + videos) / (2 * videos)))
}

// centsToNumeric returns n hundredths as a number with two decimals.
func centsToNumeric(n int64) pgtype.Numeric {
	return pgtype.Numeric{Int: big.NewInt(n), Exp: -2, Valid: true}
}
