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
	return addColumns(newStatement(name, "SELECT r.id, r.course_id, r.user_id"), reviewColumns, want)
}

// ReviewsByID reads reviews by their keys, in no order.
func ReviewsByID(ids []int64, into func(*edu.Review)) Query {
	s := selectReviews("ReviewsByID", edu.AllColumns).addSQL(" FROM reviews r WHERE r.id = ANY (")
	return s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagReview).buildQuery(scanReview(edu.AllColumns, into))
}

// ReviewsByCourse reads the same page of the reviews of each course, the newest
// first. With p.Joined, their authors are read with them: joining ten rows costs
// less than asking again.
func ReviewsByCourse(ids []int64, p edu.PageArgs, into func(r *edu.Review, author *edu.User)) Query {
	p.Columns |= edu.ReviewCreatedAt
	s := selectReviews("ReviewsByCourse", p.Columns)
	addColumns(s, userColumns, p.JoinedColumns)
	s.addSQL(" FROM unnest(", s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM reviews r WHERE r.course_id = parent.id`)
	s.addPageClause(edu.ReviewOrder, "r.created_at", "r.id", p).addSQL(") r").dependOnEach(ids, edu.TagCourseReviews)
	if p.JoinedColumns == 0 {
		return s.buildQuery(scanReview(p.Columns, func(r *edu.Review) { into(r, nil) }))
	}
	// A subquery keeps the rows in their order, which a join outside might not.
	s.addSQL(" CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = r.user_id LIMIT 1) u")
	var u edu.User
	return s.buildQuery(scanReview(p.Columns, func(r *edu.Review) {
		u.ID = r.AuthorID
		author := u
		into(r, &author)
	}, appendScanTargets(nil, &u, userColumns, p.JoinedColumns)...), rowTag{edu.TagUser, &u.ID})
}

// scanReview reads a review from a row; after tells where the columns after the
// review's go.
func scanReview(want edu.Columns, into func(*edu.Review), after ...any) func(pgx.Rows) error {
	var r edu.Review
	to := append(appendScanTargets([]any{&r.ID, &r.CourseID, &r.AuthorID}, &r, reviewColumns, want), after...)
	return func(rows pgx.Rows) error {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		row := r
		into(&row)
		return nil
	}
}
