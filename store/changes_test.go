package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/migrations"
	"github.com/7p-education/api/store"
)

// changeReader reads changes as the invalidation log does, each time from the last snapshot.
type changeReader struct {
	s  *store.Store
	at store.Snapshot
}

// next returns the tags of new changes, one string for each change.
func (r *changeReader) next(t *testing.T) []string {
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

// expect reports an error unless the new changes have the tags.
func (r *changeReader) expect(t *testing.T, when string, tags ...string) {
	t.Helper()
	if got := r.next(t); !slices.Equal(got, tags) {
		t.Errorf("%s: read %q, want %q", when, got, tags)
	}
}

// begin begins a transaction, and returns a function that runs statements in it.
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

// changePicture returns a statement that changes the picture of a user, and so nothing of the user's courses.
func changePicture(user string) string {
	return "UPDATE users SET avatar_url = coalesce(avatar_url, '') || 'x' WHERE id = " + user
}

// InvalidateTags records a change with the tags.
func TestInvalidateTags(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	r := &changeReader{s: open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 2})}
	r.next(t)
	if err := r.s.InvalidateTags(t.Context(), []edu.Tag{edu.TagCourse.WithID(12), edu.TagWords.WithID(0)}); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "two tags", "course:12 words")
	if err := r.s.InvalidateTags(t.Context(), []edu.Tag{edu.TagEverything.WithID(0)}); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "everything", "*")
}

// Each reader gets each committed change once, in any order of the commits, and no change that was
// rolled back.
func TestChangesSince(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	r := &changeReader{s: s}
	if all := r.next(t); len(all) < 5 {
		t.Errorf("the first snapshot returns %q", all)
	}
	r.expect(t, "no write")

	// The first transaction has the lower id and the lower xid, and is committed last.
	first, inFirst := begin(t, db)
	second, inSecond := begin(t, db)
	inFirst(changePicture("1"))
	inSecond(changePicture("2"))
	commit(t, second)
	r.expect(t, "after the second commit", "user:2")
	exec(t, db, changePicture("3"))
	r.expect(t, "while the first is open", "user:3")
	late := &changeReader{s, r.at}
	commit(t, first)
	r.expect(t, "after the first commit", "user:1")
	late.expect(t, "another reader at the same snapshot", "user:1")
	r.expect(t, "no further write")

	aborted, inAborted := begin(t, db)
	inAborted(changePicture("1"))
	r.expect(t, "before the commit")
	if err := aborted.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "after the rollback")

	points, inPoints := begin(t, db)
	inPoints(changePicture("1") + "; SAVEPOINT a; " + changePicture("2") + "; ROLLBACK TO a; " + changePicture("3") + "; SAVEPOINT b; " + changePicture("4") + "; RELEASE b")
	r.expect(t, "before the commit")
	commit(t, points)
	r.expect(t, "after releasing savepoints", "user:1", "user:3", "user:4")

	fresh := &changeReader{s: s}
	if all := fresh.next(t); all[len(all)-1] != "user:4" {
		t.Errorf("the first snapshot returns %q", all)
	}
}

// With concurrent writers and readers, each reader gets every change once.
func TestChangesSinceUnderWriters(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 8})
	start, _, err := s.ChangesSince(t.Context(), store.Snapshot{})
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
					q := store.Statement("UPDATE users SET avatar_url = coalesce(avatar_url, '') || 'x' WHERE id = $1", writer+1)
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
			for at, done := start, false; !done; {
				select {
				case <-written:
					done = true
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

// DeleteChanges deletes the changes that were visible in the snapshot. It leaves changes that were
// written before the snapshot and committed after it.
func TestDeleteChanges(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	snapshot := func() store.Snapshot {
		t.Helper()
		next, _, err := s.ChangesSince(t.Context(), store.Snapshot{})
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	deleteChanges := func(snapshot store.Snapshot) int {
		t.Helper()
		n, err := s.DeleteChanges(t.Context(), snapshot)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := value[int](t, db, "SELECT count(*) FROM changes")
	tx, do := begin(t, db)
	do(changePicture("1"))
	before := snapshot()
	exec(t, db, changePicture("2"))
	commit(t, tx)
	if n := deleteChanges(before); n != all {
		t.Errorf("deleted %d changes, want the %d before the snapshot", n, all)
	}
	if left := value[[]string](t, db, "SELECT array_agg(tags[1] ORDER BY id) FROM changes"); !slices.Equal(left, []string{"user:1", "user:2"}) {
		t.Errorf("changes %q are left", left)
	}
	exec(t, db, "INSERT INTO changes (tags) SELECT '{x}' FROM generate_series(1, 12000)")
	if n := deleteChanges(snapshot()); n != 12002 {
		t.Errorf("deleted %d changes, want 12,002", n)
	}
}

// A write publishes its changes once, after its commit. Reading them costs one statement and no
// round trip.
func TestPublishChanges(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	var published []string
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4, PublishChanges: func(_ context.Context, changes []store.Change) {
		var all []string
		for _, c := range changes {
			all = append(all, c.Tags...)
			if n := value[int](t, db, "SELECT count(*) FROM changes WHERE id = $1", c.ID); n != 1 {
				t.Errorf("change %d is published before its commit", c.ID)
			}
		}
		slices.Sort(all)
		published = append(published, strings.Join(slices.Compact(all), " "))
	}})
	silent := open(t, store.Config{URL: stageChanges(t).Config().ConnString(), MaxConns: 4})
	const enrollment = "course:1 course:1.enrollments courses.enrollments courses.enrollments:1 courses.enrollments:2 enrollment:2 teaching:1 user:4.enrollments"
	for _, c := range []struct {
		name string
		do   func(context.Context, *store.Store) error
		want []string
	}{
		{"enroll", enroll, []string{enrollment}},
		{"leave", func(ctx context.Context, s *store.Store) error { return s.Unenroll(ctx, viewerFour, 1, nil) }, []string{enrollment}},
		{"unchanged", func(ctx context.Context, s *store.Store) error {
			return s.SetCoursePublished(ctx, edu.Viewer{ID: 1, Role: edu.RoleInstructor}, 1, true, nil)
		}, []string{""}}, // published without changes
		{"rejected", func(ctx context.Context, s *store.Store) error {
			if err := s.WriteInTx(ctx, bumpAndReject(ctx)); !errors.Is(err, errRejected) {
				return err
			}
			return nil
		}, nil},
		{"atomically", func(ctx context.Context, s *store.Store) error {
			return s.RunAtomically(ctx, func(s *store.Store) error {
				if err := s.WriteInTx(ctx, bumpAndReject(ctx)); !errors.Is(err, errRejected) {
					return err
				}
				return errors.Join(enroll(ctx, s), setDarkTheme(ctx, s))
			})
		}, []string{strings.Replace(enrollment, "enrollment:2", "enrollment:3", 1) + " user:4.private"}},
		{"idempotent", func(ctx context.Context, s *store.Store) error {
			_, _, err := s.RunIdempotent(ctx, store.IdempotentRun{Key: [32]byte{1}}, func(s *store.Store) ([]byte, error) { return []byte("x"), setLightTheme(ctx, s) })
			return err
		}, []string{"user:4.private"}},
	} {
		published = nil
		var stats, silentStats store.Stats
		if err := errors.Join(c.do(store.WithStats(t.Context(), &stats), s), c.do(store.WithStats(t.Context(), &silentStats), silent)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !slices.Equal(published, c.want) {
			t.Errorf("%s published %q, want %q", c.name, published, c.want)
		}
		extra := int64(1)
		if c.name == "rejected" {
			extra = 0
		}
		if stats.RoundTripCount() != silentStats.RoundTripCount() || stats.StatementCount() != silentStats.StatementCount()+extra {
			t.Errorf("%s took %d statements in %d round trips, and %d in %d without publishing", c.name,
				stats.StatementCount(), stats.RoundTripCount(), silentStats.StatementCount(), silentStats.RoundTripCount())
		}
	}
}

var (
	viewerFour  = edu.Viewer{ID: 4, Role: edu.RoleStudent}
	errRejected = errors.New("rejected")
)

func enroll(ctx context.Context, s *store.Store) error {
	_, err := s.Enroll(ctx, viewerFour, 1, nil)
	return err
}

func setDarkTheme(ctx context.Context, s *store.Store) error {
	return s.UpdatePreferences(ctx, viewerFour, store.PreferenceChanges{Theme: ptr("dark")})
}

func setLightTheme(ctx context.Context, s *store.Store) error {
	return s.UpdatePreferences(ctx, viewerFour, store.PreferenceChanges{Theme: ptr("light")})
}

func bumpAndReject(ctx context.Context) func(*store.Tx) error {
	return func(tx *store.Tx) error { return errors.Join(tx.RunQueries(ctx, bump(1)), errRejected) }
}

// The maintenance jobs record changes, although the tables of figures have no triggers. Related courses that stay
// the same are not changed: here those of the first course, which has more shared students.
func TestChangesOfJobs(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	exec(t, db, "INSERT INTO enrollments (user_id, course_id) VALUES (3, 2), (4, 1), (4, 2); UPDATE courses SET published = true, published_at = now()")
	r := &changeReader{s: s}
	r.next(t)
	if err := s.RefreshAnalytics(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "analytics", "analytics platform")
	for _, want := range [][]string{{"course:2.related"}, nil} {
		if _, err := s.RefreshRelatedCourses(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		r.expect(t, "related", want...)
	}
	if n := value[int](t, db, "SELECT count(*) FROM course_related WHERE students = 2"); n != 2 {
		t.Errorf("%d relations, want 2", n)
	}
}

// An update of a course's instructor waits for concurrent updates of its enrollments, so that the
// tags of those name the instructor at their commit.
func TestChangesOfInstructorAndEnrollments(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	enrollment, inEnrollment := begin(t, db)
	inEnrollment("UPDATE enrollments SET completed_at = now()")
	waiting, inWaiting := begin(t, db)
	inWaiting("SET LOCAL lock_timeout = '100ms'")
	if _, err := waiting.Exec(t.Context(), "UPDATE courses SET instructor_id = 2 WHERE id = 1"); err == nil {
		t.Error("the instructor changed during an update of an enrollment")
	}
	commit(t, enrollment)
	exec(t, db, "UPDATE courses SET instructor_id = 2 WHERE id = 1")
	if tags := recordTags(t, db, "UPDATE enrollments SET completed_at = NULL"); !strings.Contains(tags, "teaching:2") {
		t.Errorf("changed %q, want teaching:2", tags)
	}
	// An older snapshot does not contain the new instructor.
	old, inOld := begin(t, db)
	inOld("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM courses")
	exec(t, db, "UPDATE courses SET instructor_id = 1 WHERE id = 1")
	inOld("UPDATE enrollments SET completed_at = now()")
	commit(t, old)
	if tags := value[[]string](t, db, "SELECT tags FROM changes ORDER BY id DESC LIMIT 1"); !slices.Contains(tags, "*") {
		t.Errorf("changed %q, want *", tags)
	}
}

// revertThrough reverts the migrations down to a file, the file included, and returns their number.
func revertThrough(t *testing.T, db *pgxpool.Pool, file string) (n int) {
	t.Helper()
	for {
		reverted, err := migrations.RevertLatest(t.Context(), db)
		if err != nil || reverted < file {
			t.Fatalf("reverted %s: %v, want %s", reverted, err, file)
		}
		n++
		if reverted == file {
			return n
		}
	}
}

// Migration 0012 adds the part functions to databases whose version of 0011 had none.
func TestPartFunctionsAreAddedToOldDatabases(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	revertThrough(t, db, "0012_titles.sql")
	exec(t, db, "DROP FUNCTION rating_part, enrollment_part")
	if _, err := migrations.ApplyPending(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if tags := recordTags(t, db, "UPDATE courses SET rating_average = rating_average WHERE id = 1"); tags != "" {
		t.Errorf("changed %q", tags)
	}
	if tags := recordTags(t, db, "UPDATE courses SET title = title || 'x' WHERE id = 1"); tags != "course:1 courses.text courses.titles user:1.courses" {
		t.Errorf("changed %q", tags)
	}
}

// The migrations of changes run on existing rows, and can be reverted: 0012 to the functions of
// 0011.
func TestRevertChanges(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	schema := func() string {
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
	migrated := schema()
	var schemas []string
	for range 2 {
		reverted := 0
		for _, file := range []string{"0012_titles.sql", "0011_changes.sql"} {
			reverted += revertThrough(t, db, file)
			exec(t, db, changePicture("1"))
			if function := value[string](t, db, "SELECT coalesce(string_agg(prosrc, ''), '') FROM pg_proc WHERE proname = 'tell_courses'"); !strings.Contains(string(first), function) {
				t.Errorf("reverting %s left\n%s", file, function)
			}
		}
		schemas = append(schemas, schema())
		if n, err := migrations.ApplyPending(t.Context(), db); err != nil || n != reverted {
			t.Fatalf("applied %d: %v", n, err)
		}
	}
	if again := schema(); again != migrated {
		t.Error(cmp.Diff(migrated, again))
	}
	if strings.Contains(schemas[0], "change") || schemas[0] != schemas[1] {
		t.Errorf("left behind:\n%s", schemas[0])
	}
	if tags := recordTags(t, db, changePicture("1")); tags != "user:1" {
		t.Errorf("changed %q", tags)
	}
}
