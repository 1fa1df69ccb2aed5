package cdn

import (
	"maps"
	"slices"
	"time"
)

// queue has the keys that wait for a purge. It is not safe for concurrent use.
type queue struct {
	waiting batch
	later   []laterBatch // to be purged again, in the order of their times
}

// batch has keys, and of each when its change was found and whether it was purged before.
type batch map[string]waitingKey

type waitingKey struct {
	foundAt time.Time
	again   bool
}

type laterBatch struct {
	at   time.Time
	keys []string
}

func newQueue() queue { return queue{waiting: batch{}} }

// keys returns the keys in their order.
func (b batch) keys() []string { return slices.Sorted(maps.Keys(b)) }

func (q *queue) size() int { return len(q.waiting) }

// oldest returns when the change of the key was found that waits longest, in Unix nanoseconds; 0 for none.
func (q *queue) oldest() (at int64) {
	for _, k := range q.waiting {
		if found := k.foundAt.UnixNano(); at == 0 || found < at {
			at = found
		}
	}
	return at
}

// add adds keys for their first purge. A key that waits already is purged once for both changes.
func (q *queue) add(now time.Time, keys ...string) { q.insert(now, false, keys) }

// addDue adds the keys that are to be purged again by now.
func (q *queue) addDue(now time.Time) {
	for len(q.later) > 0 && !q.later[0].at.After(now) {
		q.insert(now, true, q.later[0].keys)
		q.later = q.later[1:]
	}
}

func (q *queue) insert(now time.Time, again bool, keys []string) {
	for _, key := range keys {
		waits, found := q.waiting[key]
		if !found {
			waits = waitingKey{now, again}
		}
		waits.again = waits.again && again
		q.waiting[key] = waits
	}
	if len(q.waiting) > maxPending {
		q.waiting = batch{everythingKey: {now, false}}
	}
}

// take removes up to n keys. The key of everything replaces all others.
func (q *queue) take(n int) batch {
	taken := batch{}
	if every, found := q.waiting[everythingKey]; found {
		for _, k := range q.waiting {
			every.again = every.again && k.again
		}
		taken[everythingKey] = every
		q.waiting = batch{}
		return taken
	}
	for key, k := range q.waiting {
		if len(taken) == n {
			break
		}
		taken[key] = k
		delete(q.waiting, key)
	}
	return taken
}

// putBack adds keys that could not be purged.
func (q *queue) putBack(b batch) {
	for key, k := range b {
		if waits, found := q.waiting[key]; found {
			k.again = k.again && waits.again
		}
		q.waiting[key] = k
	}
}

// purgeAgain schedules another purge of the keys that were purged for the first time.
func (q *queue) purgeAgain(b batch, at time.Time) {
	var keys []string
	for key, k := range b {
		if !k.again {
			keys = append(keys, key)
		}
	}
	if len(keys) > 0 {
		q.later = append(q.later, laterBatch{at, keys})
	}
}
