package respcache_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/store"
)

// unchangedSource is a database without changes.
type unchangedSource struct{}

func (unchangedSource) PollChanges(context.Context, store.Snapshot, string) (store.Snapshot, []store.Change, store.LogEpoch, error) {
	return store.Snapshot{}, nil, store.LogEpoch{}, nil
}

func (unchangedSource) LogEpoch(context.Context, string) (store.LogEpoch, error) {
	return store.LogEpoch{}, nil
}

func (unchangedSource) RegisterLogEpoch(context.Context, string, string, store.LogEpoch) (bool, error) {
	return true, nil
}

func (unchangedSource) DeleteChanges(context.Context, store.Snapshot) (int, error) { return 0, nil }

func (unchangedSource) CurrentIdentity() (store.Identity, time.Time) {
	return store.Identity{}, time.Time{}
}

// TestStats checks that each lookup is counted once, by its result. A stale entry that is not
// served is a miss.
func TestStats(t *testing.T) {
	t.Parallel()
	log := invalidation.New(nil, slog.New(slog.DiscardHandler))
	c := respcache.New(respcache.Options{InvalidationLog: log, MaxBytes: 1 << 20})
	t.Cleanup(c.Close)
	lookup := func(text string, varyBy edu.VaryBy, maxAge time.Duration) {
		key, err := respcache.HashRequest("", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		l := c.Get(t.Context(), key, edu.Viewer{ID: 7, Role: edu.RoleStudent})
		defer l.Release()
		if l.Entry != nil || l.BypassReason != "" {
			return
		}
		e, reason := respcache.Candidate{Body: []byte(text), Policy: respcache.Policy{MaxAge: maxAge}, VaryBy: varyBy, SignedIn: true}.BuildEntry()
		if reason == "" {
			reason = l.StoreEntry(e, new(edu.Tags))
		}
		if reason != "" {
			t.Errorf("%s is not stored: %s", text, reason)
		}
	}
	lookup("before the first poll", 0, time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { log.PollDatabase(ctx, unchangedSource{}) })
	t.Cleanup(func() { stop(); running.Wait() })
	if err := log.AwaitLease(ctx); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		lookup("fresh", 0, time.Minute)
	}
	lookup("stale and public", 0, 1)
	lookup("stale and public", 0, 1)
	for range 2 {
		lookup("stale and by viewer", edu.VaryByViewer, 1)
	}
	got := c.Stats()
	got.Bytes = 0 // updated a moment later
	if want := (respcache.Stats{MemoryHits: 3, StaleHits: 1, Misses: 4, Bypasses: 1, Stores: 4, Entries: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
