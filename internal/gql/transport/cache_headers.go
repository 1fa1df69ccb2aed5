package transport

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/middleware"
)

// An entry holds its body in each content coding.
var _ [respcache.MaxEncodings - middleware.CodingCount]struct{}

// writeCachedResponse writes a response that other caches may store, or 304 if the client has it
// already. Only responses to GET and QUERY have an ETag: a POST cannot be conditional.
func (out responseWriter) writeCachedResponse(r *http.Request, lookup *respcache.RequestLookup, e *respcache.Entry, now time.Time) {
	h := out.w.Header()
	h["Content-Type"] = out.contentType(http.StatusOK)
	// All values are parts of one string, and their slices of one array.
	text := lookup.AppendCacheStatus(make([]byte, 0, 96), now)
	status := len(text)
	private := hasCredentials(r)
	shared := out.sharedCache != nil && !private
	if shared {
		text = out.sharedCache.appendCacheControl(text, e, now)
	} else {
		text = appendCacheControl(text, private, e)
	}
	control := len(text)
	text = strconv.AppendInt(text, int64(e.Age(now)/time.Second), 10)
	s := string(text)
	values := [...]string{s[:status], s[status:control], s[control:], e.ETag}
	h["Cache-Status"], h["Cache-Control"] = values[:1:1], values[1:2:2]
	switch {
	case shared:
		out.sharedCache.setKeys(h, e)
	case lookup.Result() == respcache.Hit:
		h["Age"] = values[2:3:3]
	}
	h["Vary"] = varyOfCached(h["Vary"], private)
	if r.Method != http.MethodPost {
		h["Etag"] = values[3:]
		if tag := middleware.MatchETag(r.Header["If-None-Match"], e.ETag); tag != "" {
			values[3] = tag
			delete(h, "Content-Type")
			out.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	middleware.WriteCachedBody(out.w, http.StatusOK, e)
}

// hasCredentials reports whether the response to r may depend on who sent it.
func hasCredentials(r *http.Request) bool {
	return r.Header["Authorization"] != nil || r.Header["Cookie"] != nil || edu.ViewerFrom(r.Context()).SignedIn()
}

// appendCacheControl appends how long others may store a response. Browsers revalidate a private one each
// time, which costs a 304: otherwise a page would show a viewer's own write undone. A public one is the
// same for all anonymous viewers, so that CDNs may store it for its maximum age.
func appendCacheControl(b []byte, private bool, e *respcache.Entry) []byte {
	if private {
		return append(b, "private, no-cache"...)
	}
	b = append(b, "public, max-age=0, s-maxage="...)
	b = strconv.AppendInt(b, int64(e.MaxAge/time.Second), 10)
	b = append(b, ", stale-while-revalidate="...)
	return strconv.AppendInt(b, int64(respcache.StaleWhileRevalidate/time.Second), 10)
}

// The usual Vary of a response before it is known to be cacheable, and the Vary that it gets then.
var (
	commonVary       = []string{"Origin", "Accept-Encoding", "Accept"}
	commonCachedVary = joinVaryLine(commonVary)
	privateVary      = []string{"*"}
)

// varyOfCached returns the Vary of a cacheable response. A public one depends on the headers of
// credentials too. A private one matches no later request (RFC 9111, section 4.1): on the way back, Chromium
// ignores no-cache and shows what a GET returned before, unless Vary forces it to revalidate.
func varyOfCached(vary []string, private bool) []string {
	switch {
	case private:
		return privateVary
	case slices.Equal(vary, commonVary):
		return commonCachedVary
	}
	return joinVaryLine(vary)
}

// joinVaryLine returns a single line: a header line costs more than a name in it.
func joinVaryLine(vary []string) []string {
	return []string{strings.Join(append(slices.Clip(vary), "Authorization", "Cookie"), ", ")}
}
