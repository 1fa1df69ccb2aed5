package app

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/middleware"
)

// newLogger returns the log, and its level, which may change while the server runs.
func newLogger(c *config.Config, output io.Writer) (*slog.Logger, *slog.LevelVar) {
	level := &slog.LevelVar{}
	level.Set(c.LogLevel)
	return slog.New(slog.NewJSONHandler(output, &slog.HandlerOptions{Level: level})), level
}

// newAccessLog returns the log of requests, nil if it is off.
func newAccessLog(c *config.Config, output io.Writer) *middleware.AccessLog {
	if c.AccessLog == "off" {
		return nil
	}
	return middleware.NewAccessLog(output, middleware.AccessLogOptions{LeftOut: 1 - float64(c.AccessLogSample), Slow: c.SlowOperation})
}

// logRequests returns a middleware that logs requests, or does nothing without a log.
func logRequests(l *middleware.AccessLog) func(http.Handler) http.Handler {
	if l == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	return l.Log
}
