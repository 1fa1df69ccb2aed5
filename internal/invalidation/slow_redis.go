package invalidation

import (
	"context"
	"time"
)

const (
	// fastRoundTrip is the round trip up to which Redis is never slow.
	fastRoundTrip = 10 * time.Millisecond
	// operationRoundTrips is how many round trips to the database an operation of average depth takes, which
	// a cached response saves for one round trip to Redis.
	operationRoundTrips = 4
)

// isSlower reports whether an operation waits longer for one round trip to Redis than for the database.
func isSlower(redis, database time.Duration) bool {
	return redis > fastRoundTrip && redis > operationRoundTrips*database
}

// compareRoundTrips has the response cache bypassed while Redis is slower than the database. Changes are
// published all the same. The cache is used again at three quarters of the limit.
func (l *Log) compareRoundTrips(ctx context.Context) {
	if l.redis == nil {
		return
	}
	redis, database := l.redis.RoundTrip(), l.databaseTrip.Smoothed()
	switch {
	case !l.slow.Load() && isSlower(redis, database):
		l.slow.Store(true)
		l.logger.WarnContext(ctx, "Redis is slower than the database; the response cache is bypassed", "round_trip", redis, "database", database)
	case l.slow.Load() && !isSlower(redis*4/3, database):
		l.slow.Store(false)
		l.logger.InfoContext(ctx, "Redis is fast enough for the response cache again", "round_trip", redis, "database", database)
	}
}
