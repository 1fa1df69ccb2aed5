package invalidation

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
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
	redis *cache.Redis
	index *index
	key   string

	lastApplied streamEntry  // its id is "" before the first
	epoch       atomic.Value // of the index, a string
	// unchangedReply is the reply of Redis, in bytes, if no entry follows lastApplied.
	unchangedReply []byte
	// verifiedRoute is the routeVersion at the last verifyContinuity. On another route another
	// Redis process may reply.
	verifiedRoute uint64
	// masterAddr is the node of a cluster that has the log, and masterMoves counts its changes.
	masterAddr  string
	masterMoves uint64
}

func newStream(r *cache.Redis, to *index) *stream {
	s := &stream{redis: r, index: to, key: r.HistoryKey(streamKey)}
	s.epoch.Store("")
	return s
}

// extendExpiry has Redis hold the stream for another streamExpiry. If it fails, a later call
// extends the expiry, or a new epoch begins.
func (s *stream) extendExpiry() {
	_ = s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		return c.Expire(ctx, s.key, streamExpiry).Err()
	})
}

// readNewEntries applies the entries that were appended since the last read. Mostly there are
// none: then the reply equals the one before, and is not decoded.
func (s *stream) readNewEntries() error {
	if s.lastApplied.id == "" || s.routeVersion() != s.verifiedRoute {
		return s.verifyContinuity()
	}
	for {
		reply, err := s.fetchRange(s.lastApplied.id)
		if err != nil {
			return err
		}
		// The reply may have come on a connection that was opened for it.
		if bytes.Equal(reply, s.unchangedReply) && s.routeVersion() == s.verifiedRoute {
			return nil
		}
		page, err := decodeRange(reply)
		switch {
		case err != nil:
			return err
		case !s.startsAtLast(page) || s.routeVersion() != s.verifiedRoute:
			return s.verifyContinuity()
		case len(page) == 1:
			s.unchangedReply = reply
		}
		if err := s.applyNewEntries(page[1:]); err != nil || len(page) < pageSize {
			return err
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

// fetchRange returns the reply of Redis to XRANGE, in bytes: a page of entries from an id on.
func (s *stream) fetchRange(from string) (reply []byte, err error) {
	err = s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) (err error) {
		node, err := s.resolveMaster(ctx, c)
		if err != nil {
			return err
		}
		cmd := redis.NewRawCmd(ctx, "XRANGE", s.key, from, "+", "COUNT", pageSize)
		_ = node.Process(ctx, cmd)
		if reply, err = cmd.Result(); bytes.HasPrefix(reply, []byte("-")) {
			// go-redis recognizes an error, and the move of a slot, only in replies that it decodes.
			err = cmp.Or(c.XRangeN(ctx, s.key, from, "+", 1).Err(), errMalformedReply)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.key, err)
	}
	return reply, nil
}

// fetchEntries returns a page of entries from an id on.
func (s *stream) fetchEntries(from string) ([]streamEntry, error) {
	reply, err := s.fetchRange(from)
	if err != nil {
		return nil, err
	}
	return decodeRange(reply)
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
