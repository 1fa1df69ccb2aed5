package invalidation

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
)

const (
	// maxStreamEntries is about how many entries Redis keeps, some 2 MB. A process that
	// comes back after more than that were added begins anew.
	maxStreamEntries = 10_000
	// maxEntryTags and maxEntryIDs are the most tags of an entry, and the most ids of the last:
	// that one is read again each time.
	maxEntryTags, maxEntryIDs = 32, 32
	pageSize                  = 1000
)

// stream is the log in Redis, and the replica of it. Its methods are not safe for
// concurrent use, but for add.
type stream struct {
	redis *cache.Redis
	index *index
	key   string

	lastApplied streamEntry  // that was applied; without an id before the first
	epoch       atomic.Value // that of the replica, a string
	// unchangedReply is the reply of Redis, as bytes, where nothing came after last.
	unchangedReply []byte
	// verifiedRoute is how many ways there were when that was last looked at: on a new one
	// another process may answer.
	verifiedRoute uint64
	// masterAddr is who has the log in a cluster, and moves how often that was another one.
	masterAddr  string
	masterMoves uint64
}

func newStream(r *cache.Redis, to *index) *stream {
	s := &stream{redis: r, index: to, key: r.PrefixedKey("changes")}
	s.epoch.Store("")
	return s
}

// readNewEntries applies what was added to the log. Most often that is nothing, and then the
// reply is as it was, and need not be decoded.
func (s *stream) readNewEntries() error {
	if s.lastApplied.id == "" || s.routeVersion() != s.verifiedRoute {
		return s.verifyContinuity()
	}
	for {
		reply, err := s.fetchRange(s.lastApplied.id)
		if err != nil {
			return err
		}
		// An answer may have come on a connection that was made for it.
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

// routeVersion is how many connections were made, and moves to a node of a cluster that there
// may have been one to for long, as it has other keys or was a replica.
func (s *stream) routeVersion() uint64 { return s.redis.ConnectionsMade() + s.masterMoves }

// resolveMaster returns the Redis process that has the log.
func (s *stream) resolveMaster(ctx context.Context, c redis.UniversalClient) (*redis.Client, error) {
	cluster, ok := c.(*redis.ClusterClient)
	if !ok {
		return c.(*redis.Client), nil
	}
	node, err := cluster.MasterForKey(ctx, s.key)
	if err != nil {
		return nil, err
	}
	if at := node.Options().Addr; at != s.masterAddr {
		s.masterAddr = at
		s.masterMoves++
	}
	return node, nil
}

// fetchRange is what Redis says of a page of entries from an id on.
func (s *stream) fetchRange(from string) (reply []byte, err error) {
	err = s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) (err error) {
		node, err := s.resolveMaster(ctx, c)
		if err != nil {
			return err
		}
		cmd := redis.NewRawCmd(ctx, "XRANGE", s.key, from, "+", "COUNT", pageSize)
		_ = node.Process(ctx, cmd)
		if reply, err = cmd.Result(); bytes.HasPrefix(reply, []byte("-")) {
			// go-redis knows an error, and that the log has moved, only where it decodes.
			err = cmp.Or(c.XRangeN(ctx, s.key, from, "+", 1).Err(), errMalformedReply)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.key, err)
	}
	return reply, nil
}

func (s *stream) fetchEntries(from string) ([]streamEntry, error) {
	reply, err := s.fetchRange(from)
	if err != nil {
		return nil, err
	}
	return decodeRange(reply)
}

// startsAtLast tells whether a page begins with the last entry that was applied. Another log
// may have come to the same id, but not to the same lineage.
func (s *stream) startsAtLast(page []streamEntry) bool {
	return len(page) > 0 && page[0].id == s.lastApplied.id && page[0].epoch == s.lastApplied.epoch
}

// applyEntries applies entries and returns the last.
func applyEntries(to *index, page []streamEntry) (last streamEntry, err error) {
	for _, m := range page {
		at, err := parseEntryID(m.id)
		if err != nil {
			return last, err
		}
		to.applyEntry(at, m.decodeEntry())
		last = m
	}
	return last, nil
}

// applyNewEntries applies entries that follow the last one.
func (s *stream) applyNewEntries(page []streamEntry) error {
	last, err := applyEntries(s.index, page)
	if last.id != "" {
		s.lastApplied = last
	}
	return err
}
