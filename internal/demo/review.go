package demo

import (
	"math/rand/v2"
	"strings"
)

// drawReviewBody returns a review of one to four sentences that suits its rating.
func (ds *dataset) drawReviewBody(r *rand.Rand, e enrollment) string {
	c := ds.courses[e.course]
	t := ds.topics[c.topic]
	texts := reviewTextsByRating[e.rating-1]
	parts := []string{drawItem(r, texts.openings)}
	if drawBool(r, 0.75) {
		parts = append(parts, drawItem(r, texts.details))
	}
	if drawBool(r, 0.4) {
		parts = append(parts, drawItem(r, circumstances))
	}
	if drawBool(r, 0.5) {
		parts = append(parts, drawItem(r, texts.closings))
	}
	lessons := t.lessons[:1+r.IntN(len(t.lessons))]
	return strings.NewReplacer("{topic}", t.name, "{lesson}", drawItem(r, lessons)).Replace(strings.Join(parts, " "))
}

// drawReply returns the columns of the instructor's reply to a review: three of ten reviews of up to three
// stars have one, and one of ten of the others.
func (ds *dataset) drawReply(r *rand.Rand, e enrollment) []any {
	texts, share := praiseReplies, 0.1
	if e.rating <= 3 {
		texts, share = complaintReplies, 0.3
	}
	at := e.reviewedAt + 2*hour + r.Int64N(4*day)
	if !drawBool(r, share) || at > ds.now {
		return []any{nil, nil, nil, nil}
	}
	return []any{drawItem(r, texts), timeFromUnix(at), timeFromUnix(at), ds.courses[e.course].instructor + 1}
}
