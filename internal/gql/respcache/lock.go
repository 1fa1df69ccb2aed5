package respcache

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// lockTTL is how long a lock lasts if its process dies, and so how long others wait for it.
	lockTTL = maxWait
	// lockPollInterval is how often a process checks for the entry that another process computes.
	lockPollInterval = 10 * time.Millisecond
	// requestedTTL is how long Redis remembers that a response was computed, some 200 bytes each: its
	// next computation, by any process, is stored in Redis.
	requestedTTL = 10 * time.Minute
)

// computationLock makes this process the only one that computes a response. A released lock remains as
// the mark that the response was requested.
type computationLock struct {
	cache           *Cache
	ctx             context.Context // outlives the request
	key, token      string
	requestedBefore bool // whether the mark was there
}

// acquireLock tries to make this process the only one that computes a response. It returns nil
// if another process has the lock. If Redis fails, every process may compute the response.
// Redis may then still grant the lock to a process that did not receive the reply, so the lock
// must be released in any case.
func (c *Cache) acquireLock(ctx context.Context, storageKey string) *computationLock {
	l := &computationLock{cache: c, ctx: context.WithoutCancel(ctx), key: c.redis.HistoryKey(storageKey + lockSuffix), token: rand.Text()}
	var acquired int
	err := c.redis.RunCommands(ctx, func(ctx context.Context, client redis.UniversalClient) (err error) {
		acquired, err = acquireScript.Run(ctx, client, []string{l.key}, l.token, lockTTL.Milliseconds()).Int()
		return err
	})
	if err == nil && acquired == 0 {
		return nil
	}
	l.requestedBefore = acquired == 2
	return l
}

// acquireScript sets a lock and returns 1, or 2 if the response was requested before. If another process
// has the lock, it notes by a plus sign that this one waits, and returns 0.
var acquireScript = redis.NewScript(`local owner = redis.call('GET', KEYS[1])
if not owner or owner == 'requested' then
	redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
	return owner and 2 or 1
end
if string.sub(owner, -1) ~= '+' then redis.call('SET', KEYS[1], owner .. '+', 'KEEPTTL') end
return 0`)

// release releases the lock. An entry that is stored in memory only, nil for none, is stored in Redis
// before if another process waits for it.
func (l *computationLock) release(unshared *storedEntry) {
	if l.unlock(unshared != nil, unshared != nil) {
		l.cache.storeInRedis(unshared, l)
	}
}

// unlock releases the lock, and leaves the mark that the response was requested if requested is set. It
// returns true, and the lock remains, if keepAwaited is set and another process waits.
func (l *computationLock) unlock(requested, keepAwaited bool) (awaited bool) {
	var mark time.Duration
	if requested {
		mark = requestedTTL
	}
	_ = l.cache.redis.RunCommands(l.ctx, func(ctx context.Context, client redis.UniversalClient) (err error) {
		awaited, err = releaseScript.Run(ctx, client, []string{l.key}, l.token, mark.Milliseconds(), keepAwaited).Bool()
		return err
	})
	return awaited
}

// releaseScript releases a lock if it still has its owner's token. It returns 1 if the lock remains.
var releaseScript = redis.NewScript(`local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] .. '+' then
	if ARGV[3] == '1' then return 1 end
elseif owner ~= ARGV[1] then
	return 0
end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], 'requested', 'PX', ARGV[2]) end
return 0`)

// storedEntry is an entry with its key in the store.
type storedEntry struct {
	key   string
	entry *Entry
}

// storeInRedis stores an entry in Redis, in the background, and then releases the lock, nil for none.
func (c *Cache) storeInRedis(s *storedEntry, lock *computationLock) {
	unlock := func() {
		if lock != nil {
			lock.unlock(true, false)
		}
	}
	queued := c.redis.RunInBackground(len(s.entry.Body), func(ctx context.Context, client redis.UniversalClient) error {
		return client.Set(ctx, c.redis.HistoryKey(s.key), s.entry.marshalEntry(), time.Until(s.entry.expiresAt())).Err()
	}, unlock)
	if !queued {
		go unlock()
	}
}
