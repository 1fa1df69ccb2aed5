package transport_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// holdResponses has all responses after the first ones begin and then wait until proceed is closed.
func (s *streamServer) holdResponses(first int64) (began, proceed chan struct{}) {
	began, proceed = make(chan struct{}), make(chan struct{})
	var n atomic.Int64
	s.before = func(context.Context) {
		if n.Add(1) > first {
			began <- struct{}{}
			<-proceed
		}
	}
	return began, proceed
}

// A server that stops closes idle WebSockets at once, and others after the response of their operation.
func TestCloseSockets(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	began, proceed := s.holdResponses(0)
	idle, silent, busy := s.dialAcked(t, ""), s.dial(t), s.dialAcked(t, "")
	busy.subscribe(t, "1", "{hello}")
	<-began
	closed := make(chan struct{})
	go func() { s.handler.CloseSockets(t.Context()); close(closed) }()
	idle.wantClose(t, ws.StatusGoingAway)
	silent.wantClose(t, ws.StatusGoingAway)
	select {
	case <-closed:
		t.Error("an operation in progress was not awaited")
	case <-time.After(50 * time.Millisecond):
	}
	close(proceed)
	busy.expect(t, `{"id":"1","type":"next","payload":{"data":{"n":0}}}`)
	busy.expect(t, `{"type":"complete","id":"1"}`)
	busy.wantClose(t, ws.StatusGoingAway)
	<-closed
	late := s.dial(t)
	late.send(t, initMessage)
	late.wantClose(t, ws.StatusGoingAway)
}

// A socket is not closed between the response of its operation and the end of it, if its client reads late.
func TestCloseFollowsLastMessages(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	s.padding = strings.Repeat(" ", 16<<20) // more than a connection holds
	began, proceed := s.holdResponses(0)
	c := s.dialAcked(t, "")
	c.subscribe(t, "1", "{hello}")
	<-began
	close(proceed)
	time.Sleep(50 * time.Millisecond) // until the response is being sent
	closed := make(chan struct{})
	go func() { s.handler.CloseSockets(t.Context()); close(closed) }()
	time.Sleep(50 * time.Millisecond) // until an attempt to close the socket
	c.expect(t, `{"id":"1","type":"next","payload":{"data":{"n":0`+s.padding+`}}}`)
	c.expect(t, `{"type":"complete","id":"1"}`)
	c.wantClose(t, ws.StatusGoingAway)
	<-closed
}

// A stream that ends because the server stops closes its WebSocket after the other operations in progress.
func TestEndOfServerAwaitsOperations(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t)
	began, proceed := s.holdResponses(1)
	c := s.dialAcked(t, "")
	c.subscribe(t, "1", "subscription{ticks}")
	c.expect(t, `{"id":"1","type":"next","payload":{"data":{"n":0}}}`)
	c.subscribe(t, "2", "{hello}")
	<-began
	ended := make(chan struct{})
	go func() { s.hub.Close(t.Context()); close(ended) }()
	time.Sleep(50 * time.Millisecond)
	close(proceed)
	c.expect(t, `{"id":"2","type":"next","payload":{"data":{"n":0}}}`)
	c.expect(t, `{"type":"complete","id":"2"}`)
	c.wantClose(t, ws.StatusGoingAway)
	<-ended
}
