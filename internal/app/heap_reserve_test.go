package app

import "testing"

// Cached responses do not let the heap grow further between collections.
func TestGrowthPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		live, cached uint64
		want         int
	}{
		{0, 1 << 20, 100},
		{40 << 20, 0, 100},
		{104 << 20, 64 << 20, 35}, // grows by 36 MiB, and without the cache by 40
		{60 << 20, 64 << 20, minGrowthPercent},
	} {
		if got := growthPercent(c.live, c.cached); got != c.want {
			t.Errorf("growthPercent(%d, %d) = %d, want %d", c.live, c.cached, got, c.want)
		}
	}
}
