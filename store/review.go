package store

import (
	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

var reviewColumns = []column[edu.Review]{
	{edu.ReviewRating, "r.rating", func(r *edu.Review) []any { return []any{&r.Rating} }},
	{edu.ReviewBody, "r.body", func(r *edu.Review) []any { return []any{&r.Body} }},
	{edu.ReviewCreatedAt, "r.created_at", func(r *edu.Review) []any { return []any{&r.CreatedAt} }},
}

func selectReviews(name string, want edu.Columns) *statement {
	return addColumns(sql(name, "SELECT r.id, r.course_id, r.user_id"), reviewColumns, want)
}

// ReviewsByID reads reviews by their keys, in no order.
func ReviewsByID(ids []int64, into func(*edu.Review)) Query {
	s := selectReviews("ReviewsByID", edu.Everything).add(" FROM reviews r WHERE r.id = ANY (")
	return s.add(s.arg(ids), ")").into(scanReview(edu.Everything, into))
}

// ReviewsByCourse reads the same page of the reviews of each course, the newest
// first.
func ReviewsByCourse(ids []int64, p edu.PageArgs, into func(course int64, r *edu.Review)) Query {
	p.Columns |= edu.ReviewCreatedAt
	s := selectReviews("ReviewsByCourse", p.Columns)
	s.add(" FROM unnest(", s.arg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM reviews r WHERE r.course_id = parent.id`)
	s.page(edu.ReviewOrder, "r.created_at", "r.id", p).add(") r")
	return s.into(scanReview(p.Columns, func(r *edu.Review) { into(r.CourseID, r) }))
}

func scanReview(want edu.Columns, into func(*edu.Review)) func(pgx.Rows) error {
	var r edu.Review
	to := targets([]any{&r.ID, &r.CourseID, &r.AuthorID}, &r, reviewColumns, want)
	return func(rows pgx.Rows) error {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		row := r
		into(&row)
		return nil
	}
}
