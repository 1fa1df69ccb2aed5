package documents

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Use is how a version of a client uses a document.
type Use struct {
	Document        string // its id
	Client, Version string // "" where the client does not tell
	Last            time.Time
	Times           int64
}

// maxUses bounds what is kept between two flushes, maxName what is kept of a
// client's name or version.
const (
	maxUses = 10_000
	maxName = 64
)

// Uses counts the uses of documents until they are taken. It is safe for
// concurrent use.
type Uses struct {
	mu    sync.Mutex
	since map[useKey]*Use
}

type useKey struct{ document, client, version string }

// Note counts a use.
func (u *Uses) Note(document, client, version string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.add(Use{Document: document, Client: clip(client), Version: clip(version), Last: now, Times: 1})
}

func (u *Uses) add(use Use) {
	key := useKey{use.Document, use.Client, use.Version}
	if u.since == nil {
		u.since = map[useKey]*Use{}
	}
	switch known := u.since[key]; {
	case known != nil:
		known.Times += use.Times
		if use.Last.After(known.Last) {
			known.Last = use.Last
		}
	case len(u.since) < maxUses:
		u.since[key] = &use
	}
}

// Take returns the uses since it was last called, in the order of their keys, in
// which writers do not wait for each other in a circle.
func (u *Uses) Take() []Use {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := make([]Use, 0, len(u.since))
	for _, use := range u.since {
		list = append(list, *use)
	}
	u.since = nil
	slices.SortFunc(list, func(a, b Use) int {
		return cmp.Or(cmp.Compare(a.Document, b.Document), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Version, b.Version))
	})
	return list
}

// Restore puts back what could not be written.
func (u *Uses) Restore(list []Use) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, use := range list {
		u.add(use)
	}
}

// clip makes a header's value fit to be kept.
func clip(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s[:min(len(s), maxName)], "\x00", ""), "")
}
