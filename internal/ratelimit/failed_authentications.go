package ratelimit

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
)

// maxBlockedAddresses is the maximum number of addresses that FailedAuthentications blocks, about 200
// bytes each. An address that is evicted is blocked again at its next failure.
const maxBlockedAddresses = 10_000

// FailedAuthentications limits the failed authentications of an address, in a bucket of their own. The
// bucket has the size of Rules.Requests. It is safe for concurrent use; nil limits nothing.
//
// The failures are counted where all buckets are. When they are used up, this process blocks the address
// until the bucket holds one again, so a blocked request costs neither a signature nor a call to Redis.
type FailedAuthentications struct {
	limiter  *countedLimiter
	policies []string
	address  func(*http.Request) netip.Addr
	blocked  *otter.Cache[string, time.Time] // until when, by the address's key
}

// FailedAuthentications returns the limit of failed authentications, or nil if requests have no limit.
func (l *Limits) FailedAuthentications(address func(*http.Request) netip.Addr) *FailedAuthentications {
	if l.failures == nil {
		return nil
	}
	return &FailedAuthentications{
		limiter: l.failures, policies: l.failurePolicies, address: address,
		blocked: otter.Must(&otter.Options[string, time.Time]{MaximumSize: maxBlockedAddresses}),
	}
}

// RejectBlocked rejects a request with 429 if its address has no failures left, and reports whether it
// did.
func (f *FailedAuthentications) RejectBlocked(w http.ResponseWriter, r *http.Request) bool {
	if f == nil {
		return false
	}
	until, _ := f.blocked.GetIfPresent(addressKey(f.address(r))) // the zero time for others
	wait := time.Until(until)
	if wait <= 0 {
		return false
	}
	f.limiter.rejected.Add(1)
	f.reject(w, Decision{Policy: f.limiter.policy, RetryAfter: wait})
	return true
}

// RejectFailure takes a failure from the bucket of the request's address. If the bucket is empty, it
// rejects the request with 429 and returns true.
func (f *FailedAuthentications) RejectFailure(w http.ResponseWriter, r *http.Request) bool {
	if f == nil {
		return false
	}
	key := addressKey(f.address(r))
	d := f.limiter.Allow(r.Context(), key, 1)
	if !d.Allowed {
		f.blocked.Set(key, time.Now().Add(d.RetryAfter))
		f.reject(w, d)
		return true
	}
	if d.Remaining == 0 {
		f.blocked.Set(key, time.Now().Add(d.ReplenishAfter))
	}
	f.newLimitedRequest(w).setHeaders(d)
	return false
}

// newLimitedRequest returns a request whose response reports this limit only.
func (f *FailedAuthentications) newLimitedRequest(w http.ResponseWriter) *limitedRequest {
	w.Header()["Ratelimit-Policy"] = f.policies
	return &limitedRequest{header: w.Header()}
}

func (f *FailedAuthentications) reject(w http.ResponseWriter, d Decision) {
	writeRejection(w, f.newLimitedRequest(w).rejectRequest(d, exceededMessage("too many invalid tokens from this address", d.Policy)))
}
