package auth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/internal/auth"
)

// TestAcceptedTokens checks that the accepted tokens are those of the identity provider: the token cache already
// knows the tokens of this server, which would evict them.
func TestAcceptedTokens(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.publishKey(t, "one")
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{
		{ID: 7}: account,
		{Email: "ada@7p.example", FromProvider: true}: {ID: 8, Role: account.Role, Active: true, Claimed: true},
	}}
	a := &auth.Authenticator{Tokens: newTokens(t, secret, ""), Provider: newProvider(t, idp.options()), Accounts: newAccountCache(t, k)}
	fromAnother, err := newTokens(t, secret, "").IssueToken(student, time.Now(), time.Hour) // differs from the token of a minute
	if err != nil {
		t.Fatal(err)
	}
	ofProvider := signWithKID(t, jwt.SigningMethodRS256, key, "one", providerClaims())
	for name, tt := range map[string]struct {
		verifier             auth.Verifier
		token                string
		accepted, remembered bool
	}{
		"issued by this process":    {a, issueToken(t, a.Tokens), true, false},
		"issued by another process": {a, fromAnother, true, false},
		"of the provider":           {a, ofProvider, true, true},
		"of the provider, damaged":  {a, ofProvider + "x", false, false},
		"of another verifier":       {newTokens(t, secret, ""), issueToken(t, a.Tokens), true, true},
	} {
		g := auth.NewGate(tt.verifier)
		for range 2 { // the second time, the token is known
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil)
			if accepted, remembered := g.Authenticate(httptest.NewRecorder(), r, tt.token); accepted != tt.accepted || remembered != tt.remembered {
				t.Errorf("%s: accepted %t, remembered %t; want %t, %t", name, accepted, remembered, tt.accepted, tt.remembered)
			}
		}
	}
}
