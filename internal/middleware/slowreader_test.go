package middleware_test

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/internal/middleware"
)

const hour = time.Hour

// slowConn simulates a slow client: each write takes half an hour. It records the sizes written.
type slowConn struct {
	net.Conn
	deadline time.Time
	chunks   []int
}

func (c *slowConn) SetWriteDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

func (c *slowConn) Write(b []byte) (int, error) {
	if left := time.Until(c.deadline); left < hour-hour/16 {
		return 0, os.ErrDeadlineExceeded
	}
	c.chunks = append(c.chunks, len(b))
	time.Sleep(hour / 2)
	return len(b), nil
}

// repeatListener is a listener that returns the same connection on every call.
type repeatListener struct {
	net.Listener
	conn net.Conn
}

func (l repeatListener) Accept() (net.Conn, error) { return l.conn, nil }

// TestSlowReaders checks that a large write is sent in chunks, each with its own deadline.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &slowConn{}
		conn, err := middleware.LimitSlowReaders(repeatListener{conn: slow}, hour).Accept()
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{0, 1, 150_000} {
			if n, err := conn.Write(make([]byte, size)); n != size || err != nil {
				t.Errorf("%d bytes of %d, %v", n, size, err)
			}
		}
		total, largest := 0, 0
		for _, n := range slow.chunks {
			total, largest = total+n, max(largest, n)
		}
		if total != 150_001 || largest != 64<<10 {
			t.Errorf("chunks of %v bytes", slow.chunks)
		}
	})
}
