package cache_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// TestTLS connects to a server with an authority of its own that requires a certificate of the client.
func TestTLS(t *testing.T) {
	t.Parallel()
	server := redistest.StartTLSServer(t)
	for name, tt := range map[string]struct {
		files cache.TLSFiles
		cause string
	}{
		"trusted":              {cache.TLSFiles{CA: server.CA, Cert: server.Cert, Key: server.Key}, ""},
		"authority of system":  {cache.TLSFiles{Cert: server.Cert, Key: server.Key}, "not trusted: set REDIS_TLS_CA_FILE"},
		"other authority":      {cache.TLSFiles{CA: server.OtherCA, Cert: server.Cert, Key: server.Key}, "not trusted: set REDIS_TLS_CA_FILE"},
		"no certificate":       {cache.TLSFiles{CA: server.CA}, "rejects the TLS certificate"},
		"rejected certificate": {cache.TLSFiles{CA: server.CA, Cert: server.OtherCert, Key: server.OtherKey}, "rejects the TLS certificate"},
	} {
		r, err := cache.OpenRedis(cache.RedisOptions{URL: server.URL, TLS: tt.files, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// Reading the authorities of the system takes long. In TLS 1.3 the handshake of a client ends before that of the
		// server, which may reset the connection before the client reads why.
		eventually(t, "the handshake ends in time", func() bool {
			err = r.Check(t.Context())
			return err == nil || !strings.Contains(err.Error(), "no reply in time") && !strings.Contains(err.Error(), "reset by peer")
		})
		if (err == nil) != (tt.cause == "") || err != nil && !strings.Contains(err.Error(), tt.cause) {
			t.Errorf("%s: got %v, want %q", name, err, tt.cause)
		}
		_ = r.Close()
	}
}

// TestTLSFiles checks that files that cannot be used are errors with the names of their settings.
func TestTLSFiles(t *testing.T) {
	t.Parallel()
	server := redistest.StartTLSServer(t)
	for want, files := range map[string]cache.TLSFiles{
		"REDIS_TLS_CA_FILE: open":                             {CA: "none"},
		"REDIS_TLS_CA_FILE: no certificate":                   {CA: server.Key},
		"REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE: open":    {Cert: server.Cert, Key: "none"},
		"REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE: tls: pr": {Cert: server.Cert, Key: server.OtherKey},
	} {
		if _, err := cache.OpenRedis(cache.RedisOptions{URL: server.URL, TLS: files}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
