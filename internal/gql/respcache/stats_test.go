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

// unchanging is a database that nobody writes to.
type unchanging struct{}

func (unchanging) ChangesSince(context.Context, string) (string, []store.Change, error) {
	return "1:1:", nil, nil
}
func (unchanging) DeleteChanges(context.Context, string) (int, error) { return 0, nil }

// Each request is counted once, as what became of it: an old answer that is not given
// is a miss.
func TestStats(t *testing.T) {
	t.Parallel()
	l := invalidation.New(nil, slog.New(slog.DiscardHandler))
	a := respcache.New(respcache.Options{InvalidationLog: l, MaxBytes: 1 << 20})
	t.Cleanup(a.Close)
	ask := func(text string, saw edu.VaryBy, maxAge time.Duration) {
		key, err := respcache.HashRequest("", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		q := a.Get(t.Context(), key, edu.Viewer{ID: 7, Role: edu.RoleStudent})
		defer q.Release()
		if q.Entry != nil || q.BypassReason != "" {
			return
		}
		answer, why := respcache.Candidate{Body: []byte(text), Policy: respcache.Policy{MaxAge: maxAge}, VaryBy: saw, SignedIn: true}.BuildEntry()
		if why == "" {
			why = q.StoreEntry(t.Context(), answer, new(edu.Tags))
		}
		if why != "" {
			t.Errorf("%s is not kept: %s", text, why)
		}
	}
	ask("before changes are followed", 0, time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { l.PollDatabase(ctx, unchanging{}) })
	t.Cleanup(func() { stop(); running.Wait() })
	if err := l.AwaitLease(ctx); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ask("fresh", 0, time.Minute)
	}
	ask("old and everybody's", 0, 1)
	ask("old and everybody's", 0, 1)
	for range 2 {
		ask("old and mine", edu.VaryByViewer, 1)
	}
	got := a.Stats()
	got.Bytes = 0 // are counted a moment later
	if want := (respcache.Stats{MemoryHits: 3, StaleHits: 1, Misses: 4, Bypasses: 1, Stores: 4, Entries: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
