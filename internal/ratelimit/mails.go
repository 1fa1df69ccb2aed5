package ratelimit

import "context"

// ConsumeMail takes a mail from the bucket of an email, or returns an *edu.Error of the code RATE_LIMITED. An
// email without an account has the same bucket. It sets no header for an allowed mail, because other clients
// use the same bucket. The rules of ConsumeCost apply.
func (l *Limits) ConsumeMail(ctx context.Context, email string) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || l.mails == nil {
		return nil
	}
	if d := l.mails.Allow(ctx, emailKey(email), 1); !d.Allowed {
		return limited.rejectRequest(d, exceededMessage("too many mails to this email", d.Policy))
	}
	return nil
}
