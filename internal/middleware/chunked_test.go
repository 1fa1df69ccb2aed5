package middleware_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/middleware"
)

// TestCloseChunked sends two requests on one connection. The server serves the second only if the first
// is not chunked: a proxy that uses the Content-Length of a chunked request sees the requests elsewhere.
func TestCloseChunked(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(middleware.CloseChunked()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	})))
	t.Cleanup(server.Close)
	const second = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for _, tt := range []struct {
		name, first string
		responses   int
	}{
		{"length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 2},
		{"no body", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 2},
		{"chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 1},
		{"no chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
		{"chunks and length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 1},
		{"chunks of a GET", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			if _, err := io.WriteString(conn, tt.first+second); err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(conn) // a reset is as good as an end
			if n := strings.Count(string(got), "HTTP/1.1 200 OK"); n != tt.responses {
				t.Errorf("got %d responses, want %d: %q", n, tt.responses, got)
			}
		})
	}
}
