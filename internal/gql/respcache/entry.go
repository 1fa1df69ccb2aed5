package respcache

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/invalidation"
)

// Entry is an answer that is kept, finished to the last byte. It is never changed.
type Entry struct {
	Body      []byte
	ETag      string // of Body, strong, in quotes
	CreatedAt time.Time
	MaxAge    time.Duration
	Scope     Scope

	tags        []uint64              // what it depends on
	position    invalidation.Position // how far the log went before the database was read
	validatedAt atomic.Uint64         // where in the log its tags were last found unchanged
	// encoded are the bodies in the codings that were asked for, each made once.
	encoded [maxEncodings]atomic.Pointer[[]byte]
}

// maxEncodings is how many codings of a body are kept beside it.
const maxEncodings = 4

// TTL returns for how long the answer is as young as its policy wants, or up to a
// tenth younger: what was made together is not made anew together. Below 0 it is stale.
func (a *Entry) TTL(now time.Time) time.Duration {
	tenth := a.MaxAge / 10
	return a.MaxAge - tenth*time.Duration(a.ETag[1])/256 - a.Age(now)
}

// Age returns how old the answer is.
func (a *Entry) Age(now time.Time) time.Duration { return max(0, now.Sub(a.CreatedAt)) }

// EncodedBody returns the body in the coding of a number below 4, made by encode when it
// is first asked for.
func (a *Entry) EncodedBody(coding int, encode func(body []byte) []byte) []byte {
	if body := a.encoded[coding].Load(); body != nil {
		return *body
	}
	body := encode(a.Body)
	a.encoded[coding].CompareAndSwap(nil, &body)
	return *a.encoded[coding].Load()
}

func computeETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}

// estimateSize is about how many bytes the answer takes, with the codings it may come to
// have: together those of JSON take less than half of it.
func (a *Entry) estimateSize() uint32 { return uint32(len(a.Body)*3/2 + 8*len(a.tags) + 400) }

// formatVersion begins what is kept in Redis; another is of another version of this program.
const formatVersion = 'B'

// headerSize is what stands before the tags and the body.
const headerSize = 1 + 1 + 8 + 8 + 8 + 8 + 4

var errEntryFormat = errors.New("answers: what Redis has is no answer of this version")

// marshalEntry makes bytes of the answer, for other processes.
func (a *Entry) marshalEntry() []byte {
	b := make([]byte, 0, headerSize+8*len(a.tags)+len(a.Body))
	b = append(b, formatVersion, byte(a.Scope))
	b = binary.BigEndian.AppendUint64(b, uint64(a.CreatedAt.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(a.MaxAge))
	b = binary.BigEndian.AppendUint64(b, a.position.Epoch)
	b = binary.BigEndian.AppendUint64(b, a.position.Offset)
	b = binary.BigEndian.AppendUint32(b, uint32(len(a.tags)))
	for _, tag := range a.tags {
		b = binary.BigEndian.AppendUint64(b, tag)
	}
	return append(b, a.Body...)
}

// unmarshalEntry reads what marshal made.
func unmarshalEntry(b []byte) (*Entry, error) {
	if len(b) < headerSize || b[0] != formatVersion {
		return nil, errEntryFormat
	}
	a := &Entry{
		CreatedAt: time.UnixMilli(int64(binary.BigEndian.Uint64(b[2:]))),
		MaxAge:    time.Duration(binary.BigEndian.Uint64(b[10:])),
		Scope:     Scope(b[1]),
		position:  invalidation.Position{Epoch: binary.BigEndian.Uint64(b[18:]), Offset: binary.BigEndian.Uint64(b[26:])},
	}
	n := int(binary.BigEndian.Uint32(b[34:]))
	rest := b[headerSize:]
	if n > len(rest)/8 || a.Scope > ByViewer {
		return nil, errEntryFormat
	}
	a.tags = make([]uint64, n)
	for i := range a.tags {
		a.tags[i] = binary.BigEndian.Uint64(rest[8*i:])
	}
	a.Body = rest[8*n:]
	a.ETag = computeETag(a.Body)
	return a, nil
}
