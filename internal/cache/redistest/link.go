package redistest

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Link is a way to a Server that can be cut, for who uses it and nobody else.
type Link struct {
	socket string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// Link opens a way to the server until the test ends.
func (s *Server) Link(t testing.TB) *Link {
	t.Helper()
	dir, err := os.MkdirTemp("", "7p-link")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l := &Link{socket: filepath.Join(dir, "link.sock"), conns: map[net.Conn]bool{}}
	listener, err := net.Listen("unix", l.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close(); l.Cut() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go l.carry(conn, s.socket)
		}
	}()
	return l
}

// URL returns where the server is by this way.
func (l *Link) URL() string { return "unix://" + l.socket }

// Cut ends all connections, and every new one at once.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for conn := range l.conns {
		_ = conn.Close()
	}
}

// Mend lets connections through again.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}

func (l *Link) carry(from net.Conn, socket string) {
	to, err := net.Dial("unix", socket)
	if err != nil || !l.enter(from, to) {
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

// enter notes a connection, unless the way is cut.
func (l *Link) enter(both ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range both {
		l.conns[conn] = true
		if l.cut {
			_ = conn.Close()
		}
	}
	return !l.cut
}
