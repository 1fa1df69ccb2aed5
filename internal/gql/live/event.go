package live

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/7p-education/api/internal/invalidation"
)

// Event is one response of an operation. All streams of a watch share it; it is immutable.
type Event struct {
	// ID identifies the response, and the position in the log of changes up to which it is known to be
	// current. A client that has it can resume its stream at any server.
	ID string

	changed   time.Time // when the hub received the change; zero for a first response
	body      []byte    // the response as JSON, without extensions
	hash      string
	extension string   // members of the extension "live"
	frames    sync.Map // the bytes of the event in the form of a transport, by its name
}

// newEvent returns the event of a response that was current at a position of the log.
func newEvent(body []byte, at invalidation.Position) *Event {
	hash := hashBody(body)
	return &Event{ID: formatEventID(at, hash), body: body, hash: hash}
}

// Frame returns the event in the form of a transport, which is built once for all streams.
func (e *Event) Frame(transport string, build func(*Event) []byte) []byte {
	if frame, ok := e.frames.Load(transport); ok {
		return frame.([]byte)
	}
	frame, _ := e.frames.LoadOrStore(transport, build(e))
	return frame.([]byte)
}

func hashBody(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// formatEventID returns "epoch.offset.hash", the first two in hexadecimal.
func formatEventID(at invalidation.Position, hash string) string {
	return strconv.FormatUint(at.Epoch, 16) + "." + strconv.FormatUint(at.Offset, 16) + "." + hash
}

// parseEventID parses the id of an event.
func parseEventID(id string) (at invalidation.Position, hash string, ok bool) {
	parts := strings.Split(id, ".")
	if len(parts) != 3 {
		return at, "", false
	}
	epoch, err1 := strconv.ParseUint(parts[0], 16, 64)
	offset, err2 := strconv.ParseUint(parts[1], 16, 64)
	if err1 != nil || err2 != nil || len(parts[2]) != base64.RawURLEncoding.EncodedLen(12) {
		return at, "", false
	}
	return invalidation.Position{Epoch: epoch, Offset: offset}, parts[2], true
}

// Resumed is how a stream continues after the event that its client has read last.
type Resumed string

// The ways in which a stream continues.
const (
	// NotResumed is a stream that begins with the current response.
	NotResumed Resumed = ""
	// ResumedUnchanged is a stream whose client has the current response already.
	ResumedUnchanged Resumed = "unchanged"
	// ResumedChanged is a stream that begins with the current response, because it has changed.
	ResumedChanged Resumed = "changed"
	// ResumedAfterGap is like ResumedChanged, but the log does not reach back to the client's last event.
	ResumedAfterGap Resumed = "gap"
)

// liveExtension returns the members of the extension "live" of a stream's first response.
func liveExtension(intervalMillis int64, resumed Resumed) string {
	members := `"minIntervalMillis":` + strconv.FormatInt(intervalMillis, 10)
	if resumed != NotResumed {
		members += `,"resumed":"` + string(resumed) + `"`
	}
	return members
}

// Response returns the response as JSON, without a line end. The first one of a stream has the extension "live".
// With withID the extension has the id of the event, for a transport that has no other place for it.
func (e *Event) Response(withID bool) []byte {
	members := e.extension
	if withID {
		if members != "" {
			members = "," + members
		}
		members = `"eventId":"` + e.ID + `"` + members
	}
	if members == "" {
		return e.body
	}
	return slices.Concat(e.body[:len(e.body)-1], []byte(`,"extensions":{"live":{`+members+"}}}"))
}
