package answers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/changes"
)

// Answer is an answer that is kept, finished to the last byte. It is never changed.
type Answer struct {
	Body   []byte
	ETag   string // of Body, strong, in quotes
	Made   time.Time
	MaxAge time.Duration
	Scope  Scope

	tags  []uint64         // what it depends on
	since changes.Position // how far the log went before the database was read
	good  atomic.Uint64    // where in the log its tags were last found unchanged
	// coded are the bodies in the codings that were asked for, each made once.
	coded [codings]atomic.Pointer[[]byte]
}

// codings is how many codings of a body are kept beside it.
const codings = 4

// TTL returns for how long the answer is as young as its policy wants, or up to a
// tenth younger: what was made together is not made anew together. Below 0 it is stale.
func (a *Answer) TTL(now time.Time) time.Duration {
	tenth := a.MaxAge / 10
	return a.MaxAge - tenth*time.Duration(a.ETag[1])/256 - a.Age(now)
}

// Age returns how old the answer is.
func (a *Answer) Age(now time.Time) time.Duration { return max(0, now.Sub(a.Made)) }

// Coded returns the body in the coding of a number below 4, made by encode when it
// is first asked for.
func (a *Answer) Coded(coding int, encode func(body []byte) []byte) []byte {
	if body := a.coded[coding].Load(); body != nil {
		return *body
	}
	body := encode(a.Body)
	a.coded[coding].CompareAndSwap(nil, &body)
	return *a.coded[coding].Load()
}

func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}

// weight is about how many bytes the answer takes, with the codings it may come to
// have: together those of JSON take less than half of it.
func (a *Answer) weight() uint32 { return uint32(len(a.Body)*3/2 + 8*len(a.tags) + 400) }

// format begins what is kept in Redis; another is of another version of this program.
const format = 'B'

// header is what stands before the tags and the body.
const header = 1 + 1 + 8 + 8 + 8 + 8 + 4

var errFormat = errors.New("answers: what Redis has is no answer of this version")

// marshal makes bytes of the answer, for other processes.
func (a *Answer) marshal() []byte {
	b := make([]byte, 0, header+8*len(a.tags)+len(a.Body))
	b = append(b, format, byte(a.Scope))
	b = binary.BigEndian.AppendUint64(b, uint64(a.Made.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(a.MaxAge))
	b = binary.BigEndian.AppendUint64(b, a.since.Lineage)
	b = binary.BigEndian.AppendUint64(b, a.since.At)
	b = binary.BigEndian.AppendUint32(b, uint32(len(a.tags)))
	for _, tag := range a.tags {
		b = binary.BigEndian.AppendUint64(b, tag)
	}
	return append(b, a.Body...)
}

// unmarshal reads what marshal made.
func unmarshal(b []byte) (*Answer, error) {
	if len(b) < header || b[0] != format {
		return nil, errFormat
	}
	a := &Answer{
		Made:   time.UnixMilli(int64(binary.BigEndian.Uint64(b[2:]))),
		MaxAge: time.Duration(binary.BigEndian.Uint64(b[10:])),
		Scope:  Scope(b[1]),
		since:  changes.Position{Lineage: binary.BigEndian.Uint64(b[18:]), At: binary.BigEndian.Uint64(b[26:])},
	}
	n := int(binary.BigEndian.Uint32(b[34:]))
	rest := b[header:]
	if n > len(rest)/8 || a.Scope > ByViewer {
		return nil, errFormat
	}
	a.tags = make([]uint64, n)
	for i := range a.tags {
		a.tags[i] = binary.BigEndian.Uint64(rest[8*i:])
	}
	a.Body = rest[8*n:]
	a.ETag = etag(a.Body)
	return a, nil
}
