package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
)

// emailLimitFactor is how many times the limit of sessions an email has. It keeps
// guesses at one account down wherever they come from: 50 in 15 minutes by default,
// where NIST SP 800-63B section 3.2.2 admits 100 failures in a row. It is larger
// than an address's so that no address by itself can keep an owner out.
const emailLimitFactor = 10

// Rules are the limits of a server; a Policy that is off is none.
type Rules struct {
	// Requests of an anonymous address, or of a viewer; Premium is that of premium
	// plans, instructors and admins.
	Requests, Premium Policy
	// Cost that the operations of one caller may have together.
	Cost Policy
	// SignIns that one address may try to begin or go on with.
	SignIns Policy
	// Slowdown is for Requests; for Premium it begins at the same share of the limit.
	Slowdown Slowdown
}

// Limits are the limits of a server over their buckets. It is safe for concurrent
// use.
type Limits struct {
	rules                                          Rules
	requests, premium, cost, signIns, emailSignIns *countedLimiter // nil for none
	delays                                         delayQueue
	// policies is the header RateLimit-Policy of callers, and premiumPolicies of
	// those with the larger limit.
	policies, premiumPolicies []string
}

// New returns Limits over buckets in r, or in this process where r is nil.
func New(rules Rules, r *cache.Redis) *Limits {
	rules.Requests.Name, rules.Premium.Name, rules.Cost.Name, rules.SignIns.Name = "default", "premium", "cost", "sessions"
	attempts := Policy{Name: "emails", Limit: rules.SignIns.Limit * emailLimitFactor, Window: rules.SignIns.Window}
	open := func(p Policy) *countedLimiter {
		if p.Disabled() {
			return nil
		}
		return &countedLimiter{Limiter: NewLimiter(p, r), name: p.Name}
	}
	return &Limits{
		rules:    rules,
		requests: open(rules.Requests), premium: open(rules.Premium), cost: open(rules.Cost),
		signIns: open(rules.SignIns), emailSignIns: open(attempts),
		policies:        policyHeader(rules.Requests, rules.Cost, rules.SignIns),
		premiumPolicies: policyHeader(rules.Premium, rules.Cost, rules.SignIns),
	}
}

// Middleware lets a request through while the bucket of its viewer, or of its
// address, holds one, and slows it down where that bucket runs low. Each answer has
// RateLimit-Policy and RateLimit, the structured fields of the IETF's
// draft-ietf-httpapi-ratelimit-headers-10; a refusal is 429 with Retry-After and a
// GraphQL error of the code RATE_LIMITED. It must run where the viewer is known.
func (l *Limits) Middleware(address func(*http.Request) netip.Addr) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if l.allDisabled() {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t := &limitedRequest{header: w.Header(), caller: caller{edu.ViewerFrom(r.Context()), address(r)}}
			ctx := context.WithValue(r.Context(), limitedRequestKey{}, t)
			if err := l.admitRequests(ctx, t, 1); err != nil {
				writeRejection(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// allDisabled tells whether there is no limit at all.
func (l *Limits) allDisabled() bool {
	return l.requests == nil && l.premium == nil && l.cost == nil && l.signIns == nil
}

// admitRequests takes n requests out of their caller's bucket, and waits where they came
// early: together as long as they would one after the other.
func (l *Limits) admitRequests(ctx context.Context, t *limitedRequest, n int) error {
	limiter, policies := l.requests, l.policies
	if t.caller.isPremium() {
		limiter, policies = l.premium, l.premiumPolicies
	}
	if policies != nil {
		t.header["Ratelimit-Policy"] = policies
	}
	if limiter == nil {
		return nil
	}
	d := limiter.Allow(ctx, t.caller.bucketKey(), n)
	if !d.Allowed {
		return t.rejectRequest(d, exceededMessage("too many requests", d.Policy))
	}
	t.setHeaders(d)
	slow := l.rules.Slowdown.scaleToLimit(d.Policy.Limit, l.rules.Requests.Limit)
	var delay time.Duration
	for i := range n {
		delay += slow.requestDelay(d.Policy.Limit - d.Remaining - i)
	}
	if delay == 0 {
		return nil
	}
	err := l.delays.delayRequest(ctx, delay)
	if errors.Is(err, errDelayQueueFull) {
		d.RetryAfter = delay
		return t.rejectRequest(d, fmt.Sprintf("%d requests are being slowed down already, and no more can be", maxDelayed))
	}
	return err
}

// Requests takes n requests that came within the one of ctx, which is counted
// already, out of their caller's bucket, and waits, or returns an error, as
// Middleware does for each. See Spend for what else holds.
func (l *Limits) Requests(ctx context.Context, n int) error {
	t := limitedRequestFrom(ctx)
	if t == nil || n < 1 {
		return nil
	}
	return l.admitRequests(ctx, t, n)
}

// Spend takes the cost of an operation out of the budget of the caller whose
// request ctx is of, or returns an *edu.Error of the code RATE_LIMITED. A request
// that Middleware has not seen has no limit.
//
// All of these methods write headers, so they must be called before the answer is
// begun, by the request's goroutine.
func (l *Limits) Spend(ctx context.Context, cost int64) error {
	t := limitedRequestFrom(ctx)
	if t == nil || l.cost == nil {
		return nil
	}
	d := l.cost.Allow(ctx, t.caller.bucketKey(), int(cost))
	if !d.Allowed {
		return t.rejectRequest(d, exceededMessage(fmt.Sprintf("the operation's cost of %d is more than what is left", cost), d.Policy))
	}
	t.setHeaders(d)
	return nil
}

// Attempt takes an attempt to begin a session, or to go on with one, out of the
// bucket of the address that the request of ctx came from, or returns an *edu.Error
// of the code RATE_LIMITED. See Spend for what else holds.
func (l *Limits) Attempt(ctx context.Context) error {
	t := limitedRequestFrom(ctx)
	if t == nil || l.signIns == nil {
		return nil
	}
	d := l.signIns.Allow(ctx, addressKey(t.caller.address), 1)
	if !d.Allowed {
		return t.rejectRequest(d, exceededMessage("too many attempts to sign in", d.Policy))
	}
	t.setHeaders(d)
	return nil
}

// CountEmailSignIn is Attempt for the bucket of the email that is tried. What is left of
// it is not told: others may be at it.
func (l *Limits) CountEmailSignIn(ctx context.Context, email string) error {
	t := limitedRequestFrom(ctx)
	if t == nil || l.emailSignIns == nil {
		return nil
	}
	if d := l.emailSignIns.Allow(ctx, emailKey(email), 1); !d.Allowed {
		return t.rejectRequest(d, exceededMessage("too many attempts to sign in with this email", d.Policy))
	}
	return nil
}
