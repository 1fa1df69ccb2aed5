package main

// rateStep is one rate of a search, and whether it was held.
type rateStep struct {
	perSecond float64
	held      bool
}

// ceilingPrecision is the ratio of the lowest rate that failed to the highest that was held, at which the
// search ends.
const ceilingPrecision = 1.1

// nextRate returns the rate to try after some steps: double while the first is held, half while it is not,
// and then the middle between the highest held and the lowest failed. It returns 0 when the search ends.
func nextRate(first float64, steps []rateStep) float64 {
	held, failed := 0.0, 0.0
	for _, s := range steps {
		switch {
		case s.held:
			held = max(held, s.perSecond)
		case failed == 0 || s.perSecond < failed:
			failed = s.perSecond
		}
	}
	switch {
	case len(steps) == 0:
		return first
	case failed == 0:
		return 2 * held
	case held == 0 && failed > first/16:
		return failed / 2
	case held > 0 && failed/held > ceilingPrecision:
		return (held + failed) / 2
	default:
		return 0
	}
}
