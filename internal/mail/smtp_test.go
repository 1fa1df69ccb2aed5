package mail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/7p-education/api/internal/mail"
	"github.com/7p-education/api/internal/mail/mailtest"
)

const from = "7P Education <no-reply@7p.example>"

var message = mail.Message{To: "ada@7p.example", Subject: "Grüße", Text: "Open this:\n\nhttps://app.example/reset-password#token=abc\n"}

// newSMTP returns an SMTP for a server of mailtest, whose certificate it trusts.
func newSMTP(t *testing.T, url string, s *mailtest.Server) *mail.SMTP {
	t.Helper()
	m, err := mail.NewSMTP(mail.SMTPOptions{URL: mail.ServerURL(url), From: from, TLS: &tls.Config{RootCAs: s.Roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A mail arrives with its headers, encrypted where the server offers it, and as the user of the URL.
func TestSMTP(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scheme  string
		options mailtest.Options
		user    string
	}{
		"STARTTLS with a password": {"smtp", mailtest.Options{TLS: "starttls", Username: "ada", Password: "p@ss:word"}, "ada:p%40ss%3Aword@"},
		"TLS with a password":      {"smtps", mailtest.Options{TLS: "tls", Username: "ada", Password: "hush"}, "ada:hush@"},
		"this machine without TLS": {"smtp", mailtest.Options{}, ""},
	} {
		s := mailtest.Start(t, c.options)
		if err := newSMTP(t, c.scheme+"://"+c.user+s.Address, s).Send(t.Context(), message); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := s.Mails()[0]
		if got.From != "no-reply@7p.example" || got.To != message.To || got.TLS != (c.options.TLS == "starttls") && c.scheme == "smtp" {
			t.Errorf("%s: %+v", name, got)
		}
		for _, part := range []string{"From: \"7P Education\" <no-reply@7p.example>\n", "To: <ada@7p.example>\n", "Subject: =?UTF-8?q?Gr=C3=BC=C3=9Fe?=\n", "Auto-Submitted: auto-generated\n", "@7p.example>\n", "https://app.example/reset-password#token=3Dabc\n"} {
			if !strings.Contains(got.Text, part) {
				t.Errorf("%s: the mail lacks %q:\n%s", name, part, got.Text)
			}
		}
		for _, secret := range []string{"hush", "p@ss", "go-mail", ">>"} {
			if strings.Contains(got.Text, secret) {
				t.Errorf("%s: the mail has %q:\n%s", name, secret, got.Text)
			}
		}
	}
}

// Permanent rejections differ from failures after which a mail may be sent again, and no error has the password.
func TestSMTPErrors(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{TLS: "starttls", Username: "ada", Password: "right"})
	s.Reject(func(to string) error {
		switch to {
		case "gone@7p.example":
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		case "later@7p.example":
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
		}
		return nil
	})
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	right := "smtp://ada:right@" + s.Address
	for name, c := range map[string]struct {
		url, to  string
		rejected bool
	}{
		"an address that does not exist":               {right, "gone@7p.example", true},
		"a greylisted address":                         {right, "later@7p.example", false},
		"an invalid address":                           {right, "ada", true},
		"an address with a line end":                   {right, "ada@7p.example\r\nBcc: eve@7p.example", true},
		"a wrong password":                             {"smtp://ada:hush@" + s.Address, message.To, false},
		"no server":                                    {"smtp://ada:hush@" + closed.Addr().String(), message.To, false},
		"TLS with a server that has none at its start": {"smtps://ada:hush@" + s.Address, message.To, false},
	} {
		err := newSMTP(t, c.url, s).Send(t.Context(), mail.Message{To: c.to, Subject: "A", Text: "B"})
		if err == nil || errors.Is(err, mail.ErrRejected) != c.rejected || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want rejected %t", name, err, c.rejected)
		}
	}
	untrusted, err := mail.NewSMTP(mail.SMTPOptions{URL: mail.ServerURL(right), From: from})
	if err != nil {
		t.Fatal(err)
	}
	if err := untrusted.Send(t.Context(), message); err == nil || errors.Is(err, mail.ErrRejected) {
		t.Errorf("a server with an unknown certificate: %v", err)
	}
	if n := len(s.Mails()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
}

// Passwords and mails do not leave the machine without TLS.
func TestSMTPRequiresTLS(t *testing.T) {
	t.Parallel()
	host := outsideAddress(t)
	s := mailtest.Start(t, mailtest.Options{Address: net.JoinHostPort(host, "0")})
	if err := newSMTP(t, "smtp://"+s.Address, s).Send(t.Context(), message); err == nil || !strings.Contains(err.Error(), "STARTTLS") || len(s.Mails()) > 0 {
		t.Errorf("sent without TLS: %v", err)
	}
}

// outsideAddress returns an address of this machine that is no loopback address.
func outsideAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if network, ok := a.(*net.IPNet); ok && network.IP.IsGlobalUnicast() && network.IP.To4() != nil {
			return network.IP.String()
		}
	}
	t.Skip("this machine has no network")
	return ""
}

// A server that does not respond holds a mail for the time of the context only.
func TestSMTPTimeout(t *testing.T) {
	t.Parallel()
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	m, err := mail.NewSMTP(mail.SMTPOptions{URL: mail.ServerURL("smtp://" + silent.Addr().String()), From: from})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := m.Send(ctx, message); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{
		"": true, "smtp://host": true, "smtps://u:p@host:1/": true, "smtp://[::1]:25": true,
		"hush": false, "http://u:hush@host": false, "smtp://": false, "smtp://u:hush@host:0": false, "smtp://u:hush@host:65536": false, "smtp://u:hush@host:x": false,
		"smtp://u:hush@host/path": false, "smtp://u:hush@ho st": false, "smtp://u:hush@host?tls=off": false,
	} {
		var u mail.ServerURL
		if err := u.UnmarshalText([]byte(text)); (err == nil) != valid || valid && string(u) != text || err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %q, %v", text, u, err)
		}
	}
	for text, valid := range map[string]bool{"": true, from: true, "a@b": true, "7P": false, "a@b, c@d": false, "a@b\r\nBcc: c@d": false} {
		var f mail.Sender
		if err := f.UnmarshalText([]byte(text)); (err == nil) != valid || valid && string(f) != text {
			t.Errorf("%q: %q, %v", text, f, err)
		}
	}
}

// A check connects and authenticates, and sends no mail.
func TestSMTPCheck(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{TLS: "starttls", Username: "ada", Password: "right"})
	if err := newSMTP(t, "smtp://ada:right@"+s.Address, s).Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := newSMTP(t, "smtp://ada:wrong@"+s.Address, s).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "AUTH") {
		t.Errorf("got %v, want an error of the authentication", err)
	}
	if n := len(s.Mails()); n > 0 {
		t.Errorf("%d mails were sent", n)
	}
}
