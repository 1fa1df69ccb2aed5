package invalidation

import (
	"bytes"
	"errors"
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

var errMalformedReply = errors.New("invalidation: malformed reply to XRANGE")

// decodeRange decodes the reply to XRANGE, which is the same in RESP2 and RESP3: an array of
// entries, each an id and an array of names and values.
func decodeRange(reply []byte) ([]streamEntry, error) {
	in := respReader{rest: reply}
	var page []streamEntry
	for n := in.readLength('*'); n > 0 && !in.malformed; n-- {
		var e streamEntry
		in.malformed = in.readLength('*') != 2 || in.malformed
		e.id = in.readString()
		for values := in.readLength('*'); values > 0 && !in.malformed; values -= 2 {
			switch name, value := in.readString(), in.readString(); name {
			case fieldEpoch:
				e.epoch = value
			case fieldIDs:
				e.changeIDs = value
			case fieldTags:
				e.tags = value
			}
		}
		page = append(page, e)
	}
	if in.malformed || len(in.rest) > 0 {
		return nil, errMalformedReply
	}
	return page, nil
}

// respReader reads arrays and strings of RESP. It sets malformed at the first error.
type respReader struct {
	rest      []byte
	malformed bool
}

// readLength reads the length of an array, kind *, or of a string, kind $.
func (r *respReader) readLength(kind byte) int {
	line, rest, ok := bytes.Cut(r.rest, []byte("\r\n"))
	if !ok || len(line) < 2 || line[0] != kind {
		r.malformed = true
		return 0
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n < 0 {
		r.malformed = true
		return 0
	}
	r.rest = rest
	return n
}

func (r *respReader) readString() string {
	n := r.readLength('$')
	if r.malformed || n > len(r.rest)-2 {
		r.malformed = true
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n+2:]
	return s
}
