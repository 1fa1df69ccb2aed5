package invalidation

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The fields of an entry. The lineage begins with the id of the Redis process that it
// was written to, as one that was started anew may have lost the end of the log, and
// ends with something random, as any may lose all of it.
const (
	fieldEpoch = "l"
	fieldIDs   = "i"
	fieldTags  = "t"
)

// streamEntry is an entry as Redis keeps it.
type streamEntry struct{ id, epoch, changeIDs, tags string }

func (m streamEntry) decodeEntry() (e entry) {
	e.tags = strings.Fields(m.tags)
	for _, id := range strings.Fields(m.changeIDs) {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			e.ids = append(e.ids, n)
		}
	}
	return e
}

// parseEntryID makes a number of the id of an entry, which is a time in milliseconds and a
// number within it.
func parseEntryID(id string) (uint64, error) {
	ms, n, _ := strings.Cut(id, "-")
	at, err := strconv.ParseUint(ms, 10, 44)
	within, err2 := strconv.ParseUint(n, 10, 20)
	if err != nil || err2 != nil {
		return 0, fmt.Errorf("changes: the id %q of an entry is out of range", id)
	}
	return at<<20 | within, nil
}

var errMalformedReply = errors.New("changes: Redis answers XRANGE with something else than entries")

// decodeRange reads the reply to XRANGE, which RESP2 and RESP3 write alike: an array of
// entries, each of its id and an array of names and values.
func decodeRange(reply []byte) ([]streamEntry, error) {
	in := respReader{rest: reply}
	var page []streamEntry
	for n := in.readLength('*'); n > 0 && !in.malformed; n-- {
		var m streamEntry
		in.malformed = in.readLength('*') != 2 || in.malformed
		m.id = in.readString()
		for values := in.readLength('*'); values > 0 && !in.malformed; values -= 2 {
			switch name, value := in.readString(), in.readString(); name {
			case fieldEpoch:
				m.epoch = value
			case fieldIDs:
				m.changeIDs = value
			case fieldTags:
				m.tags = value
			}
		}
		page = append(page, m)
	}
	if in.malformed || len(in.rest) > 0 {
		return nil, errMalformedReply
	}
	return page, nil
}

// respReader reads arrays and strings of RESP, until something is bad.
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
