package auth

import "context"

// MaxQueued is the maximum number of calls that wait for a slot.
const MaxQueued = maxQueued

// AcquireSlot waits for a slot to hash a password.
func (p *PasswordHasher) AcquireSlot(ctx context.Context) (release func(), err error) {
	return p.acquireSlot(ctx)
}
