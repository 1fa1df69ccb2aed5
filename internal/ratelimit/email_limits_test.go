package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/ratelimit"
)

// defaultEmails are the defaults of RATE_LIMIT_SIGN_IN and RATE_LIMIT_EMAIL.
var defaultEmails = ratelimit.Rules{SignIns: policy(5, 15*time.Minute), Emails: policy(10, 15*time.Minute)}

// recognize makes the addresses that sign in successfully known.
func (s *server) recognize(t *testing.T, pairs ...[2]string) {
	t.Helper()
	known := map[string]bool{}
	for _, pair := range pairs {
		known[string(s.hashAddress(t, pair[0], pair[1]))] = true
	}
	s.RecognizeAddresses(func(_ context.Context, hash []byte) (bool, error) { return known[string(hash)], nil })
}

// hashAddress returns the hash of an email and an address, as a request from there has it.
func (s *server) hashAddress(t *testing.T, email, address string) (hash []byte) {
	t.Helper()
	s.inside = func(ctx context.Context) { hash = ratelimit.HashSignInAddress(ctx, email) }
	defer func() { s.inside = nil }()
	s.send(t.Context(), caller{address: address})
	return hash
}

// signIn attempts to sign in and returns the response and how long it took.
func (s *server) signIn(t *testing.T, email, address string) (*httptest.ResponseRecorder, time.Duration) {
	t.Helper()
	start := time.Now()
	rec := s.send(t.Context(), caller{address: address, attempt: &email})
	return rec, time.Since(start)
}

// TestEmailLimit sends each attempt from a new address: the second half of the bucket is delayed, and then
// there is an attempt each 90 s.
func TestEmailLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(defaultEmails)
		spellings := []string{"victim@x.example", "Victim@X.example"}
		for n, want := range []time.Duration{0, 0, 0, 0, 0, 1, 2, 3, 4, 5} {
			rec, delay := s.signIn(t, spellings[n%2], fmt.Sprint("192.0.2.", n))
			if rec.Code != 200 || delay != want*time.Second {
				t.Errorf("attempt %d: status %d after %v, want 200 after %d s", n, rec.Code, delay, want)
			}
		}
		const want = "too many sign-in attempts with this email: the limit is 10 in 15 minutes, retry in 75 seconds"
		if rec, delay := s.signIn(t, "VICTIM@x.example", "192.0.2.99"); rejectionMessage(t, rec) != want || delay != 0 {
			t.Errorf("got %q after %v, want %q", rejectionMessage(t, rec), delay, want)
		}
		time.Sleep(75 * time.Second)
		if rec, delay := s.signIn(t, "victim@x.example", "192.0.2.100"); rec.Code != 200 || delay != 5*time.Second {
			t.Errorf("after 75 seconds: status %d after %v", rec.Code, delay)
		}
		for _, other := range []string{"other@x.example", ""} {
			if rec, delay := s.signIn(t, other, "192.0.2.101"); rec.Code != 200 || delay != 0 {
				t.Errorf("email %q: status %d after %v", other, rec.Code, delay)
			}
		}
	})
}

// TestOwnerDuringAttack attacks an email for an hour, from 10 and from 1,000 addresses. The attackers have
// 50 guesses together, and the owner passes at once from the address that is known.
func TestOwnerDuringAttack(t *testing.T) {
	t.Parallel()
	for _, addresses := range []int{10, 1000} {
		t.Run(fmt.Sprint(addresses), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const email, home = "owner@x.example", "198.51.100.7"
				s := newServer(defaultEmails)
				s.recognize(t, [2]string{email, home})
				var guesses, attempts, owner int
				var attack sync.WaitGroup
				var mu sync.Mutex
				for second := range 3600 { // a new attempt each second
					time.Sleep(time.Second)
					address := fmt.Sprintf("203.0.%d.%d", second%addresses/250, second%addresses%250)
					attack.Go(func() {
						rec, _ := s.signIn(t, email, address)
						mu.Lock()
						defer mu.Unlock()
						attempts++
						if rec.Code == 200 {
							guesses++
						}
					})
					if second%720 == 700 { // five times
						if rec, delay := s.signIn(t, email, home); rec.Code == 200 && delay == 0 {
							owner++
						}
					}
				}
				attack.Wait()
				// 10 at once and 40 in the hour, of which each attempt of the owner may take one.
				if attempts != 3600 || guesses < 44 || guesses > 50 {
					t.Errorf("%d of %d guesses in an hour, want 44 to 50", guesses, attempts)
				}
				if owner != 5 {
					t.Errorf("the owner passed %d of 5 times", owner)
				}
			})
		})
	}
}

// TestKnownAddressGuesses checks that known addresses have few guesses too: 10 in an hour, together, beside
// those of all.
func TestKnownAddressGuesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const email, home, school = "owner@x.example", "198.51.100.7", "198.51.100.8"
		rules := defaultEmails
		rules.SignIns = policy(1000, 15*time.Minute) // of an operator whose users share an address
		s := newServer(rules)
		s.recognize(t, [2]string{email, home}, [2]string{email, school})
		passed := 0
		for second := range 3600 {
			if rec, _ := s.signIn(t, email, []string{home, school}[second%2]); rec.Code == 200 {
				passed++
			}
			time.Sleep(time.Second)
		}
		if passed < 50 || passed > 60 { // and a delay of 5 s ends some of the attempts after the hour
			t.Errorf("%d guesses in an hour, want 10 besides 50", passed)
		}
	})
}

// TestAddressesAreKnownByPair checks what makes an address known: the email in any case, and the network
// of an IPv6 address; no other email and no other address.
func TestAddressesAreKnownByPair(t *testing.T) {
	t.Parallel()
	s := newServer(defaultEmails)
	base := string(s.hashAddress(t, "owner@x.example", "2001:db8::1"))
	for name, c := range map[string]struct {
		email, address string
		same           bool
	}{
		"another case":         {"OWNER@x.example", "2001:db8::1", true},
		"the same network":     {"owner@x.example", "2001:db8::2", true},
		"another network":      {"owner@x.example", "2001:db8:0:1::1", false},
		"another email":        {"owner2@x.example", "2001:db8::1", false},
		"an IPv4 address":      {"owner@x.example", "192.0.2.1", false},
		"another IPv4 address": {"owner@x.example", "192.0.2.2", false},
	} {
		if got := string(s.hashAddress(t, c.email, c.address)); (got == base) != c.same || len(got) != 32 {
			t.Errorf("%s: the hash is the same: %v, want %v", name, got == base, c.same)
		}
	}
	if hash := ratelimit.HashSignInAddress(t.Context(), "owner@x.example"); hash != nil {
		t.Errorf("a context without a request has the hash %x", hash)
	}
}

// TestOrdinarySignInsLookUpNothing checks that an address is looked up only once attempts are delayed, and
// that a failed lookup is not treated as an unknown address.
func TestOrdinarySignInsLookUpNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(defaultEmails)
		lookups := 0
		s.RecognizeAddresses(func(context.Context, []byte) (bool, error) {
			lookups++
			return false, edu.Errorf(edu.Unavailable, "no database")
		})
		for n := range 5 {
			if rec, _ := s.signIn(t, "a@x.example", fmt.Sprint("192.0.2.", n)); rec.Code != 200 || lookups != 0 {
				t.Errorf("attempt %d: status %d after %d lookups", n, rec.Code, lookups)
			}
		}
		var err error
		s.inside = func(ctx context.Context) { err = s.ConsumeEmailSignIn(ctx, "a@x.example") }
		if s.send(t.Context(), caller{}); !errors.Is(err, edu.Unavailable) || lookups != 1 {
			t.Errorf("%v after %d lookups", err, lookups)
		}
	})
}

// TestDelayedSignInsAreBounded fills the queue of delayed attempts.
func TestDelayedSignInsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rules := defaultEmails
		rules.Emails = policy(1, 15*time.Minute) // its only attempt is delayed by 1 s
		s := newServer(rules)
		attempt := func(n int) *httptest.ResponseRecorder {
			rec, _ := s.signIn(t, fmt.Sprintf("%d@x.example", n), fmt.Sprintf("203.0.%d.%d", n/250, n%250))
			return rec
		}
		for n := range 1000 {
			go attempt(n)
		}
		synctest.Wait()
		rec := attempt(1000)
		if got, want := rejectionMessage(t, rec), "the maximum of 1000 delayed sign-in attempts is reached, retry in 1 second"; got != want || s.served.Load() != 0 {
			t.Errorf("got %q, want %q; served %d", got, want, s.served.Load())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if s.served.Load() != 1000 {
			t.Errorf("served %d of 1000 delayed attempts", s.served.Load())
		}
	})
}
