package mail

import (
	"errors"
	"net/mail"
	"net/url"
	"strconv"
)

const (
	submissionPort  = 587 // RFC 6409, with STARTTLS
	submissionsPort = 465 // RFC 8314, TLS from the start
)

// ServerURL is the address of an SMTP server: smtp://user:password@host:587, or smtps:// for TLS from the start.
type ServerURL string

// UnmarshalText parses an address. Its error does not repeat the text, which may hold a password.
func (u *ServerURL) UnmarshalText(text []byte) error {
	s := ServerURL(text)
	if s != "" {
		if _, _, err := s.parse(); err != nil {
			return err
		}
	}
	*u = s
	return nil
}

// parse returns the parts of an address, and its port.
func (u ServerURL) parse() (*url.URL, int, error) {
	parsed, err := url.Parse(string(u))
	if err != nil || parsed.Hostname() == "" || parsed.Scheme != "smtp" && parsed.Scheme != "smtps" || parsed.Path != "" && parsed.Path != "/" || parsed.RawQuery != "" {
		return nil, 0, errors.New("not an address of an SMTP server: write smtp://user:password@host:587, or smtps://user:password@host:465")
	}
	port := submissionPort
	if parsed.Scheme == "smtps" {
		port = submissionsPort
	}
	if text := parsed.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, 0, errors.New("the port must be from 1 to 65535")
		}
	}
	return parsed, port, nil
}

// Sender is the sender of mails, such as 7P <no-reply@7p.example>.
type Sender string

// UnmarshalText parses a sender.
func (f *Sender) UnmarshalText(text []byte) error {
	if _, err := mail.ParseAddress(string(text)); len(text) > 0 && err != nil {
		return errors.New("not a sender: write Name <address@host>")
	}
	*f = Sender(text)
	return nil
}
