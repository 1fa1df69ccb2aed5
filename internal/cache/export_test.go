package cache

import "time"

// SetCooldown sets the cooldown of the circuit breaker.
func (r *Redis) SetCooldown(d time.Duration) { r.breaker.cooldown = d }
