package transport

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
)

const (
	// heartbeatInterval is how often an idle stream sends something, so that proxies and clients notice a dead
	// connection: less than the 15 s after which some proxies close one.
	heartbeatInterval = 12 * time.Second
	// minReconnect and maxReconnect limit the time after which clients shall connect again. Each gets
	// another, so that they do not all come at once.
	minReconnect, maxReconnect = 500 * time.Millisecond, 3 * time.Second
)

// StreamOptions are those of operations with a stream of responses.
type StreamOptions struct {
	// Hub executes them.
	Hub *live.Hub
	// Authenticate returns the viewer of a token, and when the token expires; the zero time for never. The time is
	// returned with an error too.
	Authenticate func(ctx context.Context, token string) (v edu.Viewer, expiry time.Time, err error)
	// Reauthenticate returns the viewer of a user's token as of now, from the database.
	Reauthenticate func(ctx context.Context, user int64, token string) (edu.Viewer, error)
	// TransferCaller returns a function that returns a copy of a context in which costs count for the viewer of another
	// one, and for the address of its request.
	TransferCaller func(from context.Context) func(to context.Context) context.Context
	// Caller returns who a request counts for.
	Caller func(*http.Request) memory.Caller
	// ConsumeRequest counts an operation on a WebSocket as a request.
	ConsumeRequest func(context.Context) error
}

// responseForm is how the responses to a request are sent.
type responseForm uint8

const (
	singleResponse responseForm = iota
	eventStream
	multipart
	webSocket
)

// negotiateForm returns the form of the responses to a request, whether a single response prefers
// application/json, and whether the client accepts what is sent.
func (h *Handler) negotiateForm(r *http.Request) (form responseForm, prefersJSON, acceptable bool) {
	accept := r.Header["Accept"]
	prefersJSON, acceptable = negotiateMediaType(accept)
	switch {
	case h.Streams.Hub == nil:
		return singleResponse, prefersJSON, acceptable
	case isWebSocketUpgrade(r):
		return webSocket, prefersJSON, true
	case prefersEventStream(accept):
		return eventStream, prefersJSON, true
	case acceptsMultipart(accept):
		return multipart, prefersJSON, true
	}
	return singleResponse, prefersJSON, acceptable
}

// StreamTransports are the names of the protocols of streams, in Stats of the hub.
var StreamTransports = []string{sseForm.name, multipartForm.name, webSocketName}

// webSocketName names WebSockets among the protocols of streams.
const webSocketName = "websocket"

// streamForm is how a stream is written in the body of an HTTP response.
type streamForm struct {
	name        string
	contentType string
	// begin returns the beginning of the body, event an event, and end the end of the stream.
	begin     func() []byte
	event     func(*live.Event) []byte
	end       func(live.EndReason) []byte
	heartbeat []byte // which clients ignore
}

// sendHeader sends the header of the response and the beginning of its body.
func (f *streamForm) sendHeader(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "private, no-cache, no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return flush(w, f.begin())
}

// flush sends bytes to the client at once.
func flush(w http.ResponseWriter, b []byte) error {
	if _, err := w.Write(b); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// serveStream sends the events of a stream until it ends or its client is gone, on a parked connection if it can be
// one.
func (h *Handler) serveStream(w http.ResponseWriter, r *http.Request, s *live.Stream, form *streamForm) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // its end would cancel the stream
	if canPark(r) {
		w.Header().Set("Connection", "close") // net/http cannot have a parked one back
	}
	isParked := false
	defer func() {
		if !isParked {
			s.Close()
		}
	}()
	if form.sendHeader(w) != nil {
		return
	}
	if isParked = h.parkStream(w, r, s, form); !isParked {
		h.pump(r.Context(), w, s, form)
	}
}

// channelListener receives an element when its stream has something.
type channelListener chan struct{}

// Wake implements live.Listener.
func (c channelListener) Wake() {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pump sends the events of a stream until it ends, its context is done, or its client is gone.
func (h *Handler) pump(ctx context.Context, w http.ResponseWriter, s *live.Stream, form *streamForm) {
	heartbeat := time.NewTicker(h.heartbeats.Interval)
	defer heartbeat.Stop()
	ready := make(channelListener, 1)
	s.Notify(ready)
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-heartbeat.C:
			err = flush(w, form.heartbeat)
		case <-ready:
			e, end := s.Next()
			if e != nil {
				err = flush(w, e.Frame(form.name, form.event))
			}
			if end != 0 {
				_ = flush(w, form.end(end))
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// reconnectDelay returns a random time after which a client may connect again.
func reconnectDelay() time.Duration { return minReconnect + rand.N(maxReconnect-minReconnect) }

// startedStream is an operation whose first response is there.
type startedStream struct {
	// stream continues it; nil if the response is the only one.
	stream *live.Stream
	// single is the only response.
	single *graphql.Response
}

// streamStart is what is needed to start a stream.
type streamStart struct {
	params      *graphql.RawParams
	transport   string
	method      string // of HTTP, which decides on mutations
	caller      memory.Caller
	meter       *memory.Meter // of the first execution; released when a stream begins
	lastEventID string
	token       func() string // the current token of the stream; nil without one
}

// startStream executes an operation for the first time. A query without @live and a mutation have a single
// response, and take no place of a stream.
func (h *Handler) startStream(ctx context.Context, start streamStart) (startedStream, *response.RequestError) {
	variables, _ := json.Marshal(start.params.Variables) // before the execution modifies them
	ctx = graphql.StartOperationTrace(memory.WithMeter(ctx, start.meter))
	op, errs := h.exec.CreateOperationContext(ctx, start.params)
	observePreparation(ctx, &op.Stats)
	if len(errs) > 0 {
		return startedStream{single: h.exec.DispatchError(graphql.WithOperationContext(ctx, op), errs)}, nil
	}
	middleware.RecordOperation(ctx, string(op.Operation.Operation), op.Operation.Name)
	if reqErr := checkMutationMethod(start.method, op); reqErr != nil {
		return startedStream{}, reqErr
	}
	if !isWatchable(op) {
		resp, _ := dispatch(ctx, h.exec, op)
		return startedStream{single: resp}, nil
	}
	return h.openStream(ctx, start, op, variables), nil
}

// openStream executes an operation with a stream for the first time, and opens the stream unless the operation was
// rejected.
func (h *Handler) openStream(ctx context.Context, start streamStart, op *graphql.OperationContext, variables json.RawMessage) (started startedStream) {
	reservation, err := h.Streams.Hub.Reserve(start.caller)
	if err != nil {
		return startedStream{single: h.exec.DispatchError(graphql.WithOperationContext(ctx, op), gqlerror.List{gqlerror.Wrap(err)})}
	}
	defer func() {
		if started.stream == nil {
			reservation.Release()
		}
	}()
	dependencies := &live.Dependencies{}
	resp, _ := dispatch(live.WithDependencies(ctx, dependencies), h.exec, op)
	first := newExecution(resp, dependencies)
	operation, err := newLiveOperation(h.exec, op, variables)
	if first.Unavailable || isRejected(resp) || err != nil {
		return startedStream{single: resp}
	}
	request := live.Request{
		Operation: operation, Viewer: edu.ViewerFrom(ctx), WithCaller: h.Streams.TransferCaller(ctx),
		Transport: start.transport, First: first, LastEventID: start.lastEventID, Interval: liveInterval(op), AnyInterval: setsInterval(op),
	}
	if start.token != nil {
		request.Verify = h.verifier(request.Viewer.ID, start.token)
	}
	s := reservation.Open(request)
	defer func() {
		if started.stream == nil { // after a panic
			s.Close()
		}
	}()
	start.meter.Release()
	observe.From(ctx).SetStream()
	if start.token != nil {
		h.confirmSession(ctx, s, request.Viewer, start.token())
	}
	return startedStream{stream: s}
}

// confirmSession has a stream end when its token expires. The token may have been revoked during the first
// execution, when the hub did not know of the stream yet: then the hub verifies it.
func (h *Handler) confirmSession(ctx context.Context, s *live.Stream, v edu.Viewer, token string) {
	current, expiry, err := h.Streams.Authenticate(ctx, token)
	if err != nil || !current.HasSameRights(v) {
		h.Streams.Hub.VerifyUser(v.ID)
	}
	s.EndAt(expiry)
}

// isRejected reports whether an operation was not executed, or may not be by this viewer.
func isRejected(resp *graphql.Response) bool {
	if len(resp.Errors) == 0 {
		return false
	}
	switch response.ErrorCode(resp.Errors[0]) {
	case string(edu.Unauthenticated), string(edu.Forbidden):
		return true
	case string(edu.NotFound): // it may exist later, or the viewer may see it later
		return false
	}
	return resp.Data == nil
}

// bearerToken returns the token of a request that the authentication has accepted, "" without one.
func bearerToken(r *http.Request) string {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token)
}

// verifier returns a function that verifies the current token of a stream again.
func (h *Handler) verifier(user int64, token func() string) func(context.Context) (edu.Viewer, error) {
	return func(ctx context.Context) (v edu.Viewer, err error) {
		defer func() {
			if p := recover(); p != nil { // no request, and no net/http, recovers it
				_ = panicResponse(ctx, h.exec, p)
				err = edu.Errorf(edu.Unavailable, "the token cannot be verified")
			}
		}()
		return h.Streams.Reauthenticate(ctx, user, token())
	}
}
