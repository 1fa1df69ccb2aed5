package respcache

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/dense"
	"github.com/7p-education/api/internal/invalidation"
)

// Entry is a stored response, complete to the last byte. It is immutable.
type Entry struct {
	Body      []byte
	ETag      string // of Body, strong, in quotes
	CreatedAt time.Time
	MaxAge    time.Duration
	Scope     Scope
	// SurrogateKeys are the keys by which a CDN purges the response, as the value of a header; "" if it must not store it.
	SurrogateKeys string

	tags        []uint64              // hashes of the tags that it depends on
	position    invalidation.Position // of the log, before the database was read
	validatedAt atomic.Uint64         // offset in the log at which its tags were last found unchanged
	// encoded are the bodies in the content codings that clients requested, each encoded once.
	encoded [MaxEncodings]atomic.Pointer[[]byte]

	encoder *dense.Encoder[*Entry] // of the cache that has the entry in memory, nil for none
	dense   dense.Form
}

// MaxEncodings is how many content codings an entry can hold its body in, besides the dense one.
const MaxEncodings = 3

// PlainBody returns the body without a content coding.
func (e *Entry) PlainBody() []byte { return e.Body }

// TTL returns how long the entry is still fresh; below 0 it is stale. Freshness ends up to a
// tenth of MaxAge early, by the ETag, so that entries stored together are not revalidated
// together.
func (e *Entry) TTL(now time.Time) time.Duration {
	tenth := e.MaxAge / 10
	return e.MaxAge - tenth*time.Duration(e.ETag[1])/256 - e.Age(now)
}

// Age returns the time since the entry was created.
func (e *Entry) Age(now time.Time) time.Duration { return max(0, now.Sub(e.CreatedAt)) }

// EncodedBody returns the body in a content coding, a number below MaxEncodings. It calls encode the
// first time that the coding is requested.
func (e *Entry) EncodedBody(coding int, encode func(body []byte) []byte) []byte {
	if body := e.encoded[coding].Load(); body != nil {
		return *body
	}
	body := encode(e.Body)
	e.encoded[coding].CompareAndSwap(nil, &body)
	return *e.encoded[coding].Load()
}

// DenseForm returns the place of the body in the coding with the fewest bytes.
func (e *Entry) DenseForm() *dense.Form { return &e.dense }

// DenseBody returns the body in the coding with the fewest bytes, or nil while there is none.
func (e *Entry) DenseBody(encode func(body []byte) []byte) []byte {
	if e.encoder == nil {
		return nil
	}
	return e.encoder.Body(e, encode)
}

func (e *Entry) expiresAt() time.Time { return e.CreatedAt.Add(e.MaxAge + StaleWhileRevalidate) }

func computeETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}

// estimateSize returns about how many bytes the entry takes, including the encoded bodies that
// may be added: for JSON, one coding and the dense body are about half of the body.
func (e *Entry) estimateSize() uint32 {
	return uint32(len(e.Body)*3/2 + len(e.SurrogateKeys) + 8*len(e.tags) + 400)
}

// formatVersion is the first byte of an entry in Redis. Another byte means another version of
// this program.
const formatVersion = 'C'

// headerSize is the length of the fields before the surrogate keys, the tags and the body.
const headerSize = 1 + 1 + 8 + 8 + 8 + 8 + 2 + 4

var errEntryFormat = errors.New("response cache: the value in Redis is not an entry of this version")

// marshalEntry encodes the entry for other processes.
func (e *Entry) marshalEntry() []byte {
	b := make([]byte, 0, headerSize+len(e.SurrogateKeys)+8*len(e.tags)+len(e.Body))
	b = append(b, formatVersion, byte(e.Scope))
	b = binary.BigEndian.AppendUint64(b, uint64(e.CreatedAt.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(e.MaxAge))
	b = binary.BigEndian.AppendUint64(b, e.position.Epoch)
	b = binary.BigEndian.AppendUint64(b, e.position.Offset)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.SurrogateKeys)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.tags)))
	b = append(b, e.SurrogateKeys...)
	for _, tag := range e.tags {
		b = binary.BigEndian.AppendUint64(b, tag)
	}
	return append(b, e.Body...)
}

// unmarshalEntry decodes an entry that marshalEntry encoded.
func unmarshalEntry(b []byte) (*Entry, error) {
	if len(b) < headerSize || b[0] != formatVersion {
		return nil, errEntryFormat
	}
	e := &Entry{
		CreatedAt: time.UnixMilli(int64(binary.BigEndian.Uint64(b[2:]))),
		MaxAge:    time.Duration(binary.BigEndian.Uint64(b[10:])),
		Scope:     Scope(b[1]),
		position:  invalidation.Position{Epoch: binary.BigEndian.Uint64(b[18:]), Offset: binary.BigEndian.Uint64(b[26:])},
	}
	keys, n := int(binary.BigEndian.Uint16(b[34:])), int(binary.BigEndian.Uint32(b[36:]))
	rest := b[headerSize:]
	if keys > len(rest) || n > (len(rest)-keys)/8 || e.Scope > ByViewer {
		return nil, errEntryFormat
	}
	e.SurrogateKeys, rest = string(rest[:keys]), rest[keys:]
	e.tags = make([]uint64, n)
	for i := range e.tags {
		e.tags[i] = binary.BigEndian.Uint64(rest[8*i:])
	}
	e.Body = rest[8*n:]
	e.ETag = computeETag(e.Body)
	return e, nil
}
