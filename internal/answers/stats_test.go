package answers_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/answers"
	"github.com/7p-education/api/internal/changes"
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
	l := changes.New(nil, slog.New(slog.DiscardHandler))
	a := answers.New(answers.Options{Changes: l, MaxBytes: 1 << 20})
	t.Cleanup(a.Close)
	ask := func(text string, saw edu.Sights, maxAge time.Duration) {
		key, err := answers.KeyOf("", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		q := a.Ask(t.Context(), key, edu.Viewer{ID: 7, Role: edu.RoleStudent})
		defer q.End()
		if q.Answer != nil || q.Bypass != "" {
			return
		}
		answer, why := answers.Draft{Body: []byte(text), Policy: answers.Policy{MaxAge: maxAge}, Saw: saw, SignedIn: true}.Finish()
		if why == "" {
			why = q.Keep(t.Context(), answer, new(edu.Tags))
		}
		if why != "" {
			t.Errorf("%s is not kept: %s", text, why)
		}
	}
	ask("before changes are followed", 0, time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx, unchanging{}) })
	t.Cleanup(func() { stop(); running.Wait() })
	if err := l.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ask("fresh", 0, time.Minute)
	}
	ask("old and everybody's", 0, 1)
	ask("old and everybody's", 0, 1)
	for range 2 {
		ask("old and mine", edu.SawViewer, 1)
	}
	got := a.Stats()
	got.Bytes = 0 // are counted a moment later
	if want := (answers.Stats{Near: 3, Stale: 1, Misses: 4, Unverified: 1, Kept: 4, Entries: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
