package transport

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/parked"
)

// parkedStream is a stream in the body of an HTTP/1.1 response, whose connection was taken from net/http. It waits
// without a goroutine; decision 40 has what that saves.
type parkedStream struct {
	handler *Handler
	form    *streamForm
	stream  *live.Stream
	conn    *parked.Conn
	queued  atomic.Bool
}

// parkStream continues a response whose header was sent on a parked connection. It returns false if the connection
// cannot be taken from net/http, as that of HTTP/2, or its body is encoded.
func (h *Handler) parkStream(w http.ResponseWriter, r *http.Request, s *live.Stream, form *streamForm) bool {
	if !canPark(r) || w.Header()["Content-Encoding"] != nil {
		return false
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	p := &parkedStream{handler: h, form: form, stream: s}
	p.conn = parked.NewConn(conn, 0, p)
	h.heartbeats.Add(p)
	if p.conn.Park(&h.poller) != nil {
		go p.awaitClient(conn)
	}
	s.Notify(p)
	return true
}

// canPark reports whether the response has the transfer coding that a parked stream writes.
func canPark(r *http.Request) bool { return r.ProtoMajor == 1 && r.ProtoMinor == 1 }

// Gone implements parked.Owner.
func (p *parkedStream) Gone(isSlow bool) {
	p.handler.heartbeats.Remove(p)
	if isSlow {
		p.stream.Drop()
	}
	p.stream.Close()
}

// awaitClient ends the stream when its client does, where connections cannot be polled.
func (p *parkedStream) awaitClient(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 1))
	p.conn.End()
}

// Readable ends the stream of a client that is gone. One that sends anything else during the response is not served.
func (p *parkedStream) Readable() {
	if sent, err := p.conn.CheckInput(); sent || err != nil || p.conn.Park(&p.handler.poller) != nil {
		p.conn.End()
	}
}

// Wake implements live.Listener.
func (p *parkedStream) Wake() {
	if p.queued.CompareAndSwap(false, true) {
		p.handler.sending.Add(p)
	}
}

// Run sends what the stream has.
func (p *parkedStream) Run(*[]byte) {
	p.queued.Store(false)
	if !p.conn.Begin(p) {
		return
	}
	e, end := p.stream.Next()
	switch {
	case end != 0:
		var last []byte
		if e != nil {
			last = p.form.chunk(e)
		}
		p.conn.SendLast(slices.Concat(last, chunk(p.form.end(end)), []byte(lastChunk)))
	case e != nil:
		p.conn.Send(e.Frame(p.form.name+" in chunks", p.form.chunk), true)
	default:
		p.conn.Release()
	}
}

// Beat sends a heartbeat, unless something is being sent.
func (p *parkedStream) Beat() {
	if p.conn.Begin(nil) {
		p.conn.Send(chunk(p.form.heartbeat), true)
	}
}

// chunk returns an event as a chunk.
func (f *streamForm) chunk(e *live.Event) []byte { return chunk(f.event(e)) }

// lastChunk ends a body in chunks.
const lastChunk = "0\r\n\r\n"

// chunk returns a part of a body with the transfer coding "chunked" (RFC 9112, section 7.1).
func chunk(part []byte) []byte {
	return append(append(fmt.Appendf(nil, "%x\r\n", len(part)), part...), "\r\n"...)
}
