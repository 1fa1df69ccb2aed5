package middleware

import (
	"net"
	"sync/atomic"
	"time"
)

// writeChunk is how many bytes a client must take in one patience: with 15 s, 4.4 kB/s.
const writeChunk = 64 << 10

// LimitSlowReaders returns a listener whose connections give up on clients that do not take
// their answer: one that takes no piece of it for patience, or a sixteenth less, loses
// its connection. It is in place of http.Server's WriteTimeout, which counts from the
// request on, cuts off long operations and event streams, and sets a clock anew for
// every answer.
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
	lastExtended atomic.Int64 // when the clock began last, in nanoseconds since accepted; 0 before it did
}

// extendDeadline has the clock begin anew, unless it has only just begun: setting it takes 1 µs.
func (c *writeTimeoutConn) extendDeadline() error {
	now := time.Since(c.accepted) // a wall clock set back would keep it from beginning
	if set := time.Duration(c.lastExtended.Load()); set != 0 && now-set <= c.timeout/16 {
		return nil
	}
	c.lastExtended.Store(int64(now))
	return c.Conn.SetWriteDeadline(time.Now().Add(c.timeout))
}

// SetWriteDeadline does nothing: net/http would stop the clock after each answer.
func (c *writeTimeoutConn) SetWriteDeadline(time.Time) error { return nil }

// CloseWrite is for net/http, which lets a client read why it was refused before it
// cuts the connection.
func (c *writeTimeoutConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

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
