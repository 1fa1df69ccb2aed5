package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/testdb"
)

// stageChanges fills the tables whose changes are recorded: two instructors, a student and an
// inactive user; a published course and a draft of the first instructor; two categories with a
// course and one without.
func stageChanges(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := testdb.OpenPool(t, testdb.New(t))
	exec(t, db, `
		INSERT INTO users (name, email, role) SELECT 'U' || n, n || '@7p.example', CASE WHEN n < 3 THEN 'instructor' ELSE 'student' END FROM generate_series(1, 4) n;
		INSERT INTO categories (name, slug) SELECT 'K' || n, 'k' || n FROM generate_series(1, 3) n;
		INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			SELECT 'c' || n, 'word' || n, 'beginner', n = 1, CASE WHEN n = 1 THEN now() END, 1, n FROM generate_series(1, 2) n;
		INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1, 'V', 1, 100), (1, 'V', 2, 100);
		INSERT INTO sections (course_id, title, position, first_position) VALUES (1, 'S', 1, 1), (1, 'S', 2, 2);
		INSERT INTO enrollments (user_id, course_id) VALUES (3, 1);
		INSERT INTO reviews (user_id, course_id, rating, reply, replied_at, reply_updated_at, replied_by) VALUES (3, 1, 3, 'R', now(), now(), 1);
		INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES (3, 1, 10, now());
		INSERT INTO course_related VALUES (1, 1, 2, 1);
		INSERT INTO wishlist_items (user_id, course_id) VALUES (2, 2);
		INSERT INTO certificates (user_id, course_id, course_title) VALUES (2, 2, 'T');
		INSERT INTO course_words VALUES ('known')`)
	return db
}

// recordTags returns the tags of the changes of a statement.
func recordTags(t *testing.T, db *pgxpool.Pool, sql string, args ...any) string {
	t.Helper()
	before := value[int64](t, db, "SELECT coalesce(max(id), 0) FROM changes")
	exec(t, db, sql, args...)
	return value[string](t, db, "SELECT coalesce(string_agg(DISTINCT tag, ' ' ORDER BY tag), '') FROM changes, unnest(tags) tag WHERE id > $1", before)
}

// ratings returns the tags of the rating parts from low to high, sorted by name.
func ratings(low, high int) string {
	var names []string
	for n := low; n <= high; n++ {
		names = append(names, fmt.Sprint("courses.rating:", n))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// columnChanges has, for every column of the tables whose changes are recorded, an UPDATE of it and
// the tags of that change.
var columnChanges = []struct{ table, set, where, tags string }{
	{"users", "id = DEFAULT", "id = 4", "user:4 user:4.private user:5 user:5.private"},
	{"users", "name = 'X'", "id = 3", "user:3"},
	{"users", "name = 'X'", "id = 1", "course:1 course:2 courses.text user:1"}, // an instructor
	{"users", "name = 'Xylophone'", "id = 1", "course:1 course:2 courses.text user:1 words"},
	{"users", "email = 'x@7p.example'", "id = 3", "user:3.private"},
	{"users", "password_hash = 'x'", "id = 3", ""},
	{"users", "avatar_url = 'x'", "id = 3", "user:3"},
	{"users", "role = 'admin'", "id = 3", "user:3 users.slugs"}, // which gives a slug
	{"users", "slug = 'x'", "id = 1", "user:1 users.slugs"},
	{"users", "headline = 'x'", "id = 1", "user:1"},
	{"users", "bio = 'x'", "id = 1", "user:1"},
	{"users", `links = '[{"label": "x", "url": "https://7p.example"}]'`, "id = 1", "user:1"},
	{"users", "plan = 'premium'", "id = 3", "user:3.private"},
	{"users", `preferences = '{"theme": "dark"}'`, "id = 3", "user:3.private"},
	{"users", "active = false", "id = 3", "user:3.private"},
	{"users", "created_at = now() - interval '1 day'", "id = 3", "user:3"},
	{"users", "last_login = now()", "id = 3", "user:3.private"},
	{"users", "claimed_at = now()", "id = 3", ""},
	{"users", "email_verified_at = now()", "id = 3", "user:3.private"},
	{"users", "name = name, last_login = last_login", "true", ""},

	{"categories", "id = DEFAULT", "id = 3", "categories categories.counts category:3 category:4"},
	{"categories", "name = 'X'", "id = 1", "categories category:1"},
	{"categories", "slug = 'x'", "id = 1", "categories category:1"},
	{"categories", "course_count = course_count + 1", "id = 1", "categories.counts category:1"},
	{"categories", "name = name", "true", ""},

	{"courses", "slug = 'x'", "id = 1", "course:1 courses.slugs"},
	{"courses", "title = 'word1 word2'", "id = 1", "course:1 courses.text courses.titles user:1.courses"},
	{"courses", "title = 'other'", "id = 2", "course:2 user:1.courses words"}, // a draft; the word is new
	{"courses", "description = 'word1'", "id = 1", "course:1 courses.text"},
	{"courses", "tags = '{word1}'", "id = 1", "course:1 courses"},
	{"courses", "difficulty = 'advanced'", "id = 1", "course:1 courses"},
	{"courses", "price = 1", "id = 1", "course:1 courses user:1.courses"},
	{"courses", "currency_code = 'EUR'", "id = 1", "course:1"},
	{"courses", "duration_seconds = 1", "id = 1", "course:1 courses"},
	{"courses", "learning_outcomes = '{x}'", "id = 1", "course:1"},
	{"courses", "requirements = '{x}'", "id = 1", "course:1"},
	{"courses", "language = 'de'", "id = 1", "course:1 courses"},
	{"courses", "thumbnail_url = 'x'", "id = 1", "course:1"},
	{"courses", "published = false", "id = 1", "categories.counts category:1 course:1 courses courses.published user:1.courses"},
	{"courses", "published_at = now() - interval '1 day'", "id = 1", "course:1 courses user:1.courses"},
	{"courses", "published_at = now()", "id = 2", "course:2 user:1.courses"},
	{"courses", "instructor_id = 2", "id = 1", "course:1 courses courses.text user:1.courses user:2.courses"},
	{"courses", "instructor_key = 'x'", "id = 1", "course:1 courses.text"}, // becomes the name of the instructor again
	{"courses", "category_id = 2", "id = 1", "categories.counts category:1 category:2 course:1 courses"},
	{"courses", "category_id = 1", "id = 2", "course:2 courses"}, // a draft
	{"courses", "rating_sum = 9", "id = 1", "course:1 teaching:1"},
	{"courses", "rating_average = 3.1", "id = 1", "course:1 courses.rating:60 courses.rating:61 courses.rating:62 teaching:1"},
	{"courses", "rating_average = 2.9", "id = 1", "course:1 courses.rating:58 courses.rating:59 courses.rating:60 teaching:1"},
	{"courses", "rating_average = 3.01", "id = 1", "course:1 courses.rating:60 teaching:1"},
	{"courses", "rating_average = 9", "id = 2", "course:2 teaching:1"},
	{"courses", "review_count = 9", "id = 1", "course:1 teaching:1"},
	{"courses", "enrollment_count = 3", "id = 1", "course:1 courses.enrollments courses.enrollments:1 courses.enrollments:2 courses.enrollments:3 teaching:1"},
	{"courses", "enrollment_count = 0", "id = 1", "course:1 courses.enrollments courses.enrollments:0 courses.enrollments:1 teaching:1"},
	{"courses", "enrollment_count = 9", "id = 2", "course:2 teaching:1"},
	{"courses", "rating_counts = '{0,0,1,0,9}'", "id = 1", "course:1"},
	{"courses", "video_count = 9", "id = 1", "course:1"},
	{"courses", "created_at = now() - interval '1 day'", "id = 1", "course:1"},
	{"courses", "updated_at = now() + interval '1 day'", "id = 1", "course:1"},
	{"courses", "title = title", "true", ""},

	{"videos", "id = DEFAULT", "id = 2", "course:1.videos video:2 video:3"},
	{"videos", "course_id = 2", "id = 2", "course:1 course:1.videos course:2 course:2.videos video:2"},
	{"videos", "title = 'X'", "id = 1", "course:1.videos video:1"},
	{"videos", "position = 9", "id = 1", "course:1.videos video:1"},
	{"videos", "duration_seconds = 9", "id = 1", "course:1.videos video:1"},
	{"videos", "is_preview = true", "id = 1", "course:1.videos video:1"},
	{"videos", `media = '{"path": "a/b.mp4"}'`, "id = 1", "course:1.videos video:1"},
	{"videos", "created_at = now() - interval '1 day'", "id = 1", ""},

	{"sections", "id = DEFAULT", "id = 2", "course:1.sections section:2 section:3"},
	{"sections", "course_id = 2", "id = 2", "course:1.sections course:2.sections section:2"},
	{"sections", "title = 'X'", "id = 1", "course:1.sections section:1"},
	{"sections", "position = 9", "id = 2", "course:1.sections section:2"},
	{"sections", "first_position = 9", "id = 2", "course:1.sections section:2"},
	{"sections", "created_at = now() - interval '1 day'", "id = 1", ""},
	{"sections", "title = title", "true", ""},

	{"reviews", "id = DEFAULT", "id = 1", "course:1.reviews review:1 review:2"},
	{"reviews", "course_id = 2", "id = 1", "course:1 course:1.reviews course:2 course:2.reviews " + ratings(0, 60) + " review:1 teaching:1"},
	{"reviews", "user_id = 4", "id = 1", "course:1.reviews review:1"},
	{"reviews", "rating = 4", "id = 1", "course:1 course:1.reviews " + ratings(60, 80) + " review:1 teaching:1"},
	{"reviews", "body = 'X'", "id = 1", "course:1.reviews review:1"},
	{"reviews", "created_at = now() - interval '1 day'", "id = 1", "course:1.reviews review:1"},
	{"reviews", "updated_at = now() + interval '1 day'", "id = 1", "course:1.reviews review:1"},
	{"reviews", "reply = 'X'", "id = 1", "course:1.reviews review:1"},
	{"reviews", "replied_at = now() - interval '1 day'", "id = 1", "course:1.reviews review:1"},
	{"reviews", "reply_updated_at = now() + interval '1 day'", "id = 1", "course:1.reviews review:1"},
	{"reviews", "replied_by = NULL", "id = 1", "course:1.reviews review:1"},
	{"reviews", "body = body", "true", ""},

	{"enrollments", "id = DEFAULT", "id = 1", "course:1.enrollments enrollment:1 enrollment:2 teaching:1 user:3.enrollments"},
	{"enrollments", "user_id = 4", "id = 1", "course:1.enrollments enrollment:1 user:3.enrollments user:4.enrollments"},
	{"enrollments", "course_id = 2", "id = 1", "course:1 course:1.enrollments course:2 course:2.enrollments courses.enrollments courses.enrollments:0 courses.enrollments:1 enrollment:1 teaching:1 user:3.enrollments"},
	{"enrollments", "progress = 50", "id = 1", "course:1.enrollments enrollment:1 user:3.enrollments"},
	{"enrollments", "progress = 100", "id = 1", "certificate:2 certificates course:1.enrollments enrollment:1 teaching:1 user:3.certificates user:3.enrollments"},
	{"enrollments", "enrolled_at = now() - interval '1 day'", "id = 1", "course:1.enrollments enrollment:1 teaching:1 user:3.enrollments"},
	{"enrollments", "last_accessed_at = now()", "id = 1", "course:1.enrollments enrollment:1 user:3.enrollments"},
	{"enrollments", "completed_at = now()", "id = 1", "certificate:3 certificates course:1.enrollments enrollment:1 teaching:1 user:3.certificates user:3.enrollments"},
	{"enrollments", "progress = progress", "true", ""},

	{"wishlist_items", "user_id = 4", "true", "user:2.wishlist user:4.wishlist"},
	{"wishlist_items", "course_id = 1", "true", "user:2.wishlist"},
	{"wishlist_items", "added_at = now() - interval '1 day'", "true", "user:2.wishlist"},
	{"wishlist_items", "added_at = added_at", "true", ""},

	{"certificates", "id = DEFAULT", "true", "certificate:1 certificate:4 certificates user:2.certificates"},
	{"certificates", "code = gen_random_uuid()", "true", "certificate:1 certificates user:2.certificates"},
	{"certificates", "user_id = 4", "true", "certificate:1 certificates user:2.certificates user:4.certificates"},
	{"certificates", "course_id = 1", "true", "certificate:1 certificates user:2.certificates"},
	{"certificates", "course_title = 'X'", "true", "certificate:1 certificates user:2.certificates"},
	{"certificates", "issued_at = now() - interval '1 day'", "true", "certificate:1 certificates user:2.certificates"},
	{"certificates", "code = code", "true", ""},

	{"video_progress", "id = DEFAULT", "true", "user:3.progress"},
	{"video_progress", "user_id = 4", "true", "user:3.progress user:4.progress"},
	{"video_progress", "video_id = 2", "true", "user:3.progress"},
	{"video_progress", "progress_seconds = 9", "true", "user:3.progress"},
	{"video_progress", "watched_seconds = 9", "true", "user:3.progress"},
	{"video_progress", "events = '\\x00'", "true", ""}, // which no read depends on
	{"video_progress", "watched_at = now() - interval '1 day'", "true", "user:3.progress"},
	{"video_progress", "created_at = now() + interval '40 days'", "true", "user:3.progress"}, // into another partition
	{"video_progress", "progress_seconds = progress_seconds", "true", ""},

	{"course_related", "course_id = 2", "true", "course:1.related course:2.related"},
	{"course_related", "rank = 2", "true", "course:1.related"},
	{"course_related", "related_id = 1", "true", "course:1.related"},
	{"course_related", "students = 2", "true", ""},

	{"course_words", "word = 'x'", "word = 'known'", "words"},
}

// An UPDATE of a column changes exactly its tags.
func TestChangesOfColumns(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	exec(t, db, "SELECT ensure_progress_partitions(now(), now() + interval '2 months')")
	seen := map[string]bool{
		"courses.id":            true,                                                                                  // referenced by other tables
		"courses.search_vector": true, "courses.title_key": true, "courses.tag_keys": true, "course_words.edits": true, // generated
	}
	for _, c := range columnChanges {
		column, _, _ := strings.Cut(c.set, " ")
		seen[c.table+"."+column] = true
		// The transaction is rolled back, so that each statement starts from the same rows.
		tags := recordTagsInTx(t, db, fmt.Sprintf("UPDATE %s SET %s WHERE %s", c.table, c.set, c.where))
		if tags != c.tags {
			t.Errorf("UPDATE %s SET %s WHERE %s changed\n\t%s\nwant\t%s", c.table, c.set, c.where, tags, c.tags)
		}
	}
	rows, err := db.Query(t.Context(), `SELECT DISTINCT c.table_name || '.' || c.column_name FROM information_schema.columns c
		JOIN pg_trigger g ON g.tgrelid = c.table_name::regclass AND g.tgname = 'written_update'
		JOIN pg_class k ON k.oid = g.tgrelid AND NOT k.relispartition WHERE c.table_schema = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(all) < 40 {
		t.Fatalf("there are %d columns, and %v", len(all), err)
	}
	for _, column := range all {
		if !seen[column] {
			t.Errorf("no test changes %s", column)
		}
	}
}

// recordTagsInTx returns the tags of the changes of statements, which are rolled back.
func recordTagsInTx(t *testing.T, db *pgxpool.Pool, statements ...string) string {
	t.Helper()
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	for _, sql := range statements {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	var tags string
	err = tx.QueryRow(t.Context(), `SELECT coalesce(string_agg(DISTINCT tag, ' ' ORDER BY tag), '')
		FROM changes, unnest(tags) tag WHERE xid = pg_current_xact_id()`).Scan(&tags)
	if err != nil {
		t.Fatal(err)
	}
	return tags
}

// Inserted and deleted rows change their tags: single rows, by cascades, and by TRUNCATE.
func TestChangesOfRows(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	student := "course:1 course:1.enrollments course:1.reviews courses.enrollments courses.enrollments:0 courses.enrollments:1 " + ratings(0, 60) + " enrollment:1 review:1 teaching:1 user:3 user:3.enrollments user:3.progress"
	const course = "categories.counts category:1 course:1 course:1.enrollments course:1.related course:1.reviews course:1.sections course:1.videos courses courses.slugs enrollment:1 review:1 section:1 section:2 user:1.courses user:3.enrollments user:3.progress video:1 video:2"
	for _, c := range []struct{ sql, tags string }{
		{"INSERT INTO users (name, email) VALUES ('X', 'x@7p.example')", "user:5"},
		{"INSERT INTO users (name, email, role) VALUES ('X', 'x@7p.example', 'instructor')", "user:6 users.slugs"},
		{"DELETE FROM users WHERE id = 4", "user:4"},
		{"DELETE FROM users WHERE id = 3", student},
		{"INSERT INTO categories (name, slug) VALUES ('X', 'x')", "categories category:4"},
		{"DELETE FROM categories WHERE id = 3", "categories category:3"},
		{"INSERT INTO courses (slug, title, difficulty, instructor_id, category_id) VALUES ('x', 'word1', 'beginner', 2, 1)", "course:3 courses.slugs user:2.courses"},
		{"INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id) VALUES ('x', 'word1', 'beginner', true, now(), 2, 1)", "categories.counts category:1 course:4 courses courses.slugs user:2.courses"},
		{"DELETE FROM courses WHERE id = 2", "certificate:1 certificates course:1.related course:2 courses.slugs user:1.courses user:2.certificates user:2.wishlist"},
		{"DELETE FROM courses WHERE id = 1", course},
		{"INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (2, 'X', 1, 1)", "course:2 course:2.videos video:3"},
		{"DELETE FROM videos WHERE id = 1", "course:1 course:1.videos user:3.progress video:1"},
		{"INSERT INTO sections (course_id, title, position, first_position) VALUES (2, 'X', 1, 1)", "course:2.sections section:3"},
		{"DELETE FROM sections WHERE id = 1", "course:1.sections section:1"},
		{"INSERT INTO enrollments (user_id, course_id) VALUES (4, 1)", "course:1 course:1.enrollments courses.enrollments courses.enrollments:1 courses.enrollments:2 enrollment:2 teaching:1 user:4.enrollments"},
		{"INSERT INTO enrollments (user_id, course_id) VALUES (3, 1) ON CONFLICT DO NOTHING", ""},
		{"INSERT INTO enrollments (user_id, course_id) VALUES (3, 1) ON CONFLICT (user_id, course_id) DO UPDATE SET progress = 1", "course:1.enrollments enrollment:1 user:3.enrollments"},
		{"INSERT INTO enrollments (user_id, course_id, progress) VALUES (2, 2, 50)", "course:2 course:2.enrollments enrollment:5 teaching:1 user:2.enrollments user:2.wishlist"},
		{"INSERT INTO enrollments (user_id, course_id, progress) VALUES (2, 1, 100)", "certificate:2 certificates course:1 course:1.enrollments courses.enrollments courses.enrollments:1 courses.enrollments:2 enrollment:6 teaching:1 user:2.certificates user:2.enrollments"},
		{"INSERT INTO wishlist_items VALUES (2, 2) ON CONFLICT DO NOTHING", ""},
		{"INSERT INTO wishlist_items VALUES (4, 1), (4, 2)", "user:4.wishlist"},
		{"DELETE FROM wishlist_items", "user:2.wishlist"},
		{"DELETE FROM certificates", "certificate:1 certificates user:2.certificates"},
		{"DELETE FROM enrollments", "course:1 course:1.enrollments courses.enrollments courses.enrollments:0 courses.enrollments:1 enrollment:1 teaching:1 user:3.enrollments"},
		{"INSERT INTO reviews (user_id, course_id, rating) VALUES (4, 2, 1)", "course:2 course:2.reviews review:2 teaching:1"},
		{"DELETE FROM reviews", "course:1 course:1.reviews " + ratings(0, 60) + " review:1 teaching:1"},
		{"INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES (4, 1, 1, now()), (4, 2, 1, now())", "user:4.progress"},
		{"INSERT INTO video_progress_default VALUES (9, 4, 1, 1, now())", "user:4.progress"},
		{"DELETE FROM video_progress", "user:3.progress"},
		{"INSERT INTO course_related VALUES (2, 1, 1, 1)", "course:2.related"},
		{"DELETE FROM course_related", "course:1.related"},
		{"INSERT INTO course_words VALUES ('known') ON CONFLICT DO NOTHING", ""},
		{"DELETE FROM course_words WHERE word = 'known'", "words"},
		{"DELETE FROM users WHERE id > 1000", ""},
	} {
		if tags := recordTagsInTx(t, db, c.sql); tags != c.tags {
			t.Errorf("%s changed\n\t%s\nwant\t%s", c.sql, tags, c.tags)
		}
	}
	for _, table := range []string{"enrollments", "reviews", "video_progress", "video_progress_default", "course_related", "course_words", "wishlist_items", "certificates", "sections", "videos CASCADE", "users CASCADE", "categories CASCADE", "courses CASCADE"} {
		if tags := strings.Fields(recordTagsInTx(t, db, "TRUNCATE "+table)); !slices.Contains(tags, "*") {
			t.Errorf("TRUNCATE %s changed %v, want *", table, tags)
		}
	}
}

// A change with more than 1,000 tags is "*", and a change that is rolled back has none.
func TestChangesOfMany(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	const users = "INSERT INTO users (name, email) SELECT 'X', 'many' || n FROM generate_series(1, %d) n"
	if tags := strings.Fields(recordTagsInTx(t, db, fmt.Sprintf(users, 1000))); len(tags) != 1000 {
		t.Errorf("1,000 users changed %d tags", len(tags))
	}
	if tags := recordTagsInTx(t, db, fmt.Sprintf(users, 1001)); tags != "*" {
		t.Errorf("1,001 users changed %.100s, want *", tags)
	}
	exec(t, db, fmt.Sprintf(users, 5000))
	if tags := recordTags(t, db, "UPDATE users SET avatar_url = 'Y'"); tags != "*" {
		t.Errorf("renaming 5,000 changed %.100s, want *", tags)
	}
	if tags := recordTags(t, db, "UPDATE users SET avatar_url = 'Y'"); tags != "" {
		t.Errorf("renaming 5,000 to the same changed %.100s", tags)
	}
	if tags := recordTags(t, db, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) SELECT 3, 1, n, now() FROM generate_series(1, 5000) n"); tags != "user:3.progress" {
		t.Errorf("5,000 sittings of one user changed %.100s", tags)
	}
	before := value[int](t, db, "SELECT count(*) FROM changes")
	recordTagsInTx(t, db, "DELETE FROM reviews")
	if after := value[int](t, db, "SELECT count(*) FROM changes"); after != before {
		t.Errorf("%d changes of a transaction that was rolled back are stored", after-before)
	}
}

// COPY changes the same tags as INSERT. Rows that move to the partition of their month stay
// readable in the parent table.
func TestChangesOfCopyAndPartitions(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	exec(t, db, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at, created_at) VALUES (3, 1, 1, '2020-01-01', '2020-01-01')")
	at := time.Date(2020, time.January, 2, 0, 0, 0, 0, time.UTC)
	before := value[int64](t, db, "SELECT max(id) FROM changes")
	_, err := db.CopyFrom(t.Context(), pgx.Identifier{"video_progress"}, []string{"id", "user_id", "video_id", "progress_seconds", "watched_at", "created_at"},
		pgx.CopyFromRows([][]any{{int64(100), int64(4), int64(1), int32(1), at, at}}))
	if err != nil {
		t.Fatal(err)
	}
	if tags := value[[]string](t, db, "SELECT tags FROM changes WHERE id > $1", before); !slices.Equal(tags, []string{"user:4.progress"}) {
		t.Errorf("COPY changed %v", tags)
	}
	tags := recordTags(t, db, "SELECT ensure_progress_partitions('2020-01-01', '2020-01-31')")
	if tags != "user:3.progress user:4.progress" { // of the default partition, which is not what readers read
		t.Errorf("the new month changed %q", tags)
	}
	for _, table := range []string{"video_progress", "video_progress_2020_01"} {
		sql := "INSERT INTO " + table + " (user_id, video_id, progress_seconds, watched_at, created_at) VALUES (4, 2, 1, '2020-01-03', '2020-01-03')"
		if table != "video_progress" {
			sql = "UPDATE " + table + " SET progress_seconds = progress_seconds + 1 WHERE user_id = 4"
		}
		if tags := recordTags(t, db, sql); tags != "user:4.progress" {
			t.Errorf("%s changed %q", sql, tags)
		}
	}
}
