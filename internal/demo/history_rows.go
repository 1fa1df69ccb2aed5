package demo

import (
	"iter"
	"math/big"

	"github.com/jackc/pgx/v5/pgtype"
)

var (
	enrollmentColumns = []string{"id", "user_id", "course_id", "progress", "enrolled_at", "last_accessed_at", "completed_at"}
	reviewColumns     = []string{"id", "course_id", "user_id", "rating", "body", "created_at"}
	sittingColumns    = []string{"id", "user_id", "video_id", "progress_seconds", "watched_at", "created_at"}
)

// everyEnrollment yields the users' histories in the order of their ids.
func (w *world) everyEnrollment() iter.Seq2[int, enrollment] {
	return func(yield func(int, enrollment) bool) {
		for user := range w.joined {
			for _, e := range w.history(user) {
				if !yield(user, e) {
					return
				}
			}
		}
	}
}

func (w *world) enrollmentRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		row := make([]any, len(enrollmentColumns))
		id := 0
		for user, e := range w.everyEnrollment() {
			id++
			percent := cents(int64(10_000 * e.finished / w.courses[e.course].videos))
			row = append(row[:0], id, user+1, e.course+1, percent,
				stamp(e.enrolled), maybeStamp(e.accessed), maybeStamp(e.completed))
			if !yield(row) {
				return
			}
		}
	}
}

func (w *world) reviewRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		row := make([]any, len(reviewColumns))
		id := 0
		for user, e := range w.everyEnrollment() {
			if e.rating == 0 {
				continue
			}
			id++
			body := w.opinion(w.dice(streamReview, id), e)
			row = append(row[:0], id, e.course+1, user+1, e.rating, body, stamp(e.reviewedAt))
			if !yield(row) {
				return
			}
		}
	}
}

func (w *world) sittingRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		row := make([]any, len(sittingColumns))
		id := 0
		for user, e := range w.everyEnrollment() {
			for _, s := range e.sittings {
				id++
				at := stamp(s.at)
				row = append(row[:0], id, user+1, s.video+1, s.seconds, at, at)
				if !yield(row) {
					return
				}
			}
		}
	}
}

// cents is a number of two decimals.
func cents(n int64) pgtype.Numeric {
	return pgtype.Numeric{Int: big.NewInt(n), Exp: -2, Valid: true}
}
