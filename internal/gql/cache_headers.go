package gql

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/middleware"
)

// writeCachedResponse writes an answer that others may keep too, or tells a caller who has it
// already that it is as it was. Only GET has an ETag: of an answer to POST nobody can
// ask whether it is still the same.
func (out responseWriter) writeCachedResponse(r *http.Request, v *cacheLookup, a *respcache.Entry, now time.Time) {
	h := out.w.Header()
	h["Content-Type"] = contentTypeResponse
	if out.prefersJSON {
		h["Content-Type"] = contentTypeJSON
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
	if v.entry != nil {
		h["Age"] = values[2:3:3]
	}
	h["Vary"] = varyByCredentials(h["Vary"])
	if r.Method == http.MethodGet {
		h["Etag"] = values[3:]
		if tag := matchETag(r.Header["If-None-Match"], a.ETag); tag != "" {
			values[3] = tag
			delete(h, "Content-Type")
			out.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	middleware.WriteCachedBody(out.w, http.StatusOK, a.Body, a.EncodedBody)
}

// appendCacheControl tells others how long they may keep an answer. One that was
// asked for with credentials is never public, whatever it was made from.
func appendCacheControl(b []byte, r *http.Request, a *respcache.Entry) []byte {
	b = append(b, "max-age="...)
	b = strconv.AppendInt(b, int64(a.MaxAge/time.Second), 10)
	if a.Scope == respcache.Public && r.Header["Authorization"] == nil && r.Header["Cookie"] == nil {
		return append(b, ", public"...)
	}
	return append(b, ", private"...)
}

// What a kept answer nearly always varies by before it is known to be one, and what
// it says then.
var (
	commonVary       = []string{"Origin", "Accept-Encoding", "Accept"}
	commonCachedVary = joinVaryLine(commonVary)
)

// varyByCredentials adds to a header Vary that credentials choose the answer.
func varyByCredentials(vary []string) []string {
	if slices.Equal(vary, commonVary) {
		return commonCachedVary
	}
	return joinVaryLine(vary)
}

// joinVaryLine makes one line, as a line costs more than a name.
func joinVaryLine(vary []string) []string {
	return []string{strings.Join(append(slices.Clip(vary), "Authorization", "Cookie"), ", ")}
}

// matchETag returns the one of If-None-Match that an ETag is, weak where the caller has
// it so, or "". They are compared weakly (RFC 9110, section 13.1.2): in another coding
// it is the same answer.
func matchETag(ifNoneMatch []string, etag string) string {
	for _, list := range ifNoneMatch {
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

// maxRevalidations is how many answers are made anew at a time beside the requests.
const maxRevalidations = 4

// startRevalidation makes a stale answer anew, while it is given once more.
func (h HTTP) startRevalidation(v *cacheLookup, exec graphql.GraphExecutor) {
	select {
	case h.revalidationPermits <- struct{}{}:
	default: // the next who asks tries again
		return
	}
	revalidation, params := v.newRevalidation()
	go func() {
		defer func() { <-h.revalidationPermits }()
		defer revalidation.releaseLookup()
		_ = executeAnonymously(context.Background(), revalidation, params, exec) // the presenter logs what is ours
	}()
}
