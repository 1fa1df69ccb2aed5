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

// Rules are the limits of a server; a zero Policy disables a limit.
type Rules struct {
	// Requests limits the requests of an anonymous address or of a viewer. Premium replaces it for
	// premium plans, instructors and admins.
	Requests, Premium Policy
	// Cost limits the total cost of a caller's operations.
	Cost Policy
	// SignIns limits the attempts of one address to begin or refresh a session.
	SignIns Policy
	// Emails limits the attempts to sign in with one email from all addresses together, except those
	// that signed in with it before; SignIns must be enabled too.
	Emails Policy
	// Registrations limits the KiB of texts that a caller stores as persisted queries.
	Registrations Policy
	// Slowdown delays Requests; for Premium it begins at the same share of the limit.
	Slowdown Slowdown
}

// Limits applies Rules to requests. It is safe for concurrent use.
type Limits struct {
	rules                            Rules
	requests, premium, cost, signIns *countedLimiter // nil if disabled
	emails                           *emailLimits    // nil if disabled
	registrations                    *countedLimiter // nil if disabled
	failures                         *countedLimiter // of authentications; nil if disabled
	delays                           *delayQueue
	// policies is the RateLimit-Policy header of ordinary callers, premiumPolicies that of callers
	// with the larger limit, failurePolicies that of failed authentications.
	policies, premiumPolicies, failurePolicies []string
}

// New returns Limits with buckets in r, or in memory if r is nil.
func New(rules Rules, r *cache.Redis) *Limits {
	rules.Requests.Name, rules.Premium.Name, rules.Cost.Name, rules.SignIns.Name = "default", "premium", "cost", "sessions"
	rules.Registrations.Name = "registrations"
	failures := Policy{Name: "authentication", Limit: rules.Requests.Limit, Window: rules.Requests.Window}
	open := func(p Policy) *countedLimiter {
		if p.Disabled() {
			return nil
		}
		return &countedLimiter{Limiter: NewLimiter(p, r), policy: p}
	}
	l := &Limits{
		rules:    rules,
		requests: open(rules.Requests), premium: open(rules.Premium), cost: open(rules.Cost),
		signIns: open(rules.SignIns), registrations: open(rules.Registrations), failures: open(failures), delays: newDelayQueue(),
		policies:        policyHeader(rules.Requests, rules.Cost, rules.SignIns),
		premiumPolicies: policyHeader(rules.Premium, rules.Cost, rules.SignIns),
		failurePolicies: policyHeader(failures),
	}
	if l.signIns != nil && !rules.Emails.Disabled() {
		l.emails = newEmailLimits(rules.Emails, open)
	}
	return l
}

// Middleware admits a request while the bucket of its viewer or its address holds one, and delays it
// when the bucket runs low. Each response has RateLimit-Policy and RateLimit, the structured fields of
// the IETF's draft-ietf-httpapi-ratelimit-headers-10. A rejection is 429 with Retry-After and a GraphQL
// error of the code RATE_LIMITED. Middleware must run inside auth.Middleware, which sets the viewer.
func (l *Limits) Middleware(address func(*http.Request) netip.Addr) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if l.allDisabled() {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			limited := &limitedRequest{header: w.Header(), caller: caller{edu.ViewerFrom(r.Context()), address(r)}}
			ctx := context.WithValue(r.Context(), limitedRequestKey{}, limited)
			if err := l.admitRequests(ctx, limited, 1); err != nil {
				writeRejection(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// allDisabled reports whether all limits are disabled.
func (l *Limits) allDisabled() bool {
	return l.requests == nil && l.premium == nil && l.cost == nil && l.signIns == nil && l.registrations == nil
}

// admitRequests takes n requests from their caller's bucket and delays them if the bucket runs low: for
// as long in total as it would delay n single requests.
func (l *Limits) admitRequests(ctx context.Context, limited *limitedRequest, n int) error {
	limiter, policies := l.requests, l.policies
	if limited.caller.isPremium() {
		limiter, policies = l.premium, l.premiumPolicies
	}
	if policies != nil {
		limited.header["Ratelimit-Policy"] = policies
	}
	if limiter == nil {
		return nil
	}
	d := limiter.Allow(ctx, limited.caller.bucketKey(), n)
	if !d.Allowed {
		return limited.rejectRequest(d, exceededMessage("too many requests", d.Policy))
	}
	limited.setHeaders(d)
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
		return limited.rejectRequest(d, fmt.Sprintf("the maximum of %d delayed requests is reached", maxDelayed))
	}
	return err
}

// ConsumeRequests takes n further requests from the caller's bucket, such as the members of a batch; the
// request of ctx itself is already counted. It delays or returns an error as Middleware does for each.
// The rules of ConsumeCost apply.
func (l *Limits) ConsumeRequests(ctx context.Context, n int) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || n < 1 {
		return nil
	}
	return l.admitRequests(ctx, limited, n)
}

// ConsumeCost takes the cost of an operation from the budget of the request's caller, or returns an
// *edu.Error of the code RATE_LIMITED. A request that did not pass Middleware has no limit.
//
// All of these methods write headers. Call them before the response begins, from the request's
// goroutine.
func (l *Limits) ConsumeCost(ctx context.Context, cost int64) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || l.cost == nil {
		return nil
	}
	d := l.cost.Allow(ctx, limited.caller.bucketKey(), int(cost))
	if !d.Allowed {
		return limited.rejectRequest(d, exceededMessage(fmt.Sprintf("the operation's cost of %d exceeds the remaining budget", cost), d.Policy))
	}
	limited.setHeaders(d)
	return nil
}

// ConsumeSignIn takes an attempt to begin a session, or one to refresh it with an invalid token, from the
// bucket of the request's address, or returns an *edu.Error of the code RATE_LIMITED. The rules of
// ConsumeCost apply.
func (l *Limits) ConsumeSignIn(ctx context.Context) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || l.signIns == nil {
		return nil
	}
	d := l.signIns.Allow(ctx, addressKey(limited.caller.address), 1)
	if !d.Allowed {
		return limited.rejectRequest(d, exceededMessage("too many sign-in attempts", d.Policy))
	}
	limited.setHeaders(d)
	return nil
}
