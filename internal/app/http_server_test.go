package app

import (
	"bytes"
	"log/slog"
	"testing"
)

// Errors of a TLS handshake are logged at the level DEBUG, and other errors of net/http at WARN.
func TestServerErrors(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.1:1: EOF":          "level=DEBUG msg=\"http: TLS handshake error from 192.0.2.1:1: EOF\"\n",
		"http: Accept error: too many open files; retrying in 5ms": "level=WARN msg=\"http: Accept error: too many open files; retrying in 5ms\"\n",
	} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		newHTTPServer(nil, log, productionTimeouts).ErrorLog.Println(line)
		if got := out.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
