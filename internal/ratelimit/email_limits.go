package ratelimit

import (
	"context"
	"time"
)

// emailLimits limit the attempts to sign in with one email. An attacker has any number of addresses, so
// that all of them share one bucket. It does not lock the owner out: an address from which a sign-in
// with the email succeeded has a bucket of its own.
//
// With the default of 10/15m, unknown addresses together have 50 attempts in any hour: 10 at once and one
// each 90 s. NIST SP 800-63B section 3.2.2 permits 100 consecutive failures. The known addresses
// together have 10 in an hour, so that they are of no use for guesses either.
type emailLimits struct {
	all, known *countedLimiter
	slowdown   Slowdown
	delays     *delayQueue
	// isKnown reports whether an address signed in with an email before, by the hash of both.
	isKnown func(ctx context.Context, hash []byte) (bool, error)
}

// emailDelayStep is by how much an attempt in the second half of an email's bucket waits longer than the
// one before, up to maxDelay.
const emailDelayStep = time.Second

// knownDivisor is the ratio of an email's bucket to that of its known addresses.
const knownDivisor = 5

func newEmailLimits(p Policy, open func(Policy) *countedLimiter, delays *delayQueue) *emailLimits {
	p.Name = "emails"
	known := Policy{Name: "known-addresses", Limit: max(1, p.Limit/knownDivisor), Window: p.Window}
	return &emailLimits{
		all: open(p), known: open(known), delays: delays,
		slowdown: Slowdown{After: p.Limit / 2, Step: emailDelayStep, MaxDelay: maxDelay},
		isKnown:  func(context.Context, []byte) (bool, error) { return false, nil },
	}
}

// RecognizeAddresses sets the function that reports whether an address signed in with an email before. It
// gets the hash of HashSignInAddress. Call it before the first request.
func (l *Limits) RecognizeAddresses(isKnown func(ctx context.Context, hash []byte) (bool, error)) {
	if l.emails != nil {
		l.emails.isKnown = isKnown
	}
}

// ConsumeEmailSignIn takes an attempt to sign in from the bucket of an email, or of the email's known
// addresses if the request's is one. It delays attempts of unknown addresses in the second half of the
// bucket, and rejects them once it is empty, as ConsumeSignIn does; an email without an account has the
// same delays. The address is looked up only then, so that ordinary attempts cost no round trip. It sets
// no header for an allowed attempt, because other clients use the same bucket.
func (l *Limits) ConsumeEmailSignIn(ctx context.Context, email string) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || l.emails == nil || email == "" {
		return nil
	}
	d := l.emails.all.Allow(ctx, emailKey(email), 1)
	delay := l.emails.slowdown.scaleToLimit(d.Policy.Limit, l.rules.Emails.Limit).requestDelay(d.Policy.Limit - d.Remaining)
	if d.Allowed && delay == 0 {
		return nil
	}
	hash := HashSignInAddress(ctx, email)
	known, err := l.emails.isKnown(ctx, hash)
	switch {
	case err != nil:
		return err
	case known && l.emails.known.Allow(ctx, emailKey(email), 1).Allowed:
		return nil
	case !d.Allowed:
		return limited.rejectRequest(d, exceededMessage("too many sign-in attempts with this email", d.Policy))
	}
	return l.emails.delays.delayRequest(ctx, limited, d, delay)
}
