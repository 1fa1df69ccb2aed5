package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	// sendTimeout limits the time that one mail may take, from the connection to its acceptance, and
	// stepTimeout that of each step.
	sendTimeout, stepTimeout = 30 * time.Second, 10 * time.Second
)

// SMTP sends mails through an SMTP server.
type SMTP struct {
	from    Sender
	host    string
	options []gomail.Option // of each connection
}

// SMTPOptions configure an SMTP.
type SMTPOptions struct {
	// URL is the server. A connection to smtp:// must switch to TLS with STARTTLS, unless the server is on
	// this machine.
	URL  ServerURL
	From Sender
	// TLS verifies the server; nil is the certificates of the system.
	TLS *tls.Config
}

// NewSMTP returns an SMTP. It does not connect, and its error does not repeat the URL.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	u, port, err := o.URL.parse()
	if err != nil {
		return nil, err
	}
	s := &SMTP{from: o.From, host: u.Hostname()}
	policy := gomail.WithTLSPolicy(gomail.TLSMandatory)
	switch {
	case u.Scheme == "smtps":
		policy = gomail.WithSSL()
	case s.host == "localhost" || net.ParseIP(s.host).IsLoopback():
		policy = gomail.WithTLSPolicy(gomail.TLSOpportunistic)
	}
	s.options = []gomail.Option{gomail.WithPort(port), policy, gomail.WithTimeout(stepTimeout)}
	if o.TLS != nil {
		s.options = append(s.options, gomail.WithTLSConfig(o.TLS))
	}
	if password, ok := u.User.Password(); ok {
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return s, nil
}

// Send sends a mail on a connection of its own. A response of 500 to 599 to the mail or its address is
// ErrRejected; one to the authentication is not, because the operator can correct it.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := buildMessage(s.from, m)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	sent := make(chan error, 1)
	// The library heeds the context while it dials only. The goroutine ends by stepTimeout.
	go func() { sent <- client.DialAndSendWithContext(ctx, msg) }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err = <-sent:
	}
	if rejected, ok := errors.AsType[*gomail.SendError](err); ok && !rejected.IsTemp() && rejected.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	return err
}

// Check connects to the server, with TLS as for a mail, and authenticates. It sends no mail.
func (s *SMTP) Check(ctx context.Context) error {
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		err := client.DialWithContext(ctx)
		if err == nil {
			err = client.Close()
		}
		done <- err
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err = <-done:
		return err
	}
}
