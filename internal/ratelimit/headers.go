package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

// limitedRequest is a request with its caller and the header of its response.
type limitedRequest struct {
	caller     caller
	tier       *tier
	header     http.Header
	retryAfter int64         // longest wait of its rejections in seconds; 0 for none
	delay      time.Duration // of the request, by all limits together
	signingIn  bool          // whether it has an attempt to sign in in progress
}

type limitedRequestKey struct{}

// limitedRequestFrom returns the limitedRequest that Middleware stored in ctx, or nil.
func limitedRequestFrom(ctx context.Context) *limitedRequest {
	limited, _ := ctx.Value(limitedRequestKey{}).(*limitedRequest)
	return limited
}

// setHeaders appends the state of a bucket to the RateLimit header, and removes an earlier state of
// the same bucket.
func (r *limitedRequest) setHeaders(d Decision) {
	if r.retryAfter > 0 {
		return
	}
	b := make([]byte, 0, 64)
	if previous := r.header["Ratelimit"]; previous != nil {
		for item := range strings.SplitSeq(previous[0], ", ") {
			if name, _, _ := strings.Cut(item, ";"); strings.Trim(name, `"`) != d.Policy.Name {
				b = append(append(b, item...), ", "...)
			}
		}
	}
	r.header["Ratelimit"] = []string{string(appendBucketState(b, d))}
}

// rejectRequest returns the error of a bucket that does not hold the requested cost, and makes the
// bucket the only one in the RateLimit header: Retry-After must not be less than the t of any bucket.
func (r *limitedRequest) rejectRequest(d Decision, reason string) error {
	wait := ceilSeconds(d.RetryAfter)
	if wait > r.retryAfter {
		r.retryAfter = wait
		r.header["Ratelimit"] = []string{string(appendBucketState(make([]byte, 0, 32), d))}
		r.header["Retry-After"] = []string{strconv.FormatInt(wait, 10)}
	}
	return &edu.Error{
		Code: edu.RateLimited, Message: reason + ", retry in " + formatSeconds(wait), RetryAfter: int(wait),
	}
}

// addDelay adds a delay of the request to the Server-Timing header of its response, in milliseconds.
func (r *limitedRequest) addDelay(d time.Duration) {
	r.delay += d
	r.header["Server-Timing"] = []string{"ratelimit;dur=" + strconv.FormatInt(r.delay.Milliseconds(), 10)}
}

// exceededMessage returns a message with the limit that was exceeded.
func exceededMessage(what string, p Policy) string {
	return fmt.Sprintf("%s: the limit is %d in %s", what, p.Limit, formatSeconds(ceilSeconds(p.Window)))
}

// policyHeader returns the value of RateLimit-Policy, or nil if all policies are disabled.
func policyHeader(all ...Policy) []string {
	var items []string
	for _, p := range all {
		if !p.Disabled() {
			items = append(items, fmt.Sprintf("%q;q=%d;w=%d", p.Name, p.Limit, ceilSeconds(p.Window)))
		}
	}
	if items == nil {
		return nil
	}
	return []string{strings.Join(items, ", ")}
}

// appendBucketState appends an item of RateLimit: the remaining content, and the seconds until there is
// more, or after a rejection until there is enough.
func appendBucketState(b []byte, d Decision) []byte {
	wait := d.ReplenishAfter
	if d.RetryAfter > 0 {
		wait = d.RetryAfter
	}
	b = append(b, '"')
	b = append(b, d.Policy.Name...)
	b = append(b, `";r=`...)
	b = strconv.AppendInt(b, int64(d.Remaining), 10)
	b = append(b, ";t="...)
	return strconv.AppendInt(b, ceilSeconds(wait), 10)
}

// writeRejection writes the response to a rejected request. A client that has disconnected gets none;
// the status then appears only in the access log.
func writeRejection(w http.ResponseWriter, err error) {
	problem, ok := errors.AsType[*edu.Error](err)
	if !ok { // the error of a context
		w.WriteHeader(response.StatusClientClosedRequest)
		return
	}
	response.WriteError(w, http.StatusTooManyRequests, string(problem.Code), problem.Message,
		response.Extension{Name: "retryAfter", Value: problem.RetryAfter})
}

// ceilSeconds rounds up, because a client that retries slightly too early is rejected again.
func ceilSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// formatSeconds formats n seconds in the largest unit that divides it.
func formatSeconds(n int64) string {
	unit := "second"
	switch {
	case n%3600 == 0:
		n, unit = n/3600, "hour"
	case n%60 == 0:
		n, unit = n/60, "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.FormatInt(n, 10) + " " + unit
}
