package demo_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/demo"
)

// invariants are queries that count invalid rows.
var invariants = map[string]string{
	"course counters that differ from a recount": `SELECT count(*) FROM courses c WHERE
		(enrollment_count, video_count, review_count, rating_average, duration_seconds) IS DISTINCT FROM
		((SELECT count(*) FROM enrollments WHERE course_id = c.id),
		 (SELECT count(*) FROM videos WHERE course_id = c.id),
		 (SELECT count(*) FROM reviews WHERE course_id = c.id),
		 (SELECT avg(rating)::float8 FROM reviews WHERE course_id = c.id),
		 (SELECT sum(duration_seconds) FROM videos WHERE course_id = c.id))`,
	"category counters that differ from a recount": `SELECT count(*) FROM categories k
		WHERE (course_count = 0
		OR course_count <> (SELECT count(*) FROM courses WHERE published AND category_id = k.id))`,
	"positions with gaps": `SELECT count(*) FROM (SELECT course_id FROM videos		GROUP BY course_id HAVING min(position) <> 1 OR max(position) <> count(*)) x`,
	"courses whose sections have gaps or no title": `SELECT count(*) FROM (SELECT course_id FROM sections GROUP BY course_id
		HAVING min(position) <> 1 OR max(position) <> count(*) OR min(first_position) <> 1 OR bool_or(title ~ '[{}]')) x`,
	"courses without two sections, or with more than 6": `SELECT count(*) FROM courses c WHERE (SELECT count(*) FROM sections WHERE course_id = c.id) NOT BETWEEN 2 AND 6`,
	"sections without a video": `SELECT count(*) FROM (SELECT *, lead(first_position, 1, 99) OVER (PARTITION BY course_id ORDER BY position) AS next FROM sections) s
		WHERE NOT EXISTS (SELECT FROM videos v WHERE v.course_id = s.course_id AND v.position >= s.first_position AND v.position < s.next)`,
	"courses with implausible outcomes or requirements": `SELECT count(*) FROM courses WHERE cardinality(learning_outcomes) NOT BETWEEN 4 AND 6
		OR cardinality(requirements) NOT BETWEEN 2 AND 3 OR array_to_string(learning_outcomes || requirements, ' ') ~ '[{}]'
		OR EXISTS (SELECT FROM unnest(learning_outcomes || requirements) line WHERE length(line) NOT BETWEEN 10 AND 200)`,
	"courses by users who do not teach": `SELECT count(*) FROM courses c JOIN users u ON u.id = instructor_id
		WHERE (role <> 'instructor' OR u.created_at > c.created_at OR NOT active)`,
	"instructors with other than 1 to 15 courses": `SELECT count(*) FROM users u WHERE role = 'instructor'
		AND (SELECT count(*) FROM courses WHERE instructor_id = u.id) NOT BETWEEN 1 AND 15`,
	"courses with inconsistent times": `SELECT count(*) FROM courses
		WHERE published_at <= created_at OR updated_at < greatest(created_at, published_at) OR updated_at > $now`,
	"courses with implausible text": `SELECT count(*) FROM courses WHERE (
		length(description) NOT BETWEEN 400 AND 700 OR title || description ~ '[{}]' OR slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$'
		OR cardinality(tags) NOT BETWEEN 3 AND 6
		OR cardinality(tags) <> (SELECT count(DISTINCT tag) FROM unnest(tags) tag))`,
	"courses with implausible prices": `SELECT count(*) FROM courses WHERE price <> 0 AND price NOT BETWEEN 9.90 AND 199.90`,
	"enrollments with inconsistent times": `SELECT count(*) FROM enrollments e JOIN users u ON u.id = user_id JOIN courses c ON c.id = course_id
		WHERE published_at IS NULL OR enrolled_at < published_at OR enrolled_at < u.created_at
		OR enrolled_at < $now - interval '730 days' OR enrolled_at > $now OR last_accessed_at < enrolled_at OR last_accessed_at > $now`,
	"enrollments whose progress and times disagree": `SELECT count(*) FROM enrollments WHERE (
		(progress = 0) <> (last_accessed_at IS NULL) OR (progress = 100) <> (completed_at IS NOT NULL) OR completed_at <> last_accessed_at)`,
	"enrollments in the user's own courses": `SELECT count(*) FROM enrollments JOIN courses c ON c.id = course_id WHERE user_id = instructor_id`,
	"reviews without an enrollment in a published course": `SELECT count(*) FROM reviews r JOIN courses c ON c.id = r.course_id
		LEFT JOIN enrollments e USING (user_id, course_id)
		WHERE NOT published OR e.id IS NULL OR e.last_accessed_at IS NULL OR r.created_at < e.last_accessed_at OR r.created_at > $now`,
	"rating counts that differ from a recount": `SELECT count(*) FROM courses c WHERE rating_counts <> ARRAY(
		SELECT count(r.id)::integer FROM generate_series(1, 5) n LEFT JOIN reviews r ON r.course_id = c.id AND r.rating = n GROUP BY n ORDER BY n)`,
	"replies at impossible times or of other users": `SELECT count(*) FROM reviews r JOIN courses c ON c.id = course_id
		WHERE r.updated_at <> r.created_at OR replied_at <= r.created_at OR replied_at > $now OR reply_updated_at <> replied_at OR replied_by <> instructor_id`,
	"certificates that differ from the completed enrollments": `SELECT count(*) FROM (SELECT * FROM enrollments WHERE completed_at IS NOT NULL) e
		FULL JOIN certificates k ON (k.user_id, k.course_id, k.issued_at) = (e.user_id, e.course_id, e.completed_at) WHERE e.id IS NULL OR k.id IS NULL`,
	"items of wishlists that are enrollments, unpublished or at impossible times": `SELECT count(*) FROM wishlist_items w JOIN courses c ON c.id = w.course_id
		WHERE NOT published OR added_at < published_at OR added_at > $now OR EXISTS (SELECT FROM enrollments e WHERE (e.user_id, e.course_id) = (w.user_id, w.course_id))`,
	"reviews with implausible text": `SELECT count(*) FROM reviews WHERE (length(body) < 10 OR body ~ '[{}]')`,
	"videos watched beyond their end or outside the 90 days": `SELECT count(*) FROM video_progress p JOIN videos v ON v.id = video_id
		WHERE progress_seconds NOT BETWEEN 1 AND duration_seconds OR watched_at > $now OR watched_at < $now - interval '90 days'
		OR p.created_at < watched_at`,
	"videos watched without an enrollment": `SELECT count(*) FROM video_progress p JOIN videos v ON v.id = video_id
		LEFT JOIN enrollments e ON e.user_id = p.user_id AND e.course_id = v.course_id
		WHERE (e.id IS NULL OR p.watched_at < e.enrolled_at)`,
	"enrollments whose last access is not the last video watched": `SELECT count(*) FROM enrollments e LEFT JOIN
		(SELECT user_id, course_id, max(watched_at) AS at FROM video_progress JOIN videos v ON v.id = video_id
		 GROUP BY user_id, course_id) p USING (user_id, course_id)
		WHERE p.at <> e.last_accessed_at OR (p.at IS NULL) <> (e.last_accessed_at IS NULL OR e.last_accessed_at < $now - interval '90 days')`,
	"progress below the videos watched to the end": `SELECT count(*) FROM enrollments e JOIN courses c ON c.id = course_id
		WHERE round(progress * video_count / 100) <
		(SELECT count(DISTINCT v.id) FROM video_progress p JOIN videos v ON v.id = video_id
		 WHERE p.user_id = e.user_id AND v.course_id = e.course_id AND progress_seconds = v.duration_seconds)`,
	"instructors without a profile, and others with one": `SELECT count(*) FROM users WHERE (role = 'instructor') <> (headline <> '' AND bio <> '' AND jsonb_array_length(links) = 1)
		OR (role = 'student') <> (slug IS NULL) OR slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$'`,
	"users with inconsistent times":           `SELECT count(*) FROM users WHERE last_login < created_at OR last_login > $now OR created_at > $now`,
	"loads that leave cached responses valid": `SELECT count(*) FROM (SELECT) x WHERE NOT EXISTS (SELECT FROM changes WHERE '*' = ANY (tags))`,
	"rows in the default partition":           `SELECT count(*) FROM video_progress_default`,
	"courses with enrollments but without related courses": `SELECT count(*) FROM courses c WHERE enrollment_count > 0
		AND NOT EXISTS (SELECT FROM course_related WHERE course_id = c.id)`,
	"courses whose analytics differ from the counters": `SELECT count(*) FROM courses c LEFT JOIN course_analytics a ON a.course_id = c.id
		WHERE (total_enrollments, total_reviews) IS DISTINCT FROM (enrollment_count::bigint, review_count::bigint)`,
}

func TestInvariants(t *testing.T) {
	t.Parallel()
	pool := load(t, demo.Options{Scale: demo.Small, Seed: 5, Now: now})
	for name, sql := range invariants {
		var n int
		sql = strings.ReplaceAll(sql, "$now", now.Format("timestamptz '2006-01-02T15:04:05Z07:00'"))
		if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n > 0 {
			t.Errorf("%d %s", n, name)
		}
	}
}

// The loader computes the related courses itself. The server, which recomputes them, finds nothing to change.
func TestRelatedCourses(t *testing.T) {
	t.Parallel()
	pool := load(t, demo.Options{Scale: demo.Small, Seed: 9, Now: now})
	const related = "SELECT r::text FROM course_related r ORDER BY course_id, rank"
	loaded := list(t, pool, related)
	if _, err := pool.Exec(t.Context(), "SELECT refresh_related(ARRAY(SELECT id FROM courses))"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list(t, pool, related), loaded); diff != "" {
		t.Errorf("related courses (-refresh_related +loaded):\n%s", diff)
	}
	if n := list(t, pool, "SELECT count(*)::text FROM course_related_made")[0]; n != "200" {
		t.Errorf("%s courses are recorded as computed, want all 200", n)
	}
}

// TestShares checks that the shares of common and rare cases are in their ranges.
func TestShares(t *testing.T) {
	t.Parallel()
	pool := load(t, demo.Options{Scale: demo.Small, Seed: 6, Now: now})
	for _, share := range []struct {
		name             string
		minimum, maximum float64 // percent
		sql              string
	}{
		{"courses free", 17, 33, "SELECT 100.0 * avg((price = 0)::int) FROM courses"},
		{"courses unpublished", 4, 14, "SELECT 100.0 * avg((NOT published)::int) FROM courses"},
		{"users inactive", 0.3, 2, "SELECT 100.0 * avg((NOT active)::int) FROM users"},
		{"names not ASCII", 20, 60, "SELECT 100.0 * avg((name ~ '[^[:ascii:]]')::int) FROM users"},
		{"enrollments completed", 20, 40, "SELECT 100.0 * avg((progress = 100)::int) FROM enrollments"},
		{"ratings of 4 or 5", 65, 90, "SELECT 100.0 * avg((rating >= 4)::int) FROM reviews"},
		{"courses rated 3.2 to 4.9", 95, 100, `SELECT 100.0 * avg((round(rating_average::numeric, 1) BETWEEN 3.2 AND 4.9)::int)
			FROM courses WHERE review_count >= 20`},
		{"progress events from 17 to 22 h", 35, 60, `SELECT 100.0 * avg((extract(hour FROM watched_at AT TIME ZONE 'UTC') BETWEEN 17 AND 21)::int)
			FROM video_progress`},
		{"enrollments in the first tenth of courses", 20, 60, `SELECT 100.0 * sum(n) / (SELECT count(*) FROM enrollments)
			FROM (SELECT enrollment_count AS n FROM courses ORDER BY 1 DESC LIMIT 20) x`},
	} {
		var got float64
		if err := pool.QueryRow(t.Context(), share.sql).Scan(&got); err != nil {
			t.Fatalf("%s: %v", share.name, err)
		}
		if got < share.minimum || got > share.maximum {
			t.Errorf("%.1f %% of %s, want %v to %v", got, share.name, share.minimum, share.maximum)
		}
	}
}
