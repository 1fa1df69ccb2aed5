package ratelimit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
)

// limitedRequest is one request and the header of its answer.
type limitedRequest struct {
	caller     caller
	header     http.Header
	retryAfter int64 // seconds, of the refusal that asks for the most; 0 for none
}

type limitedRequestKey struct{}

func limitedRequestFrom(ctx context.Context) *limitedRequest {
	t, _ := ctx.Value(limitedRequestKey{}).(*limitedRequest)
	return t
}

// setHeaders tells of a bucket in the header, after those that were told of before. What
// it said of the same one is out of date.
func (t *limitedRequest) setHeaders(d Decision) {
	if t.retryAfter > 0 {
		return
	}
	b := make([]byte, 0, 64)
	if before := t.header["Ratelimit"]; before != nil {
		for item := range strings.SplitSeq(before[0], ", ") {
			if name, _, _ := strings.Cut(item, ";"); strings.Trim(name, `"`) != d.Policy.Name {
				b = append(append(b, item...), ", "...)
			}
		}
	}
	t.header["Ratelimit"] = []string{string(appendBucketState(b, d))}
}

// rejectRequest tells of a bucket that does not hold what was asked for. It is the only
// one told of then: Retry-After should be no earlier than the t of any.
func (t *limitedRequest) rejectRequest(d Decision, why string) error {
	wait := ceilSeconds(d.RetryAfter)
	if wait > t.retryAfter {
		t.retryAfter = wait
		t.header["Ratelimit"] = []string{string(appendBucketState(make([]byte, 0, 32), d))}
		t.header["Retry-After"] = []string{strconv.FormatInt(wait, 10)}
	}
	return &edu.Error{
		Code: edu.RateLimited, Message: why + ", come back in " + formatSeconds(wait), RetryAfter: int(wait),
	}
}

// exceededMessage says which limit something was over.
func exceededMessage(what string, p Policy) string {
	return fmt.Sprintf("%s: the limit is %d in %s", what, p.Limit, formatSeconds(ceilSeconds(p.Window)))
}

// policyHeader is the value of RateLimit-Policy, nil where all are off.
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

// appendBucketState adds an item of RateLimit: what remains, and in how many seconds
// there is more of it, or after a refusal enough.
func appendBucketState(b []byte, d Decision) []byte {
	t := d.ReplenishAfter
	if d.RetryAfter > 0 {
		t = d.RetryAfter
	}
	b = append(b, '"')
	b = append(b, d.Policy.Name...)
	b = append(b, `";r=`...)
	b = strconv.AppendInt(b, int64(d.Remaining), 10)
	b = append(b, ";t="...)
	return strconv.AppendInt(b, ceilSeconds(t), 10)
}

// statusClientClosed is for who left before the answer: nobody reads it, the access log
// shows it.
const statusClientClosed = 499

// writeRejection answers a request that was not let through.
func writeRejection(w http.ResponseWriter, err error) {
	problem, ok := errors.AsType[*edu.Error](err)
	if !ok { // of a context that is done
		w.WriteHeader(statusClientClosed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusTooManyRequests)
	message, _ := json.Marshal(problem.Message) // a string
	_, _ = fmt.Fprintf(w, `{"errors":[{"message":%s,"extensions":{"code":%q,"retryAfter":%d}}]}`,
		message, problem.Code, problem.RetryAfter)
}

// ceilSeconds rounds up, as whoever comes a little too early is refused again.
func ceilSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// formatSeconds says a number of seconds in the largest unit that fits it.
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
