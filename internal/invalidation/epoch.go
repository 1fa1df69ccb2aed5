package invalidation

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
)

// verifyContinuity checks that the log still continues where the index ends, and applies what
// follows. If the log does not continue there, verifyContinuity rebuilds the index from the
// entries that the current Redis process was sent since its start, or begins a new epoch if
// there are none. The Redis process has all of those entries, unless its log was rewound. A
// process that detects a rewind appends tagEverything, for the processes that cannot.
func (s *stream) verifyContinuity() error {
	route := s.routeVersion()
	run, err := s.readRunID()
	if err != nil {
		return err
	}
	if s.lastApplied.id != "" && strings.HasPrefix(s.epoch.Load().(string), run) {
		page, err := s.fetchEntries(s.lastApplied.id)
		if err != nil {
			return err
		}
		if s.startsAtLast(page) {
			s.verifiedRoute = route
			if err := s.applyNewEntries(page[1:]); err != nil || len(page) < pageSize {
				return err
			}
			return s.readNewEntries()
		}
		// The same Redis process no longer has the last applied entry: the log was rewound, or
		// the entry trimmed. A process that never read a lost entry cannot notice the loss.
		if _, err := s.appendWithEpoch(entry{tags: []string{tagEverything}}, s.epoch.Load().(string), false); err != nil {
			return err
		}
	}
	if err := s.rebuildIndex(run); err != nil {
		return err
	}
	s.verifiedRoute = route
	return nil
}

// rebuildIndex replaces the index by one of all entries that a Redis process was sent since
// its start. If there are none, it appends an entry that begins a new epoch. If several
// processes do so at the same time, the first of their entries decides on the epoch.
func (s *stream) rebuildIndex(run string) error {
	all, err := s.readAllEntries()
	if err != nil {
		return err
	}
	first := firstEntryOfRun(all, run)
	if first < 0 {
		if _, err := s.appendWithEpoch(entry{}, run+rand.Text()[:8], true); err != nil {
			return err
		}
		if all, err = s.readAllEntries(); err != nil {
			return err
		}
		if first = firstEntryOfRun(all, run); first < 0 {
			return errLogLost
		}
	}
	offset, err := parseEntryID(all[first].id)
	if err != nil {
		return err
	}
	epoch := all[first].epoch
	rebuilt := newIndex(Position{Epoch: edu.HashTagName(s.key + " " + epoch), Offset: offset}) // the key names the database
	last, err := applyEntries(rebuilt, all[first:])
	if err != nil {
		return err
	}
	s.lastApplied = last
	s.epoch.Store(epoch)
	s.index.replaceWith(rebuilt)
	return nil
}

// firstEntryOfRun returns the index of the first entry that was sent to a Redis process, or
// -1. The process has all entries sent to it since.
func firstEntryOfRun(all []streamEntry, run string) int {
	return slices.IndexFunc(all, func(e streamEntry) bool { return strings.HasPrefix(e.epoch, run) })
}

// readAllEntries returns all entries that Redis holds, oldest first.
func (s *stream) readAllEntries() (all []streamEntry, err error) {
	for from := "-"; ; from = "(" + all[len(all)-1].id {
		page, err := s.fetchEntries(from)
		if all = append(all, page...); err != nil || len(page) < pageSize {
			return all, err
		}
	}
}

// readRunID returns the run id of the Redis process that has the log.
func (s *stream) readRunID() (id string, err error) {
	err = s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		node, err := s.resolveMaster(ctx, c)
		if err != nil {
			return err
		}
		info, err := node.InfoMap(ctx, "server").Result()
		id = info["Server"]["run_id"]
		return err
	})
	if err == nil && id == "" {
		err = errors.New("invalidation: Redis INFO reports no run_id")
	}
	return id, err
}
