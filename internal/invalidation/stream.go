package invalidation

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/store"
)

const (
	// streamKey is the key of the stream, within the history of a database.
	streamKey = "changes"
	// maxStreamEntries is about how many stream entries Redis holds, in some 2 MB. A process that has
	// missed more than these treats the log as rewound.
	maxStreamEntries = 10_000
	// maxEntryTags and maxEntryIDs are the largest numbers of tags in a stream entry, and of ids in
	// the last entry of the stream, which each read returns again.
	maxEntryTags, maxEntryIDs = 32, 32
	pageSize                  = 1000
	// streamExpiry is how long Redis holds the stream of a database that no process uses any more.
	streamExpiry = time.Hour
)

// stream is the log in Redis, from which it updates the index. Its methods are not safe for
// concurrent use, except appendEntry.
type stream struct {
	redis           *cache.Redis
	index           *index
	key, membersKey string

	registry    epochRegistry
	logName     atomic.Pointer[string]         // in the registry
	lastApplied streamEntry                    // its id is "" before the first
	epoch       atomic.Pointer[store.LogEpoch] // of the index
	superseded  atomic.Bool                    // whether another epoch was registered
	// missing is a registered epoch that Redis did not have when the process looked, first at missingSince.
	missing      store.LogEpoch
	missingSince time.Time

	name         string            // of this process among the members
	isWanted     func() bool       // whether the process is to be a member
	registration string            // that was sent last; "" if it is no member
	exchanges    uint64            // with a registration
	members      map[string]member // the others, as the last roster has them
	acknowledged atomic.Uint64     // the offset that the process has registered; of no member, that it has applied
	lease        atomic.Pointer[readLease]
	roster       atomic.Pointer[roster]

	// verifiedRoute is the routeVersion at the last verifyContinuity. On another route another
	// Redis process may reply.
	verifiedRoute uint64
	// masterAddr is the node of a cluster that has the log, and masterMoves counts its changes.
	masterAddr  string
	masterMoves uint64
}

func newStream(r *cache.Redis, to *index, registry epochRegistry) *stream {
	s := &stream{redis: r, index: to, registry: registry, key: r.HistoryKey(streamKey), name: rand.Text(), isWanted: func() bool { return false }}
	s.membersKey = r.HistoryKey(membersKey) + "{" + s.key + "}"
	s.epoch.Store(&store.LogEpoch{})
	log := defaultLogName(r)
	s.logName.Store(&log)
	return s
}

// extendExpiry has Redis hold the stream and the members for another streamExpiry. If it fails, a later call
// extends the expiry, or a new epoch begins.
func (s *stream) extendExpiry() {
	_ = s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Expire(ctx, s.key, streamExpiry)
			p.Expire(ctx, s.membersKey, streamExpiry)
			return nil
		})
		return err
	})
}

// readNewEntries applies the entries that were appended since the last read, and acknowledges them if the
// process is a member. It reads once more if another Redis process may have replied, or if the log does not continue
// where the index ends.
func (s *stream) readNewEntries() error {
	for attempt := range 2 {
		if s.lastApplied.id == "" || attempt > 0 || s.routeVersion() != s.verifiedRoute || s.superseded.Load() {
			if err := s.verifyContinuity(); err != nil {
				return err
			}
		}
		continues, err := s.readToEnd()
		if err != nil || continues && (s.routeVersion() == s.verifiedRoute || attempt > 0) {
			return err
		}
	}
	return errLogLost
}

// readToEnd exchanges until there are no further pages. A member then acknowledges what it has applied, once:
// entries that are appended meanwhile are for the next read.
func (s *stream) readToEnd() (continues bool, err error) {
	for {
		continues, applied, err := s.exchange()
		if err != nil || !continues || applied == 0 {
			return continues, err
		}
		if applied+1 < pageSize {
			if s.registration != "" {
				continues, _, err = s.exchange()
			}
			return continues, err
		}
	}
}

// routeVersion counts the connections made to Redis, and the moves of the log to another node
// of a cluster. Connections to that node may have existed for long, because it has other keys
// or was a replica.
func (s *stream) routeVersion() uint64 { return s.redis.ConnectionsMade() + s.masterMoves }

// resolveMaster returns the client of the Redis process that has the log.
func (s *stream) resolveMaster(ctx context.Context, c redis.UniversalClient) (*redis.Client, error) {
	cluster, ok := c.(*redis.ClusterClient)
	if !ok {
		return c.(*redis.Client), nil
	}
	node, err := cluster.MasterForKey(ctx, s.key)
	if err != nil {
		return nil, err
	}
	if addr := node.Options().Addr; addr != s.masterAddr {
		s.masterAddr = addr
		s.masterMoves++
	}
	return node, nil
}

// fetchEntries returns a page of entries from an id on.
func (s *stream) fetchEntries(from string) (page []streamEntry, err error) {
	var messages []redis.XMessage
	err = s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) (err error) {
		messages, err = c.XRangeN(ctx, s.key, from, "+", pageSize).Result()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.key, err)
	}
	for _, m := range messages {
		values := make(map[string]string, len(m.Values))
		for name, value := range m.Values {
			values[name], _ = value.(string)
		}
		page = append(page, newStreamEntry(m.ID, values))
	}
	return page, nil
}

// startsAtLast reports whether a page begins with the last applied entry. Another log may
// contain the same id, but not in the same epoch.
func (s *stream) startsAtLast(page []streamEntry) bool {
	return len(page) > 0 && page[0].id == s.lastApplied.id && page[0].epoch == s.lastApplied.epoch
}

// applyEntries applies entries to an index and returns the last applied one.
func applyEntries(to *index, page []streamEntry) (last streamEntry, err error) {
	for _, e := range page {
		offset, err := parseEntryID(e.id)
		if err != nil {
			return last, err
		}
		to.applyEntry(offset, e.decodeEntry())
		last = e
	}
	return last, nil
}

// applyNewEntries applies entries that follow lastApplied.
func (s *stream) applyNewEntries(page []streamEntry) error {
	last, err := applyEntries(s.index, page)
	if last.id != "" {
		s.lastApplied = last
	}
	return err
}
