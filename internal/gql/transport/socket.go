package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gobwas/ws"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/parked"
)

const (
	// initTimeout is how long a client may take to send connection_init.
	initTimeout = 5 * time.Second
	// maxSocketOperations is how many operations a WebSocket may have in progress.
	maxSocketOperations = 100
	// maxOperationIDBytes is the maximum length of an operation's id, which each of its messages repeats.
	maxOperationIDBytes = 256
)

// The close codes of graphql-transport-ws.
const (
	closeBadMessage   ws.StatusCode = 4400
	closeUnauthorized ws.StatusCode = 4401
	closeForbidden    ws.StatusCode = 4403
	closeInitTimeout  ws.StatusCode = 4408
	closeDuplicateID  ws.StatusCode = 4409
	closeTooManyInits ws.StatusCode = 4429
	closeTryAgain     ws.StatusCode = 1013 // of RFC 6455
)

// socket is a WebSocket with the subprotocol graphql-transport-ws. It has a goroutine while it reads a message, and
// one for each operation until its first response.
type socket struct {
	frameConn
	handler *Handler
	upgrade context.Context // what operations need of the upgrade's
	header  http.Header     // of operations

	lastRead atomic.Int64 // Unix time in seconds
	viewer   edu.Viewer   // does not change after the acknowledgement

	mu         sync.Mutex  // guards what follows
	init       *time.Timer // closes a socket that was not acknowledged; nil after that
	acked      bool
	token      string    // "" for an anonymous socket
	expiry     time.Time // of the token; zero for never
	operations map[string]*socketOperation
	finishing  int  // operations whose last messages are being sent
	ended      bool // one of the streams has ended, because the server stops
}

// socketMessage is a message of the subprotocol.
type socketMessage struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// newSocket returns the socket of a connection that was taken from net/http.
func (h *Handler) newSocket(r *http.Request, conn net.Conn) *socket {
	s := &socket{
		handler: h, upgrade: h.socketContext(r), header: clientHeader(r.Header),
		viewer: edu.ViewerFrom(r.Context()), token: bearerToken(r), operations: map[string]*socketOperation{},
	}
	s.frameConn = frameConn{parked.NewConn(conn, webSocketCloseTimeout, s), h.MaxBodyBytes}
	s.lastRead.Store(time.Now().Unix())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.init = time.AfterFunc(h.initTimeout, func() {
		if !s.isAcked() {
			s.close(closeInitTimeout, "Connection initialisation timeout")
		}
	})
	h.heartbeats.Add(s)
	return s
}

// clientHeader returns the names of the client, which are the only headers of the upgrade that operations have.
func clientHeader(from http.Header) http.Header {
	header := http.Header{}
	for _, name := range persisted.ClientHeaders {
		if values := from[name]; values != nil {
			header[name] = values
		}
	}
	return header
}

// socketContext returns a context with what the operations of a socket need of its upgrade: the rest of that is not held
// as long as the socket.
func (h *Handler) socketContext(r *http.Request) context.Context {
	return middleware.TransferRequest(r.Context(), h.Streams.TransferCaller(r.Context())(context.Background()))
}

// newRequest returns a request for an operation.
func (s *socket) newRequest(ctx context.Context) *http.Request {
	return (&http.Request{Header: s.header}).WithContext(ctx)
}

// Gone implements parked.Owner.
func (s *socket) Gone(isSlow bool) {
	s.handler.heartbeats.Remove(s)
	s.stopInit()
	s.endOperations(isSlow)
}

// readBuffers are the buffers of sockets that are being read.
var readBuffers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

// Readable reads what the client has sent.
func (s *socket) Readable() {
	from := readBuffers.Get().(*bufio.Reader) //nolint:forcetypeassert // of New
	from.Reset(s.Conn)
	defer func() { from.Reset(nil); readBuffers.Put(from) }()
	s.read(from)
}

// read reads messages until there are no more, and parks the connection then.
func (s *socket) read(from *bufio.Reader) {
	defer func() {
		if p := recover(); p != nil { // no net/http recovers it
			_ = panicResponse(s.upgrade, s.handler.exec, p)
			s.leave()
		}
	}()
	for {
		text, err := s.readText(from)
		if err != nil {
			s.leave()
			return
		}
		s.lastRead.Store(time.Now().Unix())
		if text != nil && !s.IsClosing() {
			s.receiveText(text)
			s.closeIfStopping()
		}
		if from.Buffered() == 0 && s.Park(&s.handler.poller) == nil {
			return
		}
	}
}

// leave ends a connection from which nothing is read any more, and operations that were started after Gone.
func (s *socket) leave() {
	s.End()
	s.endOperations(false)
}

func (s *socket) receiveText(text []byte) {
	var m socketMessage
	if json.Unmarshal(text, &m) != nil {
		s.close(closeBadMessage, "Invalid message received: it must be a JSON object")
		return
	}
	s.receive(m)
}

// close ends the operations and writes a close frame. Later messages of the client are dropped.
func (s *socket) close(code ws.StatusCode, reason string) {
	s.endOperations(false)
	s.frameConn.close(code, reason)
}

// endOperations ends all operations. isSlow reports that the client did not read.
func (s *socket) endOperations(isSlow bool) {
	s.mu.Lock()
	operations := s.operations
	s.operations = map[string]*socketOperation{}
	s.mu.Unlock()
	for _, o := range operations {
		if isSlow && o.stream != nil {
			o.stream.Drop()
		}
		o.end()
	}
}

// Beat has the client send something, and ends the connection of one that has sent nothing for long.
func (s *socket) Beat() {
	if time.Since(time.Unix(s.lastRead.Load(), 0)) > silenceTimeout+time.Second {
		s.End()
		return
	}
	if s.isAcked() && s.Begin(nil) {
		s.Send(pingFrame, true)
	}
}

var pingFrame = appendText(nil, []byte(`{"type":"ping"}`))

func (s *socket) stopInit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.init != nil {
		s.init.Stop()
		s.init = nil
	}
}

func (s *socket) isAcked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked
}

// receive handles a message.
func (s *socket) receive(m socketMessage) {
	switch m.Type {
	case "connection_init":
		s.receiveInit(m.Payload)
	case "ping":
		s.extendSession(m.Payload)
		_ = s.writeText([]byte(`{"type":"pong"}`))
	case "pong":
	case "subscribe":
		s.receiveSubscribe(m)
	case "complete":
		s.endOperation(m.ID)
	default:
		s.close(closeBadMessage, "Invalid message received: unknown type")
	}
}

func (s *socket) receiveInit(payload json.RawMessage) {
	if s.isAcked() {
		s.close(closeTooManyInits, "Too many initialisation requests")
		return
	}
	token, ok := readCredentials(payload)
	if !ok {
		s.close(closeBadMessage, `Invalid message received: send {"authorization": "Bearer …"}`)
		return
	}
	if !s.authenticate(token) {
		return
	}
	s.mu.Lock()
	s.acked = true
	s.mu.Unlock()
	s.stopInit()
	_ = s.writeText([]byte(`{"type":"connection_ack"}`))
}

// receiveSubscribe starts an operation.
func (s *socket) receiveSubscribe(m socketMessage) {
	switch {
	case !s.isAcked():
		s.close(closeUnauthorized, "Unauthorized")
		return
	case m.ID == "":
		s.close(closeBadMessage, "Invalid message received: subscribe needs an id")
		return
	case len(m.ID) > maxOperationIDBytes:
		s.close(closeBadMessage, fmt.Sprintf("Invalid message received: an id may have %d bytes", maxOperationIDBytes))
		return
	}
	if s.handler.stopping.Load() {
		s.closeFor(live.EndOfServer) // the client subscribes elsewhere: an error would be final for it
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := &socketOperation{socket: s, id: m.ID, cancel: cancel}
	s.mu.Lock()
	_, taken := s.operations[m.ID]
	tooMany := len(s.operations) >= maxSocketOperations
	if !taken && !tooMany {
		s.operations[m.ID] = o
	}
	s.mu.Unlock()
	switch {
	case taken:
		cancel()
		s.close(closeDuplicateID, "Subscriber for "+m.ID+" already exists")
		return
	case tooMany:
		cancel()
		s.sendErrors(m.ID, response.NewRequestError(http.StatusTooManyRequests, string(edu.RateLimited),
			"a WebSocket may have %d operations in progress", maxSocketOperations).ErrorResponse().Errors)
		return
	}
	from := edu.WithViewer(s.upgrade, s.viewer)
	ctx = edu.WithViewer(s.handler.Streams.TransferCaller(from)(middleware.TransferRequest(from, ctx)), s.viewer)
	go func() {
		defer cancel()
		s.run(ctx, m, o)
	}()
}

// endOperation ends an operation that its client has completed.
func (s *socket) endOperation(id string) {
	s.mu.Lock()
	o := s.operations[id]
	delete(s.operations, id)
	s.mu.Unlock()
	if o != nil {
		o.end()
	}
}

// beginFinish removes an operation before its last messages are sent: its id may be used again. It returns false if
// the client has completed it.
func (s *socket) beginFinish(id string, o *socketOperation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] != o {
		return false
	}
	delete(s.operations, id)
	s.finishing++
	return true
}

// endFinish records that the last messages of an operation have been sent.
func (s *socket) endFinish() {
	s.mu.Lock()
	s.finishing--
	s.mu.Unlock()
	s.closeIfStopping()
}

// run executes an operation and sends its responses.
func (s *socket) run(ctx context.Context, m socketMessage, o *socketOperation) {
	begun := time.Now()
	observeCaller(ctx, s.header)
	defer func() {
		if p := recover(); p != nil { // no net/http recovers it
			resp := panicResponse(ctx, s.handler.exec, p)
			s.observeOperation(ctx, begun, resp)
			s.finish(m.ID, o, resp)
		}
	}()
	meter := s.handler.NewMeter(s.newRequest(ctx))
	defer meter.Release()
	err := s.handler.Streams.ConsumeRequest(ctx)
	if err == nil {
		err = s.verifyToken(ctx)
	}
	if err != nil {
		resp := s.handler.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
		s.observeOperation(ctx, begun, resp)
		s.finish(m.ID, o, resp)
		return
	}
	params, reqErr := s.readPayload(m.Payload, meter)
	if reqErr == nil {
		var started startedStream
		if started, reqErr = s.start(ctx, params, meter); reqErr == nil {
			s.observeOperation(ctx, begun, started.single)
			s.follow(o, started)
			return
		}
	}
	resp := reqErr.ErrorResponse()
	s.observeOperation(ctx, begun, resp)
	s.finish(m.ID, o, resp)
}

// readPayload returns the parameters of a subscribe message.
func (s *socket) readPayload(payload json.RawMessage, meter *memory.Meter) (*graphql.RawParams, *response.RequestError) {
	params, batch, reqErr := decodeRequestBody(payload, 0, meter)
	if reqErr == nil && batch != nil {
		reqErr = invalidRequest("the payload of subscribe must be a JSON object")
	}
	if reqErr == nil {
		reqErr = s.handler.requests.completeParams(params, s.header)
	}
	return params, reqErr
}

// start starts an operation with the rights of the socket.
func (s *socket) start(ctx context.Context, params *graphql.RawParams, meter *memory.Meter) (startedStream, *response.RequestError) {
	begin := streamStart{params: params, transport: webSocketName, method: http.MethodPost, caller: s.handler.Streams.Caller(s.newRequest(ctx)), meter: meter}
	begin.lastEventID, _ = params.Extensions["lastEventId"].(string)
	if s.currentToken() != "" {
		begin.token = s.currentToken
	}
	return s.handler.startStream(ctx, begin)
}

// follow sends the responses of a started operation.
func (s *socket) follow(o *socketOperation, started startedStream) {
	if started.stream == nil {
		s.finish(o.id, o, started.single)
		return
	}
	s.mu.Lock()
	current := s.operations[o.id] == o
	if current {
		o.stream, o.cancel = started.stream, nil
		o.stream.EndAt(s.expiry) // of a newer token than the first execution had, if the session was extended
	}
	s.mu.Unlock()
	if !current { // the client has completed it, or is gone
		started.stream.Close()
		return
	}
	started.stream.Notify(o)
}

// finish sends the only response of an operation: next and complete, or error if it was not executed.
func (s *socket) finish(id string, o *socketOperation, resp *graphql.Response) {
	if !s.beginFinish(id, o) {
		return
	}
	defer s.endFinish()
	if resp.Data == nil && len(resp.Errors) > 0 {
		s.sendErrors(id, resp.Errors)
		return
	}
	if s.writeText(nextPrefix(id), response.EncodeEnvelope(resp), []byte{'}'}) == nil {
		s.sendComplete(id)
	}
}

func (s *socket) sendErrors(id string, errs gqlerror.List) {
	payload, _ := json.Marshal(errs)
	_ = s.writeText(appendJSON([]byte(`{"id":`), id), []byte(`,"type":"error","payload":`), payload, []byte{'}'})
}

func (s *socket) sendComplete(id string) {
	_ = s.writeText(appendJSON([]byte(`{"type":"complete","id":`), id), []byte{'}'})
}

// nextPrefix returns the beginning of a message with a response of an operation.
func nextPrefix(id string) []byte {
	return append(appendJSON([]byte(`{"id":`), id), `,"type":"next","payload":`...)
}

// appendJSON appends a text as a JSON string.
func appendJSON(to []byte, text string) []byte {
	encoded, _ := json.Marshal(text)
	return append(to, encoded...)
}
