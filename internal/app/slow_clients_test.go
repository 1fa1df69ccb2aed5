package app

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/middleware"
)

// shortTimeout is short enough for a test to wait until it expires. Timeouts that a case is not
// about are long.
const shortTimeout = 100 * time.Millisecond

// Each way in which a client can hold a connection ends with the timeout for it.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	const head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for _, tt := range []struct {
		name, sent, response string // response is the prefix of what the client receives
		shorten              func(*clientTimeouts)
	}{
		{"sends nothing", "", "", func(t *clientTimeouts) { t.header = shortTimeout }},
		{"stops within the request line", "GET /heal", "HTTP/1.1 400 ", func(t *clientTimeouts) { t.header = shortTimeout }},
		{"stops within the header", head + "X-A: ", "", func(t *clientTimeouts) { t.header = shortTimeout }},
		{"never ends the header", head + strings.Repeat("X-A: b\r\n", 100), "", func(t *clientTimeouts) { t.header = shortTimeout }},
		{"stops within the body", head + "Content-Length: 100\r\n\r\n{\"query\":", "HTTP/1.1 408 ", func(t *clientTimeouts) { t.read = shortTimeout }},
		{"stops within a chunk", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"que\r\n", "HTTP/1.1 408 ", func(t *clientTimeouts) { t.read = shortTimeout }},
		{"waits after 100 Continue", head + "Content-Length: 100\r\nExpect: 100-continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 ", func(t *clientTimeouts) { t.read = shortTimeout }},
		{"sends no second request", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", func(t *clientTimeouts) { t.idle = shortTimeout }},
		{"stops within the second request", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /", "HTTP/1.1 200 ", func(t *clientTimeouts) { t.header, t.idle = 10*shortTimeout, shortTimeout }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			timeouts := clientTimeouts{patience, patience, patience, patience}
			tt.shorten(&timeouts)
			l := startServer(t, timeouts)
			conn := l.dial(t)
			if _, err := conn.Write([]byte(tt.sent)); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(conn)
			if err != nil || !strings.HasPrefix(string(got), tt.response) || tt.response == "" && len(got) > 0 {
				t.Errorf("%v, %q, want an end after %q", err, got, tt.response)
			}
		})
	}
}

// The server closes the connection of a client that sends requests and reads no response: once the
// buffers of both ends are full, it waits for one write timeout.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	l := startServer(t, clientTimeouts{patience, patience, shortTimeout, patience})
	conn := l.dial(t)
	go func() { // until the server stops reading
		for {
			if _, err := io.WriteString(conn, "GET /schema.graphql HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				return
			}
		}
	}()
	l.awaitClosed(t, conn)
}

// The write timeout limits neither the time that the server takes to respond, nor the pause of a
// client between its requests.
func TestLongOperation(t *testing.T) {
	t.Parallel()
	pause := func() { <-time.After(2 * shortTimeout) }
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		pause()
		_, _ = io.WriteString(w, strings.Repeat("x", 3*64<<10))
	}), slog.New(slog.DiscardHandler), clientTimeouts{patience, patience, shortTimeout, patience})
	srv.Listener = middleware.LimitSlowReaders(srv.Listener, shortTimeout)
	srv.Start()
	t.Cleanup(srv.Close)
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for range 2 {
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != 3*64<<10 {
			t.Fatalf("%d bytes, %v", n, err)
		}
		pause()
	}
}

// awaitClosed waits until the server has closed a connection.
func (l *testServer) awaitClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case addr := <-l.closed:
			if addr.String() == conn.LocalAddr().String() {
				return
			}
		case <-deadline:
			t.Fatal("the server has not closed the connection")
		}
	}
}
