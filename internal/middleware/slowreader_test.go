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

// slowConn is taken from slowly: half an hour each time. It notes what is written.
type slowConn struct {
	net.Conn
	until  time.Time
	pieces []int
}

func (c *slowConn) SetWriteDeadline(t time.Time) error {
	c.until = t
	return nil
}

func (c *slowConn) Write(b []byte) (int, error) {
	if left := time.Until(c.until); left < hour-hour/16 {
		return 0, os.ErrDeadlineExceeded
	}
	c.pieces = append(c.pieces, len(b))
	time.Sleep(hour / 2)
	return len(b), nil
}

// accepting is a listener to which one connection comes again and again.
type accepting struct {
	net.Listener
	conn net.Conn
}

func (a accepting) Accept() (net.Conn, error) { return a.conn, nil }

// What is written at once is sent in pieces, each of which has its time.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &slowConn{}
		conn, err := middleware.LimitSlowReaders(accepting{conn: slow}, hour).Accept()
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{0, 1, 150_000} {
			if n, err := conn.Write(make([]byte, size)); n != size || err != nil {
				t.Errorf("%d bytes of %d, %v", n, size, err)
			}
		}
		sum, most := 0, 0
		for _, n := range slow.pieces {
			sum, most = sum+n, max(most, n)
		}
		if sum != 150_001 || most != 64<<10 {
			t.Errorf("pieces of %v bytes", slow.pieces)
		}
	})
}
