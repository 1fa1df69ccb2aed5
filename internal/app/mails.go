package app

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/mail"
	"github.com/7p-education/api/internal/outbox"
	"github.com/7p-education/api/internal/telemetry"
)

// mailInterval is how often a server searches the outbox for mails of other servers, and for mails to try
// again. It sends its own at once.
const mailInterval = 5 * time.Second

// openMails returns the sender of mails, nil if the settings name none.
func openMails(c *config.Config, log *slog.Logger, db *Database, publicURL string) (*outbox.Sender, error) {
	switch {
	case c.SMTPURL != "":
		m, err := mail.NewSMTP(mail.SMTPOptions{URL: c.SMTPURL, From: c.MailFrom})
		if err != nil {
			return nil, nameSetting("SMTP_URL", err)
		}
		return outbox.New(db.Store, m, string(c.FrontEndURL), log), nil
	case db.isDemo():
		m := mail.NewFolder(embeddedPath(c, "mails"), c.MailFrom, log)
		return outbox.New(db.Store, m, cmp.Or(string(c.FrontEndURL), publicURL), log), nil
	}
	return nil, nil
}

// mailJobs returns the job that sends mails.
func mailJobs(s *outbox.Sender) []jobs.Job {
	if s == nil {
		return nil
	}
	return []jobs.Job{{Name: "mails", Interval: mailInterval, Wake: s.Woken(), Run: func(ctx context.Context) ([]any, error) {
		n, err := s.SendDue(ctx)
		if n == 0 {
			return nil, err
		}
		return []any{"sent", n}, err
	}}}
}

func addMailMetrics(m *telemetry.Metrics, s *outbox.Sender) {
	if s == nil {
		return
	}
	for result, read := range map[string]func(outbox.Stats) uint64{
		"sent":      func(s outbox.Stats) uint64 { return s.Sent },
		"failed":    func(s outbox.Stats) uint64 { return s.Failed },
		"discarded": func(s outbox.Stats) uint64 { return s.Discarded },
	} {
		m.RegisterCounter("sevenp_mails_total", "Mails by result: sent; failed, an attempt; discarded, after a permanent rejection or the last attempt.",
			func() float64 { return float64(read(s.Stats())) }, "result", result)
	}
}
