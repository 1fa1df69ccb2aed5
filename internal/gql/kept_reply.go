package gql

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/answers"
	"github.com/7p-education/api/internal/middleware"
)

// sendKept writes an answer that others may keep too, or tells a caller who has it
// already that it is as it was.
func (out reply) sendKept(r *http.Request, a *answers.Answer, now time.Time) {
	h := out.w.Header()
	h["Content-Type"] = contentResponse
	if out.legacy {
		h["Content-Type"] = contentJSON
	}
	values := [...]string{cacheControl(r, a), a.ETag} // one allocation for both
	h["Cache-Control"], h["Etag"] = values[:1:1], values[1:]
	h["Vary"] = []string{strings.Join(append(h["Vary"], "Authorization", "Cookie"), ", ")} // a line costs more than a name
	if age := a.Age(now); age >= time.Second {
		h["Age"] = []string{strconv.FormatInt(int64(age/time.Second), 10)}
	}
	if r.Method == http.MethodGet && matches(r.Header["If-None-Match"], a.ETag) {
		delete(h, "Content-Type")
		out.w.WriteHeader(http.StatusNotModified)
		return
	}
	middleware.WriteWhole(out.w, http.StatusOK, a.Body, a.Coded)
}

// cacheControl tells others how long they may keep an answer. One that was asked for
// with credentials is never public, whatever it was made from.
func cacheControl(r *http.Request, a *answers.Answer) string {
	share := ", private"
	if a.Scope == answers.Public && r.Header["Authorization"] == nil && r.Header["Cookie"] == nil {
		share = ", public"
	}
	return "max-age=" + strconv.FormatInt(int64(a.MaxAge/time.Second), 10) + share
}

// matches tells whether an ETag is among those of If-None-Match, which compares them
// weakly (RFC 9110, section 13.1.2): in another coding it is the same answer.
func matches(given []string, etag string) bool {
	for _, list := range given {
		for tag := range strings.SplitSeq(list, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}

// maxRenewals is how many answers are made anew at a time beside the requests.
const maxRenewals = 4

// renew makes a stale answer anew, after it was given once more.
func (h HTTP) renew(v *visit, exec graphql.GraphExecutor) {
	select {
	case h.renewals <- struct{}{}:
	default: // the next who asks tries again
		return
	}
	again, params := v.again(context.Background())
	go func() {
		defer func() { <-h.renewals }()
		defer again.end()
		_ = asNobody(context.Background(), again, params, exec) // the presenter logs what is ours
	}()
}
