package transport

import (
	"net/http"
	"strconv"

	"github.com/7p-education/api/internal/middleware"
)

// showDatabaseUsage adds the database usage of a request to its header of W3C Server Timing, if the response may have
// it: sql;desc="4 statements in 2 round trips". A response from the response cache has cache;desc=hit besides.
func (h *Handler) showDatabaseUsage(header http.Header, r *http.Request, isHit bool) {
	if h.ShowsDatabaseUsage == nil || !h.ShowsDatabaseUsage(r) {
		return
	}
	d := middleware.DatabaseUsageOf(r.Context())
	b := appendCount([]byte(`sql;desc="`), d.Statements, " statement")
	b = appendCount(append(b, " in "...), d.RoundTrips, " round trip")
	b = append(b, '"')
	if isHit {
		b = append(b, ", cache;desc=hit"...)
	}
	header["Server-Timing"] = append(header["Server-Timing"], string(b)) // a rate limit may have added its delay
}

// appendCount appends a number and a noun, as a plural unless the number is 1.
func appendCount(b []byte, n int64, noun string) []byte {
	b = append(strconv.AppendInt(b, n, 10), noun...)
	if n != 1 {
		b = append(b, 's')
	}
	return b
}
