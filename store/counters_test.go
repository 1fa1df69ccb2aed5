package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/testdb"
)

// wrongCounters counts the rows whose counters differ from a recount, to the last bit.
const wrongCounters = `SELECT
	(SELECT count(*) FROM courses c WHERE
		(enrollment_count, review_count, video_count, rating_sum) IS DISTINCT FROM (
			(SELECT count(*)::int FROM enrollments WHERE course_id = c.id), (SELECT count(*)::int FROM reviews WHERE course_id = c.id),
			(SELECT count(*)::int FROM videos WHERE course_id = c.id), (SELECT coalesce(sum(rating), 0) FROM reviews WHERE course_id = c.id))
		OR rating_counts IS DISTINCT FROM ARRAY(SELECT count(r.id)::int FROM generate_series(1, 5) n LEFT JOIN reviews r ON r.course_id = c.id AND r.rating = n GROUP BY n ORDER BY n)
		OR rating_average IS DISTINCT FROM (SELECT avg(rating)::float8 FROM reviews WHERE course_id = c.id))
	+ (SELECT count(*) FROM categories k WHERE course_count <> (SELECT count(*) FROM courses WHERE category_id = k.id AND published))
	+ (SELECT count(*) FROM search_terms s FULL JOIN (` + termsRecount + `) r USING (kind, id, key) WHERE s.course_count IS DISTINCT FROM r.n)
	+ (SELECT count(*) FROM (SELECT sum(n) FROM (SELECT * FROM course_counts UNION ALL ` + cellsRecount + `) c GROUP BY category_id, difficulty, free, language, rating_part HAVING sum(n) <> 0) c)`

// cellsRecount has a row of -1 for each row that course_counts has to count.
const cellsRecount = `SELECT category_id, difficulty, price = 0, language, NULL, -1 FROM courses WHERE published
	UNION ALL SELECT NULL, NULL, NULL, NULL, floor(coalesce(rating_average, 0) * 20)::int, -1 FROM courses WHERE published`

// termsRecount counts the published courses of each tag, instructor and category.
const termsRecount = `SELECT 'tag' AS kind, 0 AS id, tag AS key, count(*) AS n FROM courses c, (SELECT DISTINCT id AS course, unnest(tag_keys) AS tag FROM courses) t
		WHERE c.id = t.course AND published AND tag <> '' GROUP BY tag
	UNION ALL SELECT 'instructor', u.id, search_text(u.name), count(*) FROM courses c JOIN users u ON u.id = c.instructor_id
		WHERE published AND search_text(u.name) <> '' GROUP BY u.id
	UNION ALL SELECT 'category', k.id, search_text(k.name), k.course_count FROM categories k WHERE k.course_count > 0`

// writes are plain SQL statements of other clients. $n are random numbers.
var writes = []string{
	"INSERT INTO enrollments (user_id, course_id) SELECT u, c FROM generate_series(1, 12) u, generate_series(1, 8) c WHERE (u * 7 + c * 5 + $1) % 3 = 0 ON CONFLICT DO NOTHING",
	"INSERT INTO enrollments (user_id, course_id) SELECT u, 1 + u % 8 FROM generate_series(1, 12) u ON CONFLICT (user_id, course_id) DO UPDATE SET progress = $1 % 101",
	"INSERT INTO reviews (user_id, course_id, rating) SELECT u, c, 1 + (u + $1) % 5 FROM generate_series(1, 12) u, generate_series(1, 8) c WHERE (u + c + $1) % 4 = 0 ON CONFLICT (course_id, user_id) DO UPDATE SET rating = excluded.rating",
	"INSERT INTO videos (course_id, title, position, duration_seconds) SELECT 1 + $1 % 8, 'v', 1 + coalesce(max(position), 0), 9 FROM videos WHERE course_id = 1 + $1 % 8",
	"UPDATE enrollments SET course_id = 1 + course_id % 8 WHERE user_id = 1 + $1 % 12 AND NOT EXISTS (SELECT FROM enrollments x WHERE x.user_id = enrollments.user_id AND x.course_id = 1 + enrollments.course_id % 8)",
	"UPDATE enrollments SET progress = $1 % 101",
	"UPDATE reviews SET rating = 1 + (rating + $1) % 5 WHERE id % 2 = 0",
	"UPDATE reviews SET course_id = 1 + $1 % 8 WHERE id = (SELECT min(id) FROM reviews r WHERE NOT EXISTS (SELECT FROM reviews x WHERE x.course_id = 1 + $1 % 8 AND x.user_id = r.user_id))",
	"UPDATE videos SET course_id = 1 + $1 % 8, position = 1000 + id",
	"UPDATE courses SET published = NOT published, published_at = coalesce(published_at, now()) WHERE id % 3 = $1 % 3",
	"UPDATE courses SET category_id = 1 + (category_id + $1) % 3 WHERE id % 2 = $1 % 2",
	"UPDATE courses SET difficulty = (ARRAY['beginner', 'advanced'])[1 + (id + $1) % 2], price = $1 % 2, language = nullif('l' || (id + $1) % 3, 'l0') WHERE id % 3 = $1 % 3",
	"SELECT sum_course_counts()",
	"UPDATE courses SET title = title || $1::bigint",
	"UPDATE courses SET tags = ARRAY['a b', 'Á-B', '!', 'c' || $1::bigint % 3] WHERE id % 3 = $1 % 3",
	"UPDATE courses SET tags = '{}', instructor_id = 1 + $1 % 3 WHERE id % 4 = $1 % 4",
	"UPDATE users SET name = 'N' || $1::bigint % 4 WHERE id <= 3",
	"UPDATE categories SET name = 'K' || $1::bigint % 4 WHERE id % 2 = $1 % 2",
	"DELETE FROM enrollments WHERE (id + $1) % 3 = 0",
	"DELETE FROM reviews WHERE (id + $1) % 3 = 0",
	"DELETE FROM videos WHERE (id + $1) % 3 = 0",
	"DELETE FROM enrollments WHERE id < $1 - 1000000", // nothing
	"WITH gone AS (DELETE FROM reviews WHERE id % 2 = $1 % 2 RETURNING course_id, user_id) INSERT INTO enrollments (course_id, user_id) SELECT * FROM gone ON CONFLICT DO NOTHING",
	"MERGE INTO reviews r USING (SELECT u, 1 + (u + $1) % 8 AS c FROM generate_series(1, 12) u) s ON r.course_id = s.c AND r.user_id = s.u WHEN MATCHED AND r.rating > 3 THEN DELETE WHEN MATCHED THEN UPDATE SET rating = 5 WHEN NOT MATCHED THEN INSERT (course_id, user_id, rating) VALUES (s.c, s.u, 1 + s.u % 5)",
	"DELETE FROM users WHERE id = 13 + $1 % 5",
	"DELETE FROM courses WHERE id > 8 AND id % 2 = $1 % 2",
	"INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id) SELECT 'x' || $1::bigint || n, 'x', 'beginner', n % 2 = 0, now(), 1, 1 + n % 3 FROM generate_series(1, 4) n ON CONFLICT DO NOTHING",
	"TRUNCATE enrollments",
	"TRUNCATE reviews",
	"TRUNCATE videos CASCADE",
}

// The counters equal a recount after any sequence of writes.
func TestCounters(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for step := range 150 {
		sql, n := writes[r.IntN(len(writes))], r.Int64N(1000)
		if step%10 == 9 {
			sql = "COPY"
			copyRows(t, db, n)
		} else if _, err := db.Exec(t.Context(), fillIn(sql, n)); err != nil {
			t.Fatalf("seed %d, step %d: %s: %v", seed, step, fillIn(sql, n), err)
		}
		if bad := value[int](t, db, wrongCounters); bad != 0 {
			t.Fatalf("seed %d, step %d: %d rows have wrong counters after %s", seed, step, bad, fillIn(sql, n))
		}
	}
	exec(t, db, "TRUNCATE courses CASCADE")
	if bad := value[int](t, db, wrongCounters); bad != 0 {
		t.Errorf("%d categories have wrong counters after all courses were truncated", bad)
	}
}

// A write that is rolled back changes no counters.
func TestCountersOfRollback(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range writes[:3] {
		if _, err := tx.Exec(t.Context(), fillIn(sql, 3)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT sum(enrollment_count + review_count) FROM courses"); n != 0 {
		t.Errorf("%d rows are counted", n)
	}
}

// fillIn replaces each $n of a statement by a number.
func fillIn(sql string, n int64) string {
	out := ""
	for i := 0; i < len(sql); i++ {
		if sql[i] == '$' {
			out += fmt.Sprint(n)
			i++
			continue
		}
		out += sql[i : i+1]
	}
	return out
}

// copyRows copies enrollments and reviews.
func copyRows(t *testing.T, db *pgxpool.Pool, n int64) {
	t.Helper()
	exec(t, db, "DELETE FROM enrollments WHERE user_id <= 4; DELETE FROM reviews WHERE user_id <= 4")
	var enrollments, reviews [][]any
	for user := int64(1); user <= 4; user++ {
		for course := 1 + n%3; course <= 8; course++ {
			enrollments = append(enrollments, []any{user, course})
			reviews = append(reviews, []any{user, course, 1 + (user+course+n)%5})
		}
	}
	for table, load := range map[string]struct {
		columns []string
		rows    [][]any
	}{"enrollments": {[]string{"user_id", "course_id"}, enrollments}, "reviews": {[]string{"user_id", "course_id", "rating"}, reviews}} {
		if _, err := db.CopyFrom(t.Context(), pgx.Identifier{table}, load.columns, pgx.CopyFromRows(load.rows)); err != nil {
			t.Fatalf("COPY %s: %v", table, err)
		}
	}
}

func stageCounters(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	exec(t, db, `INSERT INTO users (name, email) SELECT n::text, n::text FROM generate_series(1, 20) n;
		INSERT INTO categories (name, slug) SELECT n::text, n::text FROM generate_series(1, 3) n;
		INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
		SELECT n::text, n::text, 'beginner', n % 2 = 0, now(), 1, 1 + n % 3 FROM generate_series(1, 12) n`)
}

// The vocabulary contains the words of all written courses, and never loses a word.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	inVocabulary := func(word string) bool {
		return value[bool](t, db, "SELECT EXISTS (SELECT FROM course_words WHERE word = $1)", word)
	}
	exec(t, db, `INSERT INTO courses (slug, title, description, tags, difficulty, instructor_id, category_id)
		VALUES ('w', 'Quantum Baking', 'Flour in superposition.', '{zymurgy, x2}', 'beginner', 1, 1)`)
	for word, want := range map[string]bool{"quantum": true, "baking": true, "flour": true, "superposition": true, "zymurgy": true, "in": false, "x2": false, "Quantum": false} {
		if inVocabulary(word) != want {
			t.Errorf("%q is in the vocabulary: %v, want %v", word, !want, want)
		}
	}
	exec(t, db, "UPDATE courses SET title = 'Relativistic Baking' WHERE slug = 'w'")
	exec(t, db, "UPDATE courses SET tags = '{fermentation}' WHERE slug = 'w'")
	for _, word := range []string{"relativistic", "fermentation", "quantum"} {
		if !inVocabulary(word) {
			t.Errorf("%q is not in the vocabulary after the update", word)
		}
	}
	if _, err := db.CopyFrom(t.Context(), pgx.Identifier{"courses"}, []string{"slug", "title", "difficulty", "instructor_id", "category_id"},
		pgx.CopyFromRows([][]any{{"copied", "Ornithology", "beginner", int64(1), int64(1)}})); err != nil {
		t.Fatal(err)
	}
	if !inVocabulary("ornithology") {
		t.Error("a COPY added no words")
	}
}

func TestConstraints(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	exec(t, db, `INSERT INTO enrollments (user_id, course_id) VALUES (1, 1);
		INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1, 'a', 1, 1), (1, 'b', 2, 1)`)
	for name, sql := range map[string]string{
		"email without regard to case": "INSERT INTO users (name, email) VALUES ('a', 'A@x'), ('b', 'a@X')",
		"role":                         "UPDATE users SET role = 'owner'",
		"plan":                         "UPDATE users SET plan = 'gold'",
		"slug":                         "UPDATE courses SET slug = 'same'",
		"category slug":                "UPDATE categories SET slug = 'same'",
		"difficulty":                   "UPDATE courses SET difficulty = 'BEGINNER'",
		"price":                        "UPDATE courses SET price = -0.01",
		"published without a time":     "UPDATE courses SET published = true, published_at = NULL",
		"progress above":               "UPDATE enrollments SET progress = 100.01",
		"progress below":               "UPDATE enrollments SET progress = -0.01",
		"enrolled twice":               "INSERT INTO enrollments (user_id, course_id) VALUES (1, 1)",
		"rating above":                 "INSERT INTO reviews (user_id, course_id, rating) VALUES (1, 1, 6)",
		"rating below":                 "INSERT INTO reviews (user_id, course_id, rating) VALUES (1, 1, 0)",
		"a reply without a time":       "INSERT INTO reviews (user_id, course_id, rating, reply) VALUES (1, 1, 5, 'x')",
		"an empty reply":               "INSERT INTO reviews (user_id, course_id, rating, reply, replied_at, reply_updated_at) VALUES (1, 1, 5, '', now(), now())",
		"reviewed twice":               "INSERT INTO reviews (user_id, course_id, rating) VALUES (1, 1, 5), (1, 1, 5)",
		"position":                     "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1, 'c', 2, 1)",
		"position of zero":             "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1, 'c', 0, 1)",
		"no such course":               "INSERT INTO enrollments (user_id, course_id) VALUES (1, 999)",
		"category in use":              "DELETE FROM categories WHERE id = 1",
		"seconds below zero":           "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES (1, 1, -1, now())",
	} {
		if _, err := db.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: %s was accepted", name, sql)
		}
	}
	exec(t, db, "UPDATE videos SET position = 3 - position WHERE course_id = 1") // swapped in one statement
}
