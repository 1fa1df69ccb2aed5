package live

// maxIndexedTags is how many tags a changeIndex holds, in some 5 MB. One more clears it: all data read
// before then counts as changed.
const maxIndexedTags = 100_000

// anyTag changes with every change: a response whose tags are incomplete depends on it.
const anyTag = 0

// changeIndex knows which tags have changed since when. Its times are numbers of changes. It is not safe
// for concurrent use.
type changeIndex struct {
	now         uint64
	horizon     uint64 // the time from which on lastChanged is complete
	lastChanged map[uint64]uint64
}

// forgetAll counts everything as changed.
func (x *changeIndex) forgetAll() {
	x.now++
	x.horizon, x.lastChanged = x.now, nil
}

// recordChange records a change of tags.
func (x *changeIndex) recordChange(tags []uint64) {
	if len(x.lastChanged)+len(tags) > maxIndexedTags {
		x.forgetAll()
		return
	}
	if x.now++; x.lastChanged == nil {
		x.lastChanged = make(map[uint64]uint64, len(tags))
	}
	x.lastChanged[anyTag] = x.now
	for _, tag := range tags {
		x.lastChanged[tag] = x.now
	}
}

// changedSince reports whether one of the tags has changed after a time.
func (x *changeIndex) changedSince(tags []uint64, since uint64) bool {
	if since < x.horizon {
		return true
	}
	for _, tag := range tags {
		if x.lastChanged[tag] > since {
			return true
		}
	}
	return false
}
