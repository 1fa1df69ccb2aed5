package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gobwas/ws"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/response"
)

const (
	// initTimeout is how long a client may take to send connection_init.
	initTimeout = 5 * time.Second
	// maxSocketOperations is how many operations a WebSocket may have in progress.
	maxSocketOperations = 100
)

// The close codes of graphql-transport-ws.
const (
	closeBadMessage   ws.StatusCode = 4400
	closeUnauthorized ws.StatusCode = 4401
	closeForbidden    ws.StatusCode = 4403
	closeInitTimeout  ws.StatusCode = 4408
	closeDuplicateID  ws.StatusCode = 4409
	closeTooManyInits ws.StatusCode = 4429
)

// socket is a WebSocket with the subprotocol graphql-transport-ws. One goroutine reads messages, and each
// operation has one that writes.
type socket struct {
	frameConn
	handler *Handler
	request *http.Request // of the upgrade
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup // operations

	mu         sync.Mutex // guards what follows
	acked      bool
	viewer     edu.Viewer
	token      string    // "" for an anonymous socket
	expiry     time.Time // of the token; zero for never
	operations map[string]*socketOperation
}

// socketOperation is an operation in progress.
type socketOperation struct {
	cancel context.CancelFunc
	stream *live.Stream // nil before its first response
}

// socketMessage is a message of the subprotocol.
type socketMessage struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func newSocket(ctx context.Context, cancel context.CancelFunc, h *Handler, r *http.Request, conn net.Conn, reader *bufio.Reader) *socket {
	return &socket{
		frameConn: frameConn{conn: conn, reader: reader, maxMessageBytes: h.MaxBodyBytes},
		handler:   h, request: r, ctx: ctx, cancel: cancel,
		viewer: edu.ViewerFrom(r.Context()), token: bearerToken(r), operations: map[string]*socketOperation{},
	}
}

// serve reads messages until the socket is closed, and ends its operations.
func (s *socket) serve() {
	defer s.done.Wait()
	defer s.cancel()
	init := time.AfterFunc(initTimeout, func() {
		if !s.isAcked() {
			s.close(closeInitTimeout, "Connection initialisation timeout")
		}
	})
	defer init.Stop()
	go s.sendPings()
	for {
		text, err := s.readText()
		if err != nil {
			return
		}
		var m socketMessage
		if len(text) == 0 || text[0] != '{' || json.Unmarshal(text, &m) != nil {
			s.close(closeBadMessage, "Invalid message received: it must be a JSON object")
			return
		}
		if !s.receive(m) {
			return
		}
	}
}

// sendPings has the client send something from time to time.
func (s *socket) sendPings() {
	heartbeat := time.NewTicker(heartbeatInterval)
	defer heartbeat.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-heartbeat.C:
			if s.isAcked() && s.writeText([]byte(`{"type":"ping"}`)) != nil {
				return
			}
		}
	}
}

func (s *socket) isAcked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked
}

// receive handles a message. It returns false once the socket is closed.
func (s *socket) receive(m socketMessage) bool {
	switch m.Type {
	case "connection_init":
		return s.receiveInit(m.Payload)
	case "ping":
		if !s.extendSession(m.Payload) {
			return false
		}
		return s.writeText([]byte(`{"type":"pong"}`)) == nil
	case "pong":
		return true
	case "subscribe":
		return s.receiveSubscribe(m)
	case "complete":
		s.endOperation(m.ID)
		return true
	}
	s.close(closeBadMessage, "Invalid message received: unknown type")
	return false
}

// socketCredentials is the payload of connection_init, or of a ping that extends the session.
type socketCredentials struct {
	Authorization string `json:"authorization"`
}

// readCredentials returns the token of a payload, "" without one. encoding/json ignores the case of names.
func readCredentials(payload json.RawMessage) (token string, ok bool) {
	var c socketCredentials
	if len(payload) > 0 && json.Unmarshal(payload, &c) != nil {
		return "", false
	}
	if c.Authorization == "" {
		return "", true
	}
	token = bearerToken(&http.Request{Header: http.Header{"Authorization": {c.Authorization}}})
	return token, token != ""
}

func (s *socket) receiveInit(payload json.RawMessage) bool {
	if s.isAcked() {
		s.close(closeTooManyInits, "Too many initialisation requests")
		return false
	}
	token, ok := readCredentials(payload)
	if !ok {
		s.close(closeBadMessage, `Invalid message received: send {"authorization": "Bearer …"}`)
		return false
	}
	if !s.authenticate(token) {
		return false
	}
	s.mu.Lock()
	s.acked = true
	s.mu.Unlock()
	return s.writeText([]byte(`{"type":"connection_ack"}`)) == nil
}

// authenticate gives the socket the rights of a token, or those of the request's without one.
func (s *socket) authenticate(token string) bool {
	if token == "" {
		if token = s.token; token == "" {
			return true
		}
	}
	v, expiry, err := s.handler.Streams.Authenticate(s.ctx, token)
	if err != nil {
		s.close(closeForbidden, "Forbidden: the token is not accepted")
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewer, s.token, s.expiry = v, token, expiry
	return true
}

// extendSession replaces the token by one of the same viewer, so that the streams go on until the new one
// expires. A payload without a token is ignored.
func (s *socket) extendSession(payload json.RawMessage) bool {
	token, ok := readCredentials(payload)
	if !ok || token == "" || !s.isAcked() {
		return true
	}
	v, expiry, err := s.handler.Streams.Authenticate(s.ctx, token)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || v.ID != s.viewer.ID || v.Role != s.viewer.Role {
		go s.close(closeForbidden, "Forbidden: the token is not one of this viewer")
		return false
	}
	s.token, s.expiry = token, expiry
	for _, o := range s.operations {
		if o.stream != nil && !expiry.IsZero() {
			o.stream.EndAt(expiry)
		}
	}
	return true
}

// receiveSubscribe starts an operation.
func (s *socket) receiveSubscribe(m socketMessage) bool {
	if !s.isAcked() {
		s.close(closeUnauthorized, "Unauthorized")
		return false
	}
	if m.ID == "" {
		s.close(closeBadMessage, "Invalid message received: subscribe needs an id")
		return false
	}
	ctx, cancel := context.WithCancel(s.ctx)
	o := &socketOperation{cancel: cancel}
	s.mu.Lock()
	_, taken := s.operations[m.ID]
	tooMany := len(s.operations) >= maxSocketOperations
	if !taken && !tooMany {
		s.operations[m.ID] = o
	}
	viewer := s.viewer
	s.mu.Unlock()
	switch {
	case taken:
		cancel()
		s.close(closeDuplicateID, "Subscriber for "+m.ID+" already exists")
		return false
	case tooMany:
		cancel()
		return s.sendErrors(m.ID, response.NewRequestError(http.StatusTooManyRequests, string(edu.RateLimited),
			"a WebSocket may have %d operations in progress", maxSocketOperations).ErrorResponse().Errors)
	}
	ctx = edu.WithViewer(s.handler.Streams.TransferCaller(s.request.Context(), ctx), viewer)
	s.done.Go(func() {
		defer cancel()
		s.run(ctx, m, o)
	})
	return true
}

// endOperation ends an operation that its client has completed.
func (s *socket) endOperation(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.operations[id]; o != nil {
		o.cancel()
		delete(s.operations, id)
	}
}

// forget removes an operation before its last message is sent: its id may be used again. It returns false if
// the client has completed it.
func (s *socket) forget(id string, o *socketOperation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] != o {
		return false
	}
	delete(s.operations, id)
	return true
}

// run executes an operation and sends its responses.
func (s *socket) run(ctx context.Context, m socketMessage, o *socketOperation) {
	params, reqErr := s.readPayload(m.Payload)
	if reqErr == nil {
		if err := s.handler.Streams.ConsumeRequest(ctx); err != nil {
			s.finish(m.ID, o, s.handler.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)}))
			return
		}
		var started startedStream
		if started, reqErr = s.start(ctx, params); reqErr == nil {
			defer started.end()
			s.follow(ctx, m.ID, o, started)
			return
		}
	}
	s.finish(m.ID, o, reqErr.ErrorResponse())
}

// readPayload returns the parameters of a subscribe message.
func (s *socket) readPayload(payload json.RawMessage) (*graphql.RawParams, *response.RequestError) {
	params, batch, reqErr := decodeRequestBody(payload, 0, s.handler.NewMeter(s.request))
	if reqErr == nil && batch != nil {
		reqErr = invalidRequest("the payload of subscribe must be a JSON object")
	}
	if reqErr == nil {
		reqErr = s.handler.requests.completeParams(params, s.request)
	}
	return params, reqErr
}

// start starts an operation with the rights of the socket.
func (s *socket) start(ctx context.Context, params *graphql.RawParams) (startedStream, *response.RequestError) {
	begin := streamStart{params: params, method: http.MethodPost, caller: s.handler.Streams.Caller(s.request.WithContext(ctx))}
	begin.lastEventID, _ = params.Extensions["lastEventId"].(string)
	s.mu.Lock()
	hasToken := s.token != ""
	s.mu.Unlock()
	if hasToken {
		begin.verify = s.handler.verifier(edu.ViewerFrom(ctx).ID, func() string {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.token
		})
	}
	return s.handler.startStream(ctx, begin)
}

// follow sends the responses of a started operation.
func (s *socket) follow(ctx context.Context, id string, o *socketOperation, started startedStream) {
	if started.stream == nil {
		s.finish(id, o, started.single)
		return
	}
	s.mu.Lock()
	o.stream = started.stream
	expiry := s.expiry
	s.mu.Unlock()
	if !expiry.IsZero() {
		started.stream.EndAt(expiry)
	}
	sink := socketSink{socket: s, id: id, operation: o}
	sink.prefix = append(appendJSON([]byte(`{"id":`), id), `,"type":"next","payload":`...)
	pump(ctx, started.stream, sink)
	s.forget(id, o)
}

// finish sends the only response of an operation: next and complete, or error if it was not executed.
func (s *socket) finish(id string, o *socketOperation, resp *graphql.Response) {
	if !s.forget(id, o) {
		return
	}
	if resp.Data == nil && len(resp.Errors) > 0 {
		s.sendErrors(id, resp.Errors)
		return
	}
	prefix := append(appendJSON([]byte(`{"id":`), id), `,"type":"next","payload":`...)
	if s.writeText(prefix, response.EncodeEnvelope(resp), []byte{'}'}) == nil {
		s.sendComplete(id)
	}
}

func (s *socket) sendErrors(id string, errs gqlerror.List) bool {
	payload, _ := json.Marshal(errs)
	return s.writeText(appendJSON([]byte(`{"id":`), id), []byte(`,"type":"error","payload":`), payload, []byte{'}'}) == nil
}

func (s *socket) sendComplete(id string) {
	_ = s.writeText(appendJSON([]byte(`{"type":"complete","id":`), id), []byte{'}'})
}

// appendJSON appends a text as a JSON string.
func appendJSON(to []byte, text string) []byte {
	encoded, _ := json.Marshal(text)
	return append(to, encoded...)
}

// socketSink writes the events of one operation. Its heartbeat is that of the socket.
type socketSink struct {
	socket    *socket
	id        string
	operation *socketOperation
	prefix    []byte
}

// sendEvent sends an event. Its id is in the extensions of the message, for a client that resumes.
func (s socketSink) sendEvent(e *live.Event) error {
	return s.socket.writeText(s.prefix, e.Frame("socket", socketPayload), []byte{'}'})
}

// socketPayload returns a response with the id of its event, which Server-Sent Events have beside it.
func socketPayload(e *live.Event) []byte { return e.Response(true) }

func (s socketSink) sendHeartbeat() error { return nil }

// sendEnd closes the socket of an ended session, and completes the operation of a server that stops, which
// then closes the socket.
func (s socketSink) sendEnd(reason live.EndReason) error {
	if reason == live.EndOfToken {
		s.socket.close(closeForbidden, "Forbidden: the session has ended or changed")
		return nil
	}
	s.socket.close(ws.StatusGoingAway, "the server stops: connect again")
	return nil
}
