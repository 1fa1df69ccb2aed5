package persisted

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Usage is the use of a document by a version of a client.
type Usage struct {
	DocumentID      string
	Client, Version string // "" if the client does not send it
	LastUsed        time.Time
	Count           int64
}

// maxPendingUsages is how many usages are held between two calls of TakeUsages; further ones
// are dropped. maxClientNameBytes is the length to which a client's name and version are cut.
const (
	maxPendingUsages   = 10_000
	maxClientNameBytes = 64
)

// UsageCounter counts the uses of documents between two calls of TakeUsages. It is safe for
// concurrent use.
type UsageCounter struct {
	mu      sync.Mutex
	pending map[usageKey]*Usage
}

type usageKey struct{ document, client, version string }

// RecordUsage counts one use of a document.
func (u *UsageCounter) RecordUsage(document, client, version string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.addUsage(Usage{DocumentID: document, Client: sanitizeName(client), Version: sanitizeName(version), LastUsed: now, Count: 1})
}

// addUsage requires that the caller holds mu.
func (u *UsageCounter) addUsage(added Usage) {
	key := usageKey{added.DocumentID, added.Client, added.Version}
	if u.pending == nil {
		u.pending = map[usageKey]*Usage{}
	}
	switch known := u.pending[key]; {
	case known != nil:
		known.Count += added.Count
		if added.LastUsed.After(known.LastUsed) {
			known.LastUsed = added.LastUsed
		}
	case len(u.pending) < maxPendingUsages:
		u.pending[key] = &added
	}
}

// TakeUsages returns the usages since its last call, sorted by their keys: concurrent writers
// that lock rows in one order do not deadlock.
func (u *UsageCounter) TakeUsages() []Usage {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := make([]Usage, 0, len(u.pending))
	for _, usage := range u.pending {
		list = append(list, *usage)
	}
	u.pending = nil
	slices.SortFunc(list, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(a.DocumentID, b.DocumentID), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Version, b.Version))
	})
	return list
}

// RestoreUsages adds usages that could not be written, for the next TakeUsages.
func (u *UsageCounter) RestoreUsages(list []Usage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, usage := range list {
		u.addUsage(usage)
	}
}

// sanitizeName makes the value of a header valid for the database.
func sanitizeName(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s[:min(len(s), maxClientNameBytes)], "\x00", ""), "")
}
