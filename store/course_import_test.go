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

// shelf is n courses to be made, of the first category.
func shelf(n int) []edu.Course {
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

// An import that fails in its middle, or whose caller leaves, leaves nothing, and
// a connection that is as good as before.
func TestImportIsAllOrNone(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	stageAuthor(t, db)
	s := open(t, store.Config{URL: dsn, MaxConns: 1})
	at := edu.InputPath{"input", "courses"}
	none := func(when string) {
		t.Helper()
		if n := value[int](t, db, "SELECT count(*)::int FROM courses"); n != 0 {
			t.Errorf("%s: %d courses, want none", when, n)
		}
		if n := value[int](t, db, "SELECT count(*)::int FROM course_words"); n != 0 {
			t.Errorf("%s: %d words were learnt, want none", when, n)
		}
	}
	bad := shelf(100)
	bad[60].Difficulty = "MASTER" // refused by the table, after 60 good ones
	if err := s.ImportCourses(t.Context(), author, bad, at); err == nil {
		t.Error("a course of no difficulty was taken")
	}
	none("a course that the table refuses")

	exec(t, db, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'enough'; END $$;
		CREATE TRIGGER z_fail AFTER INSERT ON courses FOR EACH ROW WHEN (NEW.slug = 'c-60') EXECUTE FUNCTION fail()`)
	if err := s.ImportCourses(t.Context(), author, shelf(100), at); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("ended with %v, want what the trigger says", err)
	}
	none("a trigger that fails")
	exec(t, db, "DROP TRIGGER z_fail ON courses")

	// The caller leaves while the insert waits for the table.
	ctx, leave := context.WithCancel(t.Context())
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
		leave()
	}()
	if err := s.ImportCourses(ctx, author, shelf(100), at); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v, want %v", err, context.Canceled)
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	none("a caller who left")

	if err := s.ImportCourses(t.Context(), author, shelf(100), at); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT count(*)::int FROM courses"); n != 100 {
		t.Errorf("%d courses, want 100", n)
	}
}

// Two imports may be parts of one transaction.
func TestImportsAtomically(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageAuthor(t, db)
	at := edu.InputPath{"input", "courses"}
	err := s.RunAtomically(t.Context(), func(s *store.Store) error {
		return errors.Join(s.ImportCourses(t.Context(), author, shelf(3), at), s.ImportCourses(t.Context(), author, shelf(3), at))
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT count(*)::int FROM courses"); n != 6 {
		t.Errorf("%d courses, want 6", n)
	}
}

// Who was overtaken again and again is told to come back.
func TestSlugsTakenTooOften(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	ctx, leave := context.WithCancel(t.Context())
	err := s.WriteInTx(ctx, func(*store.Tx) error {
		leave() // or it would be tried for 3 s
		return &pgconn.PgError{Code: "23505", ConstraintName: "courses_slug_key"}
	})
	if !errors.Is(err, edu.Unavailable) {
		t.Errorf("ended with %v, want %s", err, edu.Unavailable)
	}
}
