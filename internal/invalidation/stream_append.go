package invalidation

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errLogLost is returned if there is no log in Redis, or not the registered one. A later read begins a new epoch.
var errLogLost = errors.New("invalidation: the log in Redis is lost")

// appendEntry appends a log entry, in several stream entries if it has many tags.
// Only the last of them has the ids: it proves that the others are there. The first one announces
// them. appendEntry returns errLogLost if there is no log.
func (s *stream) appendEntry(e entry) error {
	added, epoch := false, s.currentEpoch().Name
	err := s.redis.RunCommands(context.Background(), func(ctx context.Context, c redis.UniversalClient) error {
		pipe := c.Pipeline()
		add := func(tags []string, ids string) *redis.StringCmd {
			return pipe.XAdd(ctx, &redis.XAddArgs{
				Stream: s.key, NoMkStream: true, MaxLen: maxStreamEntries, Approx: true,
				Values: []string{fieldEpoch, epoch, fieldTags, strings.Join(tags, " "), fieldIDs, ids},
			})
		}
		tags := e.tags
		announced := formatIDs(e.ids, announcedID)
		for ; len(tags) > maxEntryTags; tags = tags[maxEntryTags:] {
			add(tags[:maxEntryTags], announced)
			announced = announcedID
		}
		last := add(tags, formatIDs(e.ids, ""))
		if len(e.ids) > maxEntryIDs {
			last = add(nil, "")
		}
		_, err := pipe.Exec(ctx)
		added = err == nil && last.Val() != ""
		return err
	})
	if errors.Is(err, redis.Nil) || err == nil && !added { // there is no stream
		return errLogLost
	}
	return err
}

// formatIDs formats ids, each with a prefix.
func formatIDs(ids []int64, prefix string) string {
	var b []byte
	for _, id := range ids {
		b = append(b, prefix...)
		b = append(strconv.AppendInt(b, id, 10), ' ')
	}
	return string(b)
}
