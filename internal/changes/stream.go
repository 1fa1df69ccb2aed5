package changes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
)

const (
	// keptEntries is about how many entries Redis keeps, some 2 MB. A process that
	// comes back after more than that were added begins anew.
	keptEntries = 10_000
	// entryTags is the most tags of an entry: the last one is read again each time.
	entryTags = 32
	pageSize  = 1000
)

// The fields of an entry. run is of the Redis process that it was written to: one
// that was started anew may have lost the end of the log, so what was read before is
// of unknown age.
const (
	fieldRun  = "r"
	fieldIDs  = "i"
	fieldTags = "t"
)

// stream is the log in Redis, and the replica of it. Its methods are not safe for
// concurrent use, but for add.
type stream struct {
	redis   *cache.Redis
	replica *replica
	key     string

	last string       // the id of the last entry that was applied; "" before the first
	run  atomic.Value // the Redis process that the replica is of, a string
	// verified is how many connections there were when that was last looked at: on a
	// new one another process may answer.
	verified uint64
}

func newStream(r *cache.Redis, to *replica) *stream {
	return &stream{redis: r, replica: to, key: r.Key("changes")}
}

// read applies what was added to the log.
func (s *stream) read() error {
	if s.last == "" || s.redis.Connections() != s.verified {
		return s.verify()
	}
	for {
		page, err := s.page(s.last, pageSize)
		switch {
		case err != nil:
			return err
		// The answer may have come on a connection that was made for it.
		case len(page) == 0 || page[0].ID != s.last || s.redis.Connections() != s.verified:
			return s.verify()
		}
		if err := s.follow(page[1:]); err != nil || len(page) < pageSize {
			return err
		}
	}
}

func (s *stream) page(from string, n int64) (page []redis.XMessage, err error) {
	err = s.redis.Do(context.Background(), func(ctx context.Context, c redis.UniversalClient) (err error) {
		page, err = c.XRangeN(ctx, s.key, from, "+", n).Result()
		return err
	})
	return page, err
}

// verify finds out whether the log goes on where the replica ends. Otherwise that
// begins anew: with the entries that the Redis process of now was given since its
// start, which it has all of, or else with one that is added for that.
func (s *stream) verify() error {
	connections := s.redis.Connections()
	run, err := s.runID()
	if err != nil {
		return err
	}
	if s.last != "" && run == s.run.Load() {
		page, err := s.page(s.last, pageSize)
		if err != nil {
			return err
		}
		if len(page) > 0 && page[0].ID == s.last {
			s.verified = connections
			return s.follow(page[1:])
		}
	}
	if err := s.begin(run); err != nil {
		return err
	}
	s.verified = connections
	return nil
}

// begin makes the replica anew.
func (s *stream) begin(run string) error {
	s.run.Store(run)
	all, err := s.all()
	if err != nil {
		return err
	}
	first := slices.IndexFunc(all, func(m redis.XMessage) bool { return m.Values[fieldRun] == run })
	if first < 0 {
		id, err := s.add(entry{})
		if err != nil {
			return err
		}
		all, first = []redis.XMessage{{ID: id}}, 0
	}
	at, err := position(all[first].ID)
	if err != nil {
		return err
	}
	anew := newReplica()
	anew.forget(at)
	last, err := apply(anew, all[first:])
	if err != nil {
		return err
	}
	s.last = last
	s.replica.become(anew)
	return nil
}

// all returns what there is of the log.
func (s *stream) all() (all []redis.XMessage, err error) {
	for from := "-"; ; from = "(" + all[len(all)-1].ID {
		page, err := s.page(from, pageSize)
		if all = append(all, page...); err != nil || len(page) < pageSize {
			return all, err
		}
	}
}

// add adds to the log, in several entries where there are many tags. The ids are in
// the last, whose own id it returns: that one proves that all are there.
func (s *stream) add(e entry) (id string, err error) {
	run, _ := s.run.Load().(string)
	err = s.redis.Do(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		pipe := c.Pipeline()
		add := func(tags []string, ids []int64) *redis.StringCmd {
			return pipe.XAdd(ctx, &redis.XAddArgs{
				Stream: s.key, MaxLen: keptEntries, Approx: true,
				Values: []string{fieldRun, run, fieldTags, strings.Join(tags, " "), fieldIDs, joined(ids)},
			})
		}
		tags := e.tags
		for ; len(tags) > entryTags; tags = tags[entryTags:] {
			add(tags[:entryTags], nil)
		}
		last := add(tags, e.ids)
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
		id = last.Val()
		return nil
	})
	return id, err
}

func joined(ids []int64) string {
	var b []byte
	for _, id := range ids {
		b = append(strconv.AppendInt(b, id, 10), ' ')
	}
	return string(b)
}

// runID returns the id of the Redis process that has the log.
func (s *stream) runID() (id string, err error) {
	var info string
	err = s.redis.Do(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		if cluster, ok := c.(*redis.ClusterClient); ok {
			node, err := cluster.MasterForKey(ctx, s.key)
			if err != nil {
				return err
			}
			c = node
		}
		info, err = c.Info(ctx, "server").Result()
		return err
	})
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(info) {
		if id, ok := strings.CutPrefix(line, "run_id:"); ok {
			return strings.TrimSpace(id), nil
		}
	}
	return "", errors.New("changes: INFO of Redis has no run_id")
}

// apply applies entries and returns the id of the last.
func apply(to *replica, page []redis.XMessage) (last string, err error) {
	for _, m := range page {
		at, err := position(m.ID)
		if err != nil {
			return last, err
		}
		to.apply(at, entryOf(m.Values))
		last = m.ID
	}
	return last, nil
}

// follow applies entries that follow the last one.
func (s *stream) follow(page []redis.XMessage) error {
	last, err := apply(s.replica, page)
	if last != "" {
		s.last = last
	}
	return err
}

func entryOf(values map[string]any) (e entry) {
	text := func(field string) []string {
		v, _ := values[field].(string)
		return strings.Fields(v)
	}
	e.tags = text(fieldTags)
	for _, id := range text(fieldIDs) {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			e.ids = append(e.ids, n)
		}
	}
	return e
}

// position makes a number of the id of an entry, which is a time in milliseconds and
// a number within it.
func position(id string) (Position, error) {
	ms, n, _ := strings.Cut(id, "-")
	at, err := strconv.ParseUint(ms, 10, 44)
	within, err2 := strconv.ParseUint(n, 10, 20)
	if err != nil || err2 != nil {
		return 0, fmt.Errorf("changes: the id %q of an entry is out of range", id)
	}
	return Position(at<<20 | within), nil
}
