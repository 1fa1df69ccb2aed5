package cache

import "time"

// SetRecoveryInterval sets the time between two checks while the circuit breaker is open.
func (r *Redis) SetRecoveryInterval(d time.Duration) { r.recoveryInterval.Store(int64(d)) }

// Deadline returns the present deadline of one use.
func (r *Redis) Deadline() time.Duration { return r.deadline() }
