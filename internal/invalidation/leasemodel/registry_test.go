package leasemodel

import (
	"slices"
	"strings"
	"testing"
)

// The model of the registry has a holder, which serves hits, and a writer with one write. Redis has two masters, with an
// epoch each. The writer uses the second one; the holder moves between them at any time. Other processes register any
// epoch at any time.
const (
	masters       = 2
	writersEpoch  = 2
	maxRegistered = 4 // with the first, of epoch 1
)

// testedRegistrations is the number of epochs that are registered at most.
func testedRegistrations() uint8 {
	if withRaceDetector {
		return maxRegistered - 1
	}
	return maxRegistered
}

// registryGuards are the rules for registered epochs.
type registryGuards struct {
	holderComparesEpoch bool // a poll grants a lease only in the registered epoch
	leaseHasEpoch       bool // a lease counts only in the epoch in which it was granted
	writerComparesEpoch bool // a write is acknowledged at once only in the registered epoch
	writerWaits         bool // and when that is known for a lease
	pollAfterCommit     bool // by a poll that began after the commit
	countFromBegin      bool // a lease is counted from the begin of its poll
}

var allRegistryGuards = registryGuards{true, true, true, true, true, true}

// pollStage is the stage of a poll.
type pollStage uint8

const (
	notPolling pollStage = iota
	polling
	pollRead // the database
)

type registryState struct {
	registered   [maxRegistered]uint8 // epochs, by generation; 0 for none yet
	published    [1 + masters]bool    // whether the log of an epoch has the write
	committed    bool
	sinceCommit  uint8 // ticks
	acknowledged bool

	holderEpoch uint8
	holderRead  uint8 // the registered epoch in its last poll
	index       bool  // whether the holder's index has the write
	poll        pollStage
	pollAge     uint8 // ticks since it began
	pollFinds   bool  // the write
	lease       uint8 // its age; leaseTicks for none
	leaseEpoch  uint8

	writerPoll  pollStage
	generation  uint8 // that the writer has read; 0 for none
	known       uint8 // ticks since it first read it
	afterCommit bool  // the poll in progress began after the commit
	polledAfter bool  // the last poll did
}

// isStale reports whether the holder may serve a hit without the acknowledged write.
func (s *registryState) isStale(g registryGuards) bool {
	valid := s.lease < leaseTicks && (s.leaseEpoch == s.holderEpoch || !g.leaseHasEpoch)
	return valid && s.acknowledged && !s.index
}

// currentGeneration returns the number of epochs that are registered.
func (s *registryState) currentGeneration() (n uint8) {
	for n < maxRegistered && s.registered[n] != 0 {
		n++
	}
	return n
}

// registryExplorer finds the successors of states.
type registryExplorer struct {
	registryGuards
	found []registryStep
}

type registryStep struct {
	name string
	registryState
}

// add adds a state. What no longer makes a difference is set to one value.
func (x *registryExplorer) add(name string, s registryState) {
	if s.acknowledged {
		s.writerPoll, s.generation, s.known, s.afterCommit, s.polledAfter, s.sinceCommit = notPolling, 0, 0, false, false, 0
	}
	if s.lease >= leaseTicks {
		s.lease, s.leaseEpoch = leaseTicks, 0
	}
	x.found = append(x.found, registryStep{name, s})
}

func (x *registryExplorer) next(s registryState) []registryStep {
	x.found = x.found[:0]
	x.add("tick", tickRegistry(s))
	if at := s.currentGeneration(); at < testedRegistrations() {
		for epoch := uint8(1); epoch <= masters; epoch++ {
			n := s
			n.registered[at] = epoch
			x.add("a process registers an epoch", n)
		}
	}
	x.stepHolder(s)
	if !s.acknowledged {
		x.stepRegistryWriter(s)
	}
	return x.found
}

func tickRegistry(s registryState) registryState {
	older := func(age *uint8) { *age = min(*age+1, waitTicks) }
	older(&s.lease)
	older(&s.known)
	if s.poll != notPolling {
		older(&s.pollAge)
	}
	if s.committed {
		older(&s.sinceCommit)
	}
	return s
}

func (x *registryExplorer) stepHolder(s registryState) {
	n := s
	n.holderEpoch = masters + 1 - s.holderEpoch
	n.index = s.published[n.holderEpoch] // rebuilt from the log
	x.add("the holder moves", n)
	n = s
	switch s.poll {
	case notPolling:
		n.poll, n.pollAge = polling, 0
		x.add("the holder polls", n)
	case polling:
		n.poll, n.holderRead, n.pollFinds = pollRead, s.registered[s.currentGeneration()-1], s.committed
		x.add("the holder's poll reads", n)
	case pollRead:
		n.poll, n.pollAge, n.holderRead, n.pollFinds = notPolling, 0, 0, false
		if s.pollFinds { // it publishes the write
			n.published[s.holderEpoch], n.index = true, true
		}
		if s.holderRead == s.holderEpoch || !x.holderComparesEpoch {
			n.lease, n.leaseEpoch = s.pollAge, s.holderEpoch
			if !x.countFromBegin {
				n.lease = 0
			}
		}
		x.add("the holder's poll ends", n)
	}
}

func (x *registryExplorer) stepRegistryWriter(s registryState) {
	n := s
	switch {
	case !s.committed:
		n.committed = true
		x.add("the writer commits", n)
	case !s.published[writersEpoch]:
		n.published[writersEpoch] = true
		if s.holderEpoch == writersEpoch {
			n.index = true // the other model is about the time until then
		}
		x.add("the writer publishes", n)
	default:
		x.acknowledge(s)
	}
	n = s
	if s.writerPoll == notPolling {
		n.writerPoll, n.afterCommit = polling, s.committed
		x.add("the writer polls", n)
		return
	}
	n.writerPoll, n.polledAfter, n.afterCommit = notPolling, s.afterCommit, false
	if n.generation = s.currentGeneration(); n.generation != s.generation {
		n.known = 0
	}
	x.add("the writer's poll reads", n)
}

// acknowledge adds the acknowledgement of the write, at once or a lease after its commit.
func (x *registryExplorer) acknowledge(s registryState) {
	n := s
	n.acknowledged = true
	if s.sinceCommit >= leaseTicks {
		x.add("the write is acknowledged a lease later", n)
	}
	polled := s.generation > 0 && (s.polledAfter || !x.pollAfterCommit)
	compared := !x.writerComparesEpoch || s.generation > 0 && s.registered[s.generation-1] == writersEpoch
	if polled && compared && (s.known >= waitTicks || !x.writerWaits) {
		x.add("the write is acknowledged", n)
	}
}

// exploreRegistry visits the states, and returns the steps to a stale response.
func exploreRegistry(g registryGuards) (trace []string, visited int) {
	type origin struct {
		from int
		name string
	}
	first := registryState{lease: leaseTicks, holderEpoch: 1}
	first.registered[0] = 1
	x := registryExplorer{registryGuards: g}
	queue, origins, known := []registryState{first}, []origin{{-1, ""}}, map[registryState]struct{}{first: {}}
	for at := 0; at < len(queue); at++ {
		for _, n := range x.next(queue[at]) {
			if _, ok := known[n.registryState]; ok {
				continue
			}
			known[n.registryState] = struct{}{}
			queue, origins = append(queue, n.registryState), append(origins, origin{at, n.name})
			if n.isStale(g) {
				for i := len(queue) - 1; i > 0; i = origins[i].from {
					trace = append(trace, origins[i].name)
				}
				slices.Reverse(trace)
				return trace, len(queue)
			}
		}
	}
	return nil, len(queue)
}

// TestNoStaleHitWithTwoMasters explores all states of two masters: there is no stale response.
func TestNoStaleHitWithTwoMasters(t *testing.T) {
	t.Parallel()
	trace, visited := exploreRegistry(allRegistryGuards)
	t.Logf("%d states", visited)
	if trace != nil {
		t.Errorf("a response is stale:\n%s", strings.Join(trace, "\n"))
	}
}

// TestEachRegistryGuardIsNeeded removes one rule after the other, and finds a stale response each time.
func TestEachRegistryGuardIsNeeded(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*registryGuards){
		"a poll grants a lease only in the registered epoch":            func(g *registryGuards) { g.holderComparesEpoch = false },
		"a lease counts only in its epoch":                              func(g *registryGuards) { g.leaseHasEpoch = false },
		"a write is acknowledged only in the registered epoch":          func(g *registryGuards) { g.writerComparesEpoch = false },
		"a write waits until its epoch is registered for a lease":       func(g *registryGuards) { g.writerWaits = false },
		"a write is acknowledged by a poll that began after its commit": func(g *registryGuards) { g.pollAfterCommit = false },
		"a lease begins with its poll":                                  func(g *registryGuards) { g.countFromBegin = false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := allRegistryGuards
			remove(&g)
			trace, visited := exploreRegistry(g)
			if trace == nil {
				t.Fatalf("no stale response in %d states", visited)
			}
			t.Logf("stale after %d states:\n%s", visited, strings.Join(trace, "\n"))
		})
	}
}
