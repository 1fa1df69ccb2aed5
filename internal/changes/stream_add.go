package changes

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errLost is returned by add where there is no log any more: it begins anew with the
// next read.
var errLost = errors.New("changes: the log in Redis is lost")

// add adds to the log, unless it is lost, in several entries where there are many
// tags. The ids are in the last that has any, as that one proves that all are there.
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
		if len(e.ids) > entryIDs {
			last = add(nil, nil)
		}
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
