package auth

import "context"

// MaxWaiting is how many may wait for a turn.
const MaxWaiting = maxWaiting

// Turn waits until a hash may be made.
func (p *Passwords) Turn(ctx context.Context) (done func(), err error) { return p.turn(ctx) }
