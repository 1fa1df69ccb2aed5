package respcache

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/invalidation"
)

// entrySearch searches for the entry of a request, in memory and in Redis, in all scopes.
type entrySearch struct {
	cache       *Cache
	key         Key
	viewer      edu.Viewer
	storageKeys [ByViewer + 1]string // computed on demand
	memoryEntry *Entry               // in memory, of the widest scope not yet rejected; nil for none
	scope       Scope                // of memoryEntry
	prefetched  chan [][]byte        // the values in Redis, if they were requested in advance; nil if not
}

func (s *entrySearch) storageKey(scope Scope) string {
	if s.storageKeys[scope] == "" {
		s.storageKeys[scope] = s.key.storageKey(scope, s.viewer)
	}
	return s.storageKeys[scope]
}

// searchMemory sets memoryEntry to the first entry in memory, from the given scope to the
// narrower ones.
func (s *entrySearch) searchMemory(scope Scope) {
	s.memoryEntry = nil
	for ; s.memoryEntry == nil && scope <= ByViewer; scope++ {
		s.memoryEntry, _ = s.cache.memory.GetIfPresent(s.storageKey(scope))
		s.scope = scope
	}
}

// startSearch searches memory. If it finds nothing there, it requests the values in Redis in
// advance: they arrive while the log is read, and so take no time of their own.
func (s *entrySearch) startSearch(ctx context.Context) {
	c := s.cache
	if s.searchMemory(Public); s.memoryEntry != nil || c.redis == nil {
		return
	}
	keys, prefetched := s.redisKeys(), make(chan [][]byte, 1)
	s.prefetched = prefetched
	go func() { prefetched <- c.fetchFromRedis(ctx, keys) }()
}

// findEntry returns the valid entry, nil for none, and whether it was found in Redis. now is
// the position of the log, read after the request arrived.
func (s *entrySearch) findEntry(ctx context.Context, now invalidation.Position) (e *Entry, fromRedis bool) {
	if e := s.findInMemory(now); e != nil {
		return e, false
	}
	if s.cache.redis == nil {
		return nil, false
	}
	var values [][]byte
	if s.prefetched != nil {
		values = <-s.prefetched // arrives within the deadline of a Redis command
	} else {
		values = s.cache.fetchFromRedis(ctx, s.redisKeys())
	}
	e = s.findInReplies(now, values)
	return e, e != nil
}

// findInMemory returns the first valid entry in memory, from memoryEntry on; nil for none.
func (s *entrySearch) findInMemory(now invalidation.Position) *Entry {
	for ; s.memoryEntry != nil; s.searchMemory(s.scope + 1) {
		if s.cache.isEntryValid(s.memoryEntry, now) {
			return s.memoryEntry
		}
	}
	return nil
}

// findInReplies returns the first valid entry among the values of redisKeys, nil for none, and
// stores it in memory.
func (s *entrySearch) findInReplies(now invalidation.Position, values [][]byte) *Entry {
	for i, value := range values {
		e, err := unmarshalEntry(value)
		if err != nil || time.Now().After(e.expiresAt()) || !s.cache.isEntryValid(e, now) {
			continue
		}
		s.cache.holdEntry(s.storageKey(Scope(i)), e)
		return e
	}
	return nil
}

// redisKeys returns the keys of the entry in Redis, one for each scope.
func (s *entrySearch) redisKeys() []string {
	keys := make([]string, len(s.storageKeys))
	for scope := range s.storageKeys {
		keys[scope] = s.cache.redis.HistoryKey(s.storageKey(Scope(scope)))
	}
	return keys
}

// fetchFromRedis returns the values of keys, nil for each that is missing.
func (c *Cache) fetchFromRedis(ctx context.Context, keys []string) [][]byte {
	var reply []any
	err := c.redis.RunLarge(ctx, len(keys)*c.maxRedisBytes, func(ctx context.Context, client redis.UniversalClient) (err error) {
		reply, err = client.MGet(ctx, keys...).Result()
		return err
	})
	if err != nil { // counted and logged by cache.Redis
		return nil
	}
	values := make([][]byte, len(reply))
	for i, v := range reply {
		if value, ok := v.(string); ok {
			values[i] = []byte(value)
		}
	}
	return values
}
