package changes

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
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

// The fields of an entry. The lineage begins with the id of the Redis process that it
// was written to, as one that was started anew may have lost the end of the log, and
// ends with something random, as any may lose all of it.
const (
	fieldLineage = "l"
	fieldIDs     = "i"
	fieldTags    = "t"
)

// stream is the log in Redis, and the replica of it. Its methods are not safe for
// concurrent use, but for add.
type stream struct {
	redis   *cache.Redis
	replica *replica
	key     string

	last    redis.XMessage // that was applied; without an id before the first
	lineage atomic.Value   // that of the replica, a string
	// still is the reply of Redis, as bytes, where nothing came after last.
	still []byte
	// verified is how many connections there were when that was last looked at: on a
	// new one another process may answer.
	verified uint64
}

// errLost is returned by add where there is no log any more: it begins anew with the
// next read.
var errLost = errors.New("changes: the log in Redis is lost")

func newStream(r *cache.Redis, to *replica) *stream {
	s := &stream{redis: r, replica: to, key: r.Key("changes")}
	s.lineage.Store("")
	return s
}

// read applies what was added to the log. Most often that is nothing, and then the
// reply is as it was: it is compared, which takes a tenth of what decoding it does.
func (s *stream) read() error {
	if s.last.ID == "" || s.redis.Connections() != s.verified {
		return s.verify()
	}
	reply, err := s.reply()
	if err != nil {
		return err
	}
	if bytes.Equal(reply, s.still) && s.redis.Connections() == s.verified {
		return nil
	}
	if err := s.catchUp(); err != nil {
		return err
	}
	if s.ends(reply) {
		s.still = reply
	}
	return nil
}

// reply is what Redis says of the last entry that was applied and what came after.
func (s *stream) reply() (reply []byte, err error) {
	err = s.redis.Do(context.Background(), func(ctx context.Context, c redis.UniversalClient) (err error) {
		cmd := redis.NewRawCmd(ctx, "XRANGE", s.key, s.last.ID, "+", "COUNT", "2")
		_ = c.Process(ctx, cmd)
		reply, err = cmd.Result()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.key, err)
	}
	return reply, nil
}

// ends tells whether a reply is of one entry, the last that was applied.
func (s *stream) ends(reply []byte) bool {
	lineage, _ := s.last.Values[fieldLineage].(string)
	return bytes.HasPrefix(reply, []byte("*1\r\n")) && bytes.Contains(reply, []byte(s.last.ID)) && bytes.Contains(reply, []byte(lineage))
}

// catchUp applies what was added to the log.
func (s *stream) catchUp() error {
	for {
		page, err := s.page(s.last.ID, pageSize)
		switch {
		case err != nil:
			return err
		// The answer may have come on a connection that was made for it.
		case !s.goesOn(page) || s.redis.Connections() != s.verified:
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
	if err != nil {
		return page, fmt.Errorf("read %s: %w", s.key, err)
	}
	return page, nil
}

// goesOn tells whether a page begins with the last entry that was applied. Another log
// may have come to the same id, but not to the same lineage.
func (s *stream) goesOn(page []redis.XMessage) bool {
	return len(page) > 0 && page[0].ID == s.last.ID && page[0].Values[fieldLineage] == s.last.Values[fieldLineage]
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
	if s.last.ID != "" && strings.HasPrefix(s.lineage.Load().(string), run) {
		page, err := s.page(s.last.ID, pageSize)
		if err != nil {
			return err
		}
		if s.goesOn(page) {
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

// begin makes the replica anew. Of several that begin a log at the same time, the
// first decides on its lineage.
func (s *stream) begin(run string) error {
	all, err := s.all()
	if err != nil {
		return err
	}
	first := ours(all, run)
	if first < 0 {
		if _, err := s.append(entry{}, run+rand.Text()[:8], true); err != nil {
			return err
		}
		if all, err = s.all(); err != nil {
			return err
		}
		if first = ours(all, run); first < 0 {
			return errLost
		}
	}
	at, err := place(all[first].ID)
	if err != nil {
		return err
	}
	lineage := all[first].Values[fieldLineage].(string)
	anew := newReplica(Position{edu.HashTag(lineage), at})
	last, err := apply(anew, all[first:])
	if err != nil {
		return err
	}
	s.last = last
	s.lineage.Store(lineage)
	s.replica.become(anew)
	return nil
}

// ours returns the first entry that was written to a Redis process, or -1: it has all
// that were written since.
func ours(all []redis.XMessage, run string) int {
	return slices.IndexFunc(all, func(m redis.XMessage) bool {
		lineage, _ := m.Values[fieldLineage].(string)
		return strings.HasPrefix(lineage, run)
	})
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

// add adds to the log, unless it is lost, in several entries where there are many
// tags. The ids are in the last, as that one proves that all are there.
func (s *stream) add(e entry) error {
	added, err := s.append(e, s.lineage.Load().(string), false)
	if err == nil && !added {
		return errLost
	}
	return err
}

func (s *stream) append(e entry, lineage string, begin bool) (added bool, err error) {
	err = s.redis.Do(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		pipe := c.Pipeline()
		add := func(tags []string, ids []int64) *redis.StringCmd {
			return pipe.XAdd(ctx, &redis.XAddArgs{
				Stream: s.key, NoMkStream: !begin, MaxLen: keptEntries, Approx: true,
				Values: []string{fieldLineage, lineage, fieldTags, strings.Join(tags, " "), fieldIDs, joined(ids)},
			})
		}
		tags := e.tags
		for ; len(tags) > entryTags; tags = tags[entryTags:] {
			add(tags[:entryTags], nil)
		}
		last := add(tags, e.ids)
		_, err := pipe.Exec(ctx)
		added = err == nil && last.Val() != ""
		return err
	})
	if errors.Is(err, redis.Nil) { // there is no stream
		return false, nil
	}
	return added, err
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

// apply applies entries and returns the last.
func apply(to *replica, page []redis.XMessage) (last redis.XMessage, err error) {
	for _, m := range page {
		at, err := place(m.ID)
		if err != nil {
			return last, err
		}
		to.apply(at, entryOf(m.Values))
		last = m
	}
	return last, nil
}

// follow applies entries that follow the last one.
func (s *stream) follow(page []redis.XMessage) error {
	last, err := apply(s.replica, page)
	if last.ID != "" {
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

// place makes a number of the id of an entry, which is a time in milliseconds and a
// number within it.
func place(id string) (uint64, error) {
	ms, n, _ := strings.Cut(id, "-")
	at, err := strconv.ParseUint(ms, 10, 44)
	within, err2 := strconv.ParseUint(n, 10, 20)
	if err != nil || err2 != nil {
		return 0, fmt.Errorf("changes: the id %q of an entry is out of range", id)
	}
	return at<<20 | within, nil
}
