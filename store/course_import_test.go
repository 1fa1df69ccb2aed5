package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

var author = edu.Viewer{ID: 1, Role: edu.RoleInstructor}

// newCourses returns n new courses of the first category.
func newCourses(n int) []edu.Course {
	courses := make([]edu.Course, n)
	for i := range courses {
		courses[i] = edu.Course{
			Slug: fmt.Sprint("c-", i), Title: fmt.Sprint("Course ", i), Tags: []string{}, Difficulty: edu.DifficultyBeginner,
			Price: edu.Money{Amount: "1"}, CategoryID: 1,
		}
	}
	return courses
}

func stageAuthor(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	exec(t, db, "INSERT INTO users (name, email, role) VALUES ('a', 'a@7p.example', 'instructor'); INSERT INTO categories (name, slug) VALUES ('A', 'a')")
}

// An import that fails midway or is cancelled writes nothing, and its connection stays usable.
func TestImportIsAllOrNone(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	stageAuthor(t, db)
	s := open(t, store.Config{URL: dsn, MaxConns: 1})
	at := edu.InputPath{"input", "courses"}
	expectNone := func(when string) {
		t.Helper()
		if n := value[int](t, db, "SELECT count(*)::int FROM courses"); n != 0 {
			t.Errorf("%s: %d courses, want none", when, n)
		}
		if n := value[int](t, db, "SELECT count(*)::int FROM course_words"); n != 0 {
			t.Errorf("%s: %d words were added, want none", when, n)
		}
	}
	invalid := newCourses(100)
	invalid[60].Difficulty = "MASTER" // rejected by the table, after 60 valid courses
	if err := s.ImportCourses(t.Context(), author, invalid, at); err == nil {
		t.Error("a course with an invalid difficulty was accepted")
	}
	expectNone("invalid course")

	exec(t, db, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'trigger failed'; END $$;
		CREATE TRIGGER z_fail AFTER INSERT ON courses FOR EACH ROW WHEN (NEW.slug = 'c-60') EXECUTE FUNCTION fail()`)
	if err := s.ImportCourses(t.Context(), author, newCourses(100), at); err == nil || !strings.Contains(err.Error(), "trigger failed") {
		t.Errorf("ended with %v, want the error of the trigger", err)
	}
	expectNone("failing trigger")
	exec(t, db, "DROP TRIGGER z_fail ON courses")

	// The caller is cancelled while the insert waits for the table.
	ctx, cancel := context.WithCancel(t.Context())
	blocker, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec(t.Context(), "LOCK TABLE courses IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	go func() {
		for value[int](t, db, "SELECT count(*)::int FROM pg_locks WHERE relation = 'courses'::regclass AND NOT granted") == 0 {
		}
		cancel()
	}()
	if err := s.ImportCourses(ctx, author, newCourses(100), at); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v, want %v", err, context.Canceled)
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectNone("cancelled caller")

	if err := s.ImportCourses(t.Context(), author, newCourses(100), at); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT count(*)::int FROM courses"); n != 100 {
		t.Errorf("%d courses, want 100", n)
	}
}

// Imported courses get their ids in the order of the import, and the first of several with one slug keeps it.
func TestImportKeepsOrder(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageAuthor(t, db)
	courses := newCourses(4)
	courses[1].Slug, courses[2].Slug = courses[3].Slug, courses[3].Slug
	if err := s.ImportCourses(t.Context(), author, courses, edu.InputPath{"input", "courses"}); err != nil {
		t.Fatal(err)
	}
	const want = "Course 0: c-0, Course 1: c-3, Course 2: c-3-…, Course 3: c-3-…"
	if got := value[string](t, db, "SELECT string_agg(title || ': ' || regexp_replace(slug, '(c-3-).*', '\\1…'), ', ' ORDER BY id) FROM courses"); got != want {
		t.Errorf("imported %s, want %s", got, want)
	}
}

// Two imports may be part of one transaction.
func TestTwoImportsInOneTransaction(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageAuthor(t, db)
	at := edu.InputPath{"input", "courses"}
	err := s.RunAtomically(t.Context(), func(s *store.Store) error {
		return errors.Join(s.ImportCourses(t.Context(), author, newCourses(3), at), s.ImportCourses(t.Context(), author, newCourses(3), at))
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT count(*)::int FROM courses"); n != 6 {
		t.Errorf("%d courses, want 6", n)
	}
}

// A write that loses its slug on every attempt fails as unavailable.
func TestSlugConflictOnEveryAttempt(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	ctx, cancel := context.WithCancel(t.Context())
	err := s.WriteInTx(ctx, func(*store.Tx) error {
		cancel() // without it, the write would be retried for 3 s
		return store.RetryOnSlugConflict(&pgconn.PgError{Code: "23505", ConstraintName: "courses_slug_key"})
	})
	if !errors.Is(err, edu.Unavailable) {
		t.Errorf("ended with %v, want %s", err, edu.Unavailable)
	}
}
