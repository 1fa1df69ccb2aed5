package leasemodel

// guards are the rules of the protocol. A test removes each of them, and must find a stale response.
type guards struct {
	awaitMembers      bool // a write waits for the members
	acknowledgeOld    bool // an exchange acknowledges what was applied before, not what it returns
	countFromSending  bool // a lease begins when the exchange was sent
	waitWholeLease    bool // a write waits as long as the slowest clock uses a lease
	compareOnRemoval  bool // a member is removed only if its registration is unchanged
	agedRemoval       bool // a member is removed only if its registration is unchanged for a lease
	compareOnLeaving  bool // a member leaves only if its registration is unchanged
	endBeforeLeaving  bool // a member ends its lease before it leaves
	awaitEpochAge     bool // a write waits until the epoch is known for a lease
	detectLostMembers bool // members that are lost alone end the epoch
	verifyRun         bool // a reply of another Redis process counts for nothing
	awaitOthers       bool // a write also waits for the other writes that it reveals
}

// explorer finds the successors of states.
type explorer struct {
	bounds
	guards
	found []step
}

// step is a state that a named step leads to.
type step struct {
	name string
	state
}

func (x *explorer) add(name string, s state) { x.found = append(x.found, step{name, s}) }

// next returns the states that one step leads to.
func (x *explorer) next(s state) []step {
	x.found = x.found[:0]
	x.add("tick", tick(s))
	for m := range x.bounds.members {
		x.stepMember(s, m)
	}
	for w := range x.writers {
		x.stepWriter(s, w)
	}
	if s.redis != s.replica && x.faults > 0 {
		replicated := s
		replicated.replica = s.redis
		x.add("the replica catches up", replicated)
	}
	if s.faults < x.faults {
		x.stepFault(s)
	}
	return x.found
}

// tick makes everything one tick older, up to the age from which it makes no difference.
func tick(s state) state {
	older := func(age *uint8) { *age = min(*age+1, waitTicks) }
	for m := range s.members {
		if s.members[m].epoch != 0 {
			older(&s.members[m].leaseAge)
		}
		if s.members[m].sent.kind == exchange {
			older(&s.members[m].sent.age)
		}
	}
	for w := range s.writers {
		v := &s.writers[w]
		if v.epoch != 0 {
			older(&v.epochAge)
		}
		v.epochWait = max(v.epochWait, 1) - 1
		for m := range v.seen {
			if v.seen[m].present {
				older(&v.seen[m].age)
			}
			v.waits[m] = max(v.waits[m], 1) - 1
		}
	}
	return s
}

// stepMember adds the steps of a member and of the commands that it has sent.
func (x *explorer) stepMember(s state, m int) {
	v := s.members[m]
	if v.sent.kind == noCommand {
		if v.counter < x.exchanges {
			next := s
			n := &next.members[m]
			n.counter++
			n.sent = command{kind: exchange, epoch: v.epoch, end: v.end, counter: n.counter}
			x.add("a member sends an exchange", next)
		}
		if v.counter > 0 {
			next := s
			if x.endBeforeLeaving {
				next.members[m].leaseAge = leaseTicks
			}
			next.members[m].sent = command{kind: leave, counter: v.counter}
			x.add("a member leaves", next)
		}
	} else {
		next := s
		next.members[m].sent = command{}
		if !v.sent.executed {
			next.members[m].late = v.sent
			next.members[m].late.age = 0
		}
		x.add("a command of a member times out", next)
		x.receive(s, m)
	}
	for _, late := range []bool{false, true} {
		next := s
		c := &next.members[m].sent
		if late {
			c = &next.members[m].late
		}
		if c.kind == noCommand || c.executed {
			continue
		}
		x.execute(&next, m, c)
		if late {
			*c = command{}
		}
		x.add("Redis executes a command", next)
	}
}

// execute runs a command in Redis.
func (x *explorer) execute(s *state, m int, c *command) {
	d := &s.redis
	c.executed, c.run = true, s.run
	if c.kind == leave {
		if !x.compareOnLeaving || d.registered[m].counter == c.counter {
			d.registered[m] = registration{}
		}
		return
	}
	c.succeeded = d.epoch == c.epoch && c.end <= d.end && (d.members == c.epoch || !x.detectLostMembers)
	if !c.succeeded {
		return
	}
	c.found, c.foundEnd = d.published(), d.end
	d.registered[m] = registration{present: true, end: c.end, counter: c.counter}
	if !x.acknowledgeOld {
		d.registered[m].end = d.end
	}
}

// receive adds the step in which a member receives a reply. If the log does not continue where its index
// ends, it builds another index.
func (x *explorer) receive(s state, m int) {
	v := &s.members[m]
	c := v.sent
	if !c.executed {
		return
	}
	v.sent = command{}
	switch {
	case c.kind == leave:
	case c.succeeded && (c.run == v.run || !x.verifyRun):
		v.index |= c.found
		v.end, v.leaseAge = c.foundEnd, c.age
		if !x.countFromSending {
			v.leaseAge = 0
		}
	default:
		x.beginEpoch(&s)
		*v = member{epoch: s.redis.epoch, run: s.run, end: s.redis.end, counter: v.counter, index: s.redis.published(), leaseAge: leaseTicks, late: v.late}
	}
	x.add("a member receives a reply", s)
}

// beginEpoch begins an epoch unless the log is one that the running Redis process has begun.
func (x *explorer) beginEpoch(s *state) {
	d := &s.redis
	if d.epoch != 0 && (d.run == s.run || !x.verifyRun) && (d.members == d.epoch || !x.detectLostMembers) {
		return
	}
	s.epochs++
	*d = data{epoch: s.epochs, members: s.epochs, run: s.run, base: s.committed}
}

// stepWriter adds the steps of a writer.
func (x *explorer) stepWriter(s state, w int) {
	v := &s.writers[w]
	x.remove(s, w)
	switch v.stage {
	case idle:
		if !x.replays || w < x.writers-1 {
			s.committed |= 1 << w
		}
		v.stage, v.reveals = committed, s.committed
		x.add("a writer commits", s)
	case committed:
		if v.epoch != s.redis.epoch || s.redis.members != s.redis.epoch && x.detectLostMembers || x.verifyRun && v.run != s.run {
			x.beginEpoch(&s)
			v.epoch, v.run, v.epochAge, v.seen = s.redis.epoch, s.run, 0, [maxMembers]sight{}
			x.add("a writer sees another epoch", s)
			return
		}
		missing := v.reveals &^ s.redis.published()
		if !x.awaitOthers {
			missing &= 1 << w
		}
		if missing != 0 {
			s.redis.log[s.redis.end] = s.redis.published() | missing
			s.redis.end++
			v.appended = true
			x.add("a writer publishes", s)
			return
		}
		x.observe(&s, w)
		v.stage, v.target = waiting, s.redis.end
		x.startWaiting(&s, w)
		x.add("a writer observes the members", s)
	case waiting:
		x.await(s, w)
	}
}

// observe records the registrations that a writer finds.
func (x *explorer) observe(s *state, w int) {
	v := &s.writers[w]
	for m, r := range s.redis.registered {
		if v.seen[m].registration != r {
			v.seen[m] = sight{registration: r}
		}
	}
}

// startWaiting sets how long a writer waits for each member.
func (x *explorer) startWaiting(s *state, w int) {
	v := &s.writers[w]
	wait := uint8(waitTicks)
	if !x.waitWholeLease {
		wait--
	}
	if x.awaitEpochAge {
		v.epochWait = wait - min(v.epochAge, wait)
	}
	for m := range v.seen {
		v.waits[m] = 0
		if x.awaitMembers && v.seen[m].present && v.seen[m].end < v.target {
			v.waits[m] = wait - min(v.seen[m].age, wait)
		}
	}
	if !x.awaitOthers && !v.appended { // its own write is nothing to wait for
		v.waits = [maxMembers]uint8{}
	}
}

// await adds the steps of a writer that waits: it observes the members again, or acknowledges its write.
func (x *explorer) await(s state, w int) {
	v := &s.writers[w]
	if v.waits == [maxMembers]uint8{} && v.epochWait == 0 {
		next := s
		next.writers[w].stage = acknowledged
		next.acknowledged |= v.reveals
		x.add("a writer acknowledges", next)
		return
	}
	if v.epoch != s.redis.epoch || x.verifyRun && v.run != s.run || s.redis.members != s.redis.epoch && x.detectLostMembers {
		v.stage = committed
		x.add("a writer begins again", s)
		return
	}
	x.observe(&s, w)
	for m := range v.seen {
		if !v.seen[m].present || v.seen[m].end >= v.target {
			v.waits[m] = 0
		}
	}
	x.add("a writer observes the members again", s)
}

// remove adds the steps in which a writer removes a member whose registration has not changed for a lease.
func (x *explorer) remove(s state, w int) {
	for m, seen := range s.writers[w].seen {
		if !seen.present || seen.age < waitTicks && x.agedRemoval || x.verifyRun && s.writers[w].run != s.run {
			continue
		}
		if r := s.redis.registered[m]; r == seen.registration || !x.compareOnRemoval && r.present {
			next := s
			next.redis.registered[m] = registration{}
			next.writers[w].seen[m] = sight{}
			x.add("a writer removes a member", next)
		}
	}
}

// stepFault adds the failures of Redis.
func (x *explorer) stepFault(s state) {
	s.faults++
	lost := s
	lost.redis.members, lost.redis.registered = 0, [maxMembers]registration{}
	x.add("Redis evicts the members", lost)
	lost.redis = data{}
	x.add("Redis loses all keys", lost)
	failedOver := s
	failedOver.redis = s.replica
	failedOver.run++
	x.add("another Redis process takes over, with an older copy", failedOver)
}
