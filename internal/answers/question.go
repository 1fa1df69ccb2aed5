package answers

import (
	"context"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/changes"
)

// unverified is why nothing is looked for while it cannot be known what is good.
const unverified = "unverified"

// Question is a request on its way to an answer: to one that is kept, or to one that
// is made now. Its methods are not safe for concurrent use.
type Question struct {
	answers *Answers
	key     Key
	viewer  edu.Viewer
	since   changes.Position // how far the log went before anything was read

	// Answer is the one that was kept; nil where the caller has to make one.
	Answer *Answer
	// Stale tells that Answer is older than its policy wants, and that the caller has
	// to make a new one, beside the request.
	Stale, Renew bool
	// Bypass is why no kept answer was looked for; "" where one was.
	Bypass string

	far    bool    // whether Answer was in Redis
	flight *flight // that the caller has to end; nil for none
	name   string  // of the flight
	unlock func()
	again  bool // whether who waits for the answer asks again
}

// Ask looks for the answer to a request. End must be called on what it returns, once
// the caller has made the answer or found that he cannot.
//
// Of those that need the same answer at the same time, one makes it, in this process
// and as far as Redis answers in all of them.
func (a *Answers) Ask(ctx context.Context, k Key, v edu.Viewer) *Question {
	q := &Question{answers: a, key: k, viewer: v}
	defer a.counts.note(q)
	var end time.Time // of the waiting; a hit need not know
	for {
		if !q.look(ctx) || q.Answer != nil || a.flights.hopeless(k, v) {
			return q
		}
		if now := time.Now(); end.IsZero() {
			end = now.Add(maxWait)
		} else if now.After(end) {
			return q
		}
		q.name = a.flights.name(k, v)
		flight, own := a.flights.join(q.name)
		if own {
			q.flight = flight
			q.lead(ctx, end)
			return q
		}
		if !flight.wait(ctx, end) {
			q.look(ctx) // what was read from here on is of now
			return q
		}
	}
}

// look finds out how far the log goes, and what is kept. It reports false where that
// cannot be known.
func (q *Question) look(ctx context.Context) bool {
	s := search{answers: q.answers, key: q.key, viewer: q.viewer}
	s.begin(ctx)
	now, ok := q.answers.changes.Now(ctx)
	if !ok {
		q.Bypass = unverified
		return false
	}
	q.since = now
	answer, far := s.find(ctx, now)
	if answer == nil {
		return true
	}
	if q.Answer, q.far = answer, far; far { // this process need not make it to know who shares it
		q.learn(memory{scope: answer.Scope})
	}
	if answer.TTL(time.Now()) >= 0 {
		return true
	}
	if q.Stale = true; answer.Scope != Public {
		q.Answer, q.Stale = nil, false // it is made for who is asking, and he is here
		return true
	}
	if q.flight != nil { // it leads already: who waits for it renews the answer
		return true
	}
	q.name = q.key.name(Public, q.viewer)
	if flight, own := q.answers.flights.join(q.name); own {
		q.flight, q.Renew = flight, true
	}
	return true
}

// lead makes this the one who makes the answer, or finds what another made: here, where
// that was kept after q had looked and before its flight began, or in another process,
// which q waits for until end.
func (q *Question) lead(ctx context.Context, end time.Time) {
	a := q.answers
	defer func() { q.again = q.Answer != nil }()
	if a.redis == nil {
		s := search{answers: a, key: q.key, viewer: q.viewer}
		if s.look(Public); s.here(q.since) != nil {
			q.look(ctx)
		}
		return
	}
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		q.unlock = a.lock(ctx, q.name)
		// Who had the lock may have kept the answer since it was last looked for.
		if !q.look(ctx) || q.Answer != nil || q.unlock != nil || time.Now().After(end) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		}
	}
}

// Keep keeps the answer that the caller has made, of what tags tell. It returns why
// it is not kept, "" where it is.
func (q *Question) Keep(ctx context.Context, answer *Answer, tags *edu.Tags) (why string) {
	if q.Bypass != "" {
		return q.Bypass
	}
	why = q.answers.keep(ctx, q, answer, tags)
	q.remember(why == "", answer.Scope)
	return why
}

// Refuse notes that the answer which the caller has made is not to be kept. Where its
// context is over, who asked has left: that says nothing of the answer, and another of
// those who wait makes it.
func (q *Question) Refuse(ctx context.Context) {
	if ctx.Err() != nil {
		q.again = true
		return
	}
	q.remember(false, ByViewer)
}

func (q *Question) remember(kept bool, s Scope) {
	m := memory{scope: s}
	if !kept {
		m.notKept = time.Now()
	}
	q.learn(m)
	q.again = kept
}

// learn has others of the viewer's role know how it went.
func (q *Question) learn(m memory) { q.answers.flights.memories.Add(q.key.name(ByRole, q.viewer), m) }

// End lets those go on who wait for the answer. Those of other processes may hear of it
// a moment later.
func (q *Question) End() {
	if q.unlock != nil {
		go q.unlock()
		q.unlock = nil
	}
	if q.flight != nil {
		q.answers.flights.end(q.name, q.flight, q.again)
		q.flight = nil
	}
}

// Renewal returns the question of a caller who makes a stale answer anew: nobody's,
// so that no viewer's answer becomes everybody's. It is ended in place of q.
func (q *Question) Renewal() *Question {
	r := &Question{answers: q.answers, key: q.key, flight: q.flight, name: q.name}
	q.flight = nil
	return r
}

// Begin must be called on a Renewal before anything is read. It reports whether the
// caller has to make the answer: not where another process is at it, or has made it.
func (q *Question) Begin(ctx context.Context) bool {
	a := q.answers
	if a.redis != nil {
		if q.unlock = a.lock(ctx, q.name); q.unlock == nil {
			return false
		}
	}
	now, ok := a.changes.Now(ctx)
	if q.since = now; !ok {
		q.Bypass = unverified
		return false
	}
	s := search{answers: a, key: q.key}
	s.look(Public)
	answer := s.here(now)
	if a.redis != nil && old(answer) {
		answer = s.there(now, a.fetch(ctx, s.keys()))
	}
	return old(answer)
}

// old tells whether an answer is to be made anew, as none is.
func old(answer *Answer) bool { return answer == nil || answer.TTL(time.Now()) < 0 }
