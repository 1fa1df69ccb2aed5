package invalidation

import (
	"fmt"
	"slices"
	"testing"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/store"
)

// idsBetween returns the ids of the changes between two positions, and whether the index knows all of them.
func idsBetween(x *index, after, to Position) (ids []int64, complete bool) {
	changes, complete := x.changesBetween(after, to)
	for _, c := range changes {
		ids = append(ids, c.ID)
	}
	return ids, complete
}

func TestChangesBetween(t *testing.T) {
	t.Parallel()
	x := newIndex(Position{Epoch: 1, Offset: 10})
	at := func(offset uint64) Position { return Position{Epoch: 1, Offset: offset} }
	x.applyEntry(20, entry{ids: []int64{7, 5}, tags: []string{"courses"}})
	x.applyEntry(30, entry{ids: []int64{6}})
	check := func(after, to Position, complete bool, want ...int64) {
		t.Helper()
		if ids, known := idsBetween(x, after, to); known != complete || !slices.Equal(ids, want) {
			t.Errorf("between %v and %v: %v, complete %t; want %v, %t", after, to, ids, known, want, complete)
		}
	}
	check(at(10), at(30), true, 7, 5, 6)
	check(at(10), at(20), true, 7, 5)
	check(at(20), at(30), true, 6)
	check(at(30), at(20), true)
	check(at(9), at(30), false)                            // before the index began
	check(Position{Epoch: 2, Offset: 20}, at(30), false)   // of another epoch
	check(at(20), Position{Epoch: 2, Offset: 30}, false)   // of another epoch
	x.applyEntry(40, entry{tags: []string{tagEverything}}) // of a log that was rewound: its ids are unknown
	check(at(30), at(40), false)
	check(at(40), at(40), true)
	x.applyEntry(50, entry{ids: []int64{0}, tags: []string{tagEverything}}) // a commit whose outcome is unknown
	check(at(40), at(50), false)
	x.applyEntry(60, entry{announced: []int64{9}, isPart: true, tags: []string{"courses"}})
	check(at(50), at(60), true, 9)
	x.invalidateEarlier()
	check(at(50), x.currentPosition(), false)
	x.beginEpoch()
	check(at(61), x.currentPosition(), false)
}

// The list of changes is bounded: positions before its oldest change are not served from it.
func TestChangesBetweenIsBounded(t *testing.T) {
	t.Parallel()
	x := newIndex(Position{})
	for range maxPublishedChanges + 1 {
		id := int64(x.currentPosition().Offset + 1)
		x.appendEntry(entry{ids: []int64{id}})
	}
	end := x.currentPosition()
	if _, complete := x.changesBetween(Position{}, end); complete {
		t.Error("the list has all changes")
	}
	after := Position{Offset: end.Offset - 3}
	if ids, complete := idsBetween(x, after, end); !complete || len(ids) != 3 || ids[2] != int64(end.Offset) {
		t.Errorf("the last changes are %v, complete %t", ids, complete)
	}
	if n := len(x.published.list); n > maxPublishedChanges {
		t.Errorf("the list has %d changes", n)
	}
}

// A reader of the first part of an entry knows the changes whose tags are in it.
func TestChangesOfParts(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	a, b := openStream(t, url, prefix), openStream(t, url, prefix)
	since := b.mustRead(t)
	a.mustRead(t)
	changed := store.Change{ID: 12}
	for i := range 3 * maxEntryTags {
		changed.Tags = append(changed.Tags, fmt.Sprintf("course:%d", i))
	}
	if err := a.appendEntry(mergeChanges([]store.Change{changed})); err != nil {
		t.Fatal(err)
	}
	end := b.mustRead(t)
	changes, complete := b.index.changesBetween(since, end)
	if !complete || len(changes) != 2 || changes[0].ID != 12 || changes[1].ID != 12 || changes[0].Offset >= changes[1].Offset {
		t.Fatalf("changes %+v, complete %t; want the change with the first part and with the last", changes, complete)
	}
	if first := (Position{Epoch: end.Epoch, Offset: changes[0].Offset}); isValid(b, since, "course:1") || !isValid(b, first, "course:1") {
		t.Error("the first part does not have the first tags")
	}
	if b.index.containsChange(-12) || !b.index.containsChange(12) {
		t.Error("the index holds another id")
	}
}
