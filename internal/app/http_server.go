package app

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/middleware"
)

// clientTimeouts limit how long a client may take: to send the header of a request, to send all
// of the request, to read a piece of its response (see middleware.LimitSlowReaders), and to send
// the next request.
type clientTimeouts struct{ header, read, write, idle time.Duration }

var productionTimeouts = clientTimeouts{header: 5 * time.Second, read: 15 * time.Second, write: 15 * time.Second, idle: 2 * time.Minute}

// maxHeaderBytes limits the request line and header, where a GET carries the variables of its operation. They
// are parsed before any other limit, and many small lines take fifteen times their bytes: with 128 KiB, 250
// connections took 576 MiB (bench/HOSTILE.md has what they take now).
const maxHeaderBytes = 32 << 10

// maxHTTP2Streams limits the requests in progress on one connection of HTTP/2, which counts as one for
// MAX_CONNECTIONS_PER_ADDRESS.
const maxHTTP2Streams = 100

func newHTTPServer(h http.Handler, log *slog.Logger, t clientTimeouts) *http.Server {
	return &http.Server{
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxHTTP2Streams},
		Handler:           middleware.CloseChunked()(h),
		ReadHeaderTimeout: t.header, ReadTimeout: t.read, IdleTimeout: t.idle,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       stdlog.New(serverErrors{log}, "", 0),
	}
}

// serverErrors logs the errors of net/http: of a TLS handshake, which any scanner of ports causes, at the level DEBUG.
type serverErrors struct{ log *slog.Logger }

func (s serverErrors) Write(line []byte) (int, error) {
	text, level := strings.TrimSpace(string(line)), slog.LevelWarn
	if strings.HasPrefix(text, "http: TLS handshake error") {
		level = slog.LevelDebug
	}
	s.log.Log(context.Background(), level, text)
	return len(line), nil
}

func openListener(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	host, _, _ := net.SplitHostPort(addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("ADDR=%s is in use by another program: choose another port, such as ADDR=%s", addr, net.JoinHostPort(host, "8081"))
	case err != nil:
		return nil, fmt.Errorf("ADDR=%s cannot be listened on: write a port after a colon, such as ADDR=:8081 or ADDR=127.0.0.1:8081: %w", addr, err)
	}
	return listener, nil
}

// drainRequests waits for the requests in progress. For SHUTDOWN_DELAY before that the server
// still accepts requests, while /readyz reports that it is draining. endStreams ends what net/http no longer knows of.
func drainRequests(c *config.Config, log *slog.Logger, srv *http.Server, endStreams func(context.Context)) error {
	log.Info("stopping", "new_requests_for", c.ShutdownDelay.String(), "requests_in_progress_for", c.ShutdownTimeout.String())
	time.Sleep(c.ShutdownDelay)
	ctx, cancel := context.WithTimeout(context.Background(), c.ShutdownTimeout)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		endStreams(ctx)
	}()
	defer func() { <-ended }()
	if err := srv.Shutdown(ctx); err != nil {
		return fmt.Errorf("some requests did not finish within SHUTDOWN_TIMEOUT=%s: %w", c.ShutdownTimeout, err)
	}
	log.Info("stopped")
	return nil
}
