package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	// sendTimeout limits the time that one mail may take, from the connection to its acceptance, and
	// stepTimeout that of each step.
	sendTimeout, stepTimeout = 30 * time.Second, 10 * time.Second

	submissionPort  = 587 // RFC 6409, with STARTTLS
	submissionsPort = 465 // RFC 8314, TLS from the start
)

// SMTP sends mails through an SMTP server.
type SMTP struct {
	from, host string
	options    []gomail.Option // of each connection
}

// SMTPOptions configure an SMTP.
type SMTPOptions struct {
	// URL is smtp://user:password@host:587, or smtps:// for TLS from the start. With smtp:// the connection
	// must switch to TLS with STARTTLS, unless the server is on this machine.
	URL string
	// From is the sender, such as "7P <no-reply@7p.example>".
	From string
	// TLS verifies the server; nil is the certificates of the system.
	TLS *tls.Config
}

// NewSMTP returns an SMTP. It does not connect, and its error does not repeat the URL.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" {
		return nil, errors.New("not an address of an SMTP server: write smtp://user:password@host:587, or smtps://user:password@host:465")
	}
	s := &SMTP{from: o.From, host: u.Hostname()}
	port, policy := submissionPort, gomail.WithTLSPolicy(gomail.TLSMandatory)
	switch {
	case u.Scheme == "smtps":
		port, policy = submissionsPort, gomail.WithSSL()
	case s.host == "localhost" || net.ParseIP(s.host).IsLoopback():
		policy = gomail.WithTLSPolicy(gomail.TLSOpportunistic)
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, errors.New("the port must be from 1 to 65535")
		}
	}
	s.options = []gomail.Option{gomail.WithPort(port), policy, gomail.WithTimeout(stepTimeout)}
	if o.TLS != nil {
		s.options = append(s.options, gomail.WithTLSConfig(o.TLS))
	}
	if password, ok := u.User.Password(); ok {
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, err
	}
	if _, err := buildMessage(s.from, Message{To: "test@7p.example"}); err != nil {
		return nil, errors.New("not a sender: write Name <address@host>")
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
	go func() { sent <- client.DialAndSendWithContext(ctx, msg) }() // it ends by stepTimeout: the library heeds the context while it dials only
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
