package cache

import "time"

// SetPause shortens what a test would have to wait for.
func (r *Redis) SetPause(d time.Duration) { r.breaker.pause = d }
