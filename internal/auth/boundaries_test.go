package auth_test

import (
	"encoding/pem"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

// TestRevocationOfUser checks that the revocation of a user affects the entries by email and those without an
// account, and no entry of another user.
func TestRevocationOfUser(t *testing.T) {
	t.Parallel()
	byEmail, missing, other := auth.Identity{Email: "ada@7p.example"}, auth.Identity{ID: 7, Session: 9}, auth.Identity{ID: 8}
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{byEmail: account, other: {ID: 8, Role: edu.RoleStudent, Active: true}}}
	a := newAccountCache(t, k)
	for _, id := range []auth.Identity{byEmail, missing, other} {
		_, _ = a.ResolveViewer(t.Context(), id) // missing has no account yet
	}
	k.set(byEmail, auth.Account{})
	k.set(missing, account)
	k.set(other, auth.Account{})
	a.Invalidate(auth.Revocation{User: 7})
	for id, want := range map[auth.Identity]bool{byEmail: false, missing: true, other: true} {
		if v, _ := a.ResolveViewer(t.Context(), id); v.SignedIn() != want {
			t.Errorf("%+v is signed in: %v, want %v", id, !want, want)
		}
	}
}

// TestReasonsOfInvalidBundles checks that the error of a damaged key differs from that of a key of another kind.
func TestReasonsOfInvalidBundles(t *testing.T) {
	t.Parallel()
	block := func(kind string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("x")}))
	}
	for bundle, want := range map[string]string{
		block("PRIVATE KEY"): "key 1: unreadable PRIVATE KEY: ",
		block("PUBLIC KEY"):  "key 1: unreadable PUBLIC KEY: ",
		block("CERTIFICATE"): "key 1: CERTIFICATE is not an Ed25519 PRIVATE KEY or PUBLIC KEY",
	} {
		if _, err := auth.NewTokens("", bundle); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestLimitsOfHashes checks the largest parameters of a stored hash, which limit the cost of a sign-in.
func TestLimitsOfHashes(t *testing.T) {
	for name, tt := range map[string]struct {
		stored string
		want   bool
	}{
		"most memory":   {phc(64*1024, 1, 1, 16, 32), true},
		"more memory":   {phc(64*1024+1, 1, 1, 16, 32), false},
		"most passes":   {phc(8, 10, 1, 16, 32), true},
		"more passes":   {phc(8, 11, 1, 16, 32), false},
		"shortest salt": {phc(8, 1, 1, 8, 32), true},
		"shorter salt":  {phc(8, 1, 1, 7, 32), false},
		"shortest key":  {phc(8, 1, 1, 16, 16), true},
		"shorter key":   {phc(8, 1, 1, 16, 15), false},
		"two lanes":     {phc(16, 1, 2, 16, 32), true},
		"leading zero":  {strings.Replace(phc(8, 1, 1, 16, 32), "m=8", "m=08", 1), false},
		"one parameter": {strings.Replace(phc(8, 1, 1, 16, 32), "p=1$", "p=1,x=1$", 1), false},
	} {
		if match, _ := verify(t, goodPassword, tt.stored); match != tt.want {
			t.Errorf("%s: %v, want %v", name, match, tt.want)
		}
	}
}
