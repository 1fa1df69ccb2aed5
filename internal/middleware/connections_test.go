package middleware_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/middleware"
)

// peerConn is a connection from an address. It records what is written.
type peerConn struct {
	net.Conn
	from    net.Addr
	written bytes.Buffer
	closed  int
}

func (c *peerConn) RemoteAddr() net.Addr        { return c.from }
func (c *peerConn) Write(b []byte) (int, error) { return c.written.Write(b) }
func (c *peerConn) Close() error                { c.closed++; return nil }
func newPeer(from string) *peerConn {
	return &peerConn{from: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))}
}
func (c *peerConn) wasRejected() bool { return c.closed == 1 && c.written.Len() > 0 }

// queueListener returns its connections in turn, and then io.EOF.
type queueListener struct {
	net.Listener
	queue []net.Conn
}

func (l *queueListener) Accept() (net.Conn, error) {
	if len(l.queue) == 0 {
		return nil, io.EOF
	}
	conn := l.queue[0]
	l.queue = l.queue[1:]
	return conn, nil
}

// TestConnectionLimit checks which connections are rejected, and that a closed one counts no more.
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	proxies, err := middleware.ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	limit := middleware.NewConnectionLimit(2, proxies, slog.New(slog.NewTextHandler(&log, nil)))
	inner := &queueListener{}
	l := limit.Limit(inner)
	accept := func(from string) (*peerConn, net.Conn) {
		t.Helper()
		peer := newPeer(from)
		inner.queue = []net.Conn{peer}
		conn, err := l.Accept()
		if err != nil && (!errors.Is(err, io.EOF) || !peer.wasRejected()) {
			t.Fatalf("%s: %v, closed %d times, %q", from, err, peer.closed, &peer.written)
		}
		return peer, conn
	}
	_, first := accept("192.0.2.1:1000")
	for _, c := range []struct {
		from     string
		accepted bool
	}{
		{"192.0.2.1:1001", true},
		{"192.0.2.1:1002", false},
		{"[::ffff:192.0.2.1]:1003", false},
		{"192.0.2.2:1000", true},
		{"[2001:db8::1]:1000", true},
		{"[2001:db8::2]:1000", true},
		{"[2001:db8::ffff:0:0:1]:1000", false}, // the same network of 64 bits
		{"[2001:db8:0:1::1]:1000", true},
		{"10.1.2.3:1", true},
		{"10.1.2.3:2", true},
		{"10.1.2.3:3", true},
	} {
		peer, conn := accept(c.from)
		if (conn != nil) != c.accepted {
			t.Errorf("%s: accepted %t", c.from, conn != nil)
		}
		if !c.accepted && (!strings.HasPrefix(peer.written.String(), "HTTP/1.1 503 ") || !strings.Contains(peer.written.String(), "Retry-After: 1\r\n")) {
			t.Errorf("%s got %q", c.from, &peer.written)
		}
	}
	for range 2 { // net/http closes some connections twice
		if err := first.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, conn := accept("192.0.2.1:1004"); conn == nil {
		t.Error("rejected after one was closed")
	}
	if _, conn := accept("192.0.2.1:1005"); conn != nil {
		t.Error("two connections were accepted after one was closed")
	}
	if n := limit.Rejected(); n != 4 {
		t.Errorf("%d rejected", n)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "TRUSTED_PROXIES") || !strings.Contains(got, "address=192.0.2.1 limit=2") {
		t.Errorf("logged %s", got)
	}
}
