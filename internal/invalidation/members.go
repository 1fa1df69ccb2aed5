package invalidation

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// membersKey begins the key of the hash of members. The rest is the key of the stream, in braces, so that
// both keys are in one slot of a cluster.
const membersKey = "members:"

// epochField and logField are the fields of the hash of members with the epoch of the log, and with the name of the log in
// the registry. The other fields are members.
const epochField, logField = "epoch", "log"

// exchangeScript returns a page of entries from the last applied one on, and the members. It returns nil if the
// log is of another epoch, or no longer has the last applied entry. It removes members whose registrations
// are unchanged, and registers the caller if it has a registration.
// KEYS: stream, members. ARGV: epoch, last applied entry, page size, member, registration, then a
// member and its registration for each removal.
var exchangeScript = redis.NewScript(`
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[1] then return false end
local page = redis.call('XRANGE', KEYS[1], ARGV[2], '+', 'COUNT', ARGV[3])
if not page[1] or page[1][1] ~= ARGV[2] then return false end
for i = 6, #ARGV, 2 do
  if redis.call('HGET', KEYS[2], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[2], ARGV[i]) end
end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], ARGV[4], ARGV[5]) end
return {page, redis.call('HGETALL', KEYS[2])}`)

// errMalformedReply is returned for a reply that exchangeScript cannot have returned.
var errMalformedReply = errors.New("invalidation: malformed reply of Redis")

// member is a process that may hold a read lease.
type member struct {
	// registration is the position that it had applied at its last exchange, and a counter of its exchanges.
	// No two exchanges store the same one.
	registration string
	applied      uint64    // the offset in registration
	since        time.Time // when this process first saw the registration
}

// roster is the members of an epoch at one time, and the end of the log at that time.
type roster struct {
	epoch   string
	sent    time.Time // when the exchange was sent
	end     uint64
	members map[string]member // without this process
}

// remaining returns how long a write must still wait before it is acknowledged: until each member of r has
// applied the log up to the end of r, as the latest roster reports, or holds no lease that it had then.
func (r *roster) remaining(latest *roster, now time.Time) time.Duration {
	var until time.Time
	for name, m := range r.members {
		if current, registered := latest.members[name]; registered && current.applied < r.end && m.since.After(until) {
			until = m.since
		}
	}
	return until.Add(writeWait).Sub(now)
}

// exchange sends an exchange and applies the entries that it returns. It reports whether the log continues
// where the index ends, and the number of entries applied. A member receives a lease, unless another Redis
// process may have replied or there are more entries.
func (s *stream) exchange() (continues bool, applied int, err error) {
	sent := time.Now()
	registration, removals := s.nextRegistration(sent)
	args := append([]any{s.currentEpoch().Name, s.lastApplied.id, pageSize, s.name, registration}, removals...)
	reply, err := s.runScript(exchangeScript, args...)
	if errors.Is(err, redis.Nil) {
		return false, 0, nil
	}
	if err != nil {
		return false, 0, fmt.Errorf("read %s: %w", s.key, err)
	}
	page, members, err := decodeExchange(reply)
	if err != nil || !s.startsAtLast(page) {
		return false, 0, err
	}
	registered := s.lastApplied.id
	if err := s.applyNewEntries(page[1:]); err != nil {
		return false, 0, err
	}
	if registration == "" {
		s.registration, registered = "", s.lastApplied.id
	}
	s.acknowledge(registered)
	if len(page) < pageSize && s.routeVersion() == s.verifiedRoute {
		s.recordRoster(sent, members)
		if registration != "" {
			s.lease.Store(&readLease{sent})
		}
	}
	return true, len(page) - 1, nil
}

// acknowledge records which entries the process has acknowledged. follow waits for later ones: an entry that was
// applied and not acknowledged ends the wait at once.
func (s *stream) acknowledge(id string) {
	offset, _ := parseEntryID(id) // of an applied entry, so it is valid
	s.acknowledged.Store(offset)
}

// nextRegistration returns the registration for the next exchange, "" if the process is not to be a member,
// and the members to remove: those without a lease, and this process if it leaves. It ends its lease first.
func (s *stream) nextRegistration(now time.Time) (registration string, removals []any) {
	for name, m := range s.members {
		if now.Sub(m.since) >= writeWait {
			removals = append(removals, name, m.registration)
		}
	}
	if s.isWanted() {
		s.exchanges++
		s.registration = s.lastApplied.id + " " + strconv.FormatUint(s.exchanges, 10)
		return s.registration, removals
	}
	if s.registration != "" {
		s.lease.Store(nil)
		removals = append(removals, s.name, s.registration)
	}
	return "", removals
}

// recordRoster publishes the roster that an exchange has returned.
func (s *stream) recordRoster(sent time.Time, registrations map[string]string) {
	now, members := time.Now(), make(map[string]member, len(registrations))
	for name, registration := range registrations {
		if name == epochField || name == logField || name == s.name {
			continue
		}
		m := s.members[name]
		if m.registration != registration {
			id, _, _ := strings.Cut(registration, " ")
			applied, _ := parseEntryID(id) // 0 for an invalid one
			m = member{registration, applied, now}
		}
		members[name] = m
	}
	s.members = members
	end, _ := parseEntryID(s.lastApplied.id)
	s.roster.Store(&roster{s.currentEpoch().Name, sent, end, members})
}

// runScript runs a script on the Redis process that has the log.
func (s *stream) runScript(script *redis.Script, args ...any) (reply any, err error) {
	err = s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		node, err := s.resolveMaster(ctx, c)
		if err != nil {
			return err
		}
		reply, err = script.Run(ctx, node, []string{s.key, s.membersKey}, args...).Result()
		if _, moved := redis.IsMovedError(err); moved { // only the client of the cluster follows the move
			_ = c.XRangeN(ctx, s.key, "-", "+", 1).Err()
		}
		return err
	})
	return reply, err
}

// decodeExchange decodes the reply of exchangeScript.
func decodeExchange(reply any) (page []streamEntry, members map[string]string, err error) {
	parts, _ := reply.([]any)
	if len(parts) != 2 {
		return nil, nil, errMalformedReply
	}
	entries, _ := parts[0].([]any)
	for _, e := range entries {
		fields, _ := e.([]any)
		if len(fields) != 2 {
			return nil, nil, errMalformedReply
		}
		id, _ := fields[0].(string)
		page = append(page, newStreamEntry(id, decodePairs(fields[1])))
	}
	return page, decodePairs(parts[1]), nil
}

// decodePairs decodes an array of names and values.
func decodePairs(array any) map[string]string {
	list, _ := array.([]any)
	pairs := make(map[string]string, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		name, _ := list[i].(string)
		pairs[name], _ = list[i+1].(string)
	}
	return pairs
}
