package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/limits/hostile"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
)

// listening is a server in this process, whose connections a test can look at.
type listening struct {
	addr   string
	closed chan net.Addr // the clients of connections that the server is done with
	log    *output
}

// listen serves the whole HTTP face with its own timeouts.
func listen(t *testing.T, with clientTimeouts, flags ...string) *listening {
	t.Helper()
	cli, _, err := config.Parse(append(flags, "--database-url="+testdb.NewWithDemo(t), "--jwt-secret="+secret, "--rate-limit=off"))
	if err != nil {
		t.Fatal(err)
	}
	l, c := &listening{closed: make(chan net.Addr, 1000), log: newOutput()}, &cli.Config
	log := slog.New(slog.NewJSONHandler(l.log, nil))
	shared, err := openSharedState(c, log)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openDatabase(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := openAuthentication(t.Context(), c, log, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	documents, err := openDocuments(t.Context(), c, log, db.Store)
	if err != nil {
		t.Fatal(err)
	}
	cors, err := middleware.CORS(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	health := middleware.NewHealth(log, time.Second, db.readinessChecks()...)
	handler, _ := buildRoutes(c, log, &services{db: db, authentication: accounts, documents: documents, shared: shared, responseCache: &responseCache{}, health: health, cors: cors, accessLog: l.log})
	srv := newHTTPServer(handler, log, with)
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
	go func() { _ = srv.Serve(middleware.LimitSlowReaders(listener, with.write)) }()
	t.Cleanup(func() {
		_ = srv.Close()
		accounts.Accounts.Close()
		documents.flushOnClose()
		shared.closeStore()
		_ = db.closeAndStop()
	})
	return l
}

// dial connects, for as long as a test has patience.
func (l *listening) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// send sends what may be no request, and returns the first answer and what follows it.
func (l *listening) send(t *testing.T, request []byte) (resp *http.Response, body, rest string) {
	t.Helper()
	conn := l.dial(t)
	go func() { _, _ = conn.Write(request) }() // who is refused early need not be read to the end
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%d, then %v", resp.StatusCode, err)
	}
	_ = conn.(*net.TCPConn).CloseWrite() // not before: it cancels the request
	after, _ := io.ReadAll(in)           // a reset says as much as an end
	return resp, string(text), string(after)
}

// hostileRequest is one of testdata/hostile, with its answer.
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

// asRequest makes the line ends of a header those of HTTP, and tells the length.
func asRequest(text []byte) []byte {
	head, body, _ := strings.Cut(string(text), "\n\n")
	head = strings.ReplaceAll(head, "LENGTH", strconv.Itoa(len(body)))
	return []byte(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body)
}

func postOf(body string) []byte {
	return fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// TestHostileRequests has each refused as it must be, in one answer, and the server
// as well as before.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	l := listen(t, productionTimeouts)
	var all []hostileRequest
	for _, r := range readHostile(t, "bodies.txt") {
		r.text = postOf(string(r.text))
		all = append(all, r)
	}
	for _, r := range readHostile(t, "requests.txt") {
		r.text = asRequest(r.text)
		all = append(all, r)
	}
	if len(all) < 120 {
		t.Fatalf("%d requests were read", len(all))
	}
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			resp, body, rest := l.send(t, r.text)
			var got answer
			if strings.Contains(resp.Header.Get("Content-Type"), "json") {
				if err := json.Unmarshal([]byte(body), &got); err != nil {
					t.Errorf("no JSON: %v", err)
				}
			}
			if resp.StatusCode != r.status || got.code() != r.code || len(body) > 2000 {
				t.Errorf("%d %q %.600s, want %d %q", resp.StatusCode, got.code(), body, r.status, r.code)
			}
			if rest != "" {
				t.Errorf("there is a second answer: %.300s", rest)
			}
		})
	}
	t.Cleanup(func() {
		if log := l.log.String(); strings.Contains(log, "panic") || strings.Contains(log, `"level":"ERROR"`) {
			t.Errorf("an error was logged:\n%s", log)
		}
	})
}

// TestHostileDocumentsOverHTTP has the corpus of admission refused on the way that
// it comes, by the limits of its own tests as far as a server can be given them.
func TestHostileDocumentsOverHTTP(t *testing.T) {
	t.Parallel()
	l := listen(t, productionTimeouts, "--max-root-fields=15", "--max-aliases=30", "--max-cost=10000")
	otherwise := map[string]string{
		// The limit of one field in one place is 30 here, and 10 there.
		"a field under aliases": hostile.Accepted, "one alias for a field again and again": hostile.Accepted,
		// Validation comes before the cost.
		"absurd pages": "GRAPHQL_VALIDATION_FAILED", "introspection of introspection": "GRAPHQL_VALIDATION_FAILED",
	}
	for _, d := range hostile.LoadDocuments() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]string{"query": d.Text})
			if err != nil {
				t.Fatal(err)
			}
			resp, text, _ := l.send(t, postOf(string(body)))
			want, known := otherwise[d.Name]
			switch {
			case len(body) > 100<<10:
				want = "PAYLOAD_TOO_LARGE"
			case !known:
				want = d.Code
			}
			a := readAnswer(t, resp.StatusCode, text)
			if want == hostile.Accepted { // as harmless; it may yet be no operation of this schema
				if a.Status >= 500 || len(text) > 50_000 {
					t.Errorf("%d with %d bytes: %.300s", a.Status, len(text), text)
				}
			} else if a.code() != want || a.Status < 400 || a.Status > 422 || a.Data != nil {
				t.Errorf("%d %.300s, want %s", a.Status, text, want)
			}
		})
	}
}
