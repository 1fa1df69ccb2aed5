package changes

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
)

// verify finds out whether the log goes on where the replica ends. Otherwise that
// begins anew: with the entries that the Redis process of now was given since its
// start, or else with one that is added for that. The process has all of them, unless
// its log was rewound; who sees that adds that anything changed.
func (s *stream) verify() error {
	ways := s.ways()
	run, err := s.runID()
	if err != nil {
		return err
	}
	if s.last.id != "" && strings.HasPrefix(s.lineage.Load().(string), run) {
		page, err := s.page(s.last.id)
		if err != nil {
			return err
		}
		if s.goesOn(page) {
			s.verified = ways
			return s.follow(page[1:])
		}
		// The process has lost the end of what it was given: its log was rewound, and those
		// who do not know of the end could not tell that it is gone.
		if _, err := s.append(entry{tags: []string{anything}}, s.lineage.Load().(string), false); err != nil {
			return err
		}
	}
	if err := s.begin(run); err != nil {
		return err
	}
	s.verified = ways
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
	at, err := place(all[first].id)
	if err != nil {
		return err
	}
	lineage := all[first].lineage
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
func ours(all []message, run string) int {
	return slices.IndexFunc(all, func(m message) bool { return strings.HasPrefix(m.lineage, run) })
}

// all returns what there is of the log.
func (s *stream) all() (all []message, err error) {
	for from := "-"; ; from = "(" + all[len(all)-1].id {
		page, err := s.page(from)
		if all = append(all, page...); err != nil || len(page) < pageSize {
			return all, err
		}
	}
}

// runID returns the id of the Redis process that has the log.
func (s *stream) runID() (id string, err error) {
	err = s.redis.Do(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		node, err := s.master(ctx, c)
		if err != nil {
			return err
		}
		info, err := node.InfoMap(ctx, "server").Result()
		id = info["Server"]["run_id"]
		return err
	})
	if err == nil && id == "" {
		err = errors.New("changes: INFO of Redis has no run_id")
	}
	return id, err
}
