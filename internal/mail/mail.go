// Package mail sends mails: through an SMTP server, or into a folder for development. It knows nothing about
// accounts or the queue of mails: package outbox has both.
package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// ErrRejected is the error of a mail that the SMTP server rejects permanently, or whose address is invalid:
// sending it again does not help.
var ErrRejected = errors.New("mail rejected")

// Message is a mail of plain text to one address.
type Message struct{ To, Subject, Text string }

// Mailer sends mails. It is safe for concurrent use.
type Mailer interface {
	// Send returns when the mail is accepted. An error that is no ErrRejected is temporary.
	Send(ctx context.Context, m Message) error
}

// buildMessage returns a mail with its headers. Invalid addresses are ErrRejected.
func buildMessage(from Sender, m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(string(from)), msg.To(m.To)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRejected, err)
	}
	sender := msg.GetFrom()[0].Address
	msg.Subject(m.Subject)
	msg.SetDate()
	// The library's own id has the name of the host.
	msg.SetMessageIDWithValue(rand.Text() + sender[strings.LastIndex(sender, "@"):])
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office replies
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}
