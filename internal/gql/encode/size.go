package encode

import (
	"bytes"
	"io"

	"github.com/7p-education/api/internal/gql/memory"
)

const (
	// initialBytes is the capacity of a new buffer, which no meter counts.
	initialBytes = 8 << 10
	// countInterval is how many bytes an encoder writes before it counts them. A longer string is
	// counted before it is written. Within an object, shorter ones may exceed the limit: by the length
	// of the document, and by countInterval for each alias.
	countInterval = 4 << 10
)

// sizeLimit counts the bytes of a root field, and stops the encoder when the response is too large.
type sizeLimit struct {
	meter    *memory.Meter
	counted  int // bytes of the buffer that the meter has counted
	capacity int // of the buffer, as reserved
	exceeded bool

	// The bytes since lastStart belong to lastField.
	root, lastField *Field
	lastStart       int
}

// countBytes counts the bytes that were written since the last call, and makes room for n more and for
// those of the next interval. It returns false if the response is too large with them: then the encoder
// has to stop. The buffer doubles, but not beyond the limit of the response.
func (e *Encoder[R]) countBytes(n int) bool {
	if !e.countWritten(n) {
		return false
	}
	s, needed := &e.size, len(e.Buf)+n+2*countInterval
	if needed <= cap(e.Buf) {
		return true
	}
	capacity := max(needed, min(2*cap(e.Buf), s.meter.MaxResponseBytes()))
	if s.exceeded = !s.meter.Reserve(capacity - s.capacity); s.exceeded {
		return false
	}
	s.capacity = capacity
	e.Buf = append(make([]byte, 0, capacity), e.Buf...)
	return true
}

// countWritten counts the bytes that were written since the last call, and the capacity that append has
// added meanwhile. It returns false if the response is too large, with n more bytes.
func (e *Encoder[R]) countWritten(n int) bool {
	s := &e.size
	if s.exceeded {
		return false
	}
	written, grown := len(e.Buf)-s.counted, cap(e.Buf)-s.capacity
	s.counted, s.capacity = len(e.Buf), cap(e.Buf)
	s.exceeded = !s.meter.CountResponse(written, n) || grown > 0 && !s.meter.Reserve(grown)
	return !s.exceeded
}

// AddFieldBytes adds the bytes of each field to sums, by the names in the schema with dots.
func (s *sizeLimit) AddFieldBytes(sums map[string]int) { s.root.addBytes(s.root.collected.Name, sums) }

func (f *Field) addBytes(path string, sums map[string]int) {
	sums[path] += f.bytes
	for _, p := range f.plans {
		for i := range p.plan.Fields {
			below := &p.plan.Fields[i]
			below.addBytes(path+"."+below.collected.Name, sums)
		}
	}
}

// rootValue is the JSON of a root field, until gqlgen writes it.
type rootValue struct {
	json  []byte
	meter *memory.Meter
}

// MarshalGQL writes the JSON once, and frees it. The first root field makes room for all of them, since
// all were encoded before: a bytes.Buffer that doubles takes up to three times as much.
func (v *rootValue) MarshalGQL(w io.Writer) {
	if buf, ok := w.(*bytes.Buffer); ok && buf.Available() < len(v.json) {
		needed := max(len(v.json), v.meter.ResponseBytes()-buf.Len()) + countInterval
		if !v.meter.Reserve(needed) {
			return // the response becomes an error
		}
		buf.Grow(needed)
	}
	_, _ = w.Write(v.json)
	if reserved := cap(v.json) - initialBytes; reserved > 0 {
		v.meter.Unreserve(reserved)
	}
	v.json = nil
}
