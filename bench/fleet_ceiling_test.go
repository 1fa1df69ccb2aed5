package main

import "testing"

// A search ends within a tenth below the capacity, or at 0 if it is not worth measuring.
func TestCeilingSearch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		capacity  float64
		wantSteps int // at most
	}{{5000, 8}, {900, 6}, {830, 6}, {100, 9}, {1, 6}} {
		var steps []rateStep
		best := 0.0
		for rate := nextRate(fleetFirstRate, nil); rate > 0; rate = nextRate(fleetFirstRate, steps) {
			steps = append(steps, rateStep{rate, rate <= c.capacity})
			if rate <= c.capacity {
				best = max(best, rate)
			}
		}
		if c.capacity > 10 && (best > c.capacity || best < c.capacity/ceilingPrecision) || len(steps) > c.wantSteps {
			t.Errorf("capacity %.0f: found %.0f in %d steps %v", c.capacity, best, len(steps), steps)
		}
	}
}

const fleetFirstRate = 833
