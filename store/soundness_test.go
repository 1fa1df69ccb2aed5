package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// soundWrites are plain SQL statements of other clients. $1 and $2 are random numbers. Some
// statements fail and change nothing.
var soundWrites = []string{
	"UPDATE users SET name = 'U' || $2 WHERE id = $1 % 9",
	"UPDATE users SET email = $2 || '@7p.example', plan = 'premium' WHERE id = $1 % 9",
	"UPDATE users SET last_login = now(), preferences = '{\"theme\": \"t$2\"}' WHERE id = $1 % 9",
	"UPDATE users SET role = CASE WHEN $2 % 2 = 0 THEN 'admin' ELSE 'student' END, avatar_url = $2::text WHERE id = $1 % 9",
	"UPDATE users SET slug = CASE WHEN $2 % 3 > 0 THEN 'u' || 1 + $2 % 5 END WHERE id = $1 % 9",
	"UPDATE users SET headline = 'H$2', bio = 'B$2', links = '[{\"label\": \"L$2\", \"url\": \"https://7p.example\"}]' WHERE id = $1 % 9",
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
	"UPDATE courses SET language = (ARRAY['en','en-GB','de'])[1 + $2 % 4] WHERE id = $1 % 10",
	"UPDATE courses SET published_at = now() - $2 * interval '1 hour' WHERE id = $1 % 10",
	"UPDATE courses SET instructor_id = 1 + $2 % 3 WHERE id = $1 % 10",
	"UPDATE courses SET category_id = 1 + $2 % 3 WHERE id = $1 % 10",
	"UPDATE courses SET enrollment_count = $2 WHERE id = $1 % 10",
	"UPDATE courses SET rating_average = $2 % 6 WHERE id = $1 % 10",
	"UPDATE courses SET rating_sum = $2 WHERE id = $1 % 10",
	"UPDATE courses SET review_count = $2 WHERE id = $1 % 10",
	"UPDATE courses SET rating_counts = ARRAY[$2, 0, 0, 1, 2] WHERE id = $1 % 10",
	"UPDATE courses SET video_count = $2, updated_at = now(), created_at = now() WHERE id = $1 % 10",
	"INSERT INTO courses (id, slug, title, difficulty, published, published_at, instructor_id, category_id) OVERRIDING SYSTEM VALUE VALUES (1 + $1 % 10, 'x' || $2 % 4, 'plum', 'beginner', $2 % 2 = 0, now(), 1 + $2 % 3, 1 + $1 % 3)",
	"DELETE FROM courses WHERE id = $1 % 10",
	"INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1 + $1 % 9, 'V', 1 + $2, 100)",
	"UPDATE videos SET title = 'V$2' WHERE id = 1 + $1 % 20",
	"UPDATE videos SET duration_seconds = $2 WHERE id = 1 + $1 % 20",
	"UPDATE videos SET course_id = 1 + $2 % 9, position = 1000 + $2 WHERE id = 1 + $1 % 20",
	"UPDATE videos SET is_preview = NOT is_preview WHERE id = 1 + $1 % 20",
	`UPDATE videos SET media = '{"path": "a/$2.mp4"}' WHERE id = 1 + $1 % 20`,
	"DELETE FROM videos WHERE id = 1 + $1 % 20",
	"UPDATE courses SET learning_outcomes = ARRAY['L$2'], requirements = ARRAY['R$2'] WHERE id = $1 % 10",
	"INSERT INTO sections (course_id, title, position, first_position) SELECT 1 + $1 % 9, 'S', 1 + coalesce(max(position), 0), coalesce(max(first_position), 1) + $2 % 2 FROM sections WHERE course_id = 1 + $1 % 9",
	"UPDATE sections SET title = 'S$2' WHERE id = 1 + $1 % 20",
	"UPDATE sections SET first_position = first_position + 1 WHERE course_id = 1 + $1 % 9",
	"UPDATE sections SET course_id = 1 + $2 % 9, position = 1000 + $2, first_position = 1000 WHERE id = 1 + $1 % 20",
	"DELETE FROM sections WHERE id = 1 + $1 % 20",
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
	"UPDATE reviews SET reply = 'R$2', replied_at = now(), reply_updated_at = now(), replied_by = 1 + $2 % 3 WHERE course_id = 1 + $1 % 9",
	"UPDATE reviews SET reply = NULL, replied_at = NULL, reply_updated_at = NULL, replied_by = NULL, updated_at = now() WHERE course_id = 1 + $1 % 9",
	"UPDATE reviews SET user_id = 1 + $2 % 8 WHERE id = (SELECT id FROM reviews ORDER BY (id * 31 + $1) % 37 LIMIT 1)",
	"UPDATE reviews SET course_id = 1 + $2 % 9 WHERE id = (SELECT id FROM reviews ORDER BY (id * 31 + $1) % 37 LIMIT 1)",
	"DELETE FROM reviews WHERE course_id = 1 + $1 % 9",
	"INSERT INTO wishlist_items (user_id, course_id, added_at) VALUES (1 + $1 % 8, 1 + $2 % 9, now() - $2 * interval '1 day') ON CONFLICT DO NOTHING",
	"INSERT INTO wishlist_items (user_id, course_id) SELECT u.id, c.id FROM users u, courses c WHERE (u.id * 7 + c.id * 5 + $1) % 3 = 1 ON CONFLICT DO NOTHING",
	"UPDATE wishlist_items SET added_at = now() - $2 * interval '1 day' WHERE user_id = 1 + $1 % 8",
	"UPDATE wishlist_items SET user_id = 1 + $2 % 8 WHERE user_id = 1 + $1 % 8 AND course_id = 1 + $2 % 9",
	"DELETE FROM wishlist_items WHERE user_id = 1 + $1 % 8",
	"UPDATE certificates SET code = ('00000000-0000-0000-0000-00000000000' || 1 + $2 % 5)::uuid WHERE id = (SELECT id FROM certificates ORDER BY (id * 31 + $1) % 37 LIMIT 1)",
	"UPDATE certificates SET course_title = 'T$2', issued_at = now() - $2 * interval '1 day' WHERE user_id = 1 + $1 % 8",
	"UPDATE certificates SET user_id = 1 + $2 % 8 WHERE id = (SELECT id FROM certificates ORDER BY (id * 31 + $1) % 37 LIMIT 1)",
	"DELETE FROM certificates WHERE user_id = 1 + $1 % 8",
	"INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES (1 + $1 % 8, 1 + $2 % 20, $2, now())",
	"UPDATE video_progress SET watched_seconds = watched_seconds + 1 WHERE user_id = 1 + $1 % 8",
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
	// Inserts, so that rows remain for other writes.
	"INSERT INTO enrollments (user_id, course_id) SELECT u.id, c.id FROM users u, courses c WHERE (u.id * 7 + c.id * 5 + $1) % 3 = 0 ON CONFLICT DO NOTHING",
	"INSERT INTO reviews (user_id, course_id, rating) SELECT user_id, course_id, 1 + id % 5 FROM enrollments WHERE (id + $1) % 3 = 0 ON CONFLICT DO NOTHING",
	"INSERT INTO videos (course_id, title, position, duration_seconds) SELECT id, 'V', 5000 + $1, 100 FROM courses",
	"INSERT INTO courses (id, slug, title, difficulty, published, published_at, instructor_id, category_id) OVERRIDING SYSTEM VALUE SELECT n, 'c' || n, 'pear', 'beginner', true, now(), 1 + n % 3, 1 + n % 3 FROM generate_series(1, 9) n ON CONFLICT DO NOTHING",
	"INSERT INTO users (id, name, email) OVERRIDING SYSTEM VALUE SELECT n, 'new', 'new' || n FROM generate_series(4, 8) n ON CONFLICT DO NOTHING",
	"SELECT refresh_related(ARRAY(SELECT id FROM courses))",
	"WITH gone AS (DELETE FROM reviews WHERE course_id = 1 + $1 % 9 RETURNING course_id, user_id) INSERT INTO enrollments (course_id, user_id) SELECT course_id, user_id FROM gone ON CONFLICT DO NOTHING",
}

// rareWrites change rows that most other rows depend on.
var rareWrites = []string{"TRUNCATE reviews", "TRUNCATE video_progress", "TRUNCATE enrollments", "TRUNCATE course_related", "TRUNCATE wishlist_items", "TRUNCATE certificates", "TRUNCATE sections"}

// soundMethod is a write by a method of the store.
type soundMethod struct {
	name string
	do   func() error
}

// sectionMethods returns writes of sections.
func (g generator) sectionMethods(ctx context.Context, s *store.Store, db *pgxpool.Pool, student edu.Viewer) []soundMethod {
	course := g.id(9)
	return []soundMethod{
		{"AddSection", func() error {
			_, err := s.AddSection(ctx, student, edu.Section{CourseID: course, Title: "S"}, ptr(1), nil)
			return err
		}},
		{"UpdateSection", func() error { return s.UpdateSection(ctx, student, g.id(20), ptr(fmt.Sprint("S", g.IntN(9))), nil) }},
		{"DeleteSection", func() error { _, err := s.DeleteSection(ctx, student, g.id(20), nil); return err }},
		{"ReorderSections", func() error {
			ids, err := readIDs(ctx, db, "SELECT id FROM sections WHERE course_id = $1 ORDER BY position DESC", course)
			if err != nil {
				return err
			}
			return s.ReorderSections(ctx, student, course, ids, nil)
		}},
		{"MoveVideo", func() error {
			_, err := s.UpdateVideo(ctx, student, g.id(20), store.VideoChanges{SectionID: ptr(g.id(20))}, nil)
			return err
		}},
	}
}

// write runs a random write, plain SQL or a method of the store, and describes it.
func (g generator) write(ctx context.Context, s *store.Store, db *pgxpool.Pool) (what string) {
	student := edu.Viewer{ID: g.id(8), Role: edu.RoleAdmin}
	course := g.id(9)
	methods := []soundMethod{
		{"Enroll", func() error { _, err := s.Enroll(ctx, student, course, nil); return err }},
		{"AddToWishlist", func() error { return s.AddToWishlist(ctx, student, course, nil) }},
		{"RemoveFromWishlist", func() error { return s.RemoveFromWishlist(ctx, student, course, nil) }},
		{"Unenroll", func() error { return s.Unenroll(ctx, student, course, nil) }},
		{"SetCoursePublished", func() error { return s.SetCoursePublished(ctx, student, course, g.IntN(2) == 0, nil) }},
		{"ReviewCourse", func() error {
			_, err := s.ReviewCourse(ctx, student, edu.Review{CourseID: course, Rating: 1 + g.IntN(5)}, nil)
			return err
		}},
		{"PublishCourses", func() error { return s.PublishCourses(ctx, student, g.ids(9), nil) }},
		{"DeleteReview", func() error {
			_, err := s.DeleteReview(ctx, student, g.id(300), nil)
			return err
		}},
		{"ReplyToReview", func() error { return s.ReplyToReview(ctx, student, g.id(300), fmt.Sprint("R", g.IntN(9)), nil) }},
		{"DeleteReviewReply", func() error { return s.DeleteReviewReply(ctx, student, g.id(300), nil) }},
		{"RecordProgress", func() error {
			events := []edu.VideoEvent{{VideoID: g.id(20), ProgressSeconds: g.IntN(90), WatchedAt: since.AddDate(1, 0, 0).Add(time.Duration(g.IntN(9000)) * time.Second)}}
			_, err := s.RecordProgress(ctx, student, events, nil)
			return err
		}},
		{"UpdateInstructorProfile", func() error {
			return s.UpdateInstructorProfile(ctx, student, store.InstructorProfileChanges{Headline: ptr(fmt.Sprint("H", g.IntN(3)))})
		}},
		{"AddVideo", func() error {
			_, err := s.AddVideo(ctx, student, edu.Video{CourseID: course, Title: "V", DurationSeconds: 9}, store.VideoPlace{Position: ptr(1)}, nil)
			return err
		}},
		{"UpdateVideo", func() error {
			_, err := s.UpdateVideo(ctx, student, g.id(20), store.VideoChanges{Title: ptr("V"), DurationSeconds: ptr(1 + g.IntN(300))}, nil)
			return err
		}},
		{"DeleteVideo", func() error { _, err := s.DeleteVideo(ctx, student, g.id(60), nil); return err }},
		{"ReorderVideos", func() error {
			ids, err := readIDs(ctx, db, "SELECT id FROM videos WHERE course_id = $1 ORDER BY position DESC", course)
			if err != nil {
				return err
			}
			return s.ReorderVideos(ctx, student, course, store.VideoSequence{VideoIDs: ids}, nil)
		}},
		{"DeleteCourse", func() error { return s.DeleteCourse(ctx, student, course, nil) }},
		{"CreateCourse", func() error {
			_, err := s.CreateCourse(ctx, student, edu.Course{Slug: "c1", Title: "pear", Difficulty: edu.DifficultyBeginner, Price: edu.Money{Amount: "1"}, CategoryID: 1}, nil)
			return err
		}},
		{"UpdateCourse", func() error {
			return s.UpdateCourse(ctx, student, edu.Course{ID: course, Title: fmt.Sprint("apple ", g.IntN(9)), CategoryID: g.id(3)}, edu.CourseTitle, nil)
		}},
		{"BulkEnroll", func() error { _, err := s.BulkEnroll(ctx, student, course, []string{"1", "2", "3"}, nil); return err }},
		{"RefreshAnalytics", func() error { return s.RefreshAnalytics(ctx) }},
	}
	methods = append(methods, g.sectionMethods(ctx, s, db, student)...)
	n := g.IntN(len(soundWrites) + len(methods))
	switch {
	case g.IntN(200) == 0:
		what = pick(g, rareWrites...)
	case g.IntN(6) == 0:
		what = pick(g, movingWrites...)
	case n < len(soundWrites):
		what = soundWrites[n]
	default:
		m := methods[n-len(soundWrites)]
		return fmt.Sprintf("%s: %v", m.name, m.do())
	}
	what = strings.NewReplacer("$1", fmt.Sprint(g.IntN(1000)), "$2", fmt.Sprint(g.IntN(1000))).Replace(what)
	_, err := db.Exec(ctx, what)
	return fmt.Sprintf("%s: %v", what, err)
}

// readIDs returns the ids that a query selects.
func readIDs(ctx context.Context, db *pgxpool.Pool, sql string, args ...any) ([]int64, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// stageSoundness returns a database with rows in all tables whose changes are recorded.
func stageSoundness(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := testdb.OpenPool(t, testdb.New(t))
	exec(t, db, `
		INSERT INTO users (name, email, role) SELECT 'U' || n, n, 'instructor' FROM generate_series(1, 8) n;
		INSERT INTO categories (name, slug) SELECT 'K' || n, 'k' || n FROM generate_series(1, 4) n;
		INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			SELECT 'c' || n, (ARRAY['apple','pear','plum'])[1 + n % 3] || n, 'beginner', n % 3 > 0, now(), 1 + n % 3, 1 + n % 3 FROM generate_series(1, 9) n;
		INSERT INTO videos (course_id, title, position, duration_seconds) SELECT 1 + n % 9, 'V', 1 + n / 9, 100 FROM generate_series(0, 19) n;
		INSERT INTO sections (course_id, title, position, first_position) SELECT 1 + n % 9, 'S', 1 + n / 9, 1 + n / 9 FROM generate_series(0, 17) n;
		INSERT INTO enrollments (user_id, course_id) SELECT u, c FROM generate_series(1, 8) u, generate_series(1, 9) c WHERE (u * 7 + c * 5) % 3 = 0;
		INSERT INTO reviews (user_id, course_id, rating) SELECT user_id, course_id, 1 + id % 5 FROM enrollments WHERE id % 2 = 0;
		INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) SELECT u, v, 50, now() FROM generate_series(1, 8) u, generate_series(1, 20) v WHERE (u + v) % 3 = 0;
		SELECT refresh_related(ARRAY(SELECT id FROM courses))`)
	return db
}

// recordedRead is a read with its result and the tags that it depended on.
type recordedRead struct {
	read soundRead
	text string
	tags edu.Tags
}

// findUnsoundRead runs writes. After each, it checks whether any earlier read returns another
// result although the write changed none of its tags. It returns a description of such a read, ""
// for none; the number of reads compared; and the number of those with another result.
func findUnsoundRead(t *testing.T, db *pgxpool.Pool, seed uint64, writes int) (unsound string, compared, differed int) {
	t.Helper()
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	reads := make([]*recordedRead, 40)
	run := func(r *recordedRead) string {
		var a rowRecorder
		if err := s.RunQueries(store.WithTags(t.Context(), &r.tags), r.read.query(&a)); err != nil {
			t.Fatalf("%s: %v", r.read.name, err)
		}
		return a.text(r.read.unordered)
	}
	fresh := func(read soundRead) *recordedRead {
		r := &recordedRead{read: read}
		r.text = run(r)
		return r
	}
	for i := range reads {
		reads[i] = fresh(g.read())
	}
	changes := &changeReader{s: s}
	changes.next(t)
	for range writes {
		what := g.write(t.Context(), s, db)
		changed := strings.Fields(strings.Join(changes.next(t), " "))
		for i, before := range reads {
			compared++
			now := fresh(before.read)
			if now.text != before.text {
				differed++
				tags := before.tags.SortedNames()
				if !slices.Contains(changed, "*") && !slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(changed, tag) }) {
					return fmt.Sprintf("%s\nchanged %q\n%s depends on %q and returned\n%s\nand then\n%s", what, changed, before.read.name, tags, before.text, now.text), compared, differed
				}
			}
			if g.IntN(4) == 0 {
				now = fresh(g.read())
			}
			reads[i] = now
		}
	}
	return "", compared, differed
}

// If a write changes the result of a read, the write changes a tag that the read depends on.
func TestTagsAreSound(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	unsound, compared, differed := findUnsoundRead(t, stageSoundness(t), seed, 300)
	if unsound != "" {
		t.Fatalf("seed %d: %s", seed, unsound)
	}
	if differed < 100 {
		t.Errorf("only %d of %d reads returned another result", differed, compared)
	}
	t.Logf("seed %d: %d of %d reads returned another result after a write", seed, differed, compared)
}
