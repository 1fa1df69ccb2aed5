package cache_test

import (
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// TestDeadlineFollowsRoundTrip checks that a server 40 ms away is used without errors, that the deadline falls
// again with the round trip, and that a server 400 ms away is a problem.
func TestDeadlineFollowsRoundTrip(t *testing.T) {
	t.Parallel()
	proxy := redistest.StartServer(t).StartProxy(t)
	proxy.DelayReplies(40 * time.Millisecond)
	r, ctx := openRedis(t, proxy.URL(), "", 0), t.Context()
	works := func() bool {
		r.Set(ctx, "key", []byte("x"), time.Minute)
		_, ok := r.Get(ctx, "key", 0)
		return ok
	}
	eventually(t, "a distant server is used", works)
	eventually(t, "the deadline follows", func() bool { return r.Check(ctx) == nil && r.Deadline() >= 160*time.Millisecond })
	before := r.Stats()
	for range 20 {
		if !works() {
			t.Error("a use failed")
		}
	}
	if after := r.Stats(); after != before || r.Deadline() > 250*time.Millisecond {
		t.Errorf("%+v, before %+v; deadline %v", after, before, r.Deadline())
	}
	proxy.DelayReplies(0)
	eventually(t, "the deadline falls", func() bool { return r.Check(ctx) == nil && r.Deadline() == 50*time.Millisecond })
	proxy.DelayReplies(400 * time.Millisecond)
	eventually(t, "a server 400 ms away is not used", func() bool { return r.Check(ctx) != nil && r.Stats().CircuitOpen })
	proxy.DelayReplies(0)
	eventually(t, "it is used again", works)
}

// TestRoundTrip checks how samples change the smoothed time.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	var trip cache.RoundTrip
	for _, step := range []struct{ sample, want time.Duration }{{800, 800}, {0, 700}, {900, 800}, {800, 800}} {
		if trip.Record(step.sample); trip.Smoothed() != step.want {
			t.Errorf("after %v: %v, want %v", step.sample, trip.Smoothed(), step.want)
		}
	}
}
