package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// An update to the values that a course has already does not write it: not a single column, not several.
func TestUpdateCourseToTheSameValues(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	exec(t, db, `INSERT INTO courses (slug, title, description, tags, difficulty, price, duration_seconds, thumbnail_url, instructor_id, category_id, updated_at)
		VALUES ('c', 'T', 'D', '{x}', 'advanced', 9.5, 60, 'https://a/b', 1, 1, '2020-01-01'),
			('other', 'O', '', '{}', 'beginner', 0, 0, NULL, 1, 2, '2020-01-01')`)
	same := edu.Course{
		ID: 1, Title: "T", Description: "D", Tags: []string{"x"}, Difficulty: edu.DifficultyAdvanced, Price: edu.Money{Amount: "9.50"},
		DurationSeconds: 60, ThumbnailURL: ptr("https://a/b"),
	}
	author := edu.Viewer{ID: 1, Role: edu.RoleInstructor}
	update := func(c edu.Course, set edu.Columns) bool {
		t.Helper()
		if err := s.UpdateCourse(t.Context(), author, c, set, nil); err != nil {
			t.Fatal(err)
		}
		if value[bool](t, db, "SELECT updated_at > '2020-01-02' FROM courses WHERE id = 2") {
			t.Fatal("another course is written")
		}
		return value[bool](t, db, "SELECT updated_at > '2020-01-02' FROM courses WHERE id = 1")
	}
	for _, set := range []edu.Columns{
		edu.CourseTitle, edu.CourseDescription, edu.CourseTags, edu.CourseDifficulty, edu.CoursePrice, edu.CourseDuration, edu.CourseThumbnail,
		edu.CourseLearningOutcomes, edu.CourseRequirements,
		edu.CourseTitle | edu.CourseDuration, edu.CourseDescription | edu.CoursePrice, edu.CourseTags | edu.CourseThumbnail,
		edu.CourseTitle | edu.CourseDescription | edu.CourseTags | edu.CourseDifficulty | edu.CoursePrice | edu.CourseDuration | edu.CourseThumbnail,
	} {
		if update(same, set) {
			t.Fatalf("columns %b are written again", set)
		}
	}
	same.CategoryID = 1
	if update(same, 0) {
		t.Fatal("the category is written again")
	}
	same.Tags = []string{}
	if !update(same, edu.CourseTitle|edu.CourseTags) {
		t.Error("a changed course is not written")
	}
}

// Deactivating an account leaves the time of an earlier revocation.
func TestRevocationsKeepTheirTime(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(1))
	exec(t, db, "UPDATE sessions SET revoked_at = '2020-01-01'")
	exec(t, db, "INSERT INTO sessions (user_id) VALUES ($1)", v.ID)
	if _, err := s.SetAccountActive(t.Context(), "ada@7p.example", false); err != nil {
		t.Fatal(err)
	}
	times := value[[]time.Time](t, db, "SELECT array_agg(revoked_at ORDER BY revoked_at) FROM sessions")
	if !times[0].Equal(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) || times[1].Year() == 2020 {
		t.Errorf("the sessions are revoked at %v", times)
	}
}

// A change that was not visible in a snapshot is not deleted, although its transaction began before the snapshot.
func TestDeleteChangesOfOpenTransactions(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	exec(t, db, "TRUNCATE changes")
	tx, do := begin(t, db)
	do(changePicture("1"))
	exec(t, db, changePicture("2"))
	snapshot, _, err := s.ChangesSince(t.Context(), store.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	if n, err := s.DeleteChanges(t.Context(), snapshot); err != nil || n != 1 {
		t.Errorf("deleted %d, %v, want the change of user 2", n, err)
	}
	if left := value[[]string](t, db, "SELECT array_agg(tags[1]) FROM changes"); !slices.Equal(left, []string{"user:1"}) {
		t.Errorf("%q are left", left)
	}
}

// Deleting changes skips changes that another server is deleting, and does not wait for it.
func TestDeleteChangesOfAnotherServer(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	exec(t, db, "TRUNCATE changes")
	exec(t, db, changePicture("1"))
	exec(t, db, changePicture("2"))
	_, do := begin(t, db)
	do("DELETE FROM changes WHERE tags[1] = 'user:1'")
	snapshot, _, err := s.ChangesSince(t.Context(), store.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.DeleteChanges(t.Context(), snapshot); err != nil || n != 1 {
		t.Errorf("deleted %d, %v, want the change that is not locked", n, err)
	}
}

// The changes of a write are published in the order of its statements.
func TestChangesAreInOrder(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	var tags []string
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4, PublishChanges: func(_ context.Context, changes []store.Change) {
		for _, c := range changes {
			tags = append(tags, c.Tags[len(c.Tags)-1])
		}
	}})
	err := s.WriteInTx(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.RunQueries(t.Context(), bump(2), bump(1)), tx.RunQueries(t.Context(), bump(3)))
	})
	if want := []string{"category:2", "category:1", "category:3"}; err != nil || !slices.Equal(tags, want) {
		t.Errorf("published %q, %v, want %q", tags, err, want)
	}
}

// Documents are listed by id, and their uses by time, document, client and version.
func TestOrderOfDocuments(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	if _, err := s.PushDocuments(t.Context(), []store.Document{{ID: "c", Body: "{ c }"}, {ID: "a", Body: "{ a }"}, {ID: "b", Body: "{ b }"}}); err != nil {
		t.Fatal(err)
	}
	_, err := s.PushDocuments(t.Context(), []store.Document{{ID: "a", Body: "{ a }"}, {ID: "c", Body: "{ x }"}, {ID: "b", Body: "{ x }"}})
	if want := "the id b exists with another text: documents never change, use a new id"; !errors.Is(err, edu.Conflict) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if err := s.RetireDocument(t.Context(), store.Retirement{Document: "b", MinimumVersion: "2"}); err != nil {
		t.Fatal(err)
	}
	var ids []string
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	want := []store.DocumentUse{
		{"c", "z", "9", day.AddDate(0, 0, 1), 1}, {"a", "i", "1", day, 1}, {"a", "i", "2", day, 1}, {"a", "j", "1", day, 1}, {"b", "h", "0", day, 1},
	}
	old := store.DocumentUse{Document: "a", Client: "i", Version: "0", LastUsed: day.Add(-time.Microsecond), Count: 1}
	if err := s.RecordDocumentUses(t.Context(), append(slices.Clone(want), old)); err != nil {
		t.Fatal(err)
	}
	var uses []store.DocumentUse
	err = s.RunQueries(t.Context(), store.DocumentUses(day, func(u store.DocumentUse) { uses = append(uses, u) }), store.Documents(func(d store.Document) {
		if d.RetiredAt != nil {
			d.ID += " retired"
		}
		ids = append(ids, d.ID)
	}))
	if err != nil || !slices.Equal(ids, []string{"a", "b retired", "c"}) {
		t.Errorf("documents %q, %v", ids, err)
	}
	if diff := cmp.Diff(want, uses, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	if err := s.RestoreDocument(t.Context(), "a", ""); err != nil {
		t.Fatal(err)
	}
	var retired []string
	err = s.RunQueries(t.Context(), store.Documents(func(d store.Document) {
		if d.RetiredAt != nil {
			retired = append(retired, d.ID)
		}
	}))
	if err != nil || !slices.Equal(retired, []string{"b"}) {
		t.Errorf("after another document was restored, %q are retired, %v", retired, err)
	}
}
