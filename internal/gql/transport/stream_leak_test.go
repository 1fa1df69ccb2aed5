package transport_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// countConnections returns how many connections TestConnectionsLeaveNothing opens and closes, every other one rudely:
// 4,000, which take 10 s with the race detector on two busy cores, or CONNECTIONS.
func countConnections(t *testing.T) int64 {
	t.Helper()
	text := os.Getenv("CONNECTIONS")
	if text == "" {
		return 4000
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	upgradeRequest = "GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
	subscribeMessage = `{"type":"subscribe","id":"1","payload":{"query":"subscription{ticks}"}}`
)

// rawClient sends bytes on a connection of its own. Errors of a server that is faster than it are none.
type rawClient struct {
	*net.TCPConn
	reader *bufio.Reader
}

func (c *rawClient) write(text string) { _, _ = io.WriteString(c.TCPConn, text) }

// writeFrames writes masked text frames.
func (c *rawClient) writeFrames(texts ...string) {
	for _, text := range texts {
		_ = ws.WriteFrame(c.TCPConn, ws.MaskFrame(ws.NewTextFrame([]byte(text))))
	}
}

// readUntil reads up to a text.
func (c *rawClient) readUntil(text string) {
	for read := ""; !strings.HasSuffix(read, text); {
		b, err := c.reader.ReadByte()
		if err != nil {
			return
		}
		read += string(b)
	}
}

// reset closes the connection by a reset.
func (c *rawClient) reset() { _ = c.SetLinger(0); _ = c.Close() }

// finish closes the connection after the server has closed it.
func (c *rawClient) finish() {
	_ = c.CloseWrite()
	_, _ = io.Copy(io.Discard, c.reader)
	c.reset()
}

// streamRequest returns the request of a stream.
func streamRequest(accept string) string {
	return "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + accept + "\r\nContent-Length: 31\r\n\r\n" + ticksBody
}

// visits are ways to use a connection, every other one a rude one.
var visits = []func(c *rawClient){
	func(c *rawClient) { // a stream of events
		c.write(streamRequest(acceptEvents))
		c.readUntil("data: ")
		c.finish()
	},
	func(c *rawClient) { c.write(streamRequest(acceptEvents)); c.reset() },
	func(c *rawClient) { // a subscription on a WebSocket
		c.write(upgradeRequest)
		c.readUntil("\r\n\r\n")
		c.writeFrames(initMessage, subscribeMessage)
		c.readUntil(`"next"`)
		c.writeFrames(`{"type":"complete","id":"1"}`)
		_ = ws.WriteFrame(c.TCPConn, ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, ""))))
		c.finish()
	},
	func(c *rawClient) { // half a handshake
		c.write(upgradeRequest[:80])
		c.reset()
	},
	func(c *rawClient) { // a multipart response
		c.write(streamRequest(acceptMultipart))
		c.readUntil("payload")
		c.finish()
	},
	func(c *rawClient) { // a WebSocket that is reset while its operation begins
		c.write(upgradeRequest)
		c.readUntil("\r\n\r\n")
		c.writeFrames(initMessage, subscribeMessage)
		c.reset()
	},
	func(c *rawClient) { // a query on a WebSocket, which the client leaves without a close frame
		c.write(upgradeRequest)
		c.readUntil("\r\n\r\n")
		c.writeFrames(initMessage, `{"type":"subscribe","id":"1","payload":{"query":"{hello}"}}`)
		c.readUntil(`"complete"`)
		c.finish()
	},
	func(c *rawClient) { // half a frame
		c.write(upgradeRequest)
		c.readUntil("\r\n\r\n")
		c.writeFrames(initMessage)
		c.write("\x81\xfe\x01")
		c.reset()
	},
}

// Connections that come and go leave no goroutine, no stream and no memory behind, however they end.
func TestConnectionsLeaveNothing(t *testing.T) { //nolint:paralleltest // it counts goroutines
	s := newStreamServer(t)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // of the standard library
	address := s.Listener.Addr().String()
	visit := func(i int) error {
		conn, err := net.DialTimeout("tcp", address, streamTimeout)
		if err != nil {
			return err
		}
		_ = conn.SetDeadline(time.Now().Add(streamTimeout))
		visits[i%len(visits)](&rawClient{conn.(*net.TCPConn), bufio.NewReader(conn)}) //nolint:forcetypeassert // it dialed TCP
		return nil
	}
	for i := range visits { // what is allocated once
		if err := visit(i); err != nil {
			t.Fatal(err)
		}
	}
	s.wantIdle(t)
	time.Sleep(50 * time.Millisecond)
	goroutines, heap, began := runtime.NumGoroutine(), heapBytes(), time.Now()

	connections := countConnections(t)
	var next atomic.Int64
	var clients sync.WaitGroup
	for range 32 {
		clients.Go(func() {
			for i := next.Add(1); i <= connections; i = next.Add(1) {
				if err := visit(int(i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := int64(1); next.Load() < connections; n++ {
		s.set(n)
		time.Sleep(5 * time.Millisecond)
	}
	clients.Wait()
	s.wantIdle(t)
	await(t, "without goroutines", func() bool { return runtime.NumGoroutine() <= goroutines })
	if grown := heapBytes() - heap; grown > 8<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	t.Logf("%d connections in %v: %+v", connections, time.Since(began), s.hub.Stats())
}

func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
