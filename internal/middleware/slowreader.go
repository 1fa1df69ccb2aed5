package middleware

import (
	"net"
	"sync/atomic"
	"time"
)

// writeChunk is the number of bytes that a client must accept within one timeout: at 15 s, 4.4 kB/s.
const writeChunk = 64 << 10

// LimitSlowReaders returns a listener whose connections time out if the client does not read its
// response: a write fails if the client accepts no chunk within timeout, or up to a sixteenth less.
// It replaces http.Server's WriteTimeout, which starts with the request, cuts off long operations
// and event streams, and sets a new deadline for every response.
func LimitSlowReaders(l net.Listener, timeout time.Duration) net.Listener {
	return slowReaderListener{l, timeout}
}

type slowReaderListener struct {
	net.Listener
	timeout time.Duration
}

func (l slowReaderListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	limitSendBuffer(conn)
	return &writeTimeoutConn{Conn: conn, timeout: l.timeout, accepted: time.Now()}, nil
}

type writeTimeoutConn struct {
	net.Conn
	timeout      time.Duration
	accepted     time.Time
	lastExtended atomic.Int64 // when the deadline was last set, in nanoseconds since accepted; 0 for never
}

// extendDeadline sets the write deadline again unless it was set only just before: a call costs 1 µs.
func (c *writeTimeoutConn) extendDeadline() error {
	now := time.Since(c.accepted) // monotonic: unaffected if the wall clock is set back
	if set := time.Duration(c.lastExtended.Load()); set != 0 && now-set <= c.timeout/16 {
		return nil
	}
	c.lastExtended.Store(int64(now))
	return c.Conn.SetWriteDeadline(time.Now().Add(c.timeout))
}

// SetWriteDeadline does nothing: net/http would remove the deadline after each response.
func (c *writeTimeoutConn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline changes both deadlines, as net/http does when it gives the connection away. The next write sets its own.
func (c *writeTimeoutConn) SetDeadline(t time.Time) error {
	c.lastExtended.Store(0)
	return c.Conn.SetDeadline(t)
}

// UnwrapConn returns the inner connection, for writes that do not block.
func (c *writeTimeoutConn) UnwrapConn() net.Conn { return c.Conn }

// CloseWrite supports net/http, which gives a client time to read why it was rejected before it
// closes the connection.
func (c *writeTimeoutConn) CloseWrite() error { return closeWrite(c.Conn) }

func (c *writeTimeoutConn) Write(b []byte) (n int, err error) {
	for {
		if err := c.extendDeadline(); err != nil {
			return n, err
		}
		m, err := c.Conn.Write(b[n:min(n+writeChunk, len(b))])
		if n += m; err != nil || n == len(b) {
			return n, err
		}
	}
}
