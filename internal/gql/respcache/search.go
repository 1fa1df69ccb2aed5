package respcache

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/invalidation"
)

// entrySearch looks for the answer to a request in all places where it can be kept.
type entrySearch struct {
	cache       *Cache
	key         Key
	viewer      edu.Viewer
	storageKeys [ByViewer + 1]string // made when they are needed
	memoryEntry *Entry               // of the widest scope that is kept in this process; nil for none
	scope       Scope                // of near
	prefetched  chan [][]byte        // what Redis has, where that was asked ahead; nil where not
}

func (s *entrySearch) storageKey(scope Scope) string {
	if s.storageKeys[scope] == "" {
		s.storageKeys[scope] = s.key.storageKey(scope, s.viewer)
	}
	return s.storageKeys[scope]
}

// searchMemory looks for an answer in this process, of a scope or the next.
func (s *entrySearch) searchMemory(scope Scope) {
	s.memoryEntry = nil
	for ; s.memoryEntry == nil && scope <= ByViewer; scope++ {
		s.memoryEntry, _ = s.cache.memory.GetIfPresent(s.storageKey(scope))
		s.scope = scope
	}
}

// startSearch looks in this process, and asks Redis ahead where nothing is kept there: what
// it has comes while the log is read, and so takes no time of its own.
func (s *entrySearch) startSearch(ctx context.Context) {
	a := s.cache
	if s.searchMemory(Public); s.memoryEntry != nil || a.redis == nil {
		return
	}
	keys, prefetched := s.redisKeys(), make(chan [][]byte, 1)
	s.prefetched = prefetched
	go func() { prefetched <- a.fetchFromRedis(ctx, keys) }()
}

// findEntry returns the answer that is kept, nil for none, and whether it was far, in
// Redis. It must be given how far the log goes, read after the request came.
func (s *entrySearch) findEntry(ctx context.Context, now invalidation.Position) (answer *Entry, fromRedis bool) {
	if answer := s.findInMemory(now); answer != nil {
		return answer, false
	}
	if s.cache.redis == nil {
		return nil, false
	}
	var texts [][]byte
	if s.prefetched != nil {
		texts = <-s.prefetched // within the deadline of a use of Redis
	} else {
		texts = s.cache.fetchFromRedis(ctx, s.redisKeys())
	}
	answer = s.findInReplies(now, texts)
	return answer, answer != nil
}

// findInMemory returns the answer in this process, from the scope of near on, nil for none.
func (s *entrySearch) findInMemory(now invalidation.Position) *Entry {
	for ; s.memoryEntry != nil; s.searchMemory(s.scope + 1) {
		if s.cache.isEntryValid(s.memoryEntry, now) {
			return s.memoryEntry
		}
	}
	return nil
}

// findInReplies returns the answer among the texts that Redis has under keys, nil for none, and
// keeps it in this process.
func (s *entrySearch) findInReplies(now invalidation.Position, texts [][]byte) *Entry {
	for i, text := range texts {
		answer, err := unmarshalEntry(text)
		if err != nil || time.Now().After(answer.expiresAt()) || !s.cache.isEntryValid(answer, now) {
			continue
		}
		s.cache.memory.Set(s.storageKey(Scope(i)), answer)
		return answer
	}
	return nil
}

// redisKeys are where Redis would have the answer.
func (s *entrySearch) redisKeys() []string {
	keys := make([]string, len(s.storageKeys))
	for scope := range s.storageKeys {
		keys[scope] = s.cache.redis.PrefixedKey(s.storageKey(Scope(scope)))
	}
	return keys
}

// fetchFromRedis returns what Redis has under keys.
func (a *Cache) fetchFromRedis(ctx context.Context, keys []string) [][]byte {
	var got []any
	err := a.redis.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		got, err = c.MGet(ctx, keys...).Result()
		return err
	})
	if err != nil { // counted and logged by cache.Redis
		return nil
	}
	texts := make([][]byte, len(got))
	for i, v := range got {
		if text, ok := v.(string); ok {
			texts[i] = []byte(text)
		}
	}
	return texts
}
