package live

import (
	"context"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/respcache"
)

// watchKey identifies the streams that get the same response.
type watchKey struct {
	operation respcache.Key
	scope     respcache.Scope
	viewer    edu.Viewer // what of the viewer the response depends on
	interval  time.Duration
}

// newWatchKey returns the key of a viewer's stream, by what the response depends on.
func newWatchKey(o Operation, s *Stream, scope respcache.Scope) watchKey {
	k := watchKey{operation: o.Key(), scope: scope, interval: s.interval}
	switch v := s.viewer; scope {
	case respcache.ByRole:
		k.viewer = edu.Viewer{Role: v.Role}
		if !v.SignedIn() {
			k.viewer.Role = ""
		}
	case respcache.ByViewer:
		k.viewer = edu.Viewer{ID: v.ID, Role: v.Role}
	}
	return k
}

// watch is an operation that is executed again after each change that may change its response, for all of its
// streams. All methods require the hub's mutex.
type watch struct {
	hub       *Hub
	key       watchKey
	operation Operation
	streams   map[*Stream]struct{}
	latest    *Event // nil before the first execution
	began     Mark   // of its execution
	tags      []uint64

	running   bool        // an execution is in progress
	scheduled bool        // an execution is queued, or will be
	changed   time.Time   // of the first change after the last execution; zero for none
	delayed   *time.Timer // queues a later execution; nil before the first one
	lastRun   time.Time
	failures  int
	failed    string      // the caller of the last execution, if that failed
	clock     *time.Timer // executes a response that depends on the time again; nil if none did
}

// joinWatch adds a stream to the watch of its first response, whose execution began at a mark.
func (h *Hub) joinWatch(s *Stream, request Request, e *Event, began Mark) {
	w := h.addToWatch(s, request.Operation, respcache.WidestScope(request.First.varyBy()))
	if w.latest == nil || began.sequence > w.began.sequence {
		w.update(request.First, e, began)
	}
	s.offer(w.latest)
}

// addToWatch adds a stream to the watch of a scope, which it creates if there is none.
func (h *Hub) addToWatch(s *Stream, o Operation, scope respcache.Scope) *watch {
	key := newWatchKey(o, s, scope)
	w := h.watches[key]
	if w == nil {
		w = &watch{hub: h, key: key, operation: o, streams: map[*Stream]struct{}{}, lastRun: time.Now()}
		h.watches[key] = w
	}
	w.streams[s] = struct{}{}
	s.watch = w
	return w
}

// leaveWatch removes a stream from its watch, if it has one, and the watch with its last stream.
func (h *Hub) leaveWatch(s *Stream) {
	w := s.watch
	if w == nil {
		return
	}
	s.watch = nil
	if delete(w.streams, s); len(w.streams) == 0 {
		w.remove()
	}
}

// remove removes a watch without streams.
func (w *watch) remove() {
	delete(w.hub.watches, w.key)
	w.setTags(nil)
	for _, timer := range []*time.Timer{w.clock, w.delayed} {
		if timer != nil { // it would hold the response
			timer.Stop()
		}
	}
}

// setTags makes the watch depend on other tags.
func (w *watch) setTags(tags []uint64) {
	byTag := w.hub.byTag
	for _, tag := range w.tags {
		if delete(byTag[tag], w); len(byTag[tag]) == 0 {
			delete(byTag, tag)
		}
	}
	for _, tag := range tags {
		if byTag[tag] == nil {
			byTag[tag] = map[*watch]struct{}{}
		}
		byTag[tag][w] = struct{}{}
	}
	w.tags = tags
}

// update takes over a response whose execution began at a mark, and sends it to all streams if it has changed.
func (w *watch) update(x Execution, e *Event, began Mark) {
	tags := x.Tags.SortedHashes()
	if !x.Tags.Complete() {
		tags = append(tags, anyTag)
	}
	w.setTags(tags)
	w.began, w.failures, w.failed = began, 0, ""
	if w.latest == nil || w.latest.hash != e.hash {
		w.latest = e
		for s := range w.streams {
			s.offer(e)
		}
	} else {
		w.hub.stats.Silences++
	}
	if x.varyBy()&edu.VaryByClock != 0 {
		w.awaitClock()
	}
	w.scheduleIfChanged()
}

// scheduleIfChanged schedules an execution if the latest response may be outdated: a change during its execution
// may or may not be in it.
func (w *watch) scheduleIfChanged() {
	if w.hub.index.changedSince(w.tags, w.began.change) {
		w.schedule()
	}
}

// awaitClock has the watch executed again later, without a change.
func (w *watch) awaitClock() {
	if w.clock != nil {
		w.clock.Stop()
	}
	w.clock = time.AfterFunc(clockInterval, func() {
		w.hub.mu.Lock()
		defer w.hub.mu.Unlock()
		w.schedule()
	})
}

// recordChange has the watch executed because of a change.
func (w *watch) recordChange() {
	if w.changed.IsZero() {
		w.changed = time.Now()
	}
	w.schedule()
}

// schedule has the watch executed once, not earlier than its interval after the last execution.
func (w *watch) schedule() { w.scheduleAfter(w.key.interval - time.Since(w.lastRun)) }

func (w *watch) scheduleAfter(delay time.Duration) {
	switch {
	case w.running: // execute finds out whether it has to be repeated
	case w.scheduled || len(w.streams) == 0:
	case delay <= 0:
		w.scheduled = true
		w.hub.enqueue(w)
	default:
		w.scheduled = true
		w.delayed = time.AfterFunc(delay, func() {
			w.hub.mu.Lock()
			defer w.hub.mu.Unlock()
			w.hub.enqueue(w)
		})
	}
}

// execute executes the operation for one of the streams. It releases the mutex meanwhile.
func (w *watch) execute() {
	h := w.hub
	w.scheduled = false
	s := w.anyStream()
	if s == nil {
		return
	}
	w.running, w.lastRun = true, time.Now()
	began, changed := h.mark(), w.changed
	w.changed = time.Time{}
	h.stats.Executions++
	h.mu.Unlock()
	ctx := context.Background()
	if s.withCaller != nil {
		ctx = s.withCaller(ctx)
	}
	x := w.operation.Execute(ctx, s.viewer)
	var e *Event
	if !x.Unavailable {
		e = newEvent(x.Body, began.position)
		e.changed = changed
	}
	h.mu.Lock()
	w.running = false
	switch {
	case len(w.streams) == 0:
	case x.Unavailable:
		if w.changed.IsZero() {
			w.changed = changed
		}
		w.retry(s, x.RetryAfter)
	case respcache.WidestScope(x.varyBy()) > w.key.scope:
		w.split(respcache.WidestScope(x.varyBy()), changed)
	case w.latest == nil || began.sequence > w.began.sequence:
		w.update(x, e, began)
	default: // a new stream has brought a later response
		w.scheduleIfChanged()
	}
}

// anyStream returns one of the streams, if possible of another caller than that of an execution that failed: one
// who has spent the budget does not delay the others.
func (w *watch) anyStream() (found *Stream) {
	for s := range w.streams {
		if found = s; s.caller.ID != w.failed {
			break
		}
	}
	return found
}

// retry executes the operation again later, because its response is not available now to the caller of a stream.
func (w *watch) retry(s *Stream, after time.Duration) {
	w.failed = s.caller.ID
	if after == 0 || w.anyStream().caller.ID != w.failed {
		after = min(maxRetry, minRetry<<min(w.failures, 10))
	}
	w.failures++
	w.scheduleAfter(after)
}

// split distributes the streams to watches of a narrower scope: the response depends on more of the viewer
// than before, so each of these watches has to be executed.
func (w *watch) split(scope respcache.Scope, changed time.Time) {
	streams := w.streams
	w.streams = map[*Stream]struct{}{}
	w.remove()
	for s := range streams {
		if narrower := w.hub.addToWatch(s, w.operation, scope); narrower.latest == nil {
			narrower.changed = changed
			narrower.scheduleAfter(0)
		} else {
			s.offer(narrower.latest)
		}
	}
}
