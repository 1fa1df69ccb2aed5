package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// WishlistByUser reads the same page of the wishlist of each user, the last added first. It omits courses
// that are not published.
func WishlistByUser(ids []int64, p edu.PageArgs, into func(user int64, w *edu.WishlistItem)) Query {
	s := newStatement("WishlistByUser", "SELECT w.user_id, w.course_id, w.added_at FROM unnest(")
	s.addSQL(s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT w.* FROM wishlist_items w JOIN courses c ON c.id = w.course_id AND c.published WHERE w.user_id = parent.id`)
	s.addPageClause(edu.WishlistOrder, "w.added_at", "w.course_id", p).addSQL(") w").dependOnEach(ids, edu.TagUserWishlist).dependOn(edu.TagCoursesPublished)
	return s.buildQuery(scanWishlistItem(func(w *edu.WishlistItem) { into(w.UserID, w) }))
}

// CountWishlistByUser counts the published courses on the wishlist of each user. into is not called for users
// without any.
func CountWishlistByUser(ids []int64, into func(user int64, n int)) Query {
	s := newStatement("CountWishlistByUser", "SELECT w.user_id, count(*) FROM wishlist_items w JOIN courses c ON c.id = w.course_id AND c.published WHERE w.user_id = ANY (")
	s.addSQL(s.bindArg(ids), ") GROUP BY w.user_id").dependOnEach(ids, edu.TagUserWishlist).dependOn(edu.TagCoursesPublished)
	return s.buildQuery(scanKeyedCount(into))
}

// WishlistItems reads which of some courses are on the wishlist of a user, published or not.
func WishlistItems(user int64, courses []int64, into func(*edu.WishlistItem)) Query {
	s := newStatement("WishlistItems", "SELECT w.user_id, w.course_id, w.added_at FROM wishlist_items w WHERE w.user_id = ")
	s.addSQL(s.bindArg(user), " AND w.course_id = ANY (", s.bindArg(courses), ")")
	return s.dependOnID(user, edu.TagUserWishlist).buildQuery(scanWishlistItem(into))
}

func scanWishlistItem(into func(*edu.WishlistItem)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		w := &edu.WishlistItem{}
		err := rows.Scan(&w.UserID, &w.CourseID, &w.AddedAt)
		into(w)
		return err
	}
}

// AddToWishlist adds a course to the wishlist of a viewer, unless it is there. Enrolling removes it: see
// migrations/0025_wishes_certificates.sql. The parameter at is the path to the id of the course.
func (s *Store) AddToWishlist(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) error {
	return s.writeRow(ctx, courseRow(course), func(tx *Tx) error {
		var c *edu.Course
		var existing *edu.Enrollment
		if err := tx.RunQueries(ctx, lockCourse(course, &c), EnrollmentsInCourses(v.ID, []int64{course}, assignTo(&existing))); err != nil {
			return err
		}
		if err := c.AuthorizeEnroll(v, existing != nil, at); err != nil {
			return err
		}
		q := newStatement("AddToWishlist", "INSERT INTO wishlist_items (user_id, course_id) VALUES (")
		return tx.Commit(ctx, q.addSQL(q.bindArg(v.ID), ", ", q.bindArg(course), ") ON CONFLICT DO NOTHING").buildQuery(nil))
	})
}

// RemoveFromWishlist removes a course from the wishlist of a viewer, if it is there. The parameter at is the
// path to the id of the course.
func (s *Store) RemoveFromWishlist(ctx context.Context, v edu.Viewer, course int64, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		var c *edu.Course
		var item *edu.WishlistItem
		if err := tx.RunQueries(ctx, CoursesByID([]int64{course}, 0, assignTo(&c)), WishlistItems(v.ID, []int64{course}, assignTo(&item))); err != nil {
			return err
		}
		if err := c.AuthorizeWishlistRemoval(v, item != nil, at); err != nil || item == nil {
			return err
		}
		q := newStatement("RemoveFromWishlist", "DELETE FROM wishlist_items WHERE user_id = ")
		return tx.Commit(ctx, q.addSQL(q.bindArg(v.ID), " AND course_id = ", q.bindArg(course)).buildQuery(nil))
	})
}
