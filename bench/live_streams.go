package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sync/errgroup"
)

// liveTransports are the protocols of the streams that are measured.
var liveTransports = []string{"SSE", "WebSocket"}

// eventStream is the client of one stream.
type eventStream struct {
	conn   net.Conn
	events atomic.Int64
	last   atomic.Int64 // when the last event arrived, as Unix time in nanoseconds
}

// openStreams opens streams, each of one of the topics, and returns once each has its first event.
func (t *liveTarget) openStreams(ctx context.Context, transport string, n int) ([]*eventStream, error) {
	streams := make([]*eventStream, n)
	opening, ctx := errgroup.WithContext(ctx)
	opening.SetLimit(64)
	for i := range streams {
		s := &eventStream{}
		streams[i] = s
		opening.Go(func() (err error) {
			if s.conn, err = new(net.Dialer).DialContext(ctx, "tcp", t.addr); err != nil {
				return err
			}
			reader := bufio.NewReaderSize(s.conn, 1<<10)
			open, read := s.openEventStream, s.readEventStream
			if transport == "WebSocket" {
				open, read = s.openWebSocket, s.readWebSocket
			}
			if err := open(reader, t.topics[i%len(t.topics)]); err != nil {
				return fmt.Errorf("open a stream: %w", err)
			}
			go read(reader)
			return awaitCount(ctx, func() bool { return s.events.Load() == 1 })
		})
	}
	return streams, opening.Wait()
}

func closeStreams(streams []*eventStream) {
	for _, s := range streams {
		if s != nil && s.conn != nil {
			_ = s.conn.Close()
		}
	}
}

// countEvent records the arrival of an event.
func (s *eventStream) countEvent() {
	s.last.Store(time.Now().UnixNano())
	s.events.Add(1)
}

func (s *eventStream) openEventStream(_ *bufio.Reader, body string) error {
	_, err := fmt.Fprintf(s.conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return err
}

// readEventStream counts events until the connection is closed.
func (s *eventStream) readEventStream(from *bufio.Reader) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data: ") {
			s.countEvent()
		}
	}
}

func (s *eventStream) openWebSocket(from *bufio.Reader, body string) error {
	_, err := fmt.Fprint(s.conn, "GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n")
	if err != nil {
		return err
	}
	resp, err := http.ReadResponse(from, nil)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if err := s.writeText(`{"type":"connection_init"}`); err != nil {
		return err
	}
	if _, err := readFrame(from); err != nil {
		return err
	}
	return s.writeText(`{"type":"subscribe","id":"6e0d6a4e-2f0f-4a3c-9f0e-0c5b7c8d9e1f","payload":` + body + `}`)
}

func (s *eventStream) writeText(text string) error {
	return ws.WriteFrame(s.conn, ws.MaskFrame(ws.NewTextFrame([]byte(text))))
}

// readWebSocket counts events and answers pings until the connection is closed.
func (s *eventStream) readWebSocket(from *bufio.Reader) {
	for {
		f, err := readFrame(from)
		switch {
		case err != nil:
			return
		case f.Header.OpCode == ws.OpPing:
			err = ws.WriteFrame(s.conn, ws.MaskFrame(ws.NewPongFrame(f.Payload)))
		case strings.Contains(string(f.Payload), `"type":"ping"`):
			err = s.writeText(`{"type":"pong"}`)
		case strings.Contains(string(f.Payload), `"type":"next"`):
			s.countEvent()
		}
		if err != nil {
			return
		}
	}
}

// readFrame reads a frame of a server under test.
func readFrame(from io.Reader) (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(from); err != nil {
		return f, err
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(from, f.Payload)
	return f, err
}

func awaitCount(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, liveTimeout)
	defer cancel()
	for !done() {
		if err := sleepContext(ctx, time.Millisecond); err != nil {
			return fmt.Errorf("await events: %w", err)
		}
	}
	return nil
}

// runTick has a server of bench/peers send an event to all.
func runTick(ctx context.Context, addr string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/tick", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.Body.Close()
}
