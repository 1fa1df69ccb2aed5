package transport

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/7p-education/api/internal/gql/response"
)

// webSocketProtocol is the subprotocol graphql-transport-ws, of the library graphql-ws.
const webSocketProtocol = "graphql-transport-ws"

const (
	// silenceTimeout is how long a client may send nothing: each ping makes it send a pong.
	silenceTimeout = 3 * heartbeatInterval
	// webSocketWriteTimeout is how long a client may take to read a message.
	webSocketWriteTimeout = 15 * time.Second
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

// serveWebSocket serves operations on a WebSocket until it is closed.
func (h *Handler) serveWebSocket(out responseWriter, r *http.Request) *response.RequestError {
	if reqErr := h.checkUpgrade(r); reqErr != nil {
		return reqErr
	}
	upgrader := ws.HTTPUpgrader{Protocol: func(name string) bool { return name == webSocketProtocol }}
	conn, buffered, _, err := upgrader.Upgrade(r, out.w)
	if conn == nil {
		return nil // HTTP/2 cannot be upgraded: the upgrader has written so
	}
	defer func() { _ = conn.Close() }()
	if err == nil { // else it has written why
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		defer cancel()
		h.newSocket(ctx, cancel, r, conn, buffered.Reader).serve()
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

// frameConn reads and writes the messages of a WebSocket (RFC 6455). One goroutine may read; any may write.
type frameConn struct {
	conn            net.Conn
	reader          *bufio.Reader
	maxMessageBytes int64

	writing sync.Mutex  // held while a frame is written
	closed  atomic.Bool // whether a close frame was written, or a write failed
}

// errNotText is returned for a message that is not text.
var errNotText = errors.New("the message is not text")

// readText returns the next text message, and answers control frames. An error is final: the close frame is
// written. After a close frame it drops all messages.
func (c *frameConn) readText() ([]byte, error) {
	control := wsutil.ControlFrameHandler(c, ws.StateServerSide)
	for {
		c.extendReadDeadline()
		reader := wsutil.Reader{
			Source: c.reader, State: ws.StateServerSide, CheckUTF8: true, OnIntermediate: control,
			MaxFrameSize: c.maxMessageBytes, MaxMessageSize: c.maxMessageBytes,
		}
		header, err := reader.NextFrame()
		if err == nil && header.OpCode.IsControl() {
			if err = control(header, &reader); err == nil {
				continue
			}
		}
		var text []byte
		switch {
		case err != nil:
		case header.OpCode != ws.OpText:
			err = errNotText
		default:
			text, err = io.ReadAll(&reader)
		}
		if err == nil && c.closed.Load() {
			continue
		}
		if err != nil {
			c.closeForError(err)
		}
		return text, err
	}
}

// extendReadDeadline gives the client more time for the next frame, unless a close frame was written.
func (c *frameConn) extendReadDeadline() {
	if c.closed.Load() {
		return
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(silenceTimeout))
	if c.closed.Load() { // meanwhile
		_ = c.conn.SetReadDeadline(time.Now().Add(webSocketCloseTimeout))
	}
}

// closeForError writes the close frame for an error of reading, and drops what the client still sends.
func (c *frameConn) closeForError(err error) {
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
	_, _ = io.Copy(io.Discard, c.reader)
}

// Write writes a whole frame: an answer to a control frame.
func (c *frameConn) Write(frame []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.writeFrame(frame)
}

// writeFrame requires the mutex.
func (c *frameConn) writeFrame(frame []byte) (int, error) {
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(webSocketWriteTimeout))
	n, err := c.conn.Write(frame)
	switch {
	case err != nil: // half a frame may be written
		c.closed.Store(true)
		_ = c.conn.Close()
	case ws.OpCode(frame[0]&0x0f) == ws.OpClose:
		c.closed.Store(true)
		_ = c.conn.SetReadDeadline(time.Now().Add(webSocketCloseTimeout))
	}
	return n, err
}

// writeText writes a text message of several parts.
func (c *frameConn) writeText(parts ...[]byte) error {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	frame := make([]byte, 0, ws.MaxHeaderSize+size)
	frame = appendFrameHeader(frame, ws.OpText, size)
	for _, part := range parts {
		frame = append(frame, part...)
	}
	_, err := c.Write(frame)
	return err
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

// close writes a close frame, unless one was written, and ends the reading after webSocketCloseTimeout.
func (c *frameConn) close(code ws.StatusCode, reason string) {
	c.writing.Lock()
	defer c.writing.Unlock()
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxCloseReasonBytes)], "")
	body := ws.NewCloseFrameBody(code, reason)
	_, _ = c.writeFrame(append(appendFrameHeader(nil, ws.OpClose, len(body)), body...))
}
