// Package mailtest starts real SMTP servers for tests.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options configure a Server.
type Options struct {
	// Address is the address to listen on; "" is a free port of 127.0.0.1.
	Address string
	// Username and Password are required of clients; "" allows all of them.
	Username, Password string
	// TLS is "" for none, "starttls", or "tls" from the start.
	TLS string
}

// Server is an SMTP server that stores the mails that it accepts.
type Server struct {
	// Address is host:port.
	Address string
	// Roots trusts the certificate of the server.
	Roots   *x509.CertPool
	options Options

	mu     sync.Mutex
	reject func(to string) error
	mails  []Mail
	more   chan struct{}
}

// Mail is a mail that a server accepted.
type Mail struct {
	From, To, Text string // Text has the headers too
	TLS            bool
}

// Start starts a server that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", o.Address)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: listener.Addr().String(), options: o, more: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	server.Domain, server.ReadTimeout, server.WriteTimeout = "mail.test", time.Minute, time.Minute
	server.AllowInsecureAuth = o.TLS == ""
	server.ErrorLog = silent{}
	if o.TLS != "" {
		host, _, _ := net.SplitHostPort(s.Address)
		server.TLSConfig, s.Roots = newCertificate(t, host)
	}
	if o.TLS == "tls" {
		listener = tls.NewListener(listener, server.TLSConfig)
		server.TLSConfig = nil
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Reject sets a function that returns the error for an address, such as an *smtp.SMTPError; nil accepts it.
func (s *Server) Reject(reject func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reject = reject
}

// Mails returns the mails that were accepted until now.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Await returns the mails once there are n of them.
func (s *Server) Await(t testing.TB, n int) []Mail {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		s.mu.Lock()
		mails, more := append([]Mail(nil), s.mails...), s.more
		s.mu.Unlock()
		if len(mails) >= n {
			return mails
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("%d mails arrived, fewer than %d", len(mails), n)
		}
	}
}

// session is one connection of a client.
type session struct {
	server   *Server
	conn     *smtp.Conn
	from, to string
	accepted bool
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != s.server.options.Username || password != s.server.options.Password {
			return errors.New("wrong username or password")
		}
		s.accepted = true
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.options.Username != "" && !s.accepted {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.to = to
	if s.server.reject != nil {
		return s.server.reject(to)
	}
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, Mail{s.from, s.to, strings.ReplaceAll(string(text), "\r\n", "\n"), encrypted})
	close(s.server.more)
	s.server.more = make(chan struct{})
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() {}

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// newCertificate returns a certificate for a host, and the roots that trust it.
func newCertificate(t testing.TB, host string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(host)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, roots
}
