package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	ctx := t.Context()
	version := func() (n int64) {
		if err := s.RunQueries(ctx, store.DocumentsVersion(&n)); err != nil {
			t.Fatal(err)
		}
		return n
	}
	push := func(want int, list ...store.Document) {
		t.Helper()
		if n, err := s.PushDocuments(ctx, list); err != nil || n != want {
			t.Fatalf("pushed %d, %v; want %d", n, err, want)
		}
	}
	one, two := store.Document{ID: "1", Operation: "One", Body: "query One { a }"}, store.Document{ID: "2", Body: "{ a }"}
	before := version()
	push(1, two)
	push(1, one, two)
	push(0, one, two)
	if version() == before {
		t.Error("the version did not increase")
	}
	// Documents never change. If one of a push conflicts, none of the push is stored.
	_, err := s.PushDocuments(ctx, []store.Document{{ID: "3", Body: "{ c }"}, {ID: "1", Body: "{ b }"}})
	if !errors.Is(err, edu.Conflict) {
		t.Errorf("%v, want %v", err, edu.Conflict)
	}
	before = version()
	if err := s.RetireDocument(ctx, "2", "3.1"); err != nil {
		t.Error(err)
	}
	if err := s.RetireDocument(ctx, "9", ""); !errors.Is(err, edu.NotFound) {
		t.Errorf("%v, want %v", err, edu.NotFound)
	}
	if version() == before {
		t.Error("the version did not increase")
	}
	var got []store.Document
	if err := s.RunQueries(ctx, store.Documents(func(d store.Document) { got = append(got, d) })); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].RetiredAt == nil {
		t.Fatalf("read %+v", got)
	}
	two.MinimumVersion, got[1].RetiredAt = "3.1", nil
	if diff := cmp.Diff([]store.Document{one, two}, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}

	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, uses := range [][]store.DocumentUse{
		{{"1", "ios", "1", day, 2}, {"2", "", "", day, 1}},
		{{"1", "ios", "1", day.AddDate(0, 0, 1), 3}},
		{{"1", "ios", "1", day, 1}},
	} {
		if err := s.RecordDocumentUses(ctx, uses); err != nil {
			t.Fatal(err)
		}
	}
	var uses []store.DocumentUse
	if err := s.RunQueries(ctx, store.DocumentUses(day, func(u store.DocumentUse) { uses = append(uses, u) })); err != nil {
		t.Fatal(err)
	}
	want := []store.DocumentUse{{"1", "ios", "1", day.AddDate(0, 0, 1), 6}, {"2", "", "", day, 1}}
	if diff := cmp.Diff(want, uses, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	if n := value[int](t, db, "SELECT count(*)::int FROM document_uses"); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

// Restoring a retired document restores it as it was.
func TestRestoreDocument(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	ctx := t.Context()
	pushed := store.Document{ID: "1", Operation: "One", Body: "query One { a }"}
	if _, err := s.PushDocuments(ctx, []store.Document{pushed}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.RetireDocument(ctx, "1", "3.1"), s.RestoreDocument(ctx, "1")); err != nil {
		t.Error(err)
	}
	if err := s.RestoreDocument(ctx, "9"); !errors.Is(err, edu.NotFound) {
		t.Errorf("%v, want %v", err, edu.NotFound)
	}
	var got []store.Document
	if err := s.RunQueries(ctx, store.Documents(func(d store.Document) { got = append(got, d) })); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]store.Document{pushed}, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}
