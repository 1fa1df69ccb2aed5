package response

import (
	"bytes"
	"sync"
)

// MaxPooledBytes is the largest capacity, in bytes, of a buffer that a BufferPool retains.
const MaxPooledBytes = 64 << 10

// BufferPool reuses buffers. It is safe for concurrent use; the zero BufferPool is ready for use.
type BufferPool struct{ pool sync.Pool }

// EnvelopeBuffers holds the buffers of responses while they are encoded and written.
var EnvelopeBuffers BufferPool

// Get returns an empty buffer.
func (p *BufferPool) Get() *bytes.Buffer {
	if buf, ok := p.pool.Get().(*bytes.Buffer); ok {
		return buf
	}
	return new(bytes.Buffer)
}

// Put retains a buffer for reuse, unless it has grown beyond MaxPooledBytes. The caller must not use
// the buffer or its bytes afterwards.
func (p *BufferPool) Put(buf *bytes.Buffer) {
	if buf.Cap() <= MaxPooledBytes {
		buf.Reset()
		p.pool.Put(buf)
	}
}
