package invalidation

import (
	"fmt"
	"strconv"
	"strings"
)

// The fields of a stream entry. The epoch begins with the run id of the Redis process that
// the entry was sent to, because a restarted process may have lost the end of the log. It
// ends with random characters, because any process may lose the whole log.
const (
	fieldEpoch = "l"
	fieldIDs   = "i"
	fieldTags  = "t"

	// announcedID precedes the id of a change in an entry with the first part of its tags, and stands alone
	// in an entry with a later part.
	announcedID = "-"
)

// streamEntry is a log entry, or a part of one, as Redis stores it.
type streamEntry struct{ id, epoch, changeIDs, tags string }

func newStreamEntry(id string, values map[string]string) streamEntry {
	return streamEntry{id: id, epoch: values[fieldEpoch], changeIDs: values[fieldIDs], tags: values[fieldTags]}
}

func (e streamEntry) decodeEntry() (decoded entry) {
	decoded.tags = strings.Fields(e.tags)
	decoded.isPart = strings.HasPrefix(e.changeIDs, announcedID)
	for _, id := range strings.Fields(e.changeIDs) {
		n, err := strconv.ParseInt(id, 10, 64)
		switch {
		case err != nil:
		case strings.HasPrefix(id, announcedID):
			decoded.announced = append(decoded.announced, -n)
		default:
			decoded.ids = append(decoded.ids, n)
		}
	}
	return decoded
}

// parseEntryID returns the offset of an entry: its id, a time in milliseconds and a sequence
// number, as one integer in the same order.
func parseEntryID(id string) (uint64, error) {
	ms, n, _ := strings.Cut(id, "-")
	millis, err := strconv.ParseUint(ms, 10, 44)
	sequence, err2 := strconv.ParseUint(n, 10, 20)
	if err != nil || err2 != nil {
		return 0, fmt.Errorf("invalidation: entry id %q is out of range", id)
	}
	return millis<<20 | sequence, nil
}

// formatEntryID returns the id of the entry at an offset.
func formatEntryID(offset uint64) string {
	return strconv.FormatUint(offset>>20, 10) + "-" + strconv.FormatUint(offset&(1<<20-1), 10)
}
