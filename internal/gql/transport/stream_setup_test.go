package transport_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gobwas/ws"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/store"
)

// streamTimeout is how long a test waits for what takes milliseconds.
const streamTimeout = 20 * time.Second

// tokens are the tokens that a streamServer accepts. Their texts are those of their viewers' ids.
type tokens struct {
	mu       sync.Mutex
	viewers  map[string]edu.Viewer
	expiries map[string]time.Time
	away     bool // whether tokens cannot be verified
}

// VerifyToken implements auth.Verifier.
func (k *tokens) VerifyToken(_ context.Context, token string) (edu.Viewer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.viewers[token]
	expiry := k.expiries[token]
	switch {
	case k.away:
		return v, edu.Errorf(edu.Unavailable, "accounts cannot be checked")
	case !ok || !expiry.IsZero() && time.Now().After(expiry):
		return edu.Viewer{}, edu.Errorf(edu.Unauthenticated, "the token is not accepted")
	}
	return v, nil
}

// authenticate is StreamOptions.Authenticate.
func (k *tokens) authenticate(ctx context.Context, token string) (edu.Viewer, time.Time, error) {
	v, err := k.VerifyToken(ctx, token)
	k.mu.Lock()
	defer k.mu.Unlock()
	return v, k.expiries[token], err
}

// accept accepts a token of a viewer until a time; the zero time is never.
func (k *tokens) accept(token string, v edu.Viewer, until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.viewers[token], k.expiries[token] = v, until
}

func (k *tokens) revoke(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.viewers, token)
}

func (k *tokens) setAway(away bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = away
}

// streamServer is a server of testSchema, whose response is a number. Its operations depend on the tag of course 1.
type streamServer struct {
	*httptest.Server
	handler  *transport.Handler
	hub      *live.Hub
	log      *invalidation.Log
	tokens   *tokens
	number   atomic.Int64
	requests atomic.Int64              // that ConsumeRequest counted
	before   func(ctx context.Context) // called before each response; may panic
	padding  string                    // of blanks, in each response
}

// newStreamServer starts a server. The functions change its options.
func newStreamServer(t testing.TB, change ...func(*transport.Options)) *streamServer {
	t.Helper()
	s := &streamServer{
		log:    invalidation.New(nil, slog.New(slog.DiscardHandler)),
		tokens: &tokens{viewers: map[string]edu.Viewer{}, expiries: map[string]time.Time{}},
		before: func(context.Context) {},
	}
	s.hub = live.NewHub(live.Options{Changes: s.log})
	o := transport.Options{MaxBodyBytes: maxBody, MaxBatchSize: 5, Streams: transport.StreamOptions{
		Hub: s.hub, Authenticate: s.tokens.authenticate,
		Reauthenticate: func(ctx context.Context, _ int64, token string) (edu.Viewer, error) {
			return s.tokens.VerifyToken(ctx, token)
		},
		TransferCaller: func(context.Context) func(context.Context) context.Context {
			return func(to context.Context) context.Context { return to }
		},
		Caller:         func(r *http.Request) memory.Caller { return memory.Caller{ID: "a", Address: "a"} },
		ConsumeRequest: func(context.Context) error { s.requests.Add(1); return nil },
	}}
	for _, f := range change {
		f(&o)
	}
	s.handler = transport.New(newExecutor(s.respond), o)
	s.handler.SetStreamTimeouts(time.Hour, time.Hour)
	h := middleware.RequestID()(middleware.Recover(slog.New(slog.DiscardHandler))(auth.Middleware(s.tokens, nil)(s.handler)))
	s.Server = httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func (s *streamServer) respond(ctx context.Context) *graphql.Response {
	if d := live.DependenciesFrom(ctx); d != nil {
		d.Tags.Collect(edu.TagCourse.WithID(1))
	}
	n := s.number.Load()
	s.before(ctx)
	return &graphql.Response{Data: fmt.Appendf(nil, `{"n":%d%s}`, n, s.padding)}
}

// set changes the number.
func (s *streamServer) set(n int64) {
	s.number.Store(n)
	s.log.Publish(context.Background(), []store.Change{{ID: n, Tags: []string{edu.TagCourse.WithID(1).String()}}})
}

// wantIdle waits until there are no streams any more.
func (s *streamServer) wantIdle(t testing.TB) {
	t.Helper()
	await(t, "without streams", func() bool { stats := s.hub.Stats(); return stats.StreamCount() == 0 && stats.Watches == 0 })
}

func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(streamTimeout); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s", what)
		}
	}
}

// socket is the client of a WebSocket.
type socket struct {
	conn   net.Conn
	reader *bufio.Reader
}

// dial opens a WebSocket, with the headers of lines.
func (s *streamServer) dial(t testing.TB, lines ...string) *socket {
	t.Helper()
	header := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	dialer := ws.Dialer{Protocols: []string{"graphql-transport-ws"}, Header: ws.HandshakeHeaderHTTP(header)}
	conn, reader, handshake, err := dialer.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/graphql")
	if err != nil {
		t.Fatal(err)
	}
	if handshake.Protocol != "graphql-transport-ws" {
		t.Fatalf("the subprotocol is %q", handshake.Protocol)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if reader == nil {
		reader = bufio.NewReader(conn)
	}
	_ = conn.SetDeadline(time.Now().Add(streamTimeout))
	return &socket{conn, reader}
}

// dialAcked opens a WebSocket with the rights of a token, "" for none.
func (s *streamServer) dialAcked(t testing.TB, token string) *socket {
	t.Helper()
	c := s.dial(t)
	payload := ""
	if token != "" {
		payload = `,"payload":{"Authorization":"Bearer ` + token + `"}`
	}
	c.send(t, `{"type":"connection_init"`+payload+`}`)
	c.expect(t, `{"type":"connection_ack"}`)
	return c
}

// send sends text messages.
func (c *socket) send(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		c.sendFrame(t, ws.NewTextFrame([]byte(text)))
	}
}

// sendFrame sends a masked frame.
func (c *socket) sendFrame(t testing.TB, f ws.Frame) {
	t.Helper()
	if err := ws.WriteFrame(c.conn, ws.MaskFrame(f)); err != nil {
		t.Fatal(err)
	}
}

func (c *socket) subscribe(t testing.TB, id, query string) {
	t.Helper()
	c.send(t, `{"type":"subscribe","id":`+strconv.Quote(id)+`,"payload":{"query":`+strconv.Quote(query)+`}}`)
}

// receive returns the next frame.
func (c *socket) receive(t testing.TB) ws.Frame {
	t.Helper()
	h, err := ws.ReadHeader(c.reader)
	if err != nil {
		t.Fatalf("no frame: %v", err)
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(c.reader, payload); err != nil {
		t.Fatalf("half a frame: %v", err)
	}
	return ws.Frame{Header: h, Payload: payload}
}

// expect reads a message, and compares it without its extensions.
func (c *socket) expect(t testing.TB, want string) {
	t.Helper()
	f := c.receive(t)
	if got := withoutExtensions(f.Payload); f.Header.OpCode != ws.OpText || got != want {
		if f.Header.OpCode == ws.OpClose {
			code, reason := ws.ParseCloseFrameData(f.Payload)
			got = fmt.Sprintf("close %d %s", code, reason)
		}
		t.Fatalf("got %s, want %s", got, want)
	}
}

func withoutExtensions(text []byte) string {
	var m struct {
		ID      string          `json:"id,omitempty"`
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload,omitempty"`
	}
	if json.Unmarshal(text, &m) != nil || m.Type != "next" {
		return string(text)
	}
	before, _, cut := strings.Cut(string(text), `,"extensions"`)
	if cut {
		before += "}}"
	}
	return before
}

// wantClose reads until the close frame.
func (c *socket) wantClose(t testing.TB, code ws.StatusCode) (reason string) {
	t.Helper()
	for {
		f := c.receive(t)
		if f.Header.OpCode != ws.OpClose {
			continue
		}
		got, reason := ws.ParseCloseFrameData(f.Payload)
		if got != code || f.Header.Length > ws.MaxControlFramePayloadSize {
			t.Fatalf("closed with %d %q in %d bytes, want %d", got, reason, f.Header.Length, code)
		}
		return reason
	}
}
