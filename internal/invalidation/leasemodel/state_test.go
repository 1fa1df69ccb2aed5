package leasemodel

const (
	maxMembers = 3
	maxWriters = 2

	// leaseTicks is how long a member uses a lease at most, by the slowest clock that is allowed, and
	// waitTicks how long a writer waits at least, by the fastest one.
	leaseTicks, waitTicks = 2, 2
)

// writes is a set of writes, one bit each. Each writer has at most one write.
type writes uint8

// registration is the value of a member in Redis. No two exchanges of a member store the same counter.
type registration struct {
	present      bool
	end, counter uint8
}

// data are the contents of a Redis process.
type data struct {
	// epoch is that of the log, members the epoch that is stored with the members: 0 if either is lost.
	epoch, members uint8
	run            uint8 // of the process that began the epoch
	base           writes
	log            [maxWriters]writes // base and the writes up to each position
	end            uint8
	registered     [maxMembers]registration
}

// published returns the writes that an index which was built from the log has: those before the epoch, and
// those in the log.
func (d *data) published() writes {
	if d.end == 0 {
		return d.base
	}
	return d.log[d.end-1]
}

// command is a command that a member has sent.
type command struct {
	kind                commandKind
	executed, succeeded bool
	epoch, end, counter uint8 // arguments
	age                 uint8 // ticks since it was sent
	run                 uint8 // of the process that executed it
	found               writes
	foundEnd            uint8
}

type commandKind uint8

const (
	noCommand commandKind = iota
	exchange
	leave
)

// member is a process that serves hits.
type member struct {
	epoch, run, end, counter uint8
	index                    writes // that its index has
	leaseAge                 uint8  // leaseTicks without a lease
	sent                     command
	late                     command // one that has timed out, and may still be executed
}

// sight is what a writer saw last of a member: its registration, and for how many ticks that is unchanged.
type sight struct {
	registration
	age uint8
}

// writer is a process that acknowledges a write.
type writer struct {
	stage      stage
	appended   bool
	reveals    writes // what its acknowledgement reveals
	epoch, run uint8  // 0 before it has seen an epoch
	epochAge   uint8  // ticks since it first saw the epoch
	target     uint8  // the position that members must reach
	waits      [maxMembers]uint8
	epochWait  uint8
	seen       [maxMembers]sight
}

type stage uint8

const (
	idle stage = iota
	committed
	waiting
	acknowledged
)

// state is a state of all processes. It is comparable.
type state struct {
	redis, replica data
	run, epochs    uint8 // the running Redis process, and how many epochs have begun
	faults         uint8
	committed      writes
	acknowledged   writes
	members        [maxMembers]member
	writers        [maxWriters]writer
}

// bounds limit the states that are explored.
type bounds struct {
	members, writers  int
	exchanges, faults uint8
	// replays is set if the last writer changes nothing: its acknowledgement only reveals other writes.
	replays bool
}

// newState returns the state of processes that use an epoch for long, without any lease.
func newState(b bounds) state {
	d := data{epoch: 1, members: 1, run: 1}
	s := state{redis: d, replica: d, run: 1, epochs: 1}
	for m := range b.members {
		s.members[m] = member{epoch: 1, run: 1, leaseAge: leaseTicks}
	}
	for w := range b.writers {
		s.writers[w] = writer{epoch: 1, run: 1, epochAge: waitTicks}
	}
	return s
}

// isStale reports whether a member may serve a response that lacks an acknowledged write.
func (s *state) isStale() bool {
	for _, m := range s.members {
		if m.epoch != 0 && m.leaseAge < leaseTicks && s.acknowledged&^m.index != 0 {
			return true
		}
	}
	return false
}
