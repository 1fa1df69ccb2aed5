package transport

import (
	"context"
	"time"

	"github.com/gobwas/ws"
)

// CloseSockets closes each WebSocket as soon as it has no operation in progress, and returns when all are closed or
// the context is done. The hub ends streams.
func (h *Handler) CloseSockets(ctx context.Context) {
	const interval = 5 * time.Millisecond
	h.stopping.Store(true)
	for open := true; open && ctx.Err() == nil; {
		open = false
		for _, member := range h.heartbeats.Members() {
			if s, ok := member.(*socket); ok {
				open = true
				s.closeIfStopping()
			}
		}
		select {
		case <-time.After(interval):
		case <-ctx.Done():
		}
	}
}

// closeIfStopping closes a socket of a server that stops if it has no operations, or only streams of which one has
// ended. Others wait for their responses. It does not wait for a client that does not read.
func (s *socket) closeIfStopping() {
	s.mu.Lock()
	done := s.finishing == 0 && (s.ended || s.handler.stopping.Load() && len(s.operations) == 0)
	for _, o := range s.operations {
		done = done && o.stream != nil
	}
	s.mu.Unlock()
	if done && !s.IsClosing() {
		go s.close(ws.StatusGoingAway, "the server stops: connect again")
	}
}
