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

const (
	// maxPendingClients is how many versions of clients are counted for a document between two calls of
	// TakeUsages. Further ones are counted together as otherClients.
	maxPendingClients = 100
	// otherClients is the client of all uses that are counted together, as in the database.
	otherClients = "other"
	// maxClientNameBytes is the length to which a client's name and version are cut.
	maxClientNameBytes = 64
)

// UsageCounter counts the uses of documents between two calls of TakeUsages. It is safe for
// concurrent use.
type UsageCounter struct {
	mu      sync.Mutex
	pending map[string]map[clientVersion]*Usage // by document
}

type clientVersion struct{ client, version string }

// RecordUsage counts one use of a document.
func (u *UsageCounter) RecordUsage(document, client, version string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.addUsage(Usage{DocumentID: document, Client: sanitizeName(client), Version: sanitizeName(version), LastUsed: now, Count: 1})
}

// addUsage requires that the caller holds mu. If the document has maxPendingClients clients, the client
// with the fewest uses joins otherClients: names that a caller invents have one use each, so they do not
// displace clients that are in use.
func (u *UsageCounter) addUsage(added Usage) {
	if u.pending == nil {
		u.pending = map[string]map[clientVersion]*Usage{}
	}
	clients := u.pending[added.DocumentID]
	if clients == nil {
		clients = map[clientVersion]*Usage{}
		u.pending[added.DocumentID] = clients
	}
	key, other := clientVersion{added.Client, added.Version}, clientVersion{client: otherClients}
	if clients[key] == nil && key != other && len(clients) >= maxPendingClients {
		if least := leastUsed(clients); least.Count <= added.Count {
			delete(clients, clientVersion{least.Client, least.Version})
			mergeUsage(clients, other, *least)
		} else {
			key = other
		}
	}
	mergeUsage(clients, key, added)
}

// mergeUsage adds a usage to that of a key.
func mergeUsage(clients map[clientVersion]*Usage, key clientVersion, added Usage) {
	known := clients[key]
	if known == nil {
		added.Client, added.Version = key.client, key.version
		clients[key] = &added
		return
	}
	known.Count += added.Count
	if added.LastUsed.After(known.LastUsed) {
		known.LastUsed = added.LastUsed
	}
}

// leastUsed returns the client with the fewest uses, except otherClients.
func leastUsed(clients map[clientVersion]*Usage) *Usage {
	var least *Usage
	for key, usage := range clients {
		if key != (clientVersion{client: otherClients}) && (least == nil || usage.Count < least.Count) {
			least = usage
		}
	}
	return least
}

// TakeUsages returns the usages since its last call, sorted by their keys: concurrent writers
// that lock rows in one order do not deadlock.
func (u *UsageCounter) TakeUsages() []Usage {
	u.mu.Lock()
	defer u.mu.Unlock()
	var list []Usage
	for _, clients := range u.pending {
		for _, usage := range clients {
			list = append(list, *usage)
		}
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
