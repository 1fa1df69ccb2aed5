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

func selectReviews(name string, columns edu.Columns) *statement {
	return addColumns(newStatement(name, "SELECT r.id, r.course_id, r.user_id"), reviewColumns, columns)
}

// ReviewsByID reads reviews by id, in no particular order.
func ReviewsByID(ids []int64, into func(*edu.Review)) Query {
	s := selectReviews("ReviewsByID", edu.AllColumns).addSQL(" FROM reviews r WHERE r.id = ANY (")
	return s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagReview).buildQuery(scanReview(edu.AllColumns, into))
}

// ReviewsByCourse reads the same page of the reviews of each course, the newest first. If
// p.JoinedColumns is set, the authors are read too: joining ten rows costs less than a second
// query.
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
	// A subquery preserves the order of the rows; a join outside of it might not.
	s.addSQL(" CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = r.user_id LIMIT 1) u")
	var u edu.User
	return s.buildQuery(scanReview(p.Columns, func(r *edu.Review) {
		u.ID = r.AuthorID
		author := u
		into(r, &author)
	}, appendScanTargets(nil, &u, userColumns, p.JoinedColumns)...), rowTag{edu.TagUser, &u.ID})
}

// scanReview returns a scan function for reviews. after are the targets of the columns that follow
// those of the review.
func scanReview(columns edu.Columns, into func(*edu.Review), after ...any) func(pgx.Rows) error {
	var r edu.Review
	targets := append(appendScanTargets([]any{&r.ID, &r.CourseID, &r.AuthorID}, &r, reviewColumns, columns), after...)
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := r
		into(&row)
		return nil
	}
}
