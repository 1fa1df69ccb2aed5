package transport

import "time"

// SetStreamTimeouts changes how often an idle stream sends something, and how long the client of a WebSocket may
// take to begin.
func (h *Handler) SetStreamTimeouts(heartbeat, init time.Duration) {
	h.heartbeats.Interval, h.initTimeout = heartbeat, init
}

// SetPieceTimeout changes how long each piece of a large body may take.
func (b *BulkLimiter) SetPieceTimeout(d time.Duration) { b.pieceTimeout = d }
