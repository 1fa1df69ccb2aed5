package main

import (
	"context"
	"time"
)

// fleetCeiling is the search of the highest rate that is held.
type fleetCeiling struct {
	cache string
	tried []fleetOutcome
}

// bestOutcome returns the highest rate that was held, or nil.
func (c fleetCeiling) bestOutcome() (best *fleetOutcome) {
	for i, o := range c.tried {
		if o.isHeld() && (best == nil || o.perSecond > best.perSecond) {
			best = &c.tried[i]
		}
	}
	return best
}

// searchRest is the time between two loads of a search, in which what an overload left ends.
const searchRest = 5 * time.Second

// findCeiling searches the highest rate that is held.
func (f *fleet) findCeiling(ctx context.Context, load fleetLoad) (c fleetCeiling, err error) {
	c.cache = load.cache
	first := load.perSecond
	var steps []rateStep
	for load.perSecond > 0 {
		if err := sleepContext(ctx, searchRest); err != nil {
			return c, err
		}
		outcome, err := f.measureLoad(ctx, load)
		if err != nil {
			return c, err
		}
		c.tried = append(c.tried, outcome)
		steps = append(steps, rateStep{load.perSecond, outcome.isHeld()})
		load.perSecond = nextRate(first, steps)
	}
	return c, nil
}
