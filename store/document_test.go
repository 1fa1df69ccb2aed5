package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

var ignorePushTimes = cmpopts.IgnoreFields(store.Document{}, "PushedAt")

// TestPushTime checks that each push of a document renews its time, and only that of its documents.
func TestPushTime(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	old, again := store.Document{ID: "old", Body: "{ a }"}, store.Document{ID: "again", Body: "{ b }"}
	push := func(list ...store.Document) {
		t.Helper()
		if _, err := s.PushDocuments(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	push(old, again)
	value[int](t, db, "WITH made AS (UPDATE documents SET pushed_at = '2026-01-01', created_at = '2026-01-01' RETURNING 1) SELECT count(*)::int FROM made")
	before := time.Now()
	push(again, store.Document{ID: "new", Body: "{ c }"})
	got := map[string]bool{}
	if err := s.RunQueries(t.Context(), store.Documents(func(d store.Document) { got[d.ID] = d.PushedAt.After(before.Add(-time.Minute)) })); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{"old": false, "again": true, "new": true}, got); diff != "" {
		t.Errorf("pushed now (-want +got):\n%s", diff)
	}
}

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
	if err := s.RetireDocument(ctx, store.Retirement{Document: "2", MinimumVersion: "3.1"}); err != nil {
		t.Error(err)
	}
	if err := s.RetireDocument(ctx, store.Retirement{Document: "9"}); !errors.Is(err, edu.NotFound) {
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
	if diff := cmp.Diff([]store.Document{one, two}, got, ignorePushTimes); diff != "" {
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

// TestInventedClients records uses of more clients than a document may have. Known clients and those with
// the most uses have rows of their own; of equal ones, the first in the order of names and versions.
func TestInventedClients(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	ctx, day := t.Context(), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	record := func(uses ...store.DocumentUse) {
		t.Helper()
		if err := s.RecordDocumentUses(ctx, uses); err != nil {
			t.Fatal(err)
		}
	}
	invented := func(n int) (uses []store.DocumentUse) {
		for i := range 300 {
			uses = append(uses, store.DocumentUse{Document: "1", Client: fmt.Sprintf("x%04d", n+i), LastUsed: day, Count: 1})
		}
		return uses
	}
	record(store.DocumentUse{Document: "1", Client: "ios", Version: "1", LastUsed: day, Count: 1})
	record(append(invented(0), store.DocumentUse{Document: "1", Client: "zen", Version: "7", LastUsed: day, Count: 2})...)
	record(append(invented(300), store.DocumentUse{Document: "1", Client: "ios", Version: "1", LastUsed: day, Count: 5}, store.DocumentUse{Document: "2", Client: "web", LastUsed: day, Count: 1})...)
	versions := invented(0)
	for i := range versions {
		versions[i].Document, versions[i].Client, versions[i].Version = "3", "web", fmt.Sprintf("v%04d", i)
	}
	record(versions...)
	for _, tt := range []struct {
		where string
		want  string
	}{
		{"document = '1' AND client <> 'other'", "100 rows, 106 uses"},
		{"document = '1' AND client = 'other' AND version = ''", "1 rows, 502 uses"},
		{"document = '1' AND client = 'ios' AND version = '1'", "1 rows, 6 uses"},
		{"document = '1' AND client = 'zen' AND version = '7'", "1 rows, 2 uses"},
		{"document = '1' AND client BETWEEN 'x0000' AND 'x0097'", "98 rows, 98 uses"},
		{"document = '2' AND client = 'web'", "1 rows, 1 uses"},
		{"document = '3' AND version BETWEEN 'v0000' AND 'v0099'", "100 rows, 100 uses"},
		{"document = '3' AND client = 'other'", "1 rows, 200 uses"},
		{"true", "203 rows, 909 uses"},
	} {
		if got := value[string](t, db, "SELECT count(*) || ' rows, ' || coalesce(sum(times), 0) || ' uses' FROM document_uses WHERE "+tt.where); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.where, got, tt.want)
		}
	}
}

// TestDeleteUnusedDocumentUses checks that uses are deleted after a year.
func TestDeleteUnusedDocumentUses(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	now := time.Now()
	uses := []store.DocumentUse{{"1", "a", "", now.Add(-store.DocumentUseTTL - time.Minute), 1}, {"1", "b", "", now.Add(-store.DocumentUseTTL + time.Minute), 1}, {"1", "c", "", now, 1}}
	if err := s.RecordDocumentUses(t.Context(), uses); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if n, err := s.DeleteUnusedDocumentUses(t.Context()); n != want || err != nil {
			t.Errorf("deleted %d, %v; want %d", n, err, want)
		}
	}
	if left := value[string](t, db, "SELECT string_agg(client, ' ' ORDER BY client) FROM document_uses"); left != "b c" {
		t.Errorf("left %s, want b c", left)
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
	if err := errors.Join(s.RetireDocument(ctx, store.Retirement{Document: "1", MinimumVersion: "3.1"}), s.RestoreDocument(ctx, "1", "")); err != nil {
		t.Error(err)
	}
	if err := s.RestoreDocument(ctx, "9", ""); !errors.Is(err, edu.NotFound) {
		t.Errorf("%v, want %v", err, edu.NotFound)
	}
	var got []store.Document
	if err := s.RunQueries(ctx, store.Documents(func(d store.Document) { got = append(got, d) })); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]store.Document{pushed}, got, ignorePushTimes); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

// A document is retired for one client without the others. Restoring it for all clients restores it for
// that one too.
func TestRetireDocumentForClient(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	ctx := t.Context()
	if _, err := s.PushDocuments(ctx, []store.Document{{ID: "1", Body: "{ a }"}, {ID: "2", Body: "{ b }"}}); err != nil {
		t.Fatal(err)
	}
	check := func(want ...map[string]string) {
		t.Helper()
		var got []map[string]string
		if err := s.RunQueries(ctx, store.Documents(func(d store.Document) {
			if got = append(got, d.RetiredClients); d.RetiredAt != nil {
				t.Errorf("%s is retired for all clients", d.ID)
			}
		})); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if err := errors.Join(s.RetireDocument(ctx, store.Retirement{Document: "1", Client: "ios", MinimumVersion: "3"}),
		s.RetireDocument(ctx, store.Retirement{Document: "1", Client: "web"}),
		s.RetireDocument(ctx, store.Retirement{Document: "1", Client: "ios", MinimumVersion: "3.2"})); err != nil {
		t.Fatal(err)
	}
	check(map[string]string{"ios": "3.2", "web": ""}, nil)
	if err := s.RestoreDocument(ctx, "1", "ios"); err != nil {
		t.Error(err)
	}
	check(map[string]string{"web": ""}, nil)
	for _, err := range []error{s.RestoreDocument(ctx, "1", "ios"), s.RestoreDocument(ctx, "2", "web"), s.RetireDocument(ctx, store.Retirement{Document: "9", Client: "ios"})} {
		if !errors.Is(err, edu.NotFound) {
			t.Errorf("got %v, want %v", err, edu.NotFound)
		}
	}
	if err := s.RestoreDocument(ctx, "1", ""); err != nil {
		t.Error(err)
	}
	check(nil, nil)
}
