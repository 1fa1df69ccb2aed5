package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/testdb"
)

// analyticsDefinitions maps the figures to their definitions over all rows.
var analyticsDefinitions = map[string]string{
	`SELECT course_id, total_enrollments, average_progress::text, completions, average_rating::text, total_reviews, watch_time_seconds
		FROM course_analytics`: `SELECT c.id, coalesce(e.total, 0), coalesce(e.progress, 0)::text, coalesce(e.completions, 0), r.rating::text, coalesce(r.total, 0), coalesce(w.seconds, 0)
		FROM courses c
		LEFT JOIN (SELECT course_id, count(*) AS total, avg(progress) AS progress, count(*) FILTER (WHERE completed_at IS NOT NULL OR progress = 100) AS completions
			FROM enrollments GROUP BY course_id) e ON e.course_id = c.id
		LEFT JOIN (SELECT course_id, count(*) AS total, avg(rating) AS rating FROM reviews GROUP BY course_id) r ON r.course_id = c.id
		LEFT JOIN (SELECT v.course_id, sum(p.watched_seconds) AS seconds
			FROM video_progress p JOIN videos v ON v.id = p.video_id GROUP BY v.course_id) w ON w.course_id = c.id`,
	"SELECT users, enrollments, completions FROM platform_totals": `SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM enrollments),
		(SELECT count(*) FROM enrollments WHERE completed_at IS NOT NULL OR progress = 100)`,
	"SELECT day, enrollments FROM platform_days":   "SELECT (enrolled_at AT TIME ZONE 'UTC')::date, count(*) FROM enrollments GROUP BY 1",
	"SELECT user_id, active_at FROM user_activity": activityDefinition,
	"SELECT day, users FROM active_days":           "SELECT (active_at AT TIME ZONE 'UTC')::date, count(*) FROM (" + activityDefinition + ") a GROUP BY 1",
}

const activityDefinition = `SELECT user_id, max(at) AS active_at
	FROM (SELECT user_id, watched_at AS at FROM video_progress
		UNION ALL SELECT user_id, greatest(enrolled_at, last_accessed_at, completed_at) FROM enrollments) x GROUP BY user_id`

// analyticsRows are the users, courses and videos of which the first writes are.
const analyticsRows = `INSERT INTO users (name, email) SELECT n, n FROM generate_series(1, 20) n;
	INSERT INTO courses (slug, title, difficulty, instructor_id, category_id) SELECT n, n, 'beginner', 1, 1 FROM generate_series(1, 9) n;
	INSERT INTO videos (course_id, title, position, duration_seconds) SELECT c, 'v', n, 60 FROM generate_series(1, 9) c, generate_series(1, 3) n`

// analyticsWrites change rows from which figures are computed. $a, $b and $c are random numbers from 1 to 9, and $t is a
// random time of three months.
var analyticsWrites = []string{
	"INSERT INTO enrollments (user_id, course_id, progress, enrolled_at) SELECT u, $a, 7.13 * $b, $t FROM generate_series($b, $c + 3) u JOIN users ON id = u WHERE EXISTS (SELECT FROM courses WHERE id = $a) ON CONFLICT DO NOTHING",
	"INSERT INTO enrollments (user_id, course_id, enrolled_at, completed_at) SELECT u.id, c.id, $t, $t FROM users u, courses c WHERE u.id % 9 = $a AND c.id % 9 = $b ON CONFLICT DO NOTHING",
	"UPDATE enrollments SET progress = CASE $c WHEN 9 THEN 100 ELSE 11.11 * $c END, last_accessed_at = $t WHERE user_id % 9 = $a OR course_id % 9 = $b",
	"UPDATE enrollments SET completed_at = CASE WHEN $c > 4 THEN $t END, enrolled_at = $t WHERE user_id % 9 = $a",
	"UPDATE enrollments e SET course_id = $b WHERE course_id = $a AND NOT EXISTS (SELECT FROM enrollments x WHERE (x.user_id, x.course_id) = (e.user_id, $b)) AND EXISTS (SELECT FROM courses WHERE id = $b)",
	"UPDATE enrollments e SET user_id = $b WHERE user_id = $a AND NOT EXISTS (SELECT FROM enrollments x WHERE (x.user_id, x.course_id) = ($b, e.course_id)) AND EXISTS (SELECT FROM users WHERE id = $b)",
	"DELETE FROM enrollments WHERE user_id % 9 = $a AND course_id % 9 >= $b",
	"INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_seconds, watched_at, created_at) SELECT u.id, v.id, 1, $c, $t, $t FROM users u, videos v WHERE u.id % 9 = $a AND v.id % 9 = $b",
	"UPDATE video_progress SET watched_seconds = $c, watched_at = watched_at - interval '1 day' * $c WHERE user_id % 9 = $a",
	"UPDATE video_progress SET video_id = (SELECT id FROM videos WHERE id >= $b ORDER BY id LIMIT 1) WHERE video_id % 9 = $a AND EXISTS (SELECT FROM videos WHERE id >= $b)",
	"DELETE FROM video_progress WHERE user_id % 9 = $a OR video_id % 9 = $b",
	"DELETE FROM video_progress_default WHERE user_id % 9 > $a",
	"INSERT INTO reviews (user_id, course_id, rating) SELECT u.id, c.id, 1 + u.id % 5 FROM users u, courses c WHERE u.id % 9 = $a AND c.id % 9 <= $b ON CONFLICT DO NOTHING",
	"UPDATE reviews SET rating = 1 + ($a + id) % 5 WHERE course_id % 9 = $b",
	"DELETE FROM reviews WHERE user_id % 9 = $a",
	"INSERT INTO videos (course_id, title, position, duration_seconds) SELECT id, 'v', 1 + (SELECT coalesce(max(position), 0) FROM videos), 60 FROM courses WHERE id % 9 = $a",
	"DELETE FROM videos WHERE id % 9 = $a AND id % 2 = $b % 2",
	"UPDATE videos v SET course_id = c.id, position = v.id + (SELECT max(position) FROM videos) FROM (SELECT max(id) AS id FROM courses) c WHERE v.id % 9 = $a",
	"INSERT INTO courses (slug, title, difficulty, instructor_id, category_id) SELECT gen_random_uuid(), 't', 'beginner', 1, 1 FROM generate_series(1, 3)",
	"DELETE FROM courses WHERE id % 9 = $a AND id > 2 * $b",
	"UPDATE courses SET price = $a WHERE id % 9 = $b",
	"INSERT INTO users (name, email) SELECT 'u', gen_random_uuid() FROM generate_series(1, $a)",
	"DELETE FROM users WHERE id % 9 = $a AND id > 1 + $b",
}

// analyticsBreaks are changes that no trigger records row by row, after which all figures are computed.
var analyticsBreaks = []string{
	"TRUNCATE reviews",
	"TRUNCATE video_progress",
	"TRUNCATE video_progress_default",
	"DO $$ BEGIN IF ensure_progress_partitions('2026-01-01Z', timestamptz '2026-01-01Z' + interval '1 month' * ($a % 3)) = 0 THEN TRUNCATE reviews; END IF; END $$",
	"DO $$ BEGIN IF to_regclass('video_progress_2026_01') IS NOT NULL THEN DROP TABLE video_progress_2026_01; ELSE TRUNCATE enrollments; END IF; END $$",
	"DO $$ BEGIN IF to_regclass('video_progress_2026_02') IS NOT NULL THEN ALTER TABLE video_progress DETACH PARTITION video_progress_2026_02; DROP TABLE video_progress_2026_02; ELSE TRUNCATE enrollments; END IF; END $$",
	"TRUNCATE analytics_changes", // as after a crash
	"TRUNCATE users, courses RESTART IDENTITY CASCADE; " + analyticsRows,
}

// analyticsWrite returns one of the statements, with random numbers.
func analyticsWrite(g *rand.Rand, statements []string) string {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(g.Int64N(int64(90 * 24 * time.Hour))))
	return strings.NewReplacer("$a", fmt.Sprint(1+g.IntN(9)), "$b", fmt.Sprint(1+g.IntN(9)), "$c", fmt.Sprint(1+g.IntN(9)),
		"$t", at.Format("timestamptz '2006-01-02 15:04:05Z'")).Replace(statements[g.IntN(len(statements))])
}

// After each refresh the figures are those of its snapshot, also if a transaction that wrote before the snapshot commits
// during the refresh, or after it.
func TestAnalyticsOfRandomWrites(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	exec(t, db, "INSERT INTO categories (name, slug) VALUES ('K', 'k'); "+analyticsRows)
	seed := rand.Uint64()
	g := rand.New(rand.NewPCG(seed, 0))
	var log []string
	note := func(sql string) string { log = append(log, sql); return sql }
	refreshAndCompare(t, db, func() {})
	for round := range testdb.Soak(20, 300) {
		log = log[:0]
		broken := g.IntN(6) == 0
		for range g.IntN(4) {
			exec(t, db, note(analyticsWrite(g, analyticsWrites)))
		}
		if broken {
			exec(t, db, note(analyticsWrite(g, analyticsBreaks)))
		}
		open, do := begin(t, db)
		for range 1 + g.IntN(3) {
			do(note(analyticsWrite(g, analyticsWrites)))
		}
		during := g.IntN(2) == 0
		all := refreshAndCompare(t, db, func() {
			if during {
				commit(t, open)
			}
		})
		if all != broken {
			t.Errorf("computed all figures: %v, want %v", all, broken)
		}
		if !during {
			commit(t, open)
			refreshAndCompare(t, db, func() {})
		}
		if t.Failed() {
			t.Fatalf("seed %d, round %d, commit during the refresh %v:\n%s", seed, round, during, strings.Join(log, "\n"))
		}
	}
}

// refreshAndCompare refreshes the figures as RefreshAnalytics does, and compares them with their definitions in the same
// snapshot. The function runs after the snapshot was taken. It returns whether all figures were computed.
func refreshAndCompare(t *testing.T, db *pgxpool.Pool, during func()) (all bool) {
	t.Helper()
	const begun = "SELECT coalesce((SELECT xmin::text FROM analytics_changes WHERE complete), '')"
	before := value[string](t, db, begun)
	err := pgx.BeginTxFunc(t.Context(), db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "LOCK TABLE platform_totals IN SHARE ROW EXCLUSIVE MODE; SELECT"); err != nil {
			return err
		}
		during()
		if _, err := tx.Exec(t.Context(), "SELECT refresh_analytics()"); err != nil {
			return err
		}
		for got, want := range analyticsDefinitions {
			var differences string
			err := tx.QueryRow(t.Context(), "SELECT coalesce(string_agg(d::text, ' '), '') FROM ((SELECT 'extra', * FROM ("+got+") g EXCEPT ALL SELECT 'extra', * FROM ("+want+
				") w) UNION ALL (SELECT 'missing', * FROM ("+want+") w EXCEPT ALL SELECT 'missing', * FROM ("+got+") g)) d").Scan(&differences)
			if err != nil {
				return err
			}
			if differences != "" {
				t.Errorf("%s: %s", got, differences)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT count(*) FROM analytics_changes WHERE complete"); n != 1 {
		t.Errorf("%d rows mark the last refresh, want 1", n)
	}
	return value[string](t, db, begun) != before
}
