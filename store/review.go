package store

import (
	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const (
	reviewColumns = "r.id, r.course_id, r.user_id, r.rating, r.created_at"
	reviewTexts   = ", r.body"
)

// ReviewsByID reads reviews by their keys, in no order.
func ReviewsByID(ids []int64, into func(*edu.Review)) Query {
	s := sql("ReviewsByID", "SELECT ", reviewColumns, reviewTexts, " FROM reviews r WHERE r.id = ANY (")
	return s.add(s.arg(ids), ")").into(scanReview(true, into))
}

// ReviewsByCourse reads the same page of the reviews of each course, the newest
// first.
func ReviewsByCourse(ids []int64, p edu.PageArgs, into func(course int64, r *edu.Review)) Query {
	s := sql("ReviewsByCourse", "SELECT ", reviewColumns)
	if p.Full {
		s.add(reviewTexts)
	}
	s.add(" FROM unnest(", s.arg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM reviews r WHERE r.course_id = parent.id`)
	s.page(edu.ReviewOrder, "r.created_at", "r.id", p).add(") r")
	return s.into(scanReview(p.Full, func(r *edu.Review) { into(r.CourseID, r) }))
}

func scanReview(full bool, into func(*edu.Review)) func(pgx.Rows) error {
	var r edu.Review
	targets := []any{&r.ID, &r.CourseID, &r.AuthorID, &r.Rating, &r.CreatedAt}
	if full {
		targets = append(targets, &r.Body)
	}
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := r
		into(&row)
		return nil
	}
}
