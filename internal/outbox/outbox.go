// Package outbox sends the mails that transactions added to the outbox: after their commit, at least once
// each, and a bounded number of times. The link in a mail has a token that is made when the mail is sent; only
// its hash is stored.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/mail"
	"github.com/7p-education/api/store"
)

// template is a mail of one kind.
type template struct {
	subject, text string // with %s for the link
	path          string // of the page of the front end
	ttl           time.Duration
}

// templates are the mails. They do not repeat anything that a stranger could have written, such as the name of
// the account: anyone can sign up with the email of another person.
var templates = map[store.MailKind]template{
	store.MailPasswordReset: {
		subject: "Set a new password",
		text: "A new password was requested for your account at 7P Education. Open this link within an hour to set it:\n\n%s\n\n" +
			"If you did not request it, ignore this mail: your password is unchanged.\n",
		path: "/reset-password", ttl: time.Hour,
	},
	store.MailEmailVerification: {
		subject: "Confirm your email address",
		text: "Open this link within a day to confirm that this email address belongs to your account at 7P Education:\n\n%s\n\n" +
			"If you have no account there, ignore this mail.\n",
		path: "/verify-email", ttl: 24 * time.Hour,
	},
}

// Sender sends the mails of the outbox. It is safe for concurrent use, also by several servers.
type Sender struct {
	store    *store.Store
	mailer   mail.Mailer
	frontEnd string
	log      *slog.Logger
	wake     chan struct{}

	sent, failed, discarded atomic.Uint64
}

// New returns a Sender. Links in mails begin with frontEnd, such as https://app.example.com.
func New(s *store.Store, m mail.Mailer, frontEnd string, log *slog.Logger) *Sender {
	return &Sender{store: s, mailer: m, frontEnd: strings.TrimSuffix(frontEnd, "/"), log: log, wake: make(chan struct{}, 1)}
}

// Stats counts mails since the start of the process.
type Stats struct {
	Sent      uint64 // accepted by the SMTP server
	Failed    uint64 // attempts that failed
	Discarded uint64 // rejected for good, or not sent by the last attempt
}

// Stats returns the counts.
func (s *Sender) Stats() Stats { return Stats{s.sent.Load(), s.failed.Load(), s.discarded.Load()} }

// Wake announces that the outbox has a new mail.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // a run that has not begun will find it
	}
}

// Woken receives after a call of Wake.
func (s *Sender) Woken() <-chan struct{} { return s.wake }

// SendDue sends the mails that are due, and returns the number of mails that were sent. The error is that of
// the outbox; failures of single mails are logged, and tried again later.
func (s *Sender) SendDue(ctx context.Context) (sent int, err error) {
	for {
		m, ok, err := s.store.ClaimMail(ctx)
		if err != nil || !ok {
			return sent, err
		}
		delivered, err := s.sendMail(ctx, m)
		if err != nil {
			if ctx.Err() != nil {
				return sent, err // the server stops: the mail is tried again, also after the last attempt
			}
			s.failed.Add(1)
			if !m.Last && !errors.Is(err, mail.ErrRejected) {
				s.log.WarnContext(ctx, "mail not sent, tried again later", "kind", m.Kind, "mail", m.ID, "error", err)
				continue
			}
			s.discarded.Add(1)
			s.log.ErrorContext(ctx, "mail discarded", "kind", m.Kind, "mail", m.ID, "error", err)
		}
		if delivered {
			s.sent.Add(1)
			sent++
		}
		if err := s.store.RemoveMail(ctx, m.ID); err != nil {
			return sent, err
		}
	}
}

// sendMail sends a mail with a new token; delivered is false if no account gets it.
func (s *Sender) sendMail(ctx context.Context, m store.QueuedMail) (delivered bool, err error) {
	t := templates[m.Kind]
	token := auth.NewRefreshToken()
	recipient, err := s.store.IssueMailToken(ctx, m.Kind, m.Email, store.RefreshToken{Hash: token.Hash(), TTL: t.ttl})
	if err != nil || recipient == "" {
		return false, err
	}
	// A fragment is sent to no server, and stays out of the logs and the Referer of the front end.
	link := s.frontEnd + t.path + "#token=" + token.Encode()
	err = s.mailer.Send(ctx, mail.Message{To: recipient, Subject: t.subject, Text: fmt.Sprintf(t.text, link)})
	return err == nil, err
}
