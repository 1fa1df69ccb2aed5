package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// soundWrites are what people do to the tables in plain SQL; $1 and $2 are random
// numbers. Some fail, and then change nothing.
var soundWrites = []string{
	"UPDATE users SET name = 'U' || $2 WHERE id = $1 % 9",
	"UPDATE users SET email = $2 || '@7p.example', plan = 'premium' WHERE id = $1 % 9",
	"UPDATE users SET last_login = now(), preferences = '{\"theme\": \"t$2\"}' WHERE id = $1 % 9",
	"UPDATE users SET role = CASE WHEN $2 % 2 = 0 THEN 'admin' ELSE 'student' END, avatar_url = $2::text WHERE id = $1 % 9",
	"INSERT INTO users (id, name, email) OVERRIDING SYSTEM VALUE VALUES (4 + $1 % 5, 'new', 'new$2')",
	"DELETE FROM users WHERE id = 4 + $1 % 5",
	"UPDATE categories SET name = 'K' || $2 WHERE id = $1 % 5",
	"UPDATE categories SET slug = 'k' || $2 % 4 WHERE id = $1 % 5",
	"UPDATE categories SET course_count = $2 WHERE id = $1 % 5",
	"INSERT INTO categories (id, name, slug) OVERRIDING SYSTEM VALUE VALUES (4 + $1 % 2, 'new', 'k' || $2 % 4)",
	"DELETE FROM categories WHERE id = 4 + $1 % 2",
	"UPDATE courses SET slug = (ARRAY['c','x'])[1 + $2 % 2] || $1 % 4 WHERE id = $1 % 10",
	"UPDATE courses SET title = (ARRAY['apple','pear','plum','orange'])[1 + $2 % 4] || ' ' || $2 WHERE id = $1 % 10",
	"UPDATE courses SET description = (ARRAY['apple','pear','plum','orange'])[1 + $2 % 4] WHERE id = $1 % 10",
	"UPDATE courses SET tags = ARRAY[(ARRAY['red','green'])[1 + $2 % 2]] WHERE id = $1 % 10",
	"UPDATE courses SET difficulty = (ARRAY['beginner','advanced'])[1 + $2 % 2] WHERE id = $1 % 10",
	"UPDATE courses SET price = $2 % 3, currency_code = 'EUR' WHERE id = $1 % 10",
	"UPDATE courses SET duration_seconds = $2 % 300, thumbnail_url = $2::text WHERE id = $1 % 10",
	"UPDATE courses SET published = NOT published, published_at = coalesce(published_at, now()) WHERE id = $1 % 10",
	"UPDATE courses SET published = true, published_at = coalesce(published_at, now()) WHERE id = $1 % 10",
	"UPDATE courses SET published = false WHERE id = $1 % 10",
	"UPDATE courses SET published_at = now() - $2 * interval '1 hour' WHERE id = $1 % 10",
	"UPDATE courses SET instructor_id = 1 + $2 % 3 WHERE id = $1 % 10",
	"UPDATE courses SET category_id = 1 + $2 % 3 WHERE id = $1 % 10",
	"UPDATE courses SET enrollment_count = $2 WHERE id = $1 % 10",
	"UPDATE courses SET rating_average = $2 % 6 WHERE id = $1 % 10",
	"UPDATE courses SET rating_sum = $2 WHERE id = $1 % 10",
	"UPDATE courses SET review_count = $2 WHERE id = $1 % 10",
	"UPDATE courses SET video_count = $2, updated_at = now(), created_at = now() WHERE id = $1 % 10",
	"INSERT INTO courses (id, slug, title, difficulty, published, published_at, instructor_id, category_id) OVERRIDING SYSTEM VALUE VALUES (1 + $1 % 10, 'x' || $2 % 4, 'plum', 'beginner', $2 % 2 = 0, now(), 1 + $2 % 3, 1 + $1 % 3)",
	"DELETE FROM courses WHERE id = $1 % 10",
	"INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1 + $1 % 9, 'V', 1 + $2, 100)",
	"UPDATE videos SET title = 'V$2' WHERE id = 1 + $1 % 20",
	"UPDATE videos SET duration_seconds = $2 WHERE id = 1 + $1 % 20",
	"UPDATE videos SET course_id = 1 + $2 % 9, position = 1000 + $2 WHERE id = 1 + $1 % 20",
	"DELETE FROM videos WHERE id = 1 + $1 % 20",
	"INSERT INTO enrollments (user_id, course_id, enrolled_at) VALUES (1 + $1 % 8, 1 + $2 % 9, now() - $2 * interval '1 day')",
	"UPDATE enrollments SET progress = (ARRAY[0, 50, 99, 100])[1 + $2 % 4] WHERE user_id = 1 + $1 % 8",
	"UPDATE enrollments SET last_accessed_at = now() WHERE user_id = 1 + $1 % 8",
	"UPDATE enrollments SET completed_at = CASE WHEN $2 % 2 = 0 THEN now() END WHERE course_id = 1 + $1 % 9",
	"UPDATE enrollments SET enrolled_at = now() - $2 * interval '1 day' WHERE course_id = 1 + $1 % 9",
	"UPDATE enrollments SET course_id = 1 + $2 % 9 WHERE id = (SELECT id FROM enrollments ORDER BY (id * 31 + $1) % 37 LIMIT 1)",
	"UPDATE enrollments SET user_id = 1 + $2 % 8 WHERE id = (SELECT id FROM enrollments ORDER BY (id * 31 + $1) % 37 LIMIT 1)",
	"DELETE FROM enrollments WHERE user_id = 1 + $1 % 8",
	"INSERT INTO reviews (user_id, course_id, rating) VALUES (1 + $1 % 8, 1 + $2 % 9, 1 + $2 % 5) ON CONFLICT (course_id, user_id) DO UPDATE SET rating = excluded.rating",
	"UPDATE reviews SET body = 'B$2' WHERE course_id = 1 + $1 % 9",
	"UPDATE reviews SET user_id = 1 + $2 % 8 WHERE id = (SELECT id FROM reviews ORDER BY (id * 31 + $1) % 37 LIMIT 1)",
	"UPDATE reviews SET course_id = 1 + $2 % 9 WHERE id = (SELECT id FROM reviews ORDER BY (id * 31 + $1) % 37 LIMIT 1)",
	"DELETE FROM reviews WHERE course_id = 1 + $1 % 9",
	"INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES (1 + $1 % 8, 1 + $2 % 20, $2, now())",
	"UPDATE video_progress SET progress_seconds = progress_seconds + 1 WHERE user_id = 1 + $1 % 8",
	"UPDATE video_progress SET user_id = 1 + $2 % 8 WHERE user_id = 1 + $1 % 8",
	"DELETE FROM video_progress WHERE user_id = 1 + $1 % 8",
	"SELECT refresh_related(ARRAY[1 + $1 % 9::bigint, 1 + $2 % 9::bigint])",
	"UPDATE course_related SET related_id = 1 + $2 % 9 WHERE course_id = 1 + $1 % 9 AND rank = 1",
	"INSERT INTO course_related VALUES (1 + $1 % 9, 1, 1 + $2 % 9, 1)",
	"DELETE FROM course_related WHERE course_id = 1 + $1 % 9",
	"INSERT INTO course_words VALUES ((ARRAY['aple','pair','plam','oran'])[1 + $2 % 4]) ON CONFLICT DO NOTHING",
	"UPDATE course_words SET word = 'aple' || repeat('e', $2 % 3) WHERE word IN ('apple', 'aple')",
	"DELETE FROM course_words WHERE word IN ('apple', 'aple', 'pear', 'pair', 'plam', 'oran')",
	// So that there is something left to write.
	"INSERT INTO enrollments (user_id, course_id) SELECT u.id, c.id FROM users u, courses c WHERE (u.id * 7 + c.id * 5 + $1) % 3 = 0 ON CONFLICT DO NOTHING",
	"INSERT INTO reviews (user_id, course_id, rating) SELECT user_id, course_id, 1 + id % 5 FROM enrollments WHERE (id + $1) % 3 = 0 ON CONFLICT DO NOTHING",
	"INSERT INTO videos (course_id, title, position, duration_seconds) SELECT id, 'V', 5000 + $1, 100 FROM courses",
	"INSERT INTO courses (id, slug, title, difficulty, published, published_at, instructor_id, category_id) OVERRIDING SYSTEM VALUE SELECT n, 'c' || n, 'pear', 'beginner', true, now(), 1 + n % 3, 1 + n % 3 FROM generate_series(1, 9) n ON CONFLICT DO NOTHING",
	"INSERT INTO users (id, name, email) OVERRIDING SYSTEM VALUE SELECT n, 'new', 'new' || n FROM generate_series(4, 8) n ON CONFLICT DO NOTHING",
	"SELECT refresh_related(ARRAY(SELECT id FROM courses))",
	"WITH gone AS (DELETE FROM reviews WHERE course_id = 1 + $1 % 9 RETURNING course_id, user_id) INSERT INTO enrollments (course_id, user_id) SELECT course_id, user_id FROM gone ON CONFLICT DO NOTHING",
}

// rareWrites touch what nearly all else hangs on.
var rareWrites = []string{"TRUNCATE reviews", "TRUNCATE video_progress", "TRUNCATE enrollments", "TRUNCATE course_related"}

// write deals a write, plain SQL or a method of the store's, and says which.
func (d dealer) write(ctx context.Context, s *store.Store, db *pgxpool.Pool) (what string) {
	student := edu.Viewer{ID: d.id(8), Role: edu.RoleAdmin}
	course := d.id(9)
	methods := []struct {
		name string
		do   func() error
	}{
		{"Enroll", func() error { _, err := s.Enroll(ctx, student, course, nil); return err }},
		{"Unenroll", func() error { return s.Unenroll(ctx, student, course, nil) }},
		{"SetPublished", func() error { return s.SetCoursePublished(ctx, student, course, d.IntN(2) == 0, nil) }},
		{"ReviewCourse", func() error {
			_, err := s.ReviewCourse(ctx, student, edu.Review{CourseID: course, Rating: 1 + d.IntN(5)}, nil)
			return err
		}},
		{"RecordProgress", func() error {
			events := []edu.VideoEvent{{VideoID: d.id(20), ProgressSeconds: d.IntN(90), WatchedAt: since.AddDate(1, 0, 0)}}
			_, err := s.RecordProgress(ctx, student, events, nil)
			return err
		}},
		{"AddVideo", func() error {
			_, err := s.AddVideo(ctx, student, edu.Video{CourseID: course, Title: "V", DurationSeconds: 9}, ptr(1), nil)
			return err
		}},
		{"CreateCourse", func() error {
			_, err := s.CreateCourse(ctx, student, edu.Course{Slug: "c1", Title: "pear", Difficulty: edu.DifficultyBeginner, Price: edu.Money{Amount: "1"}, CategoryID: 1}, nil)
			return err
		}},
		{"UpdateCourse", func() error {
			return s.UpdateCourse(ctx, student, edu.Course{ID: course, Title: fmt.Sprint("apple ", d.IntN(9)), CategoryID: d.id(3)}, edu.CourseTitle, nil)
		}},
		{"BulkEnroll", func() error { _, err := s.BulkEnroll(ctx, student, course, []string{"1", "2", "3"}, nil); return err }},
		{"RefreshAnalytics", func() error { _, err := s.RefreshAnalytics(ctx, 0); return err }},
	}
	n := d.IntN(len(soundWrites) + len(methods))
	switch {
	case d.IntN(200) == 0:
		what = pick(d, rareWrites...)
	case d.IntN(6) == 0:
		what = pick(d, movingWrites...)
	case n < len(soundWrites):
		what = soundWrites[n]
	default:
		m := methods[n-len(soundWrites)]
		return fmt.Sprintf("%s: %v", m.name, m.do())
	}
	what = strings.NewReplacer("$1", fmt.Sprint(d.IntN(1000)), "$2", fmt.Sprint(d.IntN(1000))).Replace(what)
	_, err := db.Exec(ctx, what)
	return fmt.Sprintf("%s: %v", what, err)
}

func stageSound(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := testdb.OpenPool(t, testdb.New(t))
	exec(t, db, `
		INSERT INTO users (name, email, role) SELECT 'U' || n, n, 'instructor' FROM generate_series(1, 8) n;
		INSERT INTO categories (name, slug) SELECT 'K' || n, 'k' || n FROM generate_series(1, 4) n;
		INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			SELECT 'c' || n, (ARRAY['apple','pear','plum'])[1 + n % 3] || n, 'beginner', n % 3 > 0, now(), 1 + n % 3, 1 + n % 3 FROM generate_series(1, 9) n;
		INSERT INTO videos (course_id, title, position, duration_seconds) SELECT 1 + n % 9, 'V', 1 + n / 9, 100 FROM generate_series(0, 19) n;
		INSERT INTO enrollments (user_id, course_id) SELECT u, c FROM generate_series(1, 8) u, generate_series(1, 9) c WHERE (u * 7 + c * 5) % 3 = 0;
		INSERT INTO reviews (user_id, course_id, rating) SELECT user_id, course_id, 1 + id % 5 FROM enrollments WHERE id % 2 = 0;
		INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) SELECT u, v, 50, now() FROM generate_series(1, 8) u, generate_series(1, 20) v WHERE (u + v) % 3 = 0;
		SELECT refresh_related(ARRAY(SELECT id FROM courses))`)
	return db
}

// kept is a read that was made, with what it gave and what it said it depends on.
type kept struct {
	read soundRead
	text string
	tags edu.Tags
}

// unsound writes and looks whether any of the reads made before gives something
// else now, though no tag of the write says so. It returns what was wrong, "" for
// nothing; how many reads were compared; and how many gave something else.
func unsound(t *testing.T, db *pgxpool.Pool, seed uint64, writes int) (wrong string, compared, differed int) {
	t.Helper()
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	d := dealer{rand.New(rand.NewPCG(seed, 0))}
	made := make([]*kept, 40)
	run := func(k *kept) string {
		var a answer
		if err := s.RunQueries(store.WithTags(t.Context(), &k.tags), k.read.query(&a)); err != nil {
			t.Fatalf("%s: %v", k.read.name, err)
		}
		return a.text(k.read.unordered)
	}
	fresh := func(read soundRead) *kept {
		k := &kept{read: read}
		k.text = run(k)
		return k
	}
	for i := range made {
		made[i] = fresh(d.read())
	}
	changes := &reader{s: s}
	changes.next(t)
	for range writes {
		what := d.write(t.Context(), s, db)
		written := strings.Fields(strings.Join(changes.next(t), " "))
		for i, k := range made {
			compared++
			now := fresh(k.read)
			if now.text != k.text {
				differed++
				tags := k.tags.SortedNames()
				if !slices.Contains(written, "*") && !slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(written, tag) }) {
					return fmt.Sprintf("%s\nwrote %q\n%s depends on %q and gave\n%s\nand then\n%s", what, written, k.read.name, tags, k.text, now.text), compared, differed
				}
			}
			if d.IntN(4) == 0 {
				now = fresh(d.read())
			}
			made[i] = now
		}
	}
	return "", compared, differed
}

// Whenever a write changes what a read gives, a tag of the one is a tag of the
// other.
func TestTagsAreSound(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	wrong, compared, differed := unsound(t, stageSound(t), seed, 300)
	if wrong != "" {
		t.Fatalf("seed %d: %s", seed, wrong)
	}
	if differed < 100 {
		t.Errorf("of %d reads only %d gave something else", compared, differed)
	}
	t.Logf("seed %d: %d pairs of a write and a read, of which %d gave something else", seed, compared, differed)
}
