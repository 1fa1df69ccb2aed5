package invalidation

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
)

// beginEpochScript returns the epoch of the log. It begins a new log, without members, unless the running Redis
// process has begun the log and has its members. KEYS: stream, members. ARGV: run id, epoch, expiry.
var beginEpochScript = redis.NewScript(`
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if epoch and string.sub(epoch, 1, #ARGV[1]) == ARGV[1] and #redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1) > 0 then return epoch end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('XADD', KEYS[1], '*', '` + fieldEpoch + `', ARGV[2], '` + fieldTags + `', '', '` + fieldIDs + `', '')
redis.call('HSET', KEYS[2], 'epoch', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return ARGV[2]`)

// verifyContinuity checks that the log still continues where the index ends. If it does not,
// verifyContinuity rebuilds the index from the entries of the epoch that the running Redis process has begun, or
// begins a new epoch. The Redis process has all entries of its epoch, unless its log was rewound. A
// process that detects a rewind appends tagEverything, for the processes that cannot.
func (s *stream) verifyContinuity() error {
	route := s.routeVersion()
	run, err := s.readRunID()
	if err != nil {
		return err
	}
	if s.lastApplied.id != "" && strings.HasPrefix(s.epoch.Load().(string), run) {
		continues, _, err := s.exchange()
		if err != nil {
			return err
		}
		if continues {
			s.verifiedRoute = route
			return nil
		}
		// The same Redis process no longer has the last applied entry: the log was rewound, or
		// the entry trimmed. A process that never read a lost entry cannot notice the loss.
		if err := s.appendEntry(entry{tags: []string{tagEverything}}); err != nil && !errors.Is(err, errLogLost) {
			return err
		}
	}
	if err := s.rebuildIndex(run); err != nil {
		return err
	}
	s.verifiedRoute = route
	return nil
}

// rebuildIndex replaces the index by one of all entries of the epoch that a Redis process has begun. If there is
// none, it begins one.
func (s *stream) rebuildIndex(run string) error {
	s.lease.Store(nil)
	reply, err := s.runScript(beginEpochScript, run, run+rand.Text()[:8], int(streamExpiry/time.Second))
	if err != nil {
		return err
	}
	epoch, _ := reply.(string)
	all, err := s.readAllEntries()
	if err != nil {
		return err
	}
	first := slices.IndexFunc(all, func(e streamEntry) bool { return e.epoch == epoch })
	if first < 0 { // lost again
		return errLogLost
	}
	offset, err := parseEntryID(all[first].id)
	if err != nil {
		return err
	}
	rebuilt := newIndex(Position{Epoch: edu.HashTagName(s.key + " " + epoch), Offset: offset}) // the key names the database
	last, err := applyEntries(rebuilt, all[first:])
	if err != nil {
		return err
	}
	s.lastApplied = last
	s.acknowledge(last.id)
	s.epoch.Store(epoch)
	s.epochSince, s.members, s.registration = time.Now(), nil, ""
	s.roster.Store(nil)
	s.index.replaceWith(rebuilt)
	return nil
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
