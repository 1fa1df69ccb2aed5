package store

import (
	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

var reviewColumns = []column[edu.Review]{
	{edu.ReviewRating, "r.rating", func(r *edu.Review) []any { return []any{&r.Rating} }},
	{edu.ReviewBody, "r.body", func(r *edu.Review) []any { return []any{&r.Body} }},
	{edu.ReviewCreatedAt, "r.created_at", func(r *edu.Review) []any { return []any{&r.CreatedAt} }},
	{edu.ReviewUpdatedAt, "r.updated_at", func(r *edu.Review) []any { return []any{&r.UpdatedAt} }},
	{edu.ReviewReplyColumns, "r.reply, r.replied_at, r.reply_updated_at, r.replied_by", func(r *edu.Review) []any {
		return []any{&r.ReplyBody, &r.RepliedAt, &r.ReplyUpdatedAt, &r.ReplierID}
	}},
}

func selectReviews(name string, columns edu.Columns) *statement {
	return addColumns(newStatement(name, "SELECT r.id, r.course_id, r.user_id"), reviewColumns, columns)
}

// ReviewsByID reads reviews by id, in no particular order.
func ReviewsByID(ids []int64, into func(*edu.Review)) Query {
	s := selectReviews("ReviewsByID", edu.AllColumns).addSQL(" FROM reviews r WHERE r.id = ANY (")
	return s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagReview).buildQuery(scanReview(edu.AllColumns, into))
}

// ReviewsByUser reads the reviews that a user wrote of some courses. into is not called for courses
// without one.
func ReviewsByUser(user int64, courses []int64, into func(*edu.Review)) Query {
	s := selectReviews("ReviewsByUser", edu.AllColumns).addSQL(" FROM reviews r WHERE r.user_id = ")
	s.addSQL(s.bindArg(user), " AND r.course_id = ANY (", s.bindArg(courses), ")")
	return s.dependOnEach(courses, edu.TagCourseReviews).buildQuery(scanReview(edu.AllColumns, into))
}

// reviewSortKeys is the SQL of the sort keys of reviews.
var reviewSortKeys = map[edu.ReviewOrderField]string{edu.ReviewsByCreatedAt: "r.created_at", edu.ReviewsByRating: "r.rating"}

// ReviewsByCourse reads the same page of the reviews of each course. If p.JoinedColumns is set, the
// authors are read too: joining ten rows costs less than a second query.
func ReviewsByCourse(ids []int64, l edu.ReviewList, p edu.PageArgs, into func(r *edu.Review, author *edu.User)) Query {
	p.Columns |= l.Order.CursorColumns()
	s := selectReviews("ReviewsByCourse", p.Columns)
	addColumns(s, userColumns, p.JoinedColumns)
	s.addSQL(" FROM unnest(", s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM reviews r WHERE r.course_id = parent.id`)
	if l.Rating != 0 {
		s.addCondition("r.rating = %", l.Rating)
	}
	s.addPageClause(l.Order.SortOrder(), reviewSortKeys[l.Order.Field], "r.id", p).addSQL(") r").dependOnEach(ids, edu.TagCourseReviews)
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

// CountReviewsByCourse reads the number of reviews of each course with a rating.
func CountReviewsByCourse(ids []int64, rating int, into func(course int64, n int)) Query {
	s := newStatement("CountReviewsByCourse", "SELECT c.id, c.rating_counts[")
	s.addSQL(s.bindArg(rating), "] FROM courses c WHERE c.id = ANY (", s.bindArg(ids), ")")
	return s.dependOnEach(ids, edu.TagCourse).buildQuery(scanKeyedCount(into))
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
