package ratelimit_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/internal/ratelimit"
)

// Mails to one email count together, in every case and from every address. Requests for other emails, and requests
// without a mail, do not count; nor do mails without a limit.
func TestMailLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Mails: policy(5, time.Hour)})
		request := func(email, address string) string {
			rec := s.send(t.Context(), caller{address: address, mail: &email})
			if rec.Header().Get("RateLimit") != "" && rec.Code == 200 {
				t.Errorf("an allowed mail has a header of a bucket that others use: %s", rec.Header().Get("RateLimit"))
			}
			if rec.Code == 200 {
				return ""
			}
			return rejectionMessage(t, rec)
		}
		for n, email := range []string{"a@x.example", "A@x.example", "a@X.EXAMPLE", "a@x.example", "a@x.example"} {
			if message := request(email, fmt.Sprint("192.0.2.", n)); message != "" {
				t.Errorf("mail %d: %s", n, message)
			}
		}
		if message, want := request("a@x.example", "192.0.2.9"), "too many mails to this email: the limit is 5 in 1 hour, retry in 12 minutes"; message != want {
			t.Errorf("got %q, want %q", message, want)
		}
		if message := request("b@x.example", "192.0.2.0"); message != "" {
			t.Errorf("another email: %s", message)
		}
		time.Sleep(12 * time.Minute)
		if first, second := request("a@x.example", "192.0.2.9"), request("a@x.example", "192.0.2.9"); first != "" || second == "" {
			t.Errorf("after 12 minutes: %q and %q", first, second)
		}
		s = newServer(ratelimit.Rules{})
		for range 20 {
			if message := request("a@x.example", "192.0.2.9"); message != "" {
				t.Errorf("without a limit: %s", message)
			}
		}
	})
}
