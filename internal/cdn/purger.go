package cdn

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Purger removes responses from a CDN.
type Purger interface {
	// Purge removes all responses that have one of the keys. It returns once the CDN has accepted the request. The
	// error may be logged: it contains no token.
	Purge(ctx context.Context, keys []string) error
	// Limits returns what the CDN accepts.
	Limits() Limits
}

// Limits are what a CDN accepts: the number of keys in one request, and the least time between two requests.
type Limits struct {
	Keys     int
	Interval time.Duration
}

// maxErrorBytes limits how much of an error response is read for the log.
const maxErrorBytes = 500

// send sends a purge request. An error has the beginning of the response.
func send(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("cdn: purge: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("cdn: purge: status %d: %s", resp.StatusCode, strings.TrimSpace(string(body)))
	}
	return nil
}
