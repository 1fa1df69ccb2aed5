package redistest

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy forwards connections to a Server. A test can disconnect its users without affecting those of
// the server itself.
type Proxy struct {
	socket  string
	perByte atomic.Int64 // delay of each byte of large values, in nanoseconds
	delay   atomic.Int64 // delay of each reply, in nanoseconds

	mu           sync.Mutex
	disconnected bool
	conns        map[net.Conn]bool
}

// StartProxy starts a proxy in front of the server. It runs until the test ends.
func (s *Server) StartProxy(t testing.TB) *Proxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "7p-proxy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &Proxy{socket: filepath.Join(dir, "proxy.sock"), conns: map[net.Conn]bool{}}
	listener, err := net.Listen("unix", p.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close(); p.Disconnect() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.forwardConn(conn, s.socket)
		}
	}()
	return p
}

// URL returns the URL of the server through the proxy.
func (p *Proxy) URL() string { return "unix://" + p.socket }

// largeChunk is the number of bytes from which a chunk is part of a large value.
const largeChunk = 4 << 10

// SlowLargeValues delays values of several KiB by a time for each KiB, and nothing else.
func (p *Proxy) SlowLargeValues(perKiB time.Duration) { p.perByte.Store(int64(perKiB) / 1024) }

// DelayReplies delays each reply by a time, as a network does: replies that follow each other are not slower.
func (p *Proxy) DelayReplies(d time.Duration) { p.delay.Store(int64(d)) }

// chunk is a piece of a reply, and when it arrives.
type chunk struct {
	bytes []byte
	at    time.Time
}

// copyReplies copies replies, each delayed.
func (p *Proxy) copyReplies(to io.Writer, from io.Reader) {
	chunks := make(chan chunk, 1000)
	go func() {
		defer close(chunks)
		for {
			buffer := make([]byte, 32<<10)
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			chunks <- chunk{buffer[:n], time.Now().Add(time.Duration(p.delay.Load()))}
		}
	}()
	for c := range chunks {
		time.Sleep(time.Until(c.at))
		_, _ = to.Write(c.bytes)
	}
}

// delayedReader delays large chunks.
type delayedReader struct {
	net.Conn
	perByte *atomic.Int64
}

// Read reads a chunk and waits for as long as it shall take.
func (r delayedReader) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if n >= largeChunk {
		time.Sleep(time.Duration(int64(n) * r.perByte.Load()))
	}
	return n, err
}

// Disconnect closes all connections, and every new one at once.
func (p *Proxy) Disconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.disconnected = true
	for conn := range p.conns {
		_ = conn.Close()
	}
}

// Reconnect accepts connections again.
func (p *Proxy) Reconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.disconnected = false
}

func (p *Proxy) forwardConn(from net.Conn, socket string) {
	to, err := net.Dial("unix", socket)
	if err != nil || !p.trackConns(from, to) {
		_ = from.Close()
		return
	}
	var wg sync.WaitGroup
	closeBoth := func() { _, _ = from.Close(), to.Close() }
	wg.Go(func() { p.copyReplies(from, delayedReader{to, &p.perByte}); closeBoth() })
	wg.Go(func() { _, _ = io.Copy(to, delayedReader{from, &p.perByte}); closeBoth() })
	wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, from)
	delete(p.conns, to)
}

// trackConns registers connections, or closes them and returns false while disconnected.
func (p *Proxy) trackConns(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.conns[conn] = true
		if p.disconnected {
			_ = conn.Close()
		}
	}
	return !p.disconnected
}
