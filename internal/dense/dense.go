// Package dense encodes bodies that are sent again and again in a coding that takes much processor time for few bytes:
// in the background, one at a time (decision 20).
package dense

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// minRequests is how many clients that accept the dense coding request a body before it is encoded so.
	minRequests = 8
	// maxBytes is the largest body, in bytes, that is encoded densely: some 50 ms of a processor.
	maxBytes = 256 << 10
	// maxQueue is how many entries can wait to be encoded; further ones never are.
	maxQueue = 64
	// pause is how many times as long as it worked the encoder rests: it takes a tenth of one processor.
	pause = 9
)

// Entry is what a cache holds: a body and its dense form.
type Entry interface {
	// PlainBody returns the body without a content coding.
	PlainBody() []byte
	// DenseForm returns the place of the dense form, the same at each call.
	DenseForm() *Form
}

// Form is the dense form of a body. The zero value has none yet.
type Form struct {
	body     atomic.Pointer[[]byte]
	requests atomic.Uint32 // made while there was no body
}

// Encoder encodes the entries of a cache. It is safe for concurrent use.
type Encoder[E Entry] struct {
	// IsValid reports whether an entry can still be served.
	IsValid func(E) bool

	mu      sync.Mutex
	queue   []request[E]
	running bool
}

type request[E Entry] struct {
	entry  E
	encode func(body []byte) []byte
}

// Body returns the body of an entry as encode encodes it, or nil while it is not encoded, which begins once it was
// requested several times.
func (d *Encoder[E]) Body(e E, encode func(body []byte) []byte) []byte {
	form := e.DenseForm()
	if body := form.body.Load(); body != nil {
		return *body
	}
	if len(e.PlainBody()) <= maxBytes && form.requests.Add(1) == minRequests {
		d.enqueue(e, encode)
	}
	return nil
}

// enqueue has an entry encoded, unless too many wait.
func (d *Encoder[E]) enqueue(e E, encode func(body []byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == maxQueue {
		return
	}
	d.queue = append(d.queue, request[E]{e, encode})
	if !d.running {
		d.running = true
		go d.encodeQueue()
	}
}

// encodeQueue encodes until no entry waits.
func (d *Encoder[E]) encodeQueue() {
	for {
		d.mu.Lock()
		if len(d.queue) == 0 {
			d.queue, d.running = nil, false
			d.mu.Unlock()
			return
		}
		next := d.queue[0]
		d.queue = d.queue[1:]
		d.mu.Unlock()
		if !d.IsValid(next.entry) {
			continue
		}
		start := time.Now()
		body := next.encode(next.entry.PlainBody())
		next.entry.DenseForm().body.Store(&body)
		time.Sleep(pause * time.Since(start))
	}
}
