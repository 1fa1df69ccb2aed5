package limit

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Middleware lets a request through while the bucket of its key holds one. Each
// answer has RateLimit-Policy and RateLimit, the structured fields of the IETF's
// draft-ietf-httpapi-ratelimit-headers-10; a refusal is 429 with Retry-After and a
// GraphQL error of code RATE_LIMITED. A request whose key is "" is not limited.
func Middleware(l Limiter, key func(*http.Request) string) func(http.Handler) http.Handler {
	p := l.Policy()
	policy := []string{fmt.Sprintf(`"default";q=%d;w=%d`, p.Limit, seconds(p.Window))}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key := key(r)
			if key == "" {
				next.ServeHTTP(w, r)
				return
			}
			d := l.Allow(r.Context(), key, 1)
			h := w.Header()
			h["Ratelimit-Policy"] = policy
			h["Ratelimit"] = []string{state(d)}
			if d.Allowed {
				next.ServeHTTP(w, r)
				return
			}
			refuse(w, p, d)
		})
	}
}

// state is the value of RateLimit. Of a refusal t is when to come back, not when
// all is restored: the draft wants Retry-After to be no earlier than t.
func state(d Decision) string {
	t := d.Reset
	if !d.Allowed {
		t = d.RetryAfter
	}
	b := make([]byte, 0, 40)
	b = append(b, `"default";r=`...)
	b = strconv.AppendInt(b, int64(d.Remaining), 10)
	b = append(b, ";t="...)
	b = strconv.AppendInt(b, seconds(t), 10)
	return string(b)
}

func refuse(w http.ResponseWriter, p Policy, d Decision) {
	wait := seconds(d.RetryAfter)
	h := w.Header()
	h.Set("Retry-After", strconv.FormatInt(wait, 10))
	h.Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = fmt.Fprintf(w, `{"errors":[{"message":"too many requests: the limit is %d in %s, come back in %s",`+
		`"extensions":{"code":"RATE_LIMITED"}}]}`, p.Limit, words(seconds(p.Window)), words(wait))
}

// seconds rounds up, as whoever comes a little too early is refused again.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// words says a number of seconds in the largest unit that fits it.
func words(n int64) string {
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
