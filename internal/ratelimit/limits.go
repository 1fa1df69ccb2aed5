package ratelimit

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
)

// Rules are the limits of a server; a zero Policy disables a limit.
type Rules struct {
	// Anonymous limits the mutations of an address without a token, Viewer those of a viewer, and Premium
	// those of premium plans, instructors and admins. Each also limits all requests of such a caller to
	// this process: see newRequestPolicy. A mutation that begins a session counts in SignIns only. One that
	// continues a session counts by address, with the limit of a viewer.
	Anonymous, Viewer, Premium Policy
	// Cost limits the total cost of a caller's operations.
	Cost Policy
	// SignIns limits the failed attempts of one address to begin or refresh a session, and its sign-ups.
	SignIns Policy
	// Emails limits the attempts to sign in with one email from all addresses together, except those
	// that signed in with it before; SignIns must be enabled too.
	Emails Policy
	// Mails limits the mails to one email that callers request, from all addresses together.
	Mails Policy
	// Registrations limits the KiB of texts that a caller stores as persisted queries.
	Registrations Policy
	// Slowdown delays mutations under Anonymous; for Viewer and Premium it begins at the same share of
	// the limit.
	Slowdown Slowdown
}

// Limits applies Rules to requests. It is safe for concurrent use.
type Limits struct {
	rules                      Rules
	anonymous, viewer, premium tier
	trusted                    tier            // of trusted addresses without a token
	cost, refreshes            *countedLimiter // nil if disabled
	leased                     *leasedLimiter  // of cost; nil without Redis
	signIns                    *signInLimiter  // nil if disabled
	emails                     *emailLimits    // nil if disabled
	registrations, mails       *countedLimiter // nil if disabled
	failures                   *countedLimiter // of authentications; nil if disabled
	delays                     *delayQueue
	failurePolicies            []string // the RateLimit-Policy header of failed authentications
}

// New returns Limits with buckets in r, or in memory if r is nil.
func New(rules Rules, r *cache.Redis) *Limits {
	rules.Anonymous.Name, rules.Viewer.Name, rules.Premium.Name = "default", "viewer", "premium"
	rules.Cost.Name, rules.SignIns.Name, rules.Registrations.Name, rules.Mails.Name = "cost", "sessions", "registrations", "mails"
	failures := Policy{Name: "authentication", Limit: rules.Anonymous.Limit, Window: rules.Anonymous.Window}
	refreshes := Policy{Name: "refreshes", Limit: rules.Viewer.Limit, Window: rules.Viewer.Window}
	open := func(p Policy) *countedLimiter { return newCountedLimiter(p, r) }
	l := &Limits{
		rules: rules, refreshes: open(refreshes), registrations: open(rules.Registrations), mails: open(rules.Mails), failures: open(failures),
		delays: newDelayQueue("requests"), failurePolicies: policyHeader(failures),
	}
	l.cost, l.leased = newCostLimiter(rules.Cost, r)
	for t, p := range map[*tier]Policy{&l.anonymous: rules.Anonymous, &l.viewer: rules.Viewer, &l.premium: rules.Premium} {
		*t = tier{
			requests: newCountedLimiter(newRequestPolicy(p), nil), mutations: open(p), cost: l.cost,
			policies: policyHeader(newRequestPolicy(p), p, rules.Cost, refreshes, rules.SignIns),
		}
	}
	l.trusted.policies = policyHeader(rules.SignIns)
	attempts := newDelayQueue("sign-in attempts")
	l.signIns = newSignInLimiter(rules.SignIns, r, attempts)
	if l.signIns != nil && !rules.Emails.Disabled() {
		l.emails = newEmailLimits(rules.Emails, open, attempts)
	}
	return l
}

// Close returns the permits that this process leased to their buckets in Redis. When the context ends,
// the others are lost until they refill. Requests after Close lease none.
func (l *Limits) Close(ctx context.Context) {
	if l.leased != nil {
		l.leased.close(ctx)
	}
}

// Middleware admits a request while the caller's bucket of requests holds its size, before its body is
// read. The bucket is in this process: see newRequestPolicy. Each response has RateLimit-Policy and
// RateLimit, the structured fields of the IETF's draft-ietf-httpapi-ratelimit-headers-10. A rejection is
// 429 with Retry-After and a GraphQL error of the code RATE_LIMITED. Middleware must run inside
// auth.Middleware, which sets the viewer.
func (l *Limits) Middleware(address func(*http.Request) netip.Addr) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if l.allDisabled() {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			limited := &limitedRequest{header: w.Header(), caller: caller{edu.ViewerFrom(r.Context()), address(r)}}
			limited.tier = l.tierOf(r.Context(), limited.caller)
			if limited.tier.policies != nil {
				limited.header["Ratelimit-Policy"] = limited.tier.policies
			}
			ctx := context.WithValue(r.Context(), limitedRequestKey{}, limited)
			if err := l.consumeRequests(ctx, limited, requestPrice(r)); err != nil {
				writeRejection(w, err)
				return
			}
			defer l.signIns.endAttempt(limited)
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// allDisabled reports whether all limits are disabled.
func (l *Limits) allDisabled() bool {
	return l.anonymous.policies == nil && l.viewer.policies == nil && l.premium.policies == nil && l.registrations == nil && l.mails == nil
}

// consumeRequests takes n from the caller's bucket of requests.
func (l *Limits) consumeRequests(ctx context.Context, limited *limitedRequest, n int) error {
	limiter := limited.tier.requests
	if limiter == nil {
		return nil
	}
	d := limiter.Allow(ctx, limited.caller.bucketKey(), n)
	if !d.Allowed {
		return limited.rejectRequest(d, exceededMessage("too many requests", d.Policy))
	}
	limited.setHeaders(d)
	return nil
}

// ConsumeRequests takes n further requests from the caller's bucket, such as the members of a batch; the
// request of ctx itself is already counted. The rules of ConsumeCost apply.
func (l *Limits) ConsumeRequests(ctx context.Context, n int) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || n < 1 {
		return nil
	}
	return l.consumeRequests(ctx, limited, n)
}

// ConsumeText takes the size of a text that has to be parsed from the caller's bucket of requests: one
// for each 100 bytes. The rules of ConsumeCost apply.
func (l *Limits) ConsumeText(ctx context.Context, bytes int) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil {
		return nil
	}
	return l.consumeRequests(ctx, limited, clampPrice(bytes, bytesPerParse))
}

// ConsumeMutation takes a mutation from the caller's bucket, and delays it when the bucket runs low. The
// rules of ConsumeCost apply; the error may also be that of the context.
func (l *Limits) ConsumeMutation(ctx context.Context) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil {
		return nil
	}
	return l.consumeMutation(ctx, limited, limited.tier.mutations, limited.caller.bucketKey())
}

// ConsumeRefresh takes the refresh of a session from the bucket of the request's address, as
// ConsumeMutation does from that of the caller: each refresh stores a row, and a class behind one address
// has many of them.
func (l *Limits) ConsumeRefresh(ctx context.Context) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || limited.tier == &l.trusted {
		return nil
	}
	return l.consumeMutation(ctx, limited, l.refreshes, addressKey(limited.caller.address))
}

func (l *Limits) consumeMutation(ctx context.Context, limited *limitedRequest, limiter *countedLimiter, key string) error {
	if limiter == nil {
		return nil
	}
	d := limiter.Allow(ctx, key, 1)
	if !d.Allowed {
		return limited.rejectRequest(d, exceededMessage("too many mutations", d.Policy))
	}
	limited.setHeaders(d)
	slow := l.rules.Slowdown.scaleToLimit(d.Policy.Limit, l.rules.Anonymous.Limit)
	return l.delays.delayRequest(ctx, limited, d, slow.requestDelay(d.Policy.Limit-d.Remaining))
}

// ConsumeCost takes the cost of an operation from the budget of the request's caller, or returns an
// *edu.Error of the code RATE_LIMITED. A request that did not pass Middleware has no limit. A process leases cost
// of busy callers from Redis: see leasedLimiter.
//
// All of these methods write headers. Call them before the response begins, from the request's
// goroutine.
func (l *Limits) ConsumeCost(ctx context.Context, cost int64) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || limited.tier.cost == nil {
		return nil
	}
	d := limited.tier.cost.Allow(ctx, limited.caller.bucketKey(), int(cost))
	if !d.Allowed {
		return limited.rejectRequest(d, exceededMessage(fmt.Sprintf("the operation's cost of %d exceeds the remaining budget", cost), d.Policy))
	}
	limited.setHeaders(d)
	return nil
}
