package ratelimit_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/ratelimit"
)

// tokenChecks is a verifier that counts what it verifies. It returns the errors in the map, and accepts
// tokens without one.
type tokenChecks struct {
	errors   map[string]error
	verified int
}

func (c *tokenChecks) VerifyToken(_ context.Context, token string) (edu.Viewer, error) {
	c.verified++
	return edu.Viewer{ID: 1, Role: edu.RoleStudent}, c.errors[token]
}

// authServer is a server behind auth.Middleware and the limit of failed authentications.
type authServer struct {
	http.Handler
	checks *tokenChecks // nil with another verifier
}

func newAuthServer(l *ratelimit.Limits) authServer {
	c := &tokenChecks{errors: map[string]error{
		"bad": auth.ErrInvalidToken, "expired": auth.ErrTokenExpired, "unknown": auth.ErrNoAccount, "ended": auth.ErrSessionEnded,
		"unchecked": edu.Errorf(edu.Unavailable, "unavailable"),
	}}
	s := newAuthServerFor(c, l)
	s.checks = c
	return s
}

func newAuthServerFor(v auth.Verifier, l *ratelimit.Limits) authServer {
	address := func(r *http.Request) netip.Addr { return netip.MustParseAddr(r.RemoteAddr) }
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return authServer{Handler: auth.Middleware(v, l.FailedAuthentications(address))(ok)}
}

// send sends a request with a token, "" for none.
func (s authServer) send(t *testing.T, address, token string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil)
	r.RemoteAddr = address
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return rec
}

// wantStatus sends a request and checks its status, and whether the token was verified.
func (s authServer) wantStatus(t *testing.T, address, token string, status int, verified bool) *httptest.ResponseRecorder {
	t.Helper()
	before := s.checks.verified
	rec := s.send(t, address, token)
	if got := s.checks.verified > before; rec.Code != status || got != verified {
		t.Errorf("%q from %s: got %d, verified: %t; want %d, verified: %t", token, address, rec.Code, got, status, verified)
	}
	return rec
}

const attacker, neighbor = "192.0.2.7", "192.0.2.8"

// TestFailedAuthentications checks that an address that has sent too many bad tokens is rejected before a
// signature is checked, and that the clients that share the address keep their accepted tokens.
func TestFailedAuthentications(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newAuthServer(ratelimit.New(ratelimit.Rules{Anonymous: policy(3, 30*time.Second)}, nil))
		s.wantStatus(t, attacker, "good", http.StatusOK, true)
		for i, state := range []string{`"authentication";r=2;t=10`, `"authentication";r=1;t=10`, `"authentication";r=0;t=10`} {
			rec := s.wantStatus(t, attacker, "bad", http.StatusUnauthorized, true)
			if got, policies := rec.Header().Get("Ratelimit"), rec.Header().Get("Ratelimit-Policy"); got != state || policies != `"authentication";q=3;w=30` {
				t.Errorf("failure %d: got %s of %s, want %s", i+1, got, policies, state)
			}
		}
		rec := s.wantStatus(t, attacker, "bad", http.StatusTooManyRequests, false)
		const message = "too many invalid tokens from this address: the limit is 3 in 30 seconds, retry in 10 seconds"
		if got := rejectionMessage(t, rec); got != message || rec.Header().Get("Ratelimit") != `"authentication";r=0;t=10` {
			t.Errorf("got %q with %v, want %q", got, rec.Header(), message)
		}
		s.wantStatus(t, attacker, "new", http.StatusTooManyRequests, false)
		s.wantStatus(t, attacker, "", http.StatusOK, false)
		s.wantStatus(t, attacker, "good", http.StatusOK, true)
		s.wantStatus(t, neighbor, "bad", http.StatusUnauthorized, true)
		s.wantStatus(t, neighbor, "new", http.StatusOK, true)
		s.wantStatus(t, attacker, "new", http.StatusOK, true) // accepted from another address
		time.Sleep(10 * time.Second)
		s.wantStatus(t, attacker, "newer", http.StatusOK, true)
		s.wantStatus(t, attacker, "bad", http.StatusUnauthorized, true)
		s.wantStatus(t, attacker, "bad", http.StatusTooManyRequests, false)
	})
}

// TestUncountedAuthentications checks which rejected tokens do not count: expired tokens, tokens that could
// not be checked, tokens without an account or session, and the first rejection of an accepted token.
func TestUncountedAuthentications(t *testing.T) {
	t.Parallel()
	s := newAuthServer(ratelimit.New(ratelimit.Rules{Anonymous: policy(1, time.Hour)}, nil))
	for range 3 {
		s.wantStatus(t, attacker, "expired", http.StatusUnauthorized, true)
		s.wantStatus(t, attacker, "unchecked", http.StatusServiceUnavailable, true)
		s.wantStatus(t, attacker, "unknown", http.StatusUnauthorized, true)
		s.wantStatus(t, attacker, "ended", http.StatusUnauthorized, true)
	}
	s.wantStatus(t, attacker, "good", http.StatusOK, true)
	s.checks.errors["good"] = auth.ErrInvalidToken
	s.wantStatus(t, attacker, "good", http.StatusUnauthorized, true)
	s.wantStatus(t, attacker, "good", http.StatusUnauthorized, true) // counts
	s.wantStatus(t, attacker, "good", http.StatusTooManyRequests, false)
}

// TestUncheckedTokenStaysAccepted checks that an accepted token that once could not be checked is still exempt at
// a blocked address.
func TestUncheckedTokenStaysAccepted(t *testing.T) {
	t.Parallel()
	s := newAuthServer(ratelimit.New(ratelimit.Rules{Anonymous: policy(1, time.Hour)}, nil))
	s.wantStatus(t, attacker, "good", http.StatusOK, true)
	s.wantStatus(t, attacker, "bad", http.StatusUnauthorized, true)
	s.checks.errors["good"] = s.checks.errors["unchecked"]
	s.wantStatus(t, attacker, "good", http.StatusServiceUnavailable, true)
	delete(s.checks.errors, "good")
	s.wantStatus(t, attacker, "good", http.StatusOK, true)
}

// TestIssuedTokenIsExempt checks that a blocked address may use a token that this process has issued, and none of
// another process or secret.
func TestIssuedTokenIsExempt(t *testing.T) {
	t.Parallel()
	const secret = "a secret of thirty-two bytes at least"
	newTokens := func(secret string) *auth.Tokens {
		tokens, err := auth.NewTokens(secret, "")
		if err != nil {
			t.Fatal(err)
		}
		return tokens
	}
	issue := func(tokens *auth.Tokens, ttl time.Duration) string { // the tokens of two times differ
		token, err := tokens.IssueToken(edu.Viewer{ID: 1, Role: edu.RoleStudent}, time.Now(), ttl)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	accounts := auth.NewAccountCache(func(_ context.Context, id auth.Identity) (auth.Account, error) {
		return auth.Account{ID: id.ID, Role: edu.RoleStudent, Active: true}, nil
	}, slog.New(slog.DiscardHandler))
	defer accounts.Close()
	tokens := newTokens(secret)
	a := &auth.Authenticator{Tokens: tokens, Accounts: accounts}
	s := newAuthServerFor(a, ratelimit.New(ratelimit.Rules{Anonymous: policy(1, time.Hour)}, nil))
	forged := issue(newTokens("another secret of thirty-two bytes"), time.Hour)
	for i, c := range []struct {
		token string
		want  int
	}{
		{forged, http.StatusUnauthorized},
		{forged, http.StatusTooManyRequests},
		{issue(newTokens(secret), time.Hour), http.StatusTooManyRequests},
		{issue(tokens, time.Minute), http.StatusOK},
	} {
		if rec := s.send(t, attacker, c.token); rec.Code != c.want {
			t.Errorf("request %d: status %d, want %d", i, rec.Code, c.want)
		}
	}
}

// TestUnlimitedAuthentications checks that RATE_LIMIT=off switches the limit off.
func TestUnlimitedAuthentications(t *testing.T) {
	t.Parallel()
	s := newAuthServer(ratelimit.New(ratelimit.Rules{}, nil))
	for range 10 {
		s.wantStatus(t, attacker, "bad", http.StatusUnauthorized, true)
	}
}

// TestSharedFailedAuthentications checks that processes count together: a process whose address has used
// up its failures elsewhere checks one more token, and then no more.
func TestSharedFailedAuthentications(t *testing.T) {
	t.Parallel()
	url := redistest.StartServer(t).URL()
	var servers [2]authServer
	for i := range servers {
		redis, err := cache.OpenRedis(cache.RedisOptions{URL: url, Deadline: time.Minute, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = redis.Close() })
		servers[i] = newAuthServer(ratelimit.New(ratelimit.Rules{Anonymous: policy(3, time.Hour)}, redis))
	}
	for range 3 {
		servers[0].wantStatus(t, attacker, "bad", http.StatusUnauthorized, true)
	}
	servers[0].wantStatus(t, attacker, "bad", http.StatusTooManyRequests, false)
	servers[1].wantStatus(t, attacker, "bad", http.StatusTooManyRequests, true)
	servers[1].wantStatus(t, attacker, "bad", http.StatusTooManyRequests, false)
}
