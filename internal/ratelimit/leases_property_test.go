package ratelimit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// admission is an allowed cost, and when the decision began and ended, in microseconds.
type admission struct{ cost, began, ended int64 }

// excess returns by how much the costs that were admitted within any time exceed the limit and what is refilled
// in that time.
func excess(p Policy, all []admission) float64 {
	interval := float64(newGCRA(p).interval)
	worst, sum, earliest := 0.0, 0.0, 0.0
	for _, a := range all {
		earliest = max(earliest, float64(a.began)/interval-sum)
		sum += float64(a.cost)
		worst = max(worst, sum-float64(a.ended)/interval+earliest-float64(p.Limit))
	}
	return worst
}

// runFleet sends the requests of a caller to random processes of a fleet, some of which crash: a few at a time,
// with pauses, and then more than the limit. It returns what was admitted.
func runFleet(t *testing.T, f *fleet, random *rand.Rand) (admitted []admission, rejected int) {
	t.Helper()
	for range 12 {
		heavy := random.IntN(2) * 1500
		for range 120 {
			i, cost := random.IntN(len(f.limiters)), 1+random.IntN(30)+heavy
			began := f.now()
			if f.allow(i, cost).Allowed {
				admitted = append(admitted, admission{int64(cost), began, f.now()})
			} else {
				rejected++
			}
			if random.IntN(4) == 0 {
				f.advance(time.Duration(random.IntN(60)) * time.Millisecond)
			}
			if random.IntN(10) == 0 {
				f.limiters[random.IntN(len(f.limiters))].sweep(t.Context())
			}
			if random.IntN(100) == 0 {
				f.restart(i)
			}
		}
		f.advance(time.Duration(random.IntN(2)*2500+random.IntN(900)) * time.Millisecond)
	}
	return admitted, rejected
}

// TestLeasesKeepTheLimit checks that several processes together admit no more than one bucket does, and that the
// check finds scripts that lease or return too much.
func TestLeasesKeepTheLimit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		old, new string // of gcra.lua
		exceeds  bool
	}{
		"as it is":                                   {},
		"permits are not taken from the bucket":      {"from, to, tat = tat, tat + span, tat + span", "from, to = tat, tat + span", true},
		"permits are returned and kept":              {"tat, to = from, from", "tat = from", true},
		"permits are returned under those of others": {"if from < to and tat == to then", "if from < to then", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRedis(t)
			worst, allowed, rejections, local := 0.0, 0, 0, uint64(0)
			for seed := range uint64(3) {
				f := newFleet(t, r, Policy{Name: fmt.Sprint("cost", seed), Limit: costs.Limit, Window: costs.Window}, 3)
				f.script = redis.NewScript(strings.Replace(gcraSource, tt.old, tt.new, 1))
				for i := range f.limiters {
					f.restart(i)
				}
				admitted, rejected := runFleet(t, f, rand.New(rand.NewPCG(seed, 7)))
				worst = max(worst, excess(f.policy, admitted))
				allowed, rejections, local = allowed+len(admitted), rejections+rejected, local+f.decisionsWithoutRedis()
			}
			t.Logf("%d admitted, %d of them without Redis, %d rejected; the limit is exceeded by %.1f", allowed, local, rejections, worst)
			if !tt.exceeds && (rejections < 100 || local < 100) {
				t.Error("the test covers one case only")
			}
			if exceeds := worst > 1; exceeds != tt.exceeds {
				t.Errorf("the limit is exceeded by %.1f", worst)
			}
		})
	}
}
