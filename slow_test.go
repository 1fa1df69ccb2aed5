package main

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

// hasty are timeouts short enough that a test can see each of them pass. What they
// are not about is left long.
const hasty = 100 * time.Millisecond

// TestSlowClients has every way in which a client can hold a connection end with the
// timeout that is meant for it.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	const head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for _, tt := range []struct {
		name, sent, answer string // answer begins what comes before the end
		with               func(*clientTimeouts)
	}{
		{"sends nothing", "", "", func(t *clientTimeouts) { t.header = hasty }},
		{"sends half of a line", "GET /heal", "HTTP/1.1 400 ", func(t *clientTimeouts) { t.header = hasty }},
		{"sends half of a header", head + "X-A: ", "", func(t *clientTimeouts) { t.header = hasty }},
		{"sends a header for ever", head + strings.Repeat("X-A: b\r\n", 100), "", func(t *clientTimeouts) { t.header = hasty }},
		{"sends half of a body", head + "Content-Length: 100\r\n\r\n{\"query\":", "HTTP/1.1 408 ", func(t *clientTimeouts) { t.read = hasty }},
		{"sends chunks for ever", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"que\r\n", "HTTP/1.1 408 ", func(t *clientTimeouts) { t.read = hasty }},
		{"waits to be told to send", head + "Content-Length: 100\r\nExpect: 100-continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 ", func(t *clientTimeouts) { t.read = hasty }},
		{"asks for nothing more", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", func(t *clientTimeouts) { t.idle = hasty }},
		{"asks for half more", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /", "HTTP/1.1 200 ", func(t *clientTimeouts) { t.header, t.idle = 10*hasty, hasty }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			with := clientTimeouts{patience, patience, patience, patience}
			tt.with(&with)
			l := listen(t, with)
			conn := l.dial(t)
			if _, err := conn.Write([]byte(tt.sent)); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(conn)
			if err != nil || !strings.HasPrefix(string(got), tt.answer) || tt.answer == "" && len(got) > 0 {
				t.Errorf("%v, %q, want an end after %q", err, got, tt.answer)
			}
		})
	}
}

// TestSlowReader asks for much and takes nothing of it: once the buffers of both ends
// are full the server waits for a piece to be taken, and no longer than it may.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	l := listen(t, clientTimeouts{patience, patience, hasty, patience})
	conn := l.dial(t)
	go func() { // the server stops reading, too
		for {
			if _, err := io.WriteString(conn, "GET /schema.graphql HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				return
			}
		}
	}()
	l.awaitClosed(t, conn)
}

// TestLongOperation takes longer to answer than a client may take to read a piece, and
// so does the client between its requests: neither is held against it.
func TestLongOperation(t *testing.T) {
	t.Parallel()
	long := func() { <-time.After(2 * hasty) }
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		long()
		_, _ = io.WriteString(w, strings.Repeat("x", 3*64<<10))
	}), slog.New(slog.DiscardHandler), clientTimeouts{patience, patience, hasty, patience})
	srv.Listener = middleware.LimitSlowReaders(srv.Listener, hasty)
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
		long()
	}
}

// awaitClosed returns once the server is done with a connection.
func (l *listening) awaitClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	tooLong := time.After(patience)
	for {
		select {
		case addr := <-l.closed:
			if addr.String() == conn.LocalAddr().String() {
				return
			}
		case <-tooLong:
			t.Fatal("the server still waits")
		}
	}
}
