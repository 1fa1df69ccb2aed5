package auth

import "context"

// MaxQueued is how many may wait for a turn.
const MaxQueued = maxQueued

// AcquireSlot waits until a hash may be made.
func (p *PasswordHasher) AcquireSlot(ctx context.Context) (done func(), err error) {
	return p.acquireSlot(ctx)
}
