package answers

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
)

const (
	// maxWait is how long a request waits for another that makes the same answer,
	// here or in another process, before it makes its own.
	maxWait = 2 * time.Second
	// lockTime is how long a process that died keeps others waiting at most.
	lockTime = maxWait
	// pollEvery is how often what another process makes is looked for.
	pollEvery = 10 * time.Millisecond
	// notKeptFor is how long requests do not wait for an answer that was not kept when
	// it was last made.
	notKeptFor = 10 * time.Second
	// maxMemories is of how many requests it is remembered how they went.
	maxMemories = 10_000
)

// flights makes one of those who need the same answer make it, and the others wait.
type flights struct {
	mu  sync.Mutex
	now map[string]*flight
	// memories tell how it went with a request before, of those of one role: another
	// may get an error where they get an answer.
	memories *lru.Cache[string, memory]
}

type flight struct {
	done  chan struct{}
	again bool // whether it is worth asking again: the answer is kept, or nobody made it
}

// memory is how an answer was kept when it was last made, or that it was not.
type memory struct {
	scope   Scope
	notKept time.Time
}

func newFlights() flights {
	memories, err := lru.New[string, memory](maxMemories)
	if err != nil {
		panic(err) // of a size below 1
	}
	return flights{now: map[string]*flight{}, memories: memories}
}

// name is that of the answer that a request most likely leads to: until it is known
// who shares it, its viewer's own.
func (f *flights) name(k Key, v edu.Viewer) string {
	if m, ok := f.memories.Get(k.name(ByRole, v)); ok {
		return k.name(m.scope, v)
	}
	return k.name(ByViewer, v)
}

// hopeless tells whether it is known that the answer will not be kept.
func (f *flights) hopeless(k Key, v edu.Viewer) bool {
	m, ok := f.memories.Get(k.name(ByRole, v))
	return ok && !m.notKept.IsZero() && time.Since(m.notKept) < notKeptFor
}

// join returns the flight under a name, and whether it is the caller's own, which
// he must end.
func (f *flights) join(name string) (fl *flight, own bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.now[name]; fl != nil {
		return fl, false
	}
	fl = &flight{done: make(chan struct{})}
	f.now[name] = fl
	return fl, true
}

func (f *flights) end(name string, fl *flight, again bool) {
	f.mu.Lock()
	delete(f.now, name)
	f.mu.Unlock()
	fl.again = again
	close(fl.done)
}

// wait returns once a flight has ended, and whether it is worth asking again.
func (fl *flight) wait(ctx context.Context, until time.Time) bool {
	timeout := time.NewTimer(time.Until(until))
	defer timeout.Stop()
	select {
	case <-fl.done:
		return fl.again
	case <-timeout.C:
	case <-ctx.Done():
	}
	return false
}

// lock tries to be the one process that makes an answer. Unlock is nil where another
// is at it. In trouble, all may; Redis may still give the lock to one who has gone on
// without its reply, so each gives it up.
func (a *Answers) lock(ctx context.Context, name string) (unlock func()) {
	key, token := a.redis.Key(name+lockSuffix), rand.Text()
	var ours bool
	err := a.redis.Do(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		ours, err = c.SetNX(ctx, key, token, lockTime).Result()
		return err
	})
	if err == nil && !ours {
		return nil
	}
	return func() {
		_ = a.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context, c redis.UniversalClient) error {
			return release.Run(ctx, c, []string{key}, token).Err()
		})
	}
}

// release gives up a lock that is still its owner's.
var release = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`)
