package transport

import "time"

// SetPieceTimeout changes how long each piece of a large body may take.
func (b *BulkLimiter) SetPieceTimeout(d time.Duration) { b.pieceTimeout = d }
