package invalidation

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/store"
)

// beginEpochScript begins a new log, without members. KEYS: stream, members. ARGV: epoch, expiry, name of the log.
var beginEpochScript = redis.NewScript(`
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('XADD', KEYS[1], '*', '` + fieldEpoch + `', ARGV[1], '` + fieldTags + `', '', '` + fieldIDs + `', '')
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'log', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])`)

// beginPatience is how long a process waits for the one that has registered an epoch, and has yet to begin it in Redis.
const beginPatience = PollInterval

// epochRegistry is where the epoch of each log is registered. Redis can have two masters for a while, or return to older
// data; the registry has one order of epochs, and no epoch twice.
type epochRegistry interface {
	// LogEpoch returns the registered epoch of a log.
	LogEpoch(ctx context.Context, log string) (store.LogEpoch, error)
	// RegisterLogEpoch registers the next epoch of a log. It reports false if former is not the registered one any more.
	RegisterLogEpoch(ctx context.Context, log, name string, former store.LogEpoch) (bool, error)
}

// errSuperseded is returned while the registered epoch is another one than that of this process.
var errSuperseded = errors.New("invalidation: other servers use another log in Redis")

// verifyContinuity checks that the log still continues where the index ends. If it does not, or another epoch was
// registered, verifyContinuity makes the index that of the registered epoch, or begins a new one.
func (s *stream) verifyContinuity() error {
	route := s.routeVersion()
	run, err := s.readRunID()
	if err != nil {
		return err
	}
	if own := s.currentEpoch(); own.Generation > 0 && strings.HasPrefix(own.Name, run) && !s.superseded.Load() {
		continues, _, err := s.exchange()
		if err != nil {
			return err
		}
		if continues {
			s.verifiedRoute = route
			return nil
		}
	}
	if err := s.enterEpoch(run); err != nil {
		return err
	}
	s.superseded.Store(false)
	s.verifiedRoute = route
	return nil
}

// enterEpoch makes the index that of the registered epoch, if that was begun for this history of the database in the running
// Redis process, which has its log. The process does not enter an epoch again that it has lost. Otherwise enterEpoch
// registers a new epoch and begins it.
func (s *stream) enterEpoch(run string) error {
	s.lease.Store(nil)
	ctx, cancel := context.WithTimeout(context.Background(), Lease)
	defer cancel()
	log, err := s.readLogName()
	if err != nil {
		return err
	}
	s.logName.Store(&log)
	registered, err := s.registry.LogEpoch(ctx, log)
	if err != nil {
		return err
	}
	begin := run + fmt.Sprintf("%08x", uint32(edu.HashTagName(s.key))) // of the names of its epochs
	if strings.HasPrefix(registered.Name, begin) && registered != s.currentEpoch() {
		entered, err := s.rebuildIndex(registered)
		if err != nil || entered {
			return err
		}
		if s.missing != registered {
			s.missing, s.missingSince = registered, time.Now()
		}
		if time.Since(s.missingSince) < beginPatience {
			return errLogLost
		}
	}
	next := store.LogEpoch{Name: begin + rand.Text()[:8], Generation: registered.Generation + 1}
	ours, err := s.registry.RegisterLogEpoch(ctx, log, next.Name, registered)
	if err != nil {
		return err
	}
	if !ours {
		return errSuperseded
	}
	if _, err := s.runScript(beginEpochScript, next.Name, int(streamExpiry/time.Second), log); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	entered, err := s.rebuildIndex(next)
	if err == nil && !entered { // lost again
		err = errLogLost
	}
	return err
}

// rebuildIndex replaces the index by one of all entries of an epoch. It returns false if Redis has none.
func (s *stream) rebuildIndex(epoch store.LogEpoch) (bool, error) {
	all, err := s.readAllEntries()
	if err != nil {
		return false, err
	}
	first := slices.IndexFunc(all, func(e streamEntry) bool { return e.epoch == epoch.Name })
	if first < 0 {
		return false, nil
	}
	offset, err := parseEntryID(all[first].id)
	if err != nil {
		return false, err
	}
	rebuilt := newIndex(Position{Epoch: s.epochOfPositions(epoch), Offset: offset})
	last, err := applyEntries(rebuilt, all[first:])
	if err != nil {
		return false, err
	}
	s.lastApplied = last
	s.acknowledge(last.id)
	s.epoch.Store(&epoch)
	s.members, s.registration = nil, ""
	s.roster.Store(nil)
	s.index.replaceWith(rebuilt)
	return true, nil
}

// currentEpoch returns the epoch of the index; the zero one before the first.
func (s *stream) currentEpoch() store.LogEpoch { return *s.epoch.Load() }

// epochOfPositions returns the number that positions of an epoch have.
func (s *stream) epochOfPositions(epoch store.LogEpoch) uint64 {
	return edu.HashTagName(s.key + " " + epoch.Name) // the key names the database
}

// readLogName returns the name of the log in the registry: the one in Redis, or that of this process if there is none.
// Processes may write the address of one Redis in several ways.
func (s *stream) readLogName() (name string, err error) {
	err = s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		node, err := s.resolveMaster(ctx, c)
		if err != nil {
			return err
		}
		name, err = node.HGet(ctx, s.membersKey, logField).Result()
		return err
	})
	if errors.Is(err, redis.Nil) {
		return defaultLogName(s.redis), nil
	}
	return name, err
}

// defaultLogName returns the name of a log that has none yet. All histories of a database share it.
func defaultLogName(r *cache.Redis) string { return streamKey + " " + r.Name() }

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

// runIDLength is the length of the run id that begins the name of an epoch.
const runIDLength = 40

// sameRun reports whether two epochs were begun in the same Redis process.
func sameRun(a, b string) bool {
	return len(a) > runIDLength && len(b) > runIDLength && a[:runIDLength] == b[:runIDLength]
}
