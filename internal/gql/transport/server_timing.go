package transport

import (
	"net/http"
	"strconv"

	"github.com/7p-education/api/internal/middleware"
)

// setServerTiming sets the header of W3C Server Timing to the database usage of an operation:
// sql;desc="4 statements in 2 round trips".
func setServerTiming(h http.Header, d middleware.DatabaseUsage) {
	b := appendCount([]byte(`sql;desc="`), d.Statements, " statement")
	b = appendCount(append(b, " in "...), d.RoundTrips, " round trip")
	h["Server-Timing"] = []string{string(append(b, '"'))}
}

// appendCount appends a number and a noun, as a plural unless the number is 1.
func appendCount(b []byte, n int64, noun string) []byte {
	b = append(strconv.AppendInt(b, n, 10), noun...)
	if n != 1 {
		b = append(b, 's')
	}
	return b
}
