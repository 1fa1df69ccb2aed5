package transport

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/parked"
)

// webSocketProtocol is the subprotocol graphql-transport-ws, of the library graphql-ws.
const webSocketProtocol = "graphql-transport-ws"

const (
	// silenceTimeout is how long a client may send nothing: each ping makes it send a pong.
	silenceTimeout = 3 * heartbeatInterval
	// webSocketCloseTimeout is how long the server reads what the client still sends after a close frame. If it
	// closed the connection at once, the client might never receive the frame.
	webSocketCloseTimeout = time.Second
	// maxCloseReasonBytes is the maximum length of the reason in a close frame (RFC 6455, section 5.5).
	maxCloseReasonBytes = 123
)

// isWebSocketUpgrade reports whether a request opens a WebSocket.
func isWebSocketUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// serveWebSocket opens a WebSocket, which is served after the request.
func (h *Handler) serveWebSocket(out responseWriter, r *http.Request) *response.RequestError {
	if reqErr := h.checkUpgrade(r); reqErr != nil {
		return reqErr
	}
	upgrader := ws.HTTPUpgrader{Protocol: func(name string) bool { return name == webSocketProtocol }}
	conn, buffered, _, err := upgrader.Upgrade(r, out.w)
	switch {
	case conn == nil: // HTTP/2 cannot be upgraded: the upgrader has written so
	case err != nil: // it has written why
		_ = conn.Close()
	default:
		go h.newSocket(r, conn).read(buffered.Reader)
	}
	return nil
}

// checkUpgrade rejects the WebSocket of a page whose origin is not allowed: browsers open one to any server
// without a preflight. A WebSocket has the rights of a token, never those of a cookie.
func (h *Handler) checkUpgrade(r *http.Request) *response.RequestError {
	if origin := r.Header.Get("Origin"); origin != "" && !isSameOrigin(origin, r.Host) && (h.AllowsOrigin == nil || !h.AllowsOrigin(origin)) {
		return response.NewRequestError(http.StatusForbidden, response.CodeBadRequest,
			"pages of this origin may not open a WebSocket: the server's setting CORS_ALLOWED_ORIGINS allows it")
	}
	for name := range strings.SplitSeq(strings.Join(r.Header["Sec-Websocket-Protocol"], ","), ",") {
		if strings.TrimSpace(name) == webSocketProtocol {
			return nil
		}
	}
	return response.NewRequestError(http.StatusBadRequest, response.CodeWebSocketUnsupported, "a WebSocket needs the subprotocol %s", webSocketProtocol)
}

func isSameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// frameConn reads and writes the messages of a WebSocket (RFC 6455). One goroutine at a time may read; any may write.
type frameConn struct {
	*parked.Conn
	maxMessageBytes int64
}

// errNotText is returned for a message that is not text.
var errNotText = errors.New("the message is not text")

// readText returns the next text message, or nil after a control frame, which it has answered. An error is final: the
// close frame is written.
func (c frameConn) readText(from *bufio.Reader) (text []byte, err error) {
	control := wsutil.ControlFrameHandler(controlWriter{c}, ws.StateServerSide)
	_ = c.SetReadDeadline(time.Now().Add(silenceTimeout))
	reader := wsutil.Reader{
		Source: from, State: ws.StateServerSide, CheckUTF8: true, OnIntermediate: control,
		MaxFrameSize: c.maxMessageBytes, MaxMessageSize: c.maxMessageBytes,
	}
	header, err := reader.NextFrame()
	switch {
	case err != nil:
	case header.OpCode.IsControl():
		err = control(header, &reader)
	case header.OpCode != ws.OpText:
		err = errNotText
	default:
		text, err = io.ReadAll(&reader)
	}
	if err != nil {
		c.closeForError(err, from)
	}
	return text, err
}

// controlWriter writes answers to control frames, each as a whole.
type controlWriter struct{ frameConn }

func (c controlWriter) Write(frame []byte) (int, error) {
	if ws.OpCode(frame[0]&0x0f) == ws.OpClose {
		c.WriteLast(frame)
		return len(frame), nil
	}
	return c.Conn.Write(frame)
}

// closeForError writes the close frame for an error of reading, and drops what the client still sends.
func (c frameConn) closeForError(err error, from io.Reader) {
	_, isProtocolError := errors.AsType[ws.ProtocolError](err)
	switch {
	case errors.Is(err, wsutil.ErrFrameTooLarge), errors.Is(err, wsutil.ErrMessageTooLarge):
		c.close(ws.StatusMessageTooBig, "the message is too large")
	case errors.Is(err, wsutil.ErrInvalidUTF8):
		c.close(ws.StatusInvalidFramePayloadData, "the message is not UTF-8")
	case errors.Is(err, errNotText):
		c.close(closeBadMessage, "Invalid message received: it must be text")
	case isProtocolError, errors.Is(err, ws.ErrHeaderLengthMSB), errors.Is(err, ws.ErrHeaderLengthUnexpected):
		c.close(ws.StatusProtocolError, "the frame is not valid")
	default:
		return // there is no connection any more, or the client has closed it
	}
	_, _ = io.Copy(io.Discard, from)
}

// writeText writes a text message of several parts.
func (c frameConn) writeText(parts ...[]byte) error {
	_, err := c.Write(appendText(nil, parts...))
	return err
}

// appendText appends the frame of a text message of several parts.
func appendText(to []byte, parts ...[]byte) []byte {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	to = appendFrameHeader(slices.Grow(to, ws.MaxHeaderSize+size), ws.OpText, size)
	for _, part := range parts {
		to = append(to, part...)
	}
	return to
}

// appendFrameHeader appends the header of a whole message from a server (RFC 6455, section 5.2).
func appendFrameHeader(to []byte, op ws.OpCode, size int) []byte {
	const final = 0x80
	to = append(to, final|byte(op))
	switch {
	case size < 126:
		return append(to, byte(size))
	case size < 1<<16:
		return append(to, 126, byte(size>>8), byte(size))
	}
	to = append(to, 127)
	for shift := 56; shift >= 0; shift -= 8 {
		to = append(to, byte(size>>shift))
	}
	return to
}

// close writes a close frame, unless one was written, and ends the connection after webSocketCloseTimeout.
func (c frameConn) close(code ws.StatusCode, reason string) {
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxCloseReasonBytes)], "")
	body := ws.NewCloseFrameBody(code, reason)
	c.WriteLast(append(appendFrameHeader(nil, ws.OpClose, len(body)), body...))
}
