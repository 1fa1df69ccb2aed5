package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/config"
)

// certificateInterval is how often the server checks whether its certificate was replaced.
const certificateInterval = 30 * time.Second

// protocols returns the versions of HTTP that the server offers.
func protocols(c *config.Config) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(c.TLSCertFile != "")
	p.SetUnencryptedHTTP2(c.H2C)
	return p
}

// localURL returns the URL of the server on this machine.
func localURL(c *config.Config, port string) string {
	if c.TLSCertFile != "" {
		return "https://localhost:" + port
	}
	return "http://localhost:" + port
}

// certificateFiles are the files of a certificate, and the certificate that was last read from them.
type certificateFiles struct {
	cert, key string
	readAt    time.Time // the later of the files' times of modification
	current   atomic.Pointer[tls.Certificate]
}

// openTLS returns the configuration of TLS, nil without a certificate. Until the context ends, it reads files that
// were replaced.
func openTLS(ctx context.Context, c *config.Config, log *slog.Logger) (*tls.Config, error) {
	if c.TLSCertFile == "" {
		return nil, nil
	}
	f := &certificateFiles{cert: c.TLSCertFile, key: c.TLSKeyFile}
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("TLS_CERT_FILE: %w", err)
	}
	go f.follow(ctx, log, certificateInterval)
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current.Load(), nil },
	}, nil
}

// read reads the files if they have changed.
func (f *certificateFiles) read() error {
	changed, err := f.modified()
	if err != nil || changed.Equal(f.readAt) {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return err
	}
	f.readAt = changed
	f.current.Store(&certificate)
	return nil
}

// modified returns when the files were last modified.
func (f *certificateFiles) modified() (latest time.Time, err error) {
	for _, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return latest, err
		}
		if at := info.ModTime(); at.After(latest) {
			latest = at
		}
	}
	return latest, nil
}

// follow reads replaced files until the context ends. The server keeps its certificate while the new one is invalid,
// for example because only one of the files was written yet.
func (f *certificateFiles) follow(ctx context.Context, log *slog.Logger, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		before := f.current.Load()
		if err := f.read(); err != nil {
			log.WarnContext(ctx, "new certificate is not used", "error", err)
		} else if f.current.Load() != before {
			log.InfoContext(ctx, "new certificate is used", "expires", f.current.Load().Leaf.NotAfter)
		}
	}
}
