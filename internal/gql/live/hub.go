package live

import (
	"context"
	"maps"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/invalidation"
)

const (
	// clockInterval is how often a response that depends on the time is computed again without a change.
	clockInterval = time.Minute
	// minRetry and maxRetry limit the time until an execution that failed is repeated; it doubles.
	minRetry, maxRetry = 500 * time.Millisecond, 15 * time.Second
	// verifyTimeout is how long a token may take to be verified again.
	verifyTimeout = 5 * time.Second
	// maxVerifications is how many tokens are verified at a time.
	maxVerifications = 16
)

// Changes is the log of committed changes.
type Changes interface {
	// Notify has notify called with the hashes of the tags of each change, nil for everything.
	Notify(notify func(tags []uint64))
	// Position returns the position that this process has reached.
	Position() invalidation.Position
	// Covers reports whether the log still has all changes after a position.
	Covers(since invalidation.Position) bool
}

// Options configure a Hub.
type Options struct {
	Changes Changes
	// MinInterval is the least time between two executions of one operation, unless a request may have any.
	MinInterval time.Duration
	// MaxStreams limits the streams of the process, MaxPerCaller those of an account, or of an address
	// without one, and MaxPerAddress those of all accounts of an address.
	MaxStreams, MaxPerCaller, MaxPerAddress int
	// CloseSpread is the time over which Close ends the streams.
	CloseSpread time.Duration
}

// Hub holds the streams of a process and executes their operations. It is safe for concurrent use.
type Hub struct {
	options       Options
	verifications *semaphore.Weighted

	mu        sync.Mutex
	index     changeIndex
	watches   map[watchKey]*watch
	byTag     map[uint64]map[*watch]struct{}
	streams   map[*Stream]struct{}
	reserved  int // places, of streams that are open or about to begin
	byCaller  map[string]int
	byAddress map[string]int
	byUser    map[int64]map[*Stream]struct{}
	userTags  map[uint64]int64 // the users of byUser, by their tags
	marks     uint64
	queue     []*watch
	workers   int
	stopping  bool
	recording bool // whether changes are recorded: not without streams
	stats     Stats
	observe   func(time.Duration) // the delay of each event that a change has caused; nil for none
}

// Stats are counts since the start of the process, and of what there is now.
type Stats struct {
	// Streams are what there is now, by their transport, and Watches the different responses that they wait for.
	Streams map[string]int
	Watches int
	// Executions counts executions after the first of a stream, Events the events that were sent, Silences
	// the executions that changed no response, and the events that a stream had already.
	Executions, Events, Silences uint64
	// Rejected counts streams beyond a limit, Ended streams whose token was no longer accepted, and Dropped streams
	// whose client did not read.
	Rejected, Ended, Dropped uint64
	// Resumes counts streams by how they continued.
	Resumes map[Resumed]uint64
}

// StreamCount returns the number of streams.
func (s Stats) StreamCount() (n int) {
	for _, count := range s.Streams {
		n += count
	}
	return n
}

// NewHub returns a hub without streams.
func NewHub(o Options) *Hub {
	h := &Hub{
		options: o, verifications: semaphore.NewWeighted(maxVerifications),
		watches: map[watchKey]*watch{}, byTag: map[uint64]map[*watch]struct{}{}, streams: map[*Stream]struct{}{},
		byCaller: map[string]int{}, byAddress: map[string]int{}, byUser: map[int64]map[*Stream]struct{}{}, userTags: map[uint64]int64{},
		stats: Stats{Streams: map[string]int{}, Resumes: map[Resumed]uint64{}},
	}
	o.Changes.Notify(h.applyChange)
	return h
}

// Stats returns the current counts.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	stats := h.stats
	stats.Watches = len(h.watches)
	stats.Streams, stats.Resumes = maps.Clone(h.stats.Streams), maps.Clone(h.stats.Resumes)
	return stats
}

// ObserveDelays has a function called with the time from a change until each event that it caused is sent. It must not
// block. ObserveDelays has to be called before the first stream.
func (h *Hub) ObserveDelays(observe func(time.Duration)) { h.observe = observe }

// Mark is the state of the log when an execution began.
type Mark struct {
	sequence uint64 // of the beginnings of executions
	change   uint64
	position invalidation.Position
}

// Reservation is the place of a stream that is about to begin: it counts for the limits, and the hub records
// changes for it.
type Reservation struct {
	hub    *Hub
	caller memory.Caller
	mark   Mark
	once   sync.Once
}

// Reserve reserves the place of a stream, or returns the error of the limit that its caller has reached. It has
// to be called before the first execution, and Release if no stream was opened.
func (h *Hub) Reserve(caller memory.Caller) (*Reservation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.checkLimits(caller); err != nil {
		h.stats.Rejected++
		return nil, err
	}
	h.reserved++
	h.byCaller[caller.ID]++
	h.byAddress[caller.Address]++
	if !h.recording {
		h.recording = true
		h.index.forgetAll() // changes were not recorded
	}
	return &Reservation{hub: h, caller: caller, mark: h.mark()}, nil
}

// mark returns the current state of the log. It requires the mutex.
func (h *Hub) mark() Mark {
	h.marks++
	return Mark{h.marks, h.index.now, h.options.Changes.Position()}
}

// Release gives the place back, unless a stream was opened that has it.
func (r *Reservation) Release() {
	r.once.Do(func() {
		r.hub.mu.Lock()
		defer r.hub.mu.Unlock()
		r.hub.releasePlace(r.caller)
	})
}

// releasePlace requires the mutex.
func (h *Hub) releasePlace(c memory.Caller) {
	h.reserved--
	decrement(h.byCaller, c.ID)
	decrement(h.byAddress, c.Address)
	if h.reserved == 0 {
		h.recording, h.index = false, changeIndex{now: h.index.now}
	}
}

func decrement(counts map[string]int, key string) {
	if counts[key]--; counts[key] == 0 {
		delete(counts, key)
	}
}

// checkLimits requires the mutex.
func (h *Hub) checkLimits(caller memory.Caller) error {
	switch o := h.options; {
	case h.stopping:
		return &edu.Error{Code: edu.Unavailable, RetryAfter: 1, Message: "the server is stopping: connect again"}
	case o.MaxPerCaller > 0 && h.byCaller[caller.ID] >= o.MaxPerCaller:
		return edu.Errorf(edu.RateLimited, "this caller has %d streams open, which is the limit: close one first", o.MaxPerCaller)
	case o.MaxPerAddress > 0 && h.byAddress[caller.Address] >= o.MaxPerAddress:
		return edu.Errorf(edu.RateLimited, "this address has %d streams open, which is the limit: close one first", o.MaxPerAddress)
	case o.MaxStreams > 0 && h.reserved >= o.MaxStreams:
		return &edu.Error{Code: edu.Unavailable, RetryAfter: 5, Message: "the server has as many streams as it accepts: try again later"}
	}
	return nil
}

// Open begins the stream of a reservation, which gives the place back when it is closed. The request's first
// execution must have begun after the reservation.
func (r *Reservation) Open(request Request) *Stream {
	h := r.hub
	r.once.Do(func() {})
	s := &Stream{
		hub: h, caller: r.caller, viewer: request.Viewer, withCaller: request.WithCaller, verifyToken: request.Verify,
		interval: max(request.Interval, h.options.MinInterval), transport: request.Transport,
	}
	if request.AnyInterval && request.Interval > 0 {
		s.interval = request.Interval
	}
	e := newEvent(request.First.Body, r.mark.position)
	if at, hash, ok := parseEventID(request.LastEventID); ok {
		s.sent = hash // the watch may have this response, and not yet the request's newer one
		switch {
		case hash == e.hash:
			s.resumed = ResumedUnchanged
		case h.options.Changes.Covers(at):
			s.resumed = ResumedChanged
		default:
			s.resumed = ResumedAfterGap
		}
	} else if request.LastEventID != "" {
		s.resumed = ResumedAfterGap
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams[s] = struct{}{}
	h.stats.Streams[s.transport]++
	h.stats.Resumes[s.resumed]++
	if request.Verify != nil {
		h.addUser(s)
	}
	if h.stopping {
		s.finish(EndOfServer)
	}
	h.joinWatch(s, request, e, r.mark)
	return s
}

// removeStream requires the mutex.
func (h *Hub) removeStream(s *Stream) {
	if s.closed {
		return
	}
	s.closed, s.pending = true, nil
	delete(h.streams, s)
	h.stats.Streams[s.transport]--
	h.removeUser(s)
	if s.expiry != nil {
		s.expiry.Stop()
	}
	h.leaveWatch(s)
	h.releasePlace(s.caller)
}

// applyChange executes the watches again that depend on a tag, all of them if tags is nil.
func (h *Hub) applyChange(tags []uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.recording {
		return
	}
	if tags == nil {
		h.index.forgetAll()
		for _, w := range h.watches {
			w.recordChange()
		}
		for user := range h.byUser {
			h.startVerification(user)
		}
		return
	}
	h.index.recordChange(tags)
	for w := range h.byTag[anyTag] {
		w.recordChange()
	}
	for _, tag := range tags {
		for w := range h.byTag[tag] {
			w.recordChange()
		}
		if user, ok := h.userTags[tag]; ok {
			h.startVerification(user)
		}
	}
}

// enqueue has a worker execute a watch. It requires the mutex.
func (h *Hub) enqueue(w *watch) {
	h.queue = append(h.queue, w)
	if h.workers < 2*runtime.GOMAXPROCS(0) {
		h.workers++
		go h.work()
	}
}

// work executes queued watches until there are none.
func (h *Hub) work() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.queue) > 0 {
		w := h.queue[0]
		h.queue = h.queue[1:]
		w.execute()
	}
	h.queue = nil
	h.workers--
}

// Close ends all streams within CloseSpread, so that their clients do not all connect elsewhere at once, and
// rejects new ones. It returns when the last was closed, or when the context is done.
func (h *Hub) Close(ctx context.Context) {
	h.mu.Lock()
	h.stopping = true
	all := make([]*Stream, 0, len(h.streams))
	for s := range h.streams { // in a random order
		all = append(all, s)
	}
	h.mu.Unlock()
	began := time.Now()
	for i, s := range all {
		at := began.Add(h.options.CloseSpread * time.Duration(i) / time.Duration(len(all)))
		if wait := time.Until(at); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
		h.mu.Lock()
		s.finish(EndOfServer)
		h.mu.Unlock()
	}
	h.awaitRelease(ctx)
}

// awaitRelease returns when no place is taken any more.
func (h *Hub) awaitRelease(ctx context.Context) {
	const interval = 5 * time.Millisecond
	for ctx.Err() == nil {
		h.mu.Lock()
		reserved := h.reserved
		h.mu.Unlock()
		if reserved == 0 {
			return
		}
		select {
		case <-time.After(interval):
		case <-ctx.Done():
		}
	}
}
