package parked

import (
	"sync"
	"time"
)

// slots is the number of groups of a Ticker: each is called at another time within the interval.
const slots = 12

// Beater is called by a Ticker. Beat must not block.
type Beater interface{ Beat() }

// Ticker calls its members once in an interval each, in groups that are spread over it. Its goroutine exists only
// while there are members. It is safe for concurrent use.
type Ticker struct {
	// Interval must not change while there are members.
	Interval time.Duration

	mu      sync.Mutex
	groups  [slots]map[Beater]struct{}
	current int // the group that was called last
	members int
	stop    chan struct{} // closed without members; nil then
}

// Add adds a member, which is called for the first time about an interval later.
func (t *Ticker) Add(b Beater) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.groups[t.current] == nil {
		t.groups[t.current] = map[Beater]struct{}{}
	}
	t.groups[t.current][b] = struct{}{}
	t.members++
	if t.stop == nil {
		t.stop = make(chan struct{})
		go t.tick(t.stop)
	}
}

// Remove removes a member, if it is one.
func (t *Ticker) Remove(b Beater) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, group := range t.groups {
		if _, ok := group[b]; !ok {
			continue
		}
		t.members--
		if delete(group, b); len(group) == 0 {
			t.groups[i] = nil // a map does not shrink
		}
	}
	if t.members == 0 && t.stop != nil {
		close(t.stop)
		t.stop = nil
	}
}

func (t *Ticker) tick(stop <-chan struct{}) {
	ticker := time.NewTicker(max(t.Interval/slots, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			for _, b := range t.nextGroup() {
				b.Beat()
			}
		}
	}
}

func (t *Ticker) nextGroup() (group []Beater) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = (t.current + 1) % slots
	for b := range t.groups[t.current] {
		group = append(group, b)
	}
	return group
}

// Members returns all members.
func (t *Ticker) Members() (all []Beater) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, group := range t.groups {
		for b := range group {
			all = append(all, b)
		}
	}
	return all
}
