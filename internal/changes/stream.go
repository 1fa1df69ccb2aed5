package changes

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
	// keptEntries is about how many entries Redis keeps, some 2 MB. A process that
	// comes back after more than that were added begins anew.
	keptEntries = 10_000
	// entryTags and entryIDs are the most tags of an entry, and the most ids of the last:
	// that one is read again each time.
	entryTags, entryIDs = 32, 32
	pageSize            = 1000
)

// stream is the log in Redis, and the replica of it. Its methods are not safe for
// concurrent use, but for add.
type stream struct {
	redis   *cache.Redis
	replica *replica
	key     string

	last    message      // that was applied; without an id before the first
	lineage atomic.Value // that of the replica, a string
	// still is the reply of Redis, as bytes, where nothing came after last.
	still []byte
	// verified is how many ways there were when that was last looked at: on a new one
	// another process may answer.
	verified uint64
	// node is who has the log in a cluster, and moves how often that was another one.
	node  string
	moves uint64
}

func newStream(r *cache.Redis, to *replica) *stream {
	s := &stream{redis: r, replica: to, key: r.Key("changes")}
	s.lineage.Store("")
	return s
}

// read applies what was added to the log. Most often that is nothing, and then the
// reply is as it was, and need not be decoded.
func (s *stream) read() error {
	if s.last.id == "" || s.ways() != s.verified {
		return s.verify()
	}
	for {
		reply, err := s.reply(s.last.id)
		if err != nil {
			return err
		}
		// An answer may have come on a connection that was made for it.
		if bytes.Equal(reply, s.still) && s.ways() == s.verified {
			return nil
		}
		page, err := decodeRange(reply)
		switch {
		case err != nil:
			return err
		case !s.goesOn(page) || s.ways() != s.verified:
			return s.verify()
		case len(page) == 1:
			s.still = reply
		}
		if err := s.follow(page[1:]); err != nil || len(page) < pageSize {
			return err
		}
	}
}

// ways is how many connections were made, and moves to a node of a cluster that there
// may have been one to for long, as it has other keys or was a replica.
func (s *stream) ways() uint64 { return s.redis.Connections() + s.moves }

// master returns the Redis process that has the log.
func (s *stream) master(ctx context.Context, c redis.UniversalClient) (*redis.Client, error) {
	cluster, ok := c.(*redis.ClusterClient)
	if !ok {
		return c.(*redis.Client), nil
	}
	node, err := cluster.MasterForKey(ctx, s.key)
	if err != nil {
		return nil, err
	}
	if at := node.Options().Addr; at != s.node {
		s.node = at
		s.moves++
	}
	return node, nil
}

// reply is what Redis says of a page of entries from an id on.
func (s *stream) reply(from string) (reply []byte, err error) {
	err = s.redis.Do(context.Background(), func(ctx context.Context, c redis.UniversalClient) (err error) {
		node, err := s.master(ctx, c)
		if err != nil {
			return err
		}
		cmd := redis.NewRawCmd(ctx, "XRANGE", s.key, from, "+", "COUNT", pageSize)
		_ = node.Process(ctx, cmd)
		if reply, err = cmd.Result(); bytes.HasPrefix(reply, []byte("-")) {
			// go-redis knows an error, and that the log has moved, only where it decodes.
			err = cmp.Or(c.XRangeN(ctx, s.key, from, "+", 1).Err(), errReply)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.key, err)
	}
	return reply, nil
}

func (s *stream) page(from string) ([]message, error) {
	reply, err := s.reply(from)
	if err != nil {
		return nil, err
	}
	return decodeRange(reply)
}

// goesOn tells whether a page begins with the last entry that was applied. Another log
// may have come to the same id, but not to the same lineage.
func (s *stream) goesOn(page []message) bool {
	return len(page) > 0 && page[0].id == s.last.id && page[0].lineage == s.last.lineage
}

// apply applies entries and returns the last.
func apply(to *replica, page []message) (last message, err error) {
	for _, m := range page {
		at, err := place(m.id)
		if err != nil {
			return last, err
		}
		to.apply(at, m.entry())
		last = m
	}
	return last, nil
}

// follow applies entries that follow the last one.
func (s *stream) follow(page []message) error {
	last, err := apply(s.replica, page)
	if last.id != "" {
		s.last = last
	}
	return err
}
