package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/mail"
	"github.com/7p-education/api/internal/mail/mailtest"
	"github.com/7p-education/api/internal/outbox"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// setup is an outbox with a database, an SMTP server and a log.
type setup struct {
	*outbox.Sender
	store  *store.Store
	db     *pgxpool.Pool
	server *mailtest.Server
	log    *bytes.Buffer
}

func newSetup(t *testing.T) *setup {
	t.Helper()
	dsn := testdb.NewWithDemo(t)
	s := &setup{db: testdb.OpenPool(t, dsn), server: mailtest.Start(t, mailtest.Options{}), log: &bytes.Buffer{}}
	var err error
	if s.store, err = store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.store.Close)
	m, err := mail.NewSMTP(mail.SMTPOptions{URL: mail.ServerURL("smtp://" + s.server.Address), From: "7P <no-reply@7p.example>"})
	if err != nil {
		t.Fatal(err)
	}
	s.Sender = outbox.New(s.store, m, "https://app.example/", slog.New(slog.NewTextHandler(s.log, nil)))
	return s
}

func (s *setup) queue(t *testing.T, kind store.MailKind, email string) {
	t.Helper()
	if err := s.store.QueueMail(t.Context(), kind, email); err != nil {
		t.Fatal(err)
	}
}

// send sends the mails that are due, and checks the number of mails that were sent.
func (s *setup) send(t *testing.T, want int) {
	t.Helper()
	if n, err := s.SendDue(t.Context()); err != nil || n != want {
		t.Errorf("sent %d mails, %v; want %d", n, err, want)
	}
}

func (s *setup) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := s.db.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func (s *setup) count(t *testing.T, rows string) (n int) {
	t.Helper()
	if err := s.db.QueryRow(t.Context(), "SELECT count(*) FROM "+rows).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

var linkPattern = regexp.MustCompile(`https://app\.example(/[a-z-]+)#token=3D([\w-]{43})\n`)

// Mails have links whose tokens are stored as hashes. Accounts that get no mail, and emails without an account,
// leave nothing.
func TestMails(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.exec(t, "UPDATE users SET password_hash = NULL WHERE id = 4; UPDATE users SET active = false WHERE id = 5; UPDATE users SET email_verified_at = now() WHERE id = 6")
	s.queue(t, store.MailPasswordReset, "STUDENT@7p.example")
	s.queue(t, store.MailEmailVerification, "student@7p.example")
	s.queue(t, store.MailPasswordReset, "student@7p.example") // waits already
	s.queue(t, store.MailPasswordReset, "nobody@7p.example")
	s.exec(t, "INSERT INTO outbox (kind, email) SELECT 'password_reset', email FROM users WHERE id IN (4, 5)")
	s.exec(t, "INSERT INTO outbox (kind, email) SELECT 'email_verification', email FROM users WHERE id IN (5, 6)")
	s.send(t, 2)
	mails := s.server.Mails()
	for i, path := range []string{"/reset-password", "/verify-email"} {
		text := strings.ReplaceAll(mails[i].Text, "=\n", "")
		link := linkPattern.FindStringSubmatch(text)
		if link == nil || link[1] != path || mails[i].To != "student@7p.example" {
			t.Fatalf("mail %d is %+v", i, mails[i])
		}
		token, ok := auth.ParseRefreshToken(link[2])
		hash := token.Hash()
		var expires bool
		err := s.db.QueryRow(t.Context(), "SELECT expires_at BETWEEN now() + interval '55 minutes' AND now() + interval '1 day' FROM account_tokens WHERE user_id = 1 AND hash = $1", hash[:]).Scan(&expires)
		if !ok || err != nil || !expires {
			t.Errorf("the token of %s: %t, %v", path, expires, err)
		}
		if strings.Contains(text, "Maya") || strings.Contains(s.log.String(), link[2]) {
			t.Errorf("the mail has the name of the account, or the log the token:\n%s\n%s", text, s.log)
		}
	}
	if n := s.count(t, "outbox") + s.count(t, "account_tokens"); n != 2 {
		t.Errorf("%d rows are left, want the two tokens", n)
	}
	if got := s.Stats(); got != (outbox.Stats{Sent: 2}) {
		t.Errorf("counted %+v", got)
	}
}

// A mail that fails is tried again, later each time and eight times at most. One that is rejected for good, or
// whose address is invalid, is not.
func TestRetries(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	fail := error(&smtp.SMTPError{Code: 451, Message: "later"})
	s.server.Reject(func(string) error { return fail })
	s.queue(t, store.MailPasswordReset, "student@7p.example")
	for attempt := range 7 {
		s.send(t, 0)
		s.send(t, 0) // not due
		var wait float64
		if err := s.db.QueryRow(t.Context(), "SELECT round(extract(epoch FROM next_attempt_at - now()) / 60) FROM outbox").Scan(&wait); err != nil || wait != float64(int(1)<<attempt) {
			t.Errorf("after attempt %d the mail waits for %v minutes, %v", attempt+1, wait, err)
		}
		s.exec(t, "UPDATE outbox SET next_attempt_at = now()")
	}
	s.send(t, 0)
	if n := s.count(t, "outbox"); n != 0 || s.Stats() != (outbox.Stats{Failed: 8, Discarded: 1}) {
		t.Errorf("%d mails are left, counted %+v", n, s.Stats())
	}
	s.queue(t, store.MailPasswordReset, "student@7p.example")
	fail = &smtp.SMTPError{Code: 550, Message: "no such user"}
	s.send(t, 0)
	s.exec(t, "UPDATE users SET email = 'not an address' WHERE id = 1")
	s.queue(t, store.MailPasswordReset, "not an address")
	s.send(t, 0)
	if n := s.count(t, "outbox"); n != 0 || s.Stats() != (outbox.Stats{Failed: 10, Discarded: 3}) {
		t.Errorf("%d mails are left, counted %+v", n, s.Stats())
	}
	fail = nil
	s.exec(t, "UPDATE users SET email = 'student@7p.example' WHERE id = 1")
	s.queue(t, store.MailPasswordReset, "student@7p.example")
	s.send(t, 1)
}

// A mail whose server ends while it is sent is sent by another one, and several servers send each mail once.
func TestSeveralServers(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.queue(t, store.MailPasswordReset, "student@7p.example")
	ctx, cancel := context.WithCancel(t.Context())
	s.server.Reject(func(string) error { cancel(); return errors.New("the process was killed") })
	if n, err := s.SendDue(ctx); n != 0 || err == nil {
		t.Errorf("sent %d, %v", n, err)
	}
	s.server.Reject(nil)
	s.exec(t, "UPDATE outbox SET next_attempt_at = now()")
	s.exec(t, "INSERT INTO outbox (kind, email) SELECT 'email_verification', email FROM users WHERE active AND email_verified_at IS NULL ORDER BY id LIMIT 40")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := s.SendDue(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, m := range s.server.Mails() {
		seen[m.To+m.Text[strings.Index(m.Text, "Subject:"):strings.Index(m.Text, "Subject:")+20]]++
	}
	if len(seen) != 41 || len(s.server.Mails()) != 41 || s.count(t, "outbox") != 0 {
		t.Errorf("%d different mails of %d, want 41", len(seen), len(s.server.Mails()))
	}
}

// Wake does not block, and wakes once.
func TestWake(t *testing.T) {
	t.Parallel()
	s := outbox.New(nil, nil, "", nil)
	s.Wake()
	s.Wake()
	<-s.Woken()
	select {
	case <-s.Woken():
		t.Error("woken twice")
	default:
	}
}
