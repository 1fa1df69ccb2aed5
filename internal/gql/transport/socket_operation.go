package transport

import (
	"context"
	"sync/atomic"

	"github.com/7p-education/api/internal/gql/live"
)

// socketOperation is an operation of a socket that is in progress.
type socketOperation struct {
	socket *socket
	id     string
	queued atomic.Bool

	// Guarded by the socket's mutex while the operation is one of the socket.
	cancel context.CancelFunc // of the first execution; nil after it
	stream *live.Stream       // nil before its first response
}

// end ends an operation that was removed from its socket.
func (o *socketOperation) end() {
	if o.stream != nil {
		o.stream.Close()
		return
	}
	o.cancel()
}

// Wake implements live.Listener.
func (o *socketOperation) Wake() {
	if o.queued.CompareAndSwap(false, true) {
		o.socket.handler.sending.Add(o)
	}
}

// Run sends what the stream of the operation has. The id of an event is in the extensions of its message.
func (o *socketOperation) Run(buffer *[]byte) {
	o.queued.Store(false)
	s := o.socket
	if !s.Begin(o) {
		return
	}
	e, end := o.stream.Next()
	if e == nil {
		s.Release()
	} else {
		*buffer = appendText((*buffer)[:0], nextPrefix(o.id), e.Frame("socket", socketPayload), []byte{'}'})
		s.Send(*buffer, false)
	}
	if end != 0 {
		go s.closeFor(end)
	}
}

// socketPayload returns a response with the id of its event, which Server-Sent Events have beside it.
func socketPayload(e *live.Event) []byte { return e.Response(true) }

// closeFor closes the socket because one of its streams has ended, with all of its streams.
func (s *socket) closeFor(reason live.EndReason) {
	if reason == live.EndOfToken {
		s.close(closeForbidden, "Forbidden: the session has ended or changed")
		return
	}
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.closeIfStopping()
}
