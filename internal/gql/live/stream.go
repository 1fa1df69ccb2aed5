package live

import (
	"context"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/memory"
)

// Request opens a stream.
type Request struct {
	Operation Operation
	Viewer    edu.Viewer
	// Transport names the protocol of the stream, for Stats.
	Transport string
	// WithCaller returns a context whose costs count for the caller of the stream.
	WithCaller func(context.Context) context.Context
	// First is the result of the first execution, which began after the reservation.
	First Execution
	// LastEventID is the id of the last event that the client has read, "" for none.
	LastEventID string
	// Interval is the least time between two executions; 0 is the hub's, which is also the least one unless
	// AnyInterval is set.
	Interval    time.Duration
	AnyInterval bool
	// Verify returns the viewer of the client's token as of now, or why the token is no longer accepted; nil
	// without a token.
	Verify func(context.Context) (edu.Viewer, error)
}

// EndReason is why a stream ends.
type EndReason uint8

// The reasons to end a stream.
const (
	notEnded EndReason = iota
	// EndOfToken ends the streams of a token that expired or was revoked, or whose account has changed.
	EndOfToken
	// EndOfServer ends all streams, because the server stops: the client continues at another one.
	EndOfServer
)

// Listener is woken when the Next of a stream has an event or the end. Wake must not block, and must not call methods
// of the stream.
type Listener interface{ Wake() }

// Stream is the stream of one client. Its methods are safe for concurrent use.
type Stream struct {
	hub         *Hub
	caller      memory.Caller
	viewer      edu.Viewer
	withCaller  func(context.Context) context.Context
	verifyToken func(context.Context) (edu.Viewer, error) // nil without a token
	interval    time.Duration                             // the least time between two executions
	transport   string
	resumed     Resumed

	// Guarded by the hub's mutex.
	listener Listener // nil before Notify
	watch    *watch
	pending  *Event
	sent     string // the hash of the last event that Next returned, or that the client had
	started  bool   // whether Next has returned an event
	end      EndReason
	closed   bool
	expiry   *time.Timer

	verifying, verifyAgain bool // a verification of the token is in progress, and another one has to follow
}

// Notify has a listener woken from now on, and at once if there is something already.
func (s *Stream) Notify(l Listener) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.listener = l
	if s.pending != nil || s.end != notEnded {
		l.Wake()
	}
}

// Resumed returns how the stream continues after the client's last event.
func (s *Stream) Resumed() Resumed { return s.resumed }

// Next returns the newest event that the client does not have, nil if there is none, and whether the stream
// has ended. The first event has the extension "live".
func (s *Stream) Next() (e *Event, end EndReason) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	e, s.pending = s.pending, nil
	if e == nil {
		return nil, s.end
	}
	s.sent = e.hash
	if !s.started {
		s.started = true
		e = &Event{ID: e.ID, body: e.body, hash: e.hash, extension: liveExtension(s.interval.Milliseconds(), s.resumed)}
	}
	s.hub.stats.Events++
	if s.hub.observe != nil && !e.changed.IsZero() {
		s.hub.observe(time.Since(e.changed))
	}
	return e, s.end
}

// Close ends the stream and gives its place back. It may be called several times.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.removeStream(s)
}

// Drop is Close for a stream whose client did not read.
func (s *Stream) Drop() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if !s.closed {
		s.hub.stats.Dropped++
	}
	s.hub.removeStream(s)
}

// offer makes an event the next one, in place of an older one that was not read. It requires the hub's mutex.
func (s *Stream) offer(e *Event) {
	if e.hash == s.sent {
		s.pending = nil // back to what the client has
		s.hub.stats.Silences++
		return
	}
	s.pending = e
	s.wake()
}

// finish ends the stream after its pending event. It requires the hub's mutex.
func (s *Stream) finish(reason EndReason) {
	if s.end == notEnded {
		s.end = reason
		s.wake()
	}
}

// wake requires the hub's mutex.
func (s *Stream) wake() {
	if s.listener != nil {
		s.listener.Wake()
	}
}
