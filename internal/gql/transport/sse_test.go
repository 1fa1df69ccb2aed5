package transport_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/transport"
)

const (
	acceptEvents    = "Accept: text/event-stream"
	acceptMultipart = `Accept: multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json`
	ticksBody       = `{"query":"subscription{ticks}"}`
)

// stream is an open response.
type stream struct {
	*http.Response
	reader *bufio.Reader
}

// open sends a request by POST, or by GET without a body.
func (s *streamServer) open(t testing.TB, path, body string, lines ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), streamTimeout)
	t.Cleanup(cancel)
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return &stream{resp, bufio.NewReader(resp.Body)}
}

// expect reads bytes that match a pattern, in which spaces are literal, up to their last one.
func (s *stream) expect(t testing.TB, pattern string) (match []string) {
	t.Helper()
	whole, text := regexp.MustCompile("^(?:"+pattern+")$"), []byte(nil)
	for !whole.Match(text) {
		c, err := s.reader.ReadByte()
		if err != nil {
			t.Fatalf("%v after %q, want %q", err, text, pattern)
		}
		text = append(text, c)
	}
	return whole.FindStringSubmatch(string(text))
}

func (s *stream) wantEnd(t testing.TB) {
	t.Helper()
	if rest, err := io.ReadAll(s.reader); err != nil || len(rest) > 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

const eventPattern = `event: next\nid: ([0-9a-f.]+[\w-]{16})\ndata: `

func TestEventStream(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	first := s.open(t, "/graphql", ticksBody, acceptEvents)
	h := first.Header
	if first.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream; charset=utf-8" || h.Get("X-Accel-Buffering") != "no" ||
		!strings.Contains(h.Get("Cache-Control"), "no-store") {
		t.Errorf("%s %v", first.Status, h)
	}
	first.expect(t, `:\nretry: \d{3,4}\n\n`)
	first.expect(t, eventPattern+`\{"data":\{"n":0\},"extensions":\{"live":\{"minIntervalMillis":0\}\}\}\n\n`)
	s.set(1)
	id := first.expect(t, eventPattern+`\{"data":\{"n":1\}\}\n\n`)[1]
	_ = first.Body.Close()
	s.wantIdle(t)

	unchanged := s.open(t, "/graphql?query=subscription%7Bticks%7D", "", acceptEvents, "Last-Event-ID: "+id)
	unchanged.expect(t, `:\nretry: \d{3,4}\n\n`)
	s.set(2)
	unchanged.expect(t, eventPattern+`\{"data":\{"n":2\},"extensions":\{"live":\{"minIntervalMillis":0,"resumed":"unchanged"\}\}\}\n\n`)
	gap := s.open(t, "/graphql", ticksBody, acceptEvents, "Last-Event-ID: "+strings.Repeat(".", 9000))
	gap.expect(t, `:\nretry: \d{3,4}\n\n`+eventPattern+`.*"resumed":"gap".*\n\n`)

	// The server stops: the client connects again, since there is no complete.
	s.hub.Close(t.Context())
	for _, open := range []*stream{unchanged, gap} {
		open.expect(t, `retry: \d{3,4}\n: the server stops\n\n`)
		open.wantEnd(t)
	}
	s.wantIdle(t)
}

func TestEventStreamSingleResponses(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	for body, want := range map[string]string{
		`{"query":"{hello}"}`:                  `{"data":{"n":0}}`,
		`{"query":"mutation{wave}"}`:           `{"data":{"n":0}}`,
		`{"query":"{unknown}"}`:                `"GRAPHQL_VALIDATION_FAILED"`,
		`{"query":"subscription{ticks unknown`: "",
	} {
		r := s.open(t, "/graphql", body, acceptEvents)
		if want == "" {
			if r.StatusCode != http.StatusBadRequest || !strings.Contains(r.Header.Get("Content-Type"), "json") {
				t.Errorf("%s: %s", body, r.Status)
			}
			continue
		}
		r.expect(t, `:\nretry: \d{3,4}\n\nevent: next\ndata: .*`+regexp.QuoteMeta(want)+`.*\n\nevent: complete\ndata:\n\n`)
		r.wantEnd(t)
	}
	for name, tc := range map[string]struct {
		path, body string
		accept     string
		status     int
		want       string
	}{
		"a mutation by GET":            {"/graphql?query=mutation%7Bwave%7D", "", acceptEvents, 405, "a mutation needs POST"},
		"a mutation by GET, multipart": {"/graphql?query=mutation%7Bwave%7D", "", acceptMultipart, 405, "a mutation needs POST"},
		"a batch":                      {"/graphql", `[{"query":"{hello}"}]`, acceptEvents, 422, "a stream has one operation"},
		"a batch, multipart":           {"/graphql", `[{"query":"{hello}"}]`, acceptMultipart, 200, `[{"data":{"n":0}}]`},
		"a subscription as JSON":       {"/graphql", ticksBody, "Accept: application/json", 406, "a subscription has several responses"},
		"a live query as JSON":         {"/graphql", `{"query":"query @live{hello}"}`, "Accept: application/json", 200, `{"data":{"n":0}}`},
		"a query, multipart":           {"/graphql", `{"query":"{hello}"}`, acceptMultipart, 200, `{"data":{"n":0}}`},
		"events are not acceptable":    {"/graphql", ticksBody, "Accept: text/event-stream;q=0, application/json", 406, ""},
		"no JSON":                      {"/graphql", `{`, acceptEvents, 400, ""},
		"a rejected operation":         {"/graphql", `{"query":"subscription{unknown}"}`, acceptMultipart, 422, "GRAPHQL_VALIDATION_FAILED"},
	} {
		r := s.open(t, tc.path, tc.body, tc.accept)
		got, err := io.ReadAll(r.reader)
		if err != nil || r.StatusCode != tc.status || !strings.Contains(string(got), tc.want) {
			t.Errorf("%s: %s %s %v", name, r.Status, got, err)
		}
	}
	s.wantIdle(t)
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	s.handler.SetStreamTimeouts(20*time.Millisecond, time.Hour)
	s.open(t, "/graphql", ticksBody, acceptEvents).expect(t, `:\nretry: \d{3,4}\n\nevent: next\n.*\n.*\n\n:\n\n:\n\n`)
	part := "\r\nContent-Type: application/json\r\n\r\n"
	s.open(t, "/graphql", ticksBody, acceptMultipart).expect(t, "\r\n--graphql"+part+`\{"payload":.*\}`+"\r\n--graphql"+part+`\{\}`+"\r\n--graphql"+part+`\{\}`+"\r\n--graphql")
}

// The exact bytes of parts: Apollo's clients search for the delimiter with the line ends before it.
func TestMultipart(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	m := s.open(t, "/graphql", ticksBody, acceptMultipart)
	if m.StatusCode != 200 || m.Header.Get("Content-Type") != `multipart/mixed;boundary="graphql";subscriptionSpec=1.0` {
		t.Errorf("%s %v", m.Status, m.Header)
	}
	const part, id = "\r\nContent-Type: application/json\r\n\r\n", `"eventId":"[\w.-]+"`
	m.expect(t, "\r\n--graphql"+part+`\{"payload":\{"data":\{"n":0\},"extensions":\{"live":\{`+id+`,"minIntervalMillis":0\}\}\}\}`+"\r\n--graphql")
	s.set(1)
	m.expect(t, part+`\{"payload":\{"data":\{"n":1\},"extensions":\{"live":\{`+id+`\}\}\}\}`+"\r\n--graphql")
	s.hub.Close(t.Context())
	m.expect(t, part+`\{"payload":null,"errors":\[\{"message":"the server stops: subscribe again","extensions":\{"code":"SERVICE_UNAVAILABLE"\}\}\]\}`+"\r\n--graphql--\r\n")
	m.wantEnd(t)
}

// A stream ends with its token, if that was revoked during the first execution too.
func TestEventStreamSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *streamServer){
		"an expired token": func(s *streamServer) {
			s.tokens.accept("7", edu.Viewer{ID: 7}, time.Now().Add(300*time.Millisecond))
		},
		"a revocation during the first execution": func(s *streamServer) {
			s.before = func(context.Context) { s.tokens.revoke("7"); s.hub.VerifyUser(7) }
		},
		"an expiry that is read while tokens cannot be verified": func(s *streamServer) {
			s.tokens.accept("7", edu.Viewer{ID: 7}, time.Now().Add(time.Second))
			s.before = func(context.Context) { s.tokens.setAway(true) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStreamServer(t)
			s.tokens.accept("7", edu.Viewer{ID: 7}, time.Time{})
			end(s)
			for _, accept := range []string{acceptEvents, acceptMultipart} {
				s.tokens.setAway(false)
				s.tokens.mu.Lock()
				_, ok := s.tokens.viewers["7"]
				expired := !s.tokens.expiries["7"].IsZero() && time.Now().After(s.tokens.expiries["7"])
				s.tokens.mu.Unlock()
				if !ok || expired {
					s.tokens.accept("7", edu.Viewer{ID: 7}, time.Now().Add(time.Second))
				}
				r := s.open(t, "/graphql", ticksBody, accept, "Authorization: Bearer 7")
				all, err := io.ReadAll(r.reader)
				if err != nil || !strings.Contains(string(all), "the session of this stream has ended or changed") {
					t.Errorf("%s: %q, %v", accept, all, err)
				}
			}
			s.wantIdle(t)
		})
	}
}

// Persisted operations may be subscribed to by every transport.
func TestPersistedSubscriptions(t *testing.T) {
	t.Parallel()
	local := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = local.Close() })
	s := newStreamServer(t)
	const text = "subscription Persisted{ticks}"
	exec := newExecutor(s.respond, &persisted.Extension{
		Mode: persisted.ModeAPQ, Store: local, TTL: time.Minute, Log: slog.New(slog.DiscardHandler),
		Documents: persisted.NewList(nil), Uses: new(persisted.UsageCounter),
	})
	s.Config.Handler = transport.New(exec, transport.Options{MaxBodyBytes: maxBody, Streams: s.handler.Streams})
	extensions := `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + persisted.HashText(text) + `"}}`
	c := s.dialAcked(t, "")
	c.send(t, `{"type":"subscribe","id":"1","payload":{`+extensions+`}}`)
	if f := c.receive(t); !strings.Contains(string(f.Payload), `"type":"error"`) || !strings.Contains(string(f.Payload), "PERSISTED_QUERY_NOT_FOUND") {
		t.Errorf("an unknown hash: %s", f.Payload)
	}
	c.send(t, `{"type":"subscribe","id":"1","payload":{"query":"`+text+`",`+extensions+`}}`)
	c.expect(t, `{"id":"1","type":"next","payload":{"data":{"n":0}}}`)
	c.send(t, `{"type":"subscribe","id":"2","payload":{`+extensions+`}}`)
	c.expect(t, `{"id":"2","type":"next","payload":{"data":{"n":0}}}`)
	c.send(t, `{"type":"subscribe","id":"3","payload":{"documentId":"sha256:`+persisted.HashText(text)+`"}}`)
	c.expect(t, `{"id":"3","type":"next","payload":{"data":{"n":0}}}`)
	s.open(t, "/graphql", `{`+extensions+`}`, acceptEvents).expect(t, `:\nretry: \d{3,4}\n\n`+eventPattern+`.*\n\n`)
	s.set(1)
	for range 3 {
		var m struct {
			Payload struct{ Data struct{ N int } }
		}
		if f := c.receive(t); json.Unmarshal(f.Payload, &m) != nil || m.Payload.Data.N != 1 {
			t.Errorf("after a change: %s", f.Payload)
		}
	}
}

// Streams beyond a limit are rejected, but queries and mutations take no place.
func TestStreamLimits(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	streams := s.handler.Streams
	streams.Hub = live.NewHub(live.Options{Changes: s.log, MaxPerCaller: 2})
	streams.Caller = func(*http.Request) memory.Caller { return memory.Caller{ID: "a", Address: "a"} }
	s.Config.Handler = transport.New(newExecutor(s.respond), transport.Options{MaxBodyBytes: maxBody, Streams: streams})
	c := s.dialAcked(t, "")
	for _, id := range []string{"1", "2"} {
		c.subscribe(t, id, "subscription{ticks}")
		c.expect(t, `{"id":"`+id+`","type":"next","payload":{"data":{"n":0}}}`)
	}
	c.subscribe(t, "3", "subscription{ticks}")
	if f := c.receive(t); !strings.Contains(string(f.Payload), `"type":"error"`) || !strings.Contains(string(f.Payload), "this caller has 2 streams open") {
		t.Errorf("a stream beyond the limit: %s", f.Payload)
	}
	for _, query := range []string{"mutation{wave}", "{hello}"} {
		c.subscribe(t, "3", query)
		c.expect(t, `{"id":"3","type":"next","payload":{"data":{"n":0}}}`)
		c.expect(t, `{"type":"complete","id":"3"}`)
	}
	if r := s.open(t, "/graphql", ticksBody, acceptMultipart); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("multipart beyond the limit: %s", r.Status)
	}
	c.send(t, `{"type":"complete","id":"1"}`)
	await(t, "room for a stream", func() bool { return streams.Hub.Stats().StreamCount() == 1 })
	s.open(t, "/graphql", ticksBody, acceptEvents).expect(t, `:\nretry: \d{3,4}\n\n`+eventPattern+`.*\n\n`)
}
