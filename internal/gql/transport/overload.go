package transport

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/middleware"
)

// serveStale writes a cached response whose data may have changed, if the query was rejected because of overload and has
// no credentials: a viewer's own writes are never missing in it. It reports whether it did.
func (h *Handler) serveStale(ctx context.Context, out responseWriter, r *http.Request, lookup *respcache.RequestLookup) bool {
	now := time.Now()
	reserve := func(body int) error { return memory.MeterFrom(ctx).ReserveEntry(ctx, body) }
	if out.partsOnly || hasCredentials(r) || !lookup.FallBackToStale(now, h.MaxStaleness, reserve) {
		return false
	}
	e := lookup.Entry()
	observeLookup(ctx, lookup)
	lookup.Release()
	header := out.w.Header()
	header["Content-Type"] = out.contentType(http.StatusOK)
	header["Cache-Status"] = []string{string(lookup.AppendCacheStatus(nil, now))}
	header["Cache-Control"] = noStore // no other cache prolongs its use
	header["Age"] = []string{strconv.FormatInt(int64(e.Age(now)/time.Second), 10)}
	middleware.WriteCachedBody(out.w, http.StatusOK, e)
	return true
}
