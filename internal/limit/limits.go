package limit

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

// attemptsAnEmail is how many times the limit of sessions an email has. It keeps
// guesses at one account down wherever they come from: 50 in 15 minutes by default,
// where NIST SP 800-63B section 3.2.2 admits 100 failures in a row. It is larger
// than an address's so that no address by itself can keep an owner out.
const attemptsAnEmail = 10

// Rules are the limits of a server; a Policy that is off is none.
type Rules struct {
	// Requests of an anonymous address, or of a viewer; Premium is that of premium
	// plans, instructors and admins.
	Requests, Premium Policy
	// Cost that the operations of one caller may have together.
	Cost Policy
	// Sessions that one address may try to begin or go on with.
	Sessions Policy
	// Slowdown is for Requests; for Premium it begins at the same share of the limit.
	Slowdown Slowdown
}

// Limits are the limits of a server over their buckets. It is safe for concurrent
// use.
type Limits struct {
	rules                                       Rules
	requests, premium, cost, sessions, attempts *counted // nil for none
	waiting                                     room
	// policies is the header RateLimit-Policy of callers, and premiumPolicies of
	// those with the larger limit.
	policies, premiumPolicies []string
}

// New returns Limits over buckets in r, or in this process where r is nil.
func New(rules Rules, r *cache.Redis) *Limits {
	rules.Requests.Name, rules.Premium.Name, rules.Cost.Name, rules.Sessions.Name = "default", "premium", "cost", "sessions"
	attempts := Policy{Name: "emails", Limit: rules.Sessions.Limit * attemptsAnEmail, Window: rules.Sessions.Window}
	open := func(p Policy) *counted {
		if p.Off() {
			return nil
		}
		return &counted{Limiter: NewLimiter(p, r), name: p.Name}
	}
	return &Limits{
		rules:    rules,
		requests: open(rules.Requests), premium: open(rules.Premium), cost: open(rules.Cost),
		sessions: open(rules.Sessions), attempts: open(attempts),
		policies:        policyHeader(rules.Requests, rules.Cost, rules.Sessions),
		premiumPolicies: policyHeader(rules.Premium, rules.Cost, rules.Sessions),
	}
}

// Middleware lets a request through while the bucket of its viewer, or of its
// address, holds one, and slows it down where that bucket runs low. Each answer has
// RateLimit-Policy and RateLimit, the structured fields of the IETF's
// draft-ietf-httpapi-ratelimit-headers-10; a refusal is 429 with Retry-After and a
// GraphQL error of the code RATE_LIMITED. It must run where the viewer is known.
func (l *Limits) Middleware(address func(*http.Request) netip.Addr) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if l.off() {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t := &turn{header: w.Header(), caller: caller{edu.ViewerFrom(r.Context()), address(r)}}
			ctx := context.WithValue(r.Context(), turnKey{}, t)
			if err := l.enter(ctx, t, 1); err != nil {
				refuse(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// off tells whether there is no limit at all.
func (l *Limits) off() bool {
	return l.requests == nil && l.premium == nil && l.cost == nil && l.sessions == nil
}

// enter takes n requests out of their caller's bucket, and waits where they came
// early: together as long as they would one after the other.
func (l *Limits) enter(ctx context.Context, t *turn, n int) error {
	limiter, policies := l.requests, l.policies
	if t.caller.premium() {
		limiter, policies = l.premium, l.premiumPolicies
	}
	if policies != nil {
		t.header["Ratelimit-Policy"] = policies
	}
	if limiter == nil {
		return nil
	}
	d := limiter.Allow(ctx, t.caller.key(), n)
	if !d.Allowed {
		return t.refuse(d, over("too many requests", d.Policy))
	}
	t.note(d)
	slow := l.rules.Slowdown.of(d.Policy.Limit, l.rules.Requests.Limit)
	var delay time.Duration
	for i := range n {
		delay += slow.delay(d.Policy.Limit - d.Remaining - i)
	}
	if delay == 0 {
		return nil
	}
	err := l.waiting.wait(ctx, delay)
	if errors.Is(err, errCrowded) {
		d.RetryAfter = delay
		return t.refuse(d, fmt.Sprintf("%d requests are being slowed down already, and no more can be", maxWaiting))
	}
	return err
}

// Requests takes n requests that came within the one of ctx, which is counted
// already, out of their caller's bucket, and waits, or returns an error, as
// Middleware does for each. See Spend for what else holds.
func (l *Limits) Requests(ctx context.Context, n int) error {
	t := turnOf(ctx)
	if t == nil || n < 1 {
		return nil
	}
	return l.enter(ctx, t, n)
}

// Spend takes the cost of an operation out of the budget of the caller whose
// request ctx is of, or returns an *edu.Error of the code RATE_LIMITED. A request
// that Middleware has not seen has no limit.
//
// All of these methods write headers, so they must be called before the answer is
// begun, by the request's goroutine.
func (l *Limits) Spend(ctx context.Context, cost int64) error {
	t := turnOf(ctx)
	if t == nil || l.cost == nil {
		return nil
	}
	d := l.cost.Allow(ctx, t.caller.key(), int(cost))
	if !d.Allowed {
		return t.refuse(d, over(fmt.Sprintf("the operation's cost of %d is more than what is left", cost), d.Policy))
	}
	t.note(d)
	return nil
}

// Attempt takes an attempt to begin a session, or to go on with one, out of the
// bucket of the address that the request of ctx came from, or returns an *edu.Error
// of the code RATE_LIMITED. See Spend for what else holds.
func (l *Limits) Attempt(ctx context.Context) error {
	t := turnOf(ctx)
	if t == nil || l.sessions == nil {
		return nil
	}
	d := l.sessions.Allow(ctx, addressKey(t.caller.address), 1)
	if !d.Allowed {
		return t.refuse(d, over("too many attempts to sign in", d.Policy))
	}
	t.note(d)
	return nil
}

// AttemptWith is Attempt for the bucket of the email that is tried. What is left of
// it is not told: others may be at it.
func (l *Limits) AttemptWith(ctx context.Context, email string) error {
	t := turnOf(ctx)
	if t == nil || l.attempts == nil {
		return nil
	}
	if d := l.attempts.Allow(ctx, emailKey(email), 1); !d.Allowed {
		return t.refuse(d, over("too many attempts to sign in with this email", d.Policy))
	}
	return nil
}
