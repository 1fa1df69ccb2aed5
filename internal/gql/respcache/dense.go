package respcache

import (
	"sync"
	"time"
)

const (
	// denseRequests is how many clients that accept the dense coding request a body before it is encoded so.
	denseRequests = 8
	// maxDenseBody is the largest body, in bytes, that is encoded densely: some 50 ms of a processor.
	maxDenseBody = 256 << 10
	// maxDenseQueue is how many entries can wait to be encoded; further ones never are.
	maxDenseQueue = 64
	// densePause is how many times as long as it worked the encoder rests: it takes a tenth of one processor.
	densePause = 9
)

// denseEncoder encodes bodies that are requested often, one at a time and beside the requests. It saves bytes on the
// network for much processor time (decision 20). The zero value is ready.
type denseEncoder struct {
	// isValid reports whether an entry can still be served.
	isValid func(*Entry) bool

	mu      sync.Mutex
	queue   []denseRequest
	running bool
}

type denseRequest struct {
	entry  *Entry
	encode func(body []byte) []byte
}

// requestBody has the body of an entry encoded, unless too many wait.
func (d *denseEncoder) requestBody(e *Entry, encode func(body []byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == maxDenseQueue {
		return
	}
	d.queue = append(d.queue, denseRequest{e, encode})
	if !d.running {
		d.running = true
		go d.encodeQueue()
	}
}

// encodeQueue encodes until no entry waits.
func (d *denseEncoder) encodeQueue() {
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
		if !d.isValid(next.entry) {
			continue
		}
		start := time.Now()
		body := next.encode(next.entry.Body)
		next.entry.dense.Store(&body)
		time.Sleep(densePause * time.Since(start))
	}
}

// DenseBody returns the body in the coding with the fewest bytes, or nil while there is none. The process encodes it,
// in the background, once it was requested several times.
func (e *Entry) DenseBody(encode func(body []byte) []byte) []byte {
	if body := e.dense.Load(); body != nil {
		return *body
	}
	if e.encoder != nil && len(e.Body) <= maxDenseBody && e.denseRequests.Add(1) == denseRequests {
		e.encoder.requestBody(e, encode)
	}
	return nil
}
