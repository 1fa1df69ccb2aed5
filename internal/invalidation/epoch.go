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

// verifyContinuity finds out whether the log goes on where the replica ends. Otherwise that
// begins anew: with the entries that the Redis process of now was given since its
// start, or else with one that is added for that. The process has all of them, unless
// its log was rewound; who sees that adds that anything changed.
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
			return s.applyNewEntries(page[1:])
		}
		// The process has lost the end of what it was given: its log was rewound, and those
		// who do not know of the end could not tell that it is gone.
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

// rebuildIndex makes the replica anew. Of several that begin a log at the same time, the
// first decides on its lineage.
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
	at, err := parseEntryID(all[first].id)
	if err != nil {
		return err
	}
	epoch := all[first].epoch
	rebuilt := newIndex(Position{edu.HashTagName(epoch), at})
	last, err := applyEntries(rebuilt, all[first:])
	if err != nil {
		return err
	}
	s.lastApplied = last
	s.epoch.Store(epoch)
	s.index.replaceWith(rebuilt)
	return nil
}

// firstEntryOfRun returns the first entry that was written to a Redis process, or -1: it has all
// that were written since.
func firstEntryOfRun(all []streamEntry, run string) int {
	return slices.IndexFunc(all, func(m streamEntry) bool { return strings.HasPrefix(m.epoch, run) })
}

// readAllEntries returns what there is of the log.
func (s *stream) readAllEntries() (all []streamEntry, err error) {
	for from := "-"; ; from = "(" + all[len(all)-1].id {
		page, err := s.fetchEntries(from)
		if all = append(all, page...); err != nil || len(page) < pageSize {
			return all, err
		}
	}
}

// readRunID returns the id of the Redis process that has the log.
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
		err = errors.New("changes: INFO of Redis has no run_id")
	}
	return id, err
}
