package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/testdb"
)

const fetchFailed = "fetch of the identity provider's keys failed: the previous keys stay in use"

// The identity provider is away when a server starts, and later, when the server has its keys.
func TestChaosProviderUnreachable(t *testing.T) {
	chaosTest(t)
	provider := newIdentityProvider(t)
	provider.away.Store(true)
	s := serveChaos(t, testdb.NewWithDemo(t), provider.env...)
	ofProvider := func() outcome {
		return s.measure(t, whoAmI, provider.bearer(t, jwt.MapClaims{"email": student, "email_verified": true}))
	}
	began := time.Now()
	ofProvider().expect(t, "a token of the provider, without keys", expected{status: http.StatusServiceUnavailable, codes: unavailable, most: 5 * time.Second})
	ofProvider().expect(t, "the next one", expected{status: http.StatusServiceUnavailable, codes: unavailable, most: 5 * time.Second})
	s.measure(t, whoAmI, s.bearer).expect(t, "a token of the server", expected{most: 500 * time.Millisecond})
	s.read(t).expect(t, "an anonymous read", expected{most: 500 * time.Millisecond})
	s.awaitReadiness(t, time.Second, http.StatusOK, `"causes":{"identity_provider":"no keys were fetched yet"}`)
	s.await(t, "msg", fetchFailed)

	provider.away.Store(false)
	s.poll(t, "tokens of the provider are accepted", func() bool { return ofProvider().isData() })
	if took := time.Since(began); took > 36*time.Second { // at most one fetch in 30 s is caused by tokens
		t.Errorf("tokens are accepted %v after the first attempt", took)
	} else {
		t.Logf("tokens are accepted %v after the first attempt", took.Round(time.Millisecond))
	}
	s.awaitReadiness(t, time.Second, http.StatusOK, `"identity_provider":"ok"`)

	provider.away.Store(true)
	ofProvider().expect(t, "a token of a known key", expected{most: 500 * time.Millisecond})
	unknown := provider.bearerAt(t, jwt.MapClaims{"email": student, "email_verified": true}, time.Now(), "two")
	s.measure(t, whoAmI, unknown).expect(t, "a token of a new key", expected{status: http.StatusUnauthorized, codes: "UNAUTHENTICATED", most: 6 * time.Second})
}

// The clocks of two servers differ, and those of a server and its identity provider.
func TestChaosClockSkew(t *testing.T) {
	chaosTest(t)
	provider := newIdentityProvider(t)
	dsn := testdb.NewWithDemo(t)
	s := serveChaos(t, dsn, provider.env...)
	tokens, err := auth.NewTokens(secret, "")
	if err != nil {
		t.Fatal(err)
	}
	viewer := edu.Viewer{Role: edu.RoleStudent}
	if err := testdb.OpenPool(t, dsn).QueryRow(t.Context(), "SELECT id FROM users WHERE email = $1", student).Scan(&viewer.ID); err != nil {
		t.Fatal(err)
	}
	accepted, rejected := expected{most: time.Second}, expected{status: http.StatusUnauthorized, codes: "UNAUTHENTICATED", most: time.Second}
	for _, tt := range []struct {
		skew                 time.Duration // of the issuer's clock
		ofServer, ofProvider expected      // whose tokens are valid for 15 minutes, and for an hour
	}{
		{20 * time.Second, accepted, accepted},
		{time.Minute, rejected, rejected},
		{-10 * time.Minute, accepted, accepted},
		{-15*time.Minute - time.Second, rejected, accepted},
		{-time.Hour - 20*time.Second, rejected, accepted},
		{-time.Hour - 40*time.Second, rejected, rejected},
	} {
		now := time.Now().Add(tt.skew)
		token, err := tokens.IssueToken(viewer, now, 15*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		s.measure(t, whoAmI, "Authorization: Bearer "+token).expect(t, "another server, by "+tt.skew.String(), tt.ofServer)
		ofProvider := provider.bearerAt(t, jwt.MapClaims{"email": "instructor@7p.example", "email_verified": true}, now, "one")
		s.measure(t, whoAmI, ofProvider).expect(t, "the provider, by "+tt.skew.String(), tt.ofProvider)
	}
}
