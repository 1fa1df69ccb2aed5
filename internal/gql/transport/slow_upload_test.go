package transport_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/transport"
)

// uploadServer is a server over real sockets. The header As names the viewer of a request.
type uploadServer struct{ *httptest.Server }

func startUploadServer(t *testing.T, maxWait, pieceTimeout time.Duration) uploadServer {
	t.Helper()
	bulk := transport.NewBulkLimiter(maxBulk, 2, maxWait)
	bulk.SetPieceTimeout(pieceTimeout)
	h := transport.New(newExecutor(respondHello), transport.Options{MaxBodyBytes: maxBody, BulkLimiter: bulk})
	viewers := map[string]edu.Viewer{"student": student, "instructor": instructor, "admin": admin}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(edu.WithViewer(r.Context(), viewers[r.Header.Get("As")])))
	}))
	s.Config.ReadTimeout = time.Minute
	s.Start()
	t.Cleanup(s.Close)
	return uploadServer{s}
}

// startUpload sends the beginning of a body of size bytes, with a length or in one chunk.
func (s uploadServer) startUpload(t *testing.T, as string, size, sent int, chunked bool) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	framing := fmt.Sprintf("Content-Length: %d\r\n\r\n", size)
	if chunked {
		framing = fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", size)
	}
	head := "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAs: " + as + "\r\n" + framing
	if _, err := io.WriteString(conn, head+bodyOfSize(size)[:sent]); err != nil {
		t.Fatal(err)
	}
	return conn
}

// postWhole posts a whole body and returns the status and the text of the response.
func (s uploadServer) postWhole(t *testing.T, as string, size int, chunked bool) (status int, text string) {
	t.Helper()
	conn := s.startUpload(t, as, size, size, chunked)
	if chunked {
		if _, err := io.WriteString(conn, "\r\n0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	return readStatus(t, conn)
}

func readStatus(t *testing.T, conn net.Conn) (status int, text string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// TestIdleUploads checks that idle and slow uploads of an instructor do not delay other viewers: an
// admin's import is read and executed while all of them are open.
func TestIdleUploads(t *testing.T) {
	t.Parallel()
	s := startUploadServer(t, 50*time.Millisecond, time.Minute)
	var open []net.Conn
	for _, chunked := range []bool{false, true} {
		for _, sent := range []int{0, 1, maxBody + 1, mediumBytes / 2, mediumBytes + 1, maxBulk - 1} {
			open = append(open, s.startUpload(t, "instructor", maxBulk, sent, chunked))
		}
	}
	for range 3 {
		for _, chunked := range []bool{false, true} {
			for _, size := range []int{maxBody, mediumBytes, maxBulk} {
				if status, text := s.postWhole(t, "admin", size, chunked); status != http.StatusOK {
					t.Errorf("an admin's %d bytes, chunked: %t: got %d %s", size, chunked, status, text)
				}
			}
		}
		for _, conn := range open { // slow ones
			_, _ = io.WriteString(conn, "x")
		}
	}
}

// TestSlowUploads checks that a large body that stops, or comes too slowly, ends with 408 and releases its
// slot.
func TestSlowUploads(t *testing.T) {
	t.Parallel()
	const pieceTimeout = 200 * time.Millisecond
	s := startUploadServer(t, time.Minute, pieceTimeout)
	for _, chunked := range []bool{false, true} {
		for _, dribbles := range []bool{false, true} {
			conn := s.startUpload(t, "instructor", maxBulk, mediumBytes+1, chunked)
			stop := make(chan struct{})
			if dribbles {
				go func() {
					ticker := time.NewTicker(pieceTimeout / 20)
					defer ticker.Stop()
					for {
						select {
						case <-stop:
							return
						case <-ticker.C:
							_, _ = io.WriteString(conn, "x")
						}
					}
				}()
			}
			status, text := readStatus(t, conn)
			close(stop)
			const message = "the request body came too slowly: after the first 1048576 bytes, each 262144 may take 200ms"
			if status != http.StatusRequestTimeout || !strings.Contains(text, message) || !strings.Contains(text, "REQUEST_TIMEOUT") {
				t.Errorf("chunked: %t, dribbles: %t: got %d %s", chunked, dribbles, status, text)
			}
			if status, text := s.postWhole(t, "instructor", maxBulk, chunked); status != http.StatusOK {
				t.Errorf("after a slow upload: got %d %s", status, text)
			}
		}
	}
}
