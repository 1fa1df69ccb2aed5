package persisted

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Usage is how a version of a client uses a document.
type Usage struct {
	DocumentID      string // its id
	Client, Version string // "" where the client does not tell
	LastUsed        time.Time
	Count           int64
}

// maxPendingUsages bounds what is kept between two flushes, maxClientNameBytes what is kept of a
// client's name or version.
const (
	maxPendingUsages   = 10_000
	maxClientNameBytes = 64
)

// UsageCounter counts the uses of documents until they are taken. It is safe for
// concurrent use.
type UsageCounter struct {
	mu      sync.Mutex
	pending map[usageKey]*Usage
}

type usageKey struct{ document, client, version string }

// RecordUsage counts a use.
func (u *UsageCounter) RecordUsage(document, client, version string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.addUsage(Usage{DocumentID: document, Client: sanitizeName(client), Version: sanitizeName(version), LastUsed: now, Count: 1})
}

func (u *UsageCounter) addUsage(use Usage) {
	key := usageKey{use.DocumentID, use.Client, use.Version}
	if u.pending == nil {
		u.pending = map[usageKey]*Usage{}
	}
	switch known := u.pending[key]; {
	case known != nil:
		known.Count += use.Count
		if use.LastUsed.After(known.LastUsed) {
			known.LastUsed = use.LastUsed
		}
	case len(u.pending) < maxPendingUsages:
		u.pending[key] = &use
	}
}

// TakeUsages returns the uses since it was last called, in the order of their keys, in
// which writers do not wait for each other in a circle.
func (u *UsageCounter) TakeUsages() []Usage {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := make([]Usage, 0, len(u.pending))
	for _, use := range u.pending {
		list = append(list, *use)
	}
	u.pending = nil
	slices.SortFunc(list, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(a.DocumentID, b.DocumentID), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Version, b.Version))
	})
	return list
}

// RestoreUsages puts back what could not be written.
func (u *UsageCounter) RestoreUsages(list []Usage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, use := range list {
		u.addUsage(use)
	}
}

// sanitizeName makes a header's value fit to be kept.
func sanitizeName(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s[:min(len(s), maxClientNameBytes)], "\x00", ""), "")
}
