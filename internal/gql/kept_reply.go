package gql

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/answers"
	"github.com/7p-education/api/internal/middleware"
)

// sendKept writes an answer that others may keep too, or tells a caller who has it
// already that it is as it was. Only GET has an ETag: of an answer to POST nobody can
// ask whether it is still the same.
func (out reply) sendKept(r *http.Request, v *visit, a *answers.Answer, now time.Time) {
	h := out.w.Header()
	h["Content-Type"] = contentResponse
	if out.legacy {
		h["Content-Type"] = contentJSON
	}
	// All values are parts of one text, and their slices of one array.
	text := v.appendCacheStatus(make([]byte, 0, 96), now)
	status := len(text)
	text = appendCacheControl(text, r, a)
	control := len(text)
	age := a.Age(now)
	text = strconv.AppendInt(text, int64(age/time.Second), 10)
	s := string(text)
	values := [...]string{s[:status], s[status:control], s[control:], a.ETag}
	h["Cache-Status"], h["Cache-Control"] = values[:1:1], values[1:2:2]
	if v.found != nil {
		h["Age"] = values[2:3:3]
	}
	h["Vary"] = varyOfKept(h["Vary"])
	if r.Method == http.MethodGet {
		h["Etag"] = values[3:]
		if tag := matching(r.Header["If-None-Match"], a.ETag); tag != "" {
			values[3] = tag
			delete(h, "Content-Type")
			out.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	middleware.WriteWhole(out.w, http.StatusOK, a.Body, a.Coded)
}

// appendCacheControl tells others how long they may keep an answer. One that was
// asked for with credentials is never public, whatever it was made from.
func appendCacheControl(b []byte, r *http.Request, a *answers.Answer) []byte {
	b = append(b, "max-age="...)
	b = strconv.AppendInt(b, int64(a.MaxAge/time.Second), 10)
	if a.Scope == answers.Public && r.Header["Authorization"] == nil && r.Header["Cookie"] == nil {
		return append(b, ", public"...)
	}
	return append(b, ", private"...)
}

// What a kept answer nearly always varies by before it is known to be one, and what
// it says then.
var (
	varyBefore = []string{"Origin", "Accept-Encoding", "Accept"}
	varyUsual  = varyWith(varyBefore)
)

// varyOfKept adds to a header Vary that credentials choose the answer.
func varyOfKept(vary []string) []string {
	if slices.Equal(vary, varyBefore) {
		return varyUsual
	}
	return varyWith(vary)
}

// varyWith makes one line, as a line costs more than a name.
func varyWith(vary []string) []string {
	return []string{strings.Join(append(slices.Clip(vary), "Authorization", "Cookie"), ", ")}
}

// matching returns the one of If-None-Match that an ETag is, weak where the caller has
// it so, or "". They are compared weakly (RFC 9110, section 13.1.2): in another coding
// it is the same answer.
func matching(given []string, etag string) string {
	for _, list := range given {
		for tag := range strings.SplitSeq(list, ",") {
			switch tag = strings.TrimSpace(tag); {
			case tag == "*":
				return etag
			case strings.TrimPrefix(tag, "W/") == etag:
				return tag
			}
		}
	}
	return ""
}

// maxRenewals is how many answers are made anew at a time beside the requests.
const maxRenewals = 4

// renew makes a stale answer anew, while it is given once more.
func (h HTTP) renew(v *visit, exec graphql.GraphExecutor) {
	select {
	case h.renewals <- struct{}{}:
	default: // the next who asks tries again
		return
	}
	again, params := v.again()
	go func() {
		defer func() { <-h.renewals }()
		defer again.end()
		_ = asNobody(context.Background(), again, params, exec) // the presenter logs what is ours
	}()
}
