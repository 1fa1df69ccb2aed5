package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gobwas/ws"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/transport"
)

const (
	initMessage = `{"type":"connection_init"}`
	ackMessage  = `{"type":"connection_ack"}`
)

func TestSocketCloseCodes(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	s.handler.SetStreamTimeouts(time.Hour, 300*time.Millisecond)
	for name, tc := range map[string]struct {
		send []string
		code ws.StatusCode
	}{
		"no JSON":               {[]string{"hello"}, 4400},
		"an array":              {[]string{"[]"}, 4400},
		"null":                  {[]string{"null"}, 4400},
		"an empty message":      {[]string{""}, 4400},
		"no type":               {[]string{"{}"}, 4400},
		"an unknown type":       {[]string{`{"type":"start"}`}, 4400},
		"a number as id":        {[]string{initMessage, `{"type":"subscribe","id":1,"payload":{"query":"{hello}"}}`}, 4400},
		"no id":                 {[]string{initMessage, `{"type":"subscribe","payload":{"query":"{hello}"}}`}, 4400},
		"a long id":             {[]string{initMessage, `{"type":"subscribe","id":"` + strings.Repeat("x", 257) + `","payload":{"query":"{hello}"}}`}, 4400},
		"credentials":           {[]string{`{"type":"connection_init","payload":{"authorization":"Basic"}}`}, 4400},
		"no credentials object": {[]string{`{"type":"connection_init","payload":"t"}`}, 4400},
		"subscribe before init": {[]string{`{"type":"subscribe","id":"1","payload":{"query":"{hello}"}}`}, 4401},
		"a rejected token":      {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer x"}}`}, 4403},
		"no init":               {nil, 4408},
		"pings instead of init": {[]string{`{"type":"ping"}`}, 4408},
		"the id of a stream": {[]string{
			initMessage,
			`{"type":"subscribe","id":"` + strings.Repeat("ä", 128) + `","payload":{"query":"subscription{ticks}"}}`,
			`{"type":"subscribe","id":"` + strings.Repeat("ä", 128) + `","payload":{"query":"{hello}"}}`,
		}, 4409},
		"two inits":       {[]string{initMessage, initMessage}, 4429},
		"a large message": {[]string{`{"type":"` + strings.Repeat("x", maxBody) + `"}`}, 1009},
		"no UTF-8":        {[]string{"{\"type\":\"\xff\"}"}, 1007},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t)
			c.send(t, tc.send...)
			c.wantClose(t, tc.code)
		})
	}
}

func TestSocketFrames(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	for name, tc := range map[string]struct {
		send func(c *socket)
		code ws.StatusCode
	}{
		"binary":           {func(c *socket) { c.sendFrame(t, ws.NewBinaryFrame([]byte("{}"))) }, 4400},
		"not masked":       {func(c *socket) { _ = ws.WriteFrame(c.conn, ws.NewTextFrame([]byte("{}"))) }, 1002},
		"a reserved bit":   {func(c *socket) { _, _ = c.conn.Write([]byte{0xc1, 0x80, 0, 0, 0, 0}) }, 1002},
		"a reserved code":  {func(c *socket) { _, _ = c.conn.Write([]byte{0x83, 0x80, 0, 0, 0, 0}) }, 1002},
		"a lone fragment":  {func(c *socket) { _, _ = c.conn.Write([]byte{0x80, 0x80, 0, 0, 0, 0}) }, 1002},
		"a long ping":      {func(c *socket) { _, _ = c.conn.Write([]byte{0x89, 0xfe, 0, 126, 0, 0, 0, 0}) }, 1002},
		"a length of 2^62": {func(c *socket) { _, _ = c.conn.Write([]byte{0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) }, 1009},
		"a length of 2^63": {func(c *socket) { _, _ = c.conn.Write([]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) }, 1002},
		"large fragments": {func(c *socket) {
			c.sendFrame(t, ws.NewFrame(ws.OpText, false, make([]byte, maxBody-1)))
			c.sendFrame(t, ws.NewFrame(ws.OpContinuation, true, make([]byte, 2)))
		}, 1009},
		"a close": {func(c *socket) { c.sendFrame(t, ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye"))) }, 1000},
		"much data after a bad message": {func(c *socket) {
			c.send(t, "no JSON")
			for range 50 {
				c.send(t, strings.Repeat("x", maxBody))
			}
		}, 4400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t)
			tc.send(c)
			c.wantClose(t, tc.code)
			if b, err := c.reader.ReadByte(); err == nil {
				t.Errorf("after the close frame: %x", b)
			}
		})
	}
	c := s.dial(t)
	c.sendFrame(t, ws.NewFrame(ws.OpText, false, []byte(`{"type":`)))
	c.sendFrame(t, ws.NewPingFrame([]byte("within")))
	c.sendFrame(t, ws.NewFrame(ws.OpContinuation, false, nil))
	c.sendFrame(t, ws.NewFrame(ws.OpContinuation, true, []byte(`"connection_init"}`)))
	if f := c.receive(t); f.Header.OpCode != ws.OpPong || string(f.Payload) != "within" {
		t.Errorf("the pong is %+v", f)
	}
	c.expect(t, ackMessage)
	for range 1000 {
		c.sendFrame(t, ws.NewPingFrame(nil))
		if f := c.receive(t); f.Header.OpCode != ws.OpPong {
			t.Fatalf("the pong is %+v", f)
		}
	}
}

func TestSocketUpgrade(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, func(o *transport.Options) {
		o.AllowsOrigin = func(origin string) bool { return origin == "https://7p.example" }
	})
	for name, tc := range map[string]struct {
		headers []string
		status  int
	}{
		"a foreign origin":    {[]string{"Origin: https://evil.example", "Sec-WebSocket-Protocol: graphql-transport-ws"}, 403},
		"no origin's page":    {[]string{"Origin: null", "Sec-WebSocket-Protocol: graphql-transport-ws"}, 403},
		"the old subprotocol": {[]string{"Sec-WebSocket-Protocol: graphql-ws"}, 400},
		"no subprotocol":      {nil, 400},
		"a rejected token":    {[]string{"Sec-WebSocket-Protocol: graphql-transport-ws", "Authorization: Bearer x"}, 401},
		"an old version":      {[]string{"Sec-WebSocket-Protocol: graphql-transport-ws", "Sec-WebSocket-Version: 8"}, 426},
		"no key":              {[]string{"Sec-WebSocket-Protocol: graphql-transport-ws", "Sec-WebSocket-Key: x"}, 400},
		"an allowed origin":   {[]string{"Origin: https://7p.example", "Sec-WebSocket-Protocol: other, graphql-transport-ws"}, 101},
		"the same origin":     {[]string{"Origin: " + s.URL, "Sec-WebSocket-Protocol: graphql-transport-ws", "Cookie: session=1"}, 101},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range append([]string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, tc.headers...) {
			key, value, _ := strings.Cut(line, ": ")
			r.Header.Set(key, value)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tc.status {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
}

func TestSocketOperations(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	c := s.dialAcked(t, "")
	c.subscribe(t, "q", "{hello}")
	c.expect(t, `{"id":"q","type":"next","payload":{"data":{"n":0}}}`)
	c.expect(t, `{"type":"complete","id":"q"}`)
	c.subscribe(t, "q", "mutation{wave}") // the id is free again
	c.expect(t, `{"id":"q","type":"next","payload":{"data":{"n":0}}}`)
	c.expect(t, `{"type":"complete","id":"q"}`)

	// An error is never followed by complete.
	for _, payload := range []string{`{"query":"{unknown}"}`, `null`, `{}`, `[]`, `{"query":"subscription{"}`, `"{hello}"`, `{"query":1}`} {
		c.send(t, `{"type":"subscribe","id":"e\u0000<\ud800","payload":`+payload+`}`)
		if f := c.receive(t); !strings.HasPrefix(string(f.Payload), `{"id":"e\u0000\u003c`+"\ufffd"+`","type":"error","payload":[{"message"`) {
			t.Errorf("%s: %s", payload, f.Payload)
		}
	}
	c.send(t, `{"type":"subscribe","id":"none"}`, ` {"type":"ping","payload":{"anything":1}}`)
	if f := c.receive(t); !strings.HasPrefix(string(f.Payload), `{"id":"none","type":"error"`) && string(f.Payload) != `{"type":"pong"}` {
		t.Errorf("no payload: %s", f.Payload)
	}
	c.receive(t) // the other one of the two

	c.subscribe(t, "s", "subscription{ticks}")
	c.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":0}}}`)
	s.set(1)
	c.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":1}}}`)
	c.send(t, `{"type":"complete","id":"s"}`, `{"type":"complete","id":"unknown"}`)
	s.wantIdle(t)
	s.set(2)
	c.subscribe(t, "s", "query @live {hello}")
	c.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":2}}}`)
	s.set(3)
	c.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":3}}}`)
	if got, want := s.requests.Load(), int64(2+7+1+2); got != want {
		t.Errorf("%d requests are counted, want %d", got, want)
	}
	_ = c.conn.Close()
	s.wantIdle(t)
}

func TestSocketPings(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	s.handler.SetStreamTimeouts(20*time.Millisecond, time.Hour)
	c := s.dialAcked(t, "")
	for range 3 {
		c.expect(t, `{"type":"ping"}`)
		c.send(t, `{"type":"pong"}`)
	}
}

func TestSocketLimitsOperations(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	c := s.dialAcked(t, "")
	for i := range 101 {
		c.subscribe(t, strconv.Itoa(i), "subscription{ticks}")
	}
	for {
		if f := c.receive(t); strings.Contains(string(f.Payload), `"type":"error"`) {
			if !strings.Contains(string(f.Payload), `{"id":"100","type":"error"`) || !strings.Contains(string(f.Payload), "100 operations") {
				t.Errorf("got %s", f.Payload)
			}
			return
		}
	}
}

func TestSocketSession(t *testing.T) {
	t.Parallel()
	viewer, other := edu.Viewer{ID: 7, Role: edu.RoleStudent}, edu.Viewer{ID: 8, Role: edu.RoleStudent}
	for name, end := range map[string]func(s *streamServer, c *socket){
		"a token of another viewer": func(s *streamServer, c *socket) {
			s.tokens.accept("other", other, time.Time{})
			c.send(t, `{"type":"ping","payload":{"authorization":"Bearer other"}}`)
		},
		"a bad token": func(_ *streamServer, c *socket) { c.send(t, `{"type":"ping","payload":{"authorization":"Bearer x"}}`) },
		// Without a stream only the next operation can find out.
		"an operation after the revocation": func(s *streamServer, c *socket) {
			s.tokens.revoke("7")
			c.subscribe(t, "m", "mutation{wave}")
		},
		"an operation with another role": func(s *streamServer, c *socket) {
			s.tokens.accept("7", edu.Viewer{ID: 7, Role: edu.RoleAdmin}, time.Time{})
			c.subscribe(t, "m", "mutation{wave}")
		},
		"a revocation during a stream": func(s *streamServer, c *socket) {
			c.subscribe(t, "s", "subscription{ticks}")
			c.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":0}}}`)
			s.tokens.revoke("7")
			s.hub.VerifyUser(7)
		},
		"a revocation during the first execution": func(s *streamServer, c *socket) {
			s.before = func(context.Context) { s.tokens.revoke("7"); s.hub.VerifyUser(7) }
			c.subscribe(t, "s", "subscription{ticks}")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStreamServer(t)
			var executed atomic.Int32
			s.before = func(context.Context) { executed.Add(1) }
			s.tokens.accept("7", viewer, time.Time{})
			c := s.dialAcked(t, "7")
			end(s, c)
			c.send(t, `{"type":"subscribe","id":"late","payload":{"query":"mutation{wave}"}}`)
			before := executed.Load()
			c.wantClose(t, 4403)
			c.subscribe(t, "later", "mutation{wave}")
			s.wantIdle(t)
			if executed.Load() > before {
				t.Error("an operation was executed after the end")
			}
		})
	}
}

// The streams of a socket end with its token, unless a ping brings a newer one.
func TestSocketExtendsSession(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	viewer := edu.Viewer{ID: 7, Role: edu.RoleStudent}
	s.tokens.accept("short", viewer, time.Now().Add(2*time.Second))
	s.tokens.accept("long", viewer, time.Time{})
	ending, extended := s.dialAcked(t, "short"), s.dialAcked(t, "short")
	for _, c := range []*socket{ending, extended} {
		c.subscribe(t, "s", "subscription{ticks}")
		c.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":0}}}`)
	}
	extended.send(t, `{"type":"ping","payload":{"authorization":"Bearer long"}}`)
	extended.expect(t, `{"type":"pong"}`)
	ending.wantClose(t, 4403)
	time.Sleep(100 * time.Millisecond)
	s.set(1)
	extended.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":1}}}`)
	s.tokens.setAway(true)
	extended.subscribe(t, "u", "{hello}")
	if f := extended.receive(t); !strings.Contains(string(f.Payload), `"code":"SERVICE_UNAVAILABLE"`) {
		t.Errorf("while tokens cannot be verified: %s", f.Payload)
	}
	c := s.dial(t)
	c.send(t, `{"type":"connection_init","payload":{"authorization":"Bearer long"}}`)
	c.wantClose(t, 1013)
}

// The memory of an operation's variables is free again after it.
func TestSocketReleasesMemory(t *testing.T) {
	t.Parallel()
	pool := memory.NewPool(16 << 20)
	s := newStreamServer(t, func(o *transport.Options) {
		o.MaxBodyBytes = 1 << 20
		o.NewMeter = func(r *http.Request) *memory.Meter { return pool.NewMeter(o.Streams.Caller(r), 1<<20) }
	})
	c := s.dialAcked(t, "")
	names := strings.Repeat(`"",`, 10_000) + `""`
	for i := range 20 {
		id := strconv.Itoa(i)
		c.send(t, `{"type":"subscribe","id":"`+id+`","payload":{"query":"query($p:Paint){hello(paint:$p)}","variables":{"p":{"color":"RED","names":[`+names+`]}}}}`)
		c.expect(t, `{"id":"`+id+`","type":"next","payload":{"data":{"n":0}}}`)
		c.expect(t, `{"type":"complete","id":"`+id+`"}`)
	}
}

// A panic outside of resolvers ends one operation, not the process, and takes no place of a stream.
func TestPanics(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	var panics atomic.Bool
	s.before = func(context.Context) {
		if panics.Load() {
			panic("a test")
		}
	}
	c := s.dialAcked(t, "")
	c.subscribe(t, "s", "subscription{ticks}")
	c.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":0}}}`)
	panics.Store(true)
	s.set(1)
	c.subscribe(t, "p", "subscription{ticks}")
	if f := c.receive(t); !strings.HasPrefix(string(f.Payload), `{"id":"p","type":"error","payload":[{"message":"internal server error"`) {
		t.Errorf("got %s", f.Payload)
	}
	panics.Store(false)
	c.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":1}}}`)
}

// A client that does not read delays no other one, and has its connection closed.
func TestSocketSlowReader(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	slow, other := s.dialAcked(t, ""), s.dialAcked(t, "")
	slow.subscribe(t, "s", "subscription{ticks}")
	other.subscribe(t, "s", "subscription{ticks}")
	other.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":0}}}`)
	stop := make(chan struct{})
	defer close(stop)
	go func() { // more pongs than the buffers of the kernel have room for
		for range 1 << 20 {
			select {
			case <-stop:
				return
			default:
			}
			if ws.WriteFrame(slow.conn, ws.MaskFrame(ws.NewPingFrame(make([]byte, 125)))) != nil {
				return
			}
		}
	}()
	for i := int64(1); i < 50; i++ {
		s.set(i)
		other.expect(t, `{"id":"s","type":"next","payload":{"data":{"n":`+strconv.FormatInt(i, 10)+`}}}`)
	}
}

// The operations of one socket run at the same time.
func TestSocketOperationsAreConcurrent(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	arrived := make(chan struct{}, 10)
	proceed := make(chan struct{})
	s.before = func(context.Context) { arrived <- struct{}{}; <-proceed }
	c := s.dialAcked(t, "")
	for i := range 10 {
		c.subscribe(t, strconv.Itoa(i), "{hello}")
	}
	for range 10 {
		<-arrived
	}
	c.send(t, `{"type":"ping"}`)
	c.expect(t, `{"type":"pong"}`)
	close(proceed)
	for range 20 {
		c.receive(t)
	}
	_ = c.conn.Close()
	if _, err := c.reader.ReadByte(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("after the close: %v", err)
	}
}

// Operations have the client's name of the upgrade, and none of its other headers: an Idempotency-Key is for one
// operation.
func TestSocketHeaders(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	headers := make(chan http.Header, 1)
	s.before = func(ctx context.Context) { headers <- graphql.GetOperationContext(ctx).Headers }
	c := s.dial(t, "Idempotency-Key: x", "Graphql-Client-Name: app", "Cookie: a=b")
	c.send(t, initMessage)
	c.expect(t, `{"type":"connection_ack"}`)
	c.subscribe(t, "1", "{hello}")
	if got := <-headers; len(got) != 1 || got.Get("Graphql-Client-Name") != "app" {
		t.Errorf("the headers are %v", got)
	}
}

// A panic while a message is read ends its socket, and not the process.
func TestSocketPanic(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, func(o *transport.Options) {
		o.Streams.Authenticate = func(context.Context, string) (edu.Viewer, time.Time, error) { panic("broken") }
	})
	c := s.dial(t)
	c.send(t, `{"type":"connection_init","payload":{"Authorization":"Bearer x"}}`)
	if _, err := c.reader.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after a panic: %v", err)
	}
	s.dialAcked(t, "")
}
