package transport

import (
	"net/http"
	"strconv"
	"time"

	"github.com/7p-education/api/internal/gql/respcache"
)

// SharedCache describes a CDN that stores public responses, and from which they are purged by their surrogate keys
// when their data change.
type SharedCache struct {
	// KeysHeader is the header of surrogate keys in its canonical form, such as Surrogate-Key.
	KeysHeader string
	// MaxAge is the longest time that the CDN may serve a response if no purge reaches it.
	MaxAge time.Duration
}

// appendCacheControl appends how long the CDN may store a response. The time counts from this response, without
// an Age: the entry was valid when the request arrived, so only the rest of its own maximum age limits it. The CDN
// may not serve it afterwards while it revalidates.
func (c *SharedCache) appendCacheControl(b []byte, e *respcache.Entry, now time.Time) []byte {
	rest := min(e.MaxAge-e.Age(now), c.MaxAge)
	if e.SurrogateKeys == "" || rest < time.Second {
		return append(b, "private, no-cache"...)
	}
	b = append(b, "public, max-age=0, s-maxage="...)
	return strconv.AppendInt(b, int64(rest/time.Second), 10)
}

// setKeys sets the header of surrogate keys.
func (c *SharedCache) setKeys(h http.Header, e *respcache.Entry) {
	if e.SurrogateKeys != "" {
		h[c.KeysHeader] = []string{e.SurrogateKeys}
	}
}
