package leasemodel

import (
	"slices"
	"strings"
	"testing"
)

// allGuards are the rules of the protocol.
var allGuards = guards{true, true, true, true, true, true, true, true, true, true, true, true}

// explore visits the states that steps lead to, the ones after few steps first. It returns the steps to a
// stale response, nil if there is none, and the number of states.
func explore(b bounds, g guards) (trace []string, visited int) {
	type origin struct {
		from int32
		name string
	}
	x := explorer{bounds: b, guards: g}
	first := newState(b)
	queue, origins := []state{first}, []origin{{-1, ""}}
	known := map[state]struct{}{first: {}}
	for at := 0; at < len(queue); at++ {
		for _, n := range x.next(queue[at]) {
			if _, ok := known[n.state]; ok {
				continue
			}
			known[n.state] = struct{}{}
			queue, origins = append(queue, n.state), append(origins, origin{int32(at), n.name})
			if !n.isStale() {
				continue
			}
			for i := int32(len(queue) - 1); origins[i].from >= 0; i = origins[i].from {
				trace = append(trace, origins[i].name)
			}
			slices.Reverse(trace)
			return trace, len(queue)
		}
	}
	return nil, len(queue)
}

// TestNoStaleHit explores all states within bounds: there is no stale response.
func TestNoStaleHit(t *testing.T) {
	t.Parallel()
	for name, b := range testedBounds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trace, visited := explore(b, allGuards)
			t.Logf("%d states", visited)
			if trace != nil {
				t.Errorf("a response is stale:\n%s", strings.Join(trace, "\n"))
			}
		})
	}
}

// TestEachGuardIsNeeded removes one guard after the other, and finds a stale response each time.
func TestEachGuardIsNeeded(t *testing.T) {
	t.Parallel()
	one := bounds{members: 1, writers: 1, exchanges: 2}
	failing := bounds{members: 1, writers: 1, exchanges: 2, faults: 1}
	for name, tt := range map[string]struct {
		bounds bounds
		remove func(*guards)
	}{
		"a write waits for the members":                    {one, func(g *guards) { g.awaitMembers = false }},
		"an exchange acknowledges what was applied before": {one, func(g *guards) { g.acknowledgeOld = false }},
		"a lease begins when the exchange is sent":         {one, func(g *guards) { g.countFromSending = false }},
		"a write waits for the slowest clock":              {one, func(g *guards) { g.waitWholeLease = false }},
		"only an unchanged member is removed":              {bounds{members: 1, writers: 2, exchanges: 2}, func(g *guards) { g.compareOnRemoval = false }},
		"only a member without a lease is removed":         {one, func(g *guards) { g.agedRemoval = false }},
		"only an unchanged member leaves":                  {one, func(g *guards) { g.compareOnLeaving = false }},
		"a member ends its lease before it leaves":         {one, func(g *guards) { g.endBeforeLeaving = false }},
		"a write waits until its epoch is old":             {failing, func(g *guards) { g.awaitEpochAge = false }},
		"lost members end the epoch":                       {failing, func(g *guards) { g.detectLostMembers = false }},
		"another Redis process ends the epoch":             {failing, func(g *guards) { g.verifyRun = false }},
		"a write waits for the others that it reveals":     {bounds{members: 1, writers: 2, exchanges: 1, replays: true}, func(g *guards) { g.awaitOthers = false }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if withRaceDetector && tt.bounds.writers*int(tt.bounds.exchanges) > 2 {
				t.Skip("takes long with the race detector")
			}
			g := allGuards
			tt.remove(&g)
			trace, visited := explore(tt.bounds, g)
			if trace == nil {
				t.Fatalf("no stale response in %d states", visited)
			}
			t.Logf("stale after %d states:\n%s", visited, strings.Join(trace, "\n"))
		})
	}
}
