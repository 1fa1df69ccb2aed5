package cache

import "time"

// SetCooldown shortens what a test would have to wait for.
func (r *Redis) SetCooldown(d time.Duration) { r.breaker.cooldown = d }
