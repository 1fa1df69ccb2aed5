package app

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/limits/hostile"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
)

const (
	// patience is how long a step of a test may take before the test fails.
	patience = time.Minute
	secret   = "a secret of these tests of more than 32 bytes"
)

// testServer is a server in this process whose connections a test can observe.
type testServer struct {
	addr   string
	closed chan net.Addr // the clients of closed connections
	log    *logBuffer
}

// logBuffer collects what the server logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startServer opens a server on the demo data and serves with the given timeouts.
func startServer(t *testing.T, timeouts clientTimeouts, flags ...string) *testServer {
	t.Helper()
	var settings struct {
		config.Config `embed:""`
	}
	flags = append(flags, "--database-url="+testdb.NewWithDemo(t), "--jwt-secret="+secret, "--rate-limit=off", "--response-cache=off")
	if _, err := config.Parse(&settings, &settings.Config, flags); err != nil {
		t.Fatal(err)
	}
	l := &testServer{closed: make(chan net.Addr, 1000), log: new(logBuffer)}
	s, err := Open(t.Context(), &settings.Config, l.log)
	if err != nil {
		t.Fatal(err)
	}
	srv := newHTTPServer(s.handler, s.log, timeouts)
	srv.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			l.closed <- conn.RemoteAddr()
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.addr = listener.Addr().String()
	go func() { _ = srv.Serve(middleware.LimitSlowReaders(listener, timeouts.write)) }()
	t.Cleanup(func() {
		_ = srv.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// dial opens a connection whose deadline is the patience of the tests.
func (l *testServer) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// send sends bytes that may not be a valid request. It returns the first response, and the bytes
// after it on the connection.
func (l *testServer) send(t *testing.T, request []byte) (got *gqltest.Response, rest string) {
	t.Helper()
	conn := l.dial(t)
	go func() { _, _ = conn.Write(request) }() // a server that rejects a request early need not read all of it
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("no response: %v", err)
	}
	if got, err = gqltest.ReadResponse(resp); err != nil {
		t.Fatalf("%d, then %v", resp.StatusCode, err)
	}
	_ = conn.(*net.TCPConn).CloseWrite() // not before: it cancels the request
	after, _ := io.ReadAll(in)           // a reset is as good as an end
	return got, string(after)
}

// hostileRequest is a request of testdata/hostile with the response that it must get.
type hostileRequest struct {
	name, code string
	status     int
	text       []byte
}

// readHostile reads a file of testdata/hostile.
func readHostile(t *testing.T, name string) (list []hostileRequest) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "hostile", name))
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range strings.Split("\n"+string(file), "\n=== ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		expect, what, _ := strings.Cut(title, ": ")
		status, code, _ := strings.Cut(expect, " ")
		r := hostileRequest{name: what, code: strings.TrimPrefix(code, "-")}
		if r.status, err = strconv.Atoi(status); err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		expand, err := template.New(title).Delims("<<", ">>").
			Funcs(template.FuncMap{"repeat": func(n int, s string) string { return strings.Repeat(s, n) }}).Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := expand.Execute(&out, nil); err != nil {
			t.Fatal(err)
		}
		r.text = out.Bytes()
		list = append(list, r)
	}
	return list
}

// formatRequest gives a header the line ends of HTTP and fills in the length of the body.
func formatRequest(text []byte) []byte {
	head, body, _ := strings.Cut(string(text), "\n\n")
	head = strings.ReplaceAll(head, "LENGTH", strconv.Itoa(len(body)))
	return []byte(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body)
}

func formatPost(body string) []byte {
	return fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// Each hostile request gets one response, with its status and code, and no error is logged.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	l := startServer(t, productionTimeouts)
	var all []hostileRequest
	for _, r := range readHostile(t, "bodies.txt") {
		r.text = formatPost(string(r.text))
		all = append(all, r)
	}
	for _, r := range readHostile(t, "requests.txt") {
		r.text = formatRequest(r.text)
		all = append(all, r)
	}
	if len(all) < 120 {
		t.Fatalf("testdata/hostile has only %d requests", len(all))
	}
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			resp, rest := l.send(t, r.text)
			var got gqltest.Result
			if strings.Contains(resp.Header.Get("Content-Type"), "json") {
				got = resp.Result(t)
			}
			if resp.Status != r.status || got.Codes() != r.code || len(resp.Body) > 2000 {
				t.Errorf("%q %.600s, want %d %q", got.Codes(), resp, r.status, r.code)
			}
			if rest != "" {
				t.Errorf("a second response: %.300s", rest)
			}
		})
	}
	t.Cleanup(func() {
		if log := l.log.String(); strings.Contains(log, "panic") || strings.Contains(log, `"level":"ERROR"`) {
			t.Errorf("an error was logged:\n%s", log)
		}
	})
}

// The hostile documents of package limits are rejected over HTTP too. The limits are those of its
// tests, except the ones that have no setting.
func TestHostileDocumentsOverHTTP(t *testing.T) {
	t.Parallel()
	l := startServer(t, productionTimeouts, "--max-root-fields=15", "--max-aliases=30", "--max-cost=10000")
	exceptions := map[string]string{
		// The limit of repeated fields is 30 here, and 10 there.
		"a field under aliases": hostile.Accepted, "one alias for a field again and again": hostile.Accepted,
		// Validation comes before the cost.
		"absurd pages": "GRAPHQL_VALIDATION_FAILED", "introspection of introspection": "GRAPHQL_VALIDATION_FAILED",
	}
	for _, d := range hostile.LoadDocuments() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			body := gqltest.QueryBody(d.Text, nil)
			resp, _ := l.send(t, formatPost(body))
			want, isException := exceptions[d.Name]
			switch {
			case len(body) > 100<<10:
				want = "PAYLOAD_TOO_LARGE"
			case !isException:
				want = d.Code
			}
			a := resp.Result(t)
			if want == hostile.Accepted { // by the limits; it may still be invalid in this schema
				if resp.Status >= 500 || len(resp.Body) > 50_000 {
					t.Errorf("%d bytes: %.300s", len(resp.Body), resp)
				}
			} else if a.Codes() != want || resp.Status < 400 || resp.Status > 422 || a.At() != nil {
				t.Errorf("%.300s, want %s", resp, want)
			}
		})
	}
}
