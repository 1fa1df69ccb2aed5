package redistest

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Proxy is a way to a Server that can be cut, for who uses it and nobody else.
type Proxy struct {
	socket string

	mu           sync.Mutex
	disconnected bool
	conns        map[net.Conn]bool
}

// StartProxy opens a way to the server until the test ends.
func (s *Server) StartProxy(t testing.TB) *Proxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "7p-link")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l := &Proxy{socket: filepath.Join(dir, "link.sock"), conns: map[net.Conn]bool{}}
	listener, err := net.Listen("unix", l.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close(); l.Disconnect() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go l.forwardConn(conn, s.socket)
		}
	}()
	return l
}

// URL returns where the server is by this way.
func (l *Proxy) URL() string { return "unix://" + l.socket }

// Disconnect ends all connections, and every new one at once.
func (l *Proxy) Disconnect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disconnected = true
	for conn := range l.conns {
		_ = conn.Close()
	}
}

// Reconnect lets connections through again.
func (l *Proxy) Reconnect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disconnected = false
}

func (l *Proxy) forwardConn(from net.Conn, socket string) {
	to, err := net.Dial("unix", socket)
	if err != nil || !l.trackConns(from, to) {
		_ = from.Close()
		return
	}
	var both sync.WaitGroup
	pipe := func(a, b net.Conn) {
		_, _ = io.Copy(a, b)
		_, _ = a.Close(), b.Close()
	}
	both.Go(func() { pipe(from, to) })
	both.Go(func() { pipe(to, from) })
	both.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, from)
	delete(l.conns, to)
}

// trackConns notes a connection, unless the way is cut.
func (l *Proxy) trackConns(both ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range both {
		l.conns[conn] = true
		if l.disconnected {
			_ = conn.Close()
		}
	}
	return !l.disconnected
}
