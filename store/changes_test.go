package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/migrations"
	"github.com/7p-education/api/store"
)

// reader reads changes as a relay does, each from where it was.
type reader struct {
	s  *store.Store
	at string
}

// next returns the tags of what is new, a string a change.
func (r *reader) next(t *testing.T) []string {
	t.Helper()
	next, changes, err := r.s.ChangesSince(t.Context(), r.at)
	if err != nil {
		t.Fatal(err)
	}
	r.at = next
	list := make([]string, len(changes))
	for i, c := range changes {
		list[i] = strings.Join(c.Tags, " ")
	}
	return list
}

func (r *reader) want(t *testing.T, when string, tags ...string) {
	t.Helper()
	if got := r.next(t); !slices.Equal(got, tags) {
		t.Errorf("%s: read %q, want %q", when, got, tags)
	}
}

func begin(t *testing.T, db *pgxpool.Pool) (tx pgx.Tx, do func(sql string)) {
	t.Helper()
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	return tx, func(sql string) {
		t.Helper()
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func commit(t *testing.T, tx pgx.Tx) {
	t.Helper()
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func rename(user string) string { return "UPDATE users SET name = name || 'x' WHERE id = " + user }

// What is declared is a change like another.
func TestDeclareChanged(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	r := &reader{s: open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 2})}
	r.next(t)
	if err := r.s.InvalidateTags(t.Context(), []edu.Tag{edu.TagCourse.WithID(12), edu.TagWords.WithID(0)}); err != nil {
		t.Fatal(err)
	}
	r.want(t, "two tags", "course:12 words")
	if err := r.s.InvalidateTags(t.Context(), []edu.Tag{edu.TagEverything.WithID(0)}); err != nil {
		t.Fatal(err)
	}
	r.want(t, "everything", "*")
}

// Each reader gets each committed change once, whatever the order of the commits,
// and nothing that was taken back.
func TestChangesSince(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	r := &reader{s: s}
	if all := r.next(t); len(all) < 5 {
		t.Errorf("from the start there are %q", all)
	}
	r.want(t, "nothing was written")

	// The first has the lower id and the lower xid, and is committed last.
	first, inFirst := begin(t, db)
	second, inSecond := begin(t, db)
	inFirst(rename("1"))
	inSecond(rename("2"))
	commit(t, second)
	r.want(t, "the second alone", "user:2")
	exec(t, db, rename("3"))
	r.want(t, "while the first is open", "user:3")
	late := &reader{s, r.at}
	commit(t, first)
	r.want(t, "the first at last", "user:1")
	late.want(t, "another who was there before", "user:1")
	r.want(t, "nothing more")

	aborted, inAborted := begin(t, db)
	inAborted(rename("1"))
	r.want(t, "not committed")
	if err := aborted.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.want(t, "taken back")

	points, inPoints := begin(t, db)
	inPoints(rename("1") + "; SAVEPOINT a; " + rename("2") + "; ROLLBACK TO a; " + rename("3") + "; SAVEPOINT b; " + rename("4") + "; RELEASE b")
	r.want(t, "not committed")
	commit(t, points)
	r.want(t, "what savepoints left", "user:1", "user:3", "user:4")

	fresh := &reader{s: s}
	if all := fresh.next(t); all[len(all)-1] != "user:4" {
		t.Errorf("from the start there are %q", all)
	}
	if _, _, err := s.ChangesSince(t.Context(), "nonsense"); err == nil {
		t.Error("a snapshot that is none is taken")
	}
}

// Writers at once, readers at once: each reader ends with every change, each once.
func TestChangesSinceUnderWriters(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 8})
	start, _, err := s.ChangesSince(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	last := value[int64](t, db, "SELECT max(id) FROM changes")
	var writers, readers sync.WaitGroup
	written := make(chan struct{})
	for writer := range 4 {
		writers.Go(func() {
			for n := range 100 {
				err := s.WriteInTx(t.Context(), func(tx *store.Tx) error {
					q := store.Statement("UPDATE users SET name = name || 'x' WHERE id = $1", writer+1)
					if err := tx.RunQueries(t.Context(), q); err != nil || n%5 == 4 {
						return errors.Join(err, tx.RunQueries(t.Context(), q))
					}
					return tx.Commit(t.Context(), q)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := make([]map[int64]int, 3)
	for i := range seen {
		seen[i] = map[int64]int{}
		readers.Go(func() {
			for at, over := start, false; !over; {
				select {
				case <-written:
					over = true
				default:
				}
				next, changes, err := s.ChangesSince(t.Context(), at)
				if err != nil {
					t.Error(err)
					return
				}
				at = next
				for _, c := range changes {
					seen[i][c.ID]++
				}
			}
		})
	}
	writers.Wait()
	close(written)
	readers.Wait()
	want := value[[]int64](t, db, "SELECT array_agg(id) FROM changes WHERE id > $1", last)
	for i := range seen {
		for _, id := range want {
			if seen[i][id] != 1 {
				t.Errorf("reader %d read change %d %d times", i, id, seen[i][id])
			}
		}
		if len(seen[i]) != len(want) {
			t.Errorf("reader %d read %d changes, want %d", i, len(seen[i]), len(want))
		}
	}
}

// What is deleted was visible in the snapshot: not what was written before it and
// committed after.
func TestDeleteChanges(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	snapshot := func() string {
		t.Helper()
		next, _, err := s.ChangesSince(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	deleted := func(snapshot string) int {
		t.Helper()
		n, err := s.DeleteChanges(t.Context(), snapshot)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := value[int](t, db, "SELECT count(*) FROM changes")
	tx, do := begin(t, db)
	do(rename("1"))
	before := snapshot()
	exec(t, db, rename("2"))
	commit(t, tx)
	if n := deleted(before); n != all {
		t.Errorf("%d are deleted, want the %d of before the snapshot", n, all)
	}
	if left := value[[]string](t, db, "SELECT array_agg(tags[1] ORDER BY id) FROM changes"); !slices.Equal(left, []string{"user:1", "user:2"}) {
		t.Errorf("%q are left", left)
	}
	exec(t, db, "INSERT INTO changes (tags) SELECT '{x}' FROM generate_series(1, 12000)")
	if n := deleted(snapshot()); n != 12002 {
		t.Errorf("%d are deleted, want 12,002", n)
	}
}

// A write is announced once, after its commit, with what it changed and nothing
// else; that costs a statement and no round trip.
func TestChanged(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	var announced []string
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4, PublishChanges: func(_ context.Context, changes []store.Change) {
		var all []string
		for _, c := range changes {
			all = append(all, c.Tags...)
			if n := value[int](t, db, "SELECT count(*) FROM changes WHERE id = $1", c.ID); n != 1 {
				t.Errorf("change %d is announced and not committed", c.ID)
			}
		}
		slices.Sort(all)
		announced = append(announced, strings.Join(slices.Compact(all), " "))
	}})
	quiet := open(t, store.Config{URL: stageChanges(t).Config().ConnString(), MaxConns: 4})
	const enrollment = "course:1 course:1.enrollments courses.enrollments courses.enrollments:1 courses.enrollments:2 enrollment:2 teaching:1 user:4.enrollments"
	for _, c := range []struct {
		name string
		do   func(context.Context, *store.Store) error
		want []string
	}{
		{"enroll", enrollFour, []string{enrollment}},
		{"leave", func(ctx context.Context, s *store.Store) error { return s.Unenroll(ctx, four, 1, nil) }, []string{enrollment}},
		{"nothing", func(ctx context.Context, s *store.Store) error {
			return s.SetCoursePublished(ctx, edu.Viewer{ID: 1, Role: edu.RoleInstructor}, 1, true, nil)
		}, []string{""}}, // which is told as well
		{"refused", func(ctx context.Context, s *store.Store) error {
			if err := s.WriteInTx(ctx, bumpAndRefuse(ctx)); !errors.Is(err, errRefused) {
				return err
			}
			return nil
		}, nil},
		{"atomically", func(ctx context.Context, s *store.Store) error {
			return s.RunAtomically(ctx, func(s *store.Store) error {
				if err := s.WriteInTx(ctx, bumpAndRefuse(ctx)); !errors.Is(err, errRefused) {
					return err
				}
				return errors.Join(enrollFour(ctx, s), darken(ctx, s))
			})
		}, []string{strings.Replace(enrollment, "enrollment:2", "enrollment:3", 1) + " user:4.private"}},
		{"once", func(ctx context.Context, s *store.Store) error {
			_, _, err := s.RunIdempotent(ctx, [32]byte{1}, false, func(s *store.Store) ([]byte, error) { return []byte("x"), lighten(ctx, s) })
			return err
		}, []string{"user:4.private"}},
	} {
		announced = nil
		var told, untold store.Stats
		if err := errors.Join(c.do(store.WithStats(t.Context(), &told), s), c.do(store.WithStats(t.Context(), &untold), quiet)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !slices.Equal(announced, c.want) {
			t.Errorf("%s announced %q, want %q", c.name, announced, c.want)
		}
		more := int64(1)
		if c.name == "refused" {
			more = 0
		}
		if told.RoundTripCount() != untold.RoundTripCount() || told.StatementCount() != untold.StatementCount()+more {
			t.Errorf("%s took %d statements in %d round trips, and %d in %d where nobody is told", c.name,
				told.StatementCount(), told.RoundTripCount(), untold.StatementCount(), untold.RoundTripCount())
		}
	}
}

var (
	four       = edu.Viewer{ID: 4, Role: edu.RoleStudent}
	errRefused = errors.New("refused")
)

func enrollFour(ctx context.Context, s *store.Store) error {
	_, err := s.Enroll(ctx, four, 1, nil)
	return err
}

func darken(ctx context.Context, s *store.Store) error {
	return s.UpdatePreferences(ctx, four, store.PreferenceChanges{Theme: ptr("dark")})
}

func lighten(ctx context.Context, s *store.Store) error {
	return s.UpdatePreferences(ctx, four, store.PreferenceChanges{Theme: ptr("light")})
}

func bumpAndRefuse(ctx context.Context) func(*store.Tx) error {
	return func(tx *store.Tx) error { return errors.Join(tx.RunQueries(ctx, bump(1)), errRefused) }
}

// The jobs tell too: views have no triggers. What is related as before is not told:
// that of the first course is, now by more students.
func TestChangesOfJobs(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	exec(t, db, "INSERT INTO enrollments (user_id, course_id) VALUES (3, 2), (4, 1), (4, 2); UPDATE courses SET published = true, published_at = now()")
	r := &reader{s: s}
	r.next(t)
	for i, minAge := range []time.Duration{0, time.Hour} {
		if done, err := s.RefreshAnalytics(t.Context(), minAge); err != nil || done != (i == 0) {
			t.Errorf("refreshed after %v: %t, %v", minAge, done, err)
		}
	}
	r.want(t, "analytics", "analytics", "platform", "platform", "platform")
	for _, want := range [][]string{{"course:2.related"}, nil} {
		if _, err := s.RefreshRelatedCourses(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		r.want(t, "related", want...)
	}
	if n := value[int](t, db, "SELECT count(*) FROM course_related WHERE students = 2"); n != 2 {
		t.Errorf("%d are related", n)
	}
}

// Who changes an instructor waits for who changes enrollments, so that the latter
// tell of who teaches at their commit.
func TestChangesOfAnInstructorAtOnce(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	enrollment, inEnrollment := begin(t, db)
	inEnrollment("UPDATE enrollments SET completed_at = now()")
	waited, release := begin(t, db)
	release("SET LOCAL lock_timeout = '100ms'")
	if _, err := waited.Exec(t.Context(), "UPDATE courses SET instructor_id = 2 WHERE id = 1"); err == nil {
		t.Error("the instructor is changed below an enrollment that is changing")
	}
	commit(t, enrollment)
	exec(t, db, "UPDATE courses SET instructor_id = 2 WHERE id = 1")
	if tags := told(t, db, "UPDATE enrollments SET completed_at = NULL"); !strings.Contains(tags, "teaching:2") {
		t.Errorf("told %q, want teaching:2", tags)
	}
	// An older snapshot does not know of the new instructor.
	old, inOld := begin(t, db)
	inOld("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM courses")
	exec(t, db, "UPDATE courses SET instructor_id = 1 WHERE id = 1")
	inOld("UPDATE enrollments SET completed_at = now()")
	commit(t, old)
	if tags := value[[]string](t, db, "SELECT tags FROM changes ORDER BY id DESC LIMIT 1"); !slices.Contains(tags, "*") {
		t.Errorf("told %q, want *", tags)
	}
}

// Databases that were made with 0011 before orders had parts come to have them.
func TestPartsComeToOldDatabases(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	if _, err := migrations.RevertLatest(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "DROP FUNCTION rating_part, enrollment_part")
	if _, err := migrations.ApplyPending(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if tags := told(t, db, "UPDATE courses SET rating_average = rating_average WHERE id = 1"); tags != "" {
		t.Errorf("told %q", tags)
	}
	if tags := told(t, db, "UPDATE courses SET title = title || 'x' WHERE id = 1"); tags != "course:1 courses.text courses.titles" {
		t.Errorf("told %q", tags)
	}
}

// The migrations run on rows, and are taken back: the second to what the first made.
func TestChangesDown(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	shape := func() string {
		return value[string](t, db, `SELECT string_agg(x, chr(10) ORDER BY x) FROM (
			SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname AS x FROM pg_trigger WHERE NOT tgisinternal
			UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace
			UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
				AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')) s`)
	}
	first, err := migrations.FS.ReadFile("0011_changes.sql")
	if err != nil {
		t.Fatal(err)
	}
	up := shape()
	var shapes []string
	for range 2 {
		for _, want := range []string{"0012_titles.sql", "0011_changes.sql"} {
			file, err := migrations.RevertLatest(t.Context(), db)
			if err != nil || file != want {
				t.Fatalf("took back %s: %v, want %s", file, err, want)
			}
			exec(t, db, rename("1"))
			if made := value[string](t, db, "SELECT coalesce(string_agg(prosrc, ''), '') FROM pg_proc WHERE proname = 'tell_courses'"); !strings.Contains(string(first), made) {
				t.Errorf("taking back %s left\n%s", file, made)
			}
		}
		shapes = append(shapes, shape())
		if n, err := migrations.ApplyPending(t.Context(), db); err != nil || n != 2 {
			t.Fatalf("did %d: %v", n, err)
		}
	}
	if now := shape(); now != up {
		t.Error(cmp.Diff(up, now))
	}
	if strings.Contains(shapes[0], "change") || shapes[0] != shapes[1] {
		t.Errorf("left behind:\n%s", shapes[0])
	}
	if tags := told(t, db, rename("1")); tags != "user:1" {
		t.Errorf("told %q", tags)
	}
}
