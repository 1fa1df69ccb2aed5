package middleware

import (
	"net"
	"sync/atomic"
	"time"
)

// piece is how many bytes a client must take in one patience: with 15 s, 4.4 kB/s.
const piece = 64 << 10

// SlowReaders returns a listener whose connections give up on clients that do not take
// their answer: one that takes no piece of it for patience, or a sixteenth less, loses
// its connection. It is in place of http.Server's WriteTimeout, which counts from the
// request on, cuts off long operations and event streams, and sets a clock anew for
// every answer.
func SlowReaders(l net.Listener, patience time.Duration) net.Listener {
	return slowReaders{l, patience}
}

type slowReaders struct {
	net.Listener
	patience time.Duration
}

func (l slowReaders) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	holdBack(conn)
	return &patientConn{Conn: conn, patience: l.patience, accepted: time.Now()}, nil
}

type patientConn struct {
	net.Conn
	patience time.Duration
	accepted time.Time
	set      atomic.Int64 // when the clock began last, in nanoseconds since accepted; 0 before it did
}

// wait has the clock begin anew, unless it has only just begun: setting it takes 1 µs.
func (c *patientConn) wait() error {
	now := time.Since(c.accepted) // a wall clock set back would keep it from beginning
	if set := time.Duration(c.set.Load()); set != 0 && now-set <= c.patience/16 {
		return nil
	}
	c.set.Store(int64(now))
	return c.Conn.SetWriteDeadline(time.Now().Add(c.patience))
}

// SetWriteDeadline does nothing: net/http would stop the clock after each answer.
func (c *patientConn) SetWriteDeadline(time.Time) error { return nil }

// CloseWrite is for net/http, which lets a client read why it was refused before it
// cuts the connection.
func (c *patientConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *patientConn) Write(b []byte) (n int, err error) {
	for {
		if err := c.wait(); err != nil {
			return n, err
		}
		m, err := c.Conn.Write(b[n:min(n+piece, len(b))])
		if n += m; err != nil || n == len(b) {
			return n, err
		}
	}
}
