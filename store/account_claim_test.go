package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// claim claims an account and checks whether that had an effect.
func claim(t *testing.T, s *store.Store, id int64, mayHavePassword, want bool) {
	t.Helper()
	if claimed, err := s.ClaimAccount(t.Context(), id, mayHavePassword); err != nil || claimed != want {
		t.Errorf("claimed %v, %v; want %v", claimed, err, want)
	}
}

// credentials returns the credentials of an account by email.
func credentials(t *testing.T, s *store.Store, email string) (c store.Credentials) {
	t.Helper()
	if err := s.RunQueries(t.Context(), store.CredentialsByEmail(email, func(found store.Credentials) { c = found })); err != nil {
		t.Fatal(err)
	}
	return c
}

// A claim removes the password and ends the sessions of one account, once.
func TestClaimAccount(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	ada := signUp(t, s, numberedToken(1))
	other, err := s.SignUp(t.Context(), store.NewAccount{Name: "Bob", Email: "bob@7p.example", PasswordHash: "hash"}, numberedToken(2), atEmail)
	if err != nil {
		t.Fatal(err)
	}
	claim(t, s, ada.ID, false, false) // it has a password
	if got := lookupAccount(t, s, ada.ID, "", ada.Session); got.Claimed || got.SessionEnded {
		t.Errorf("after a claim without effect: %+v", got)
	}
	claim(t, s, ada.ID, true, true)
	if got := lookupAccount(t, s, ada.ID, "", ada.Session); !got.Claimed || !got.SessionEnded {
		t.Errorf("after the claim: %+v", got)
	}
	if got := refresh(t, s, numberedToken(1), numberedToken(3)); got != (store.Refresh{}) {
		t.Errorf("refreshed the session of before the claim: %+v", got)
	}
	if c := credentials(t, s, "ada@7p.example"); c.PasswordHash != "" {
		t.Error("the password still exists")
	}
	at := value[time.Time](t, db, "SELECT claimed_at FROM users WHERE id = $1", ada.ID)
	exec(t, db, "INSERT INTO sessions (user_id) VALUES ($1)", ada.ID)
	claim(t, s, ada.ID, true, false)
	if n := value[int](t, db, "SELECT count(*) FROM sessions WHERE user_id = $1 AND revoked_at IS NULL", ada.ID); n != 1 || !at.Equal(value[time.Time](t, db, "SELECT claimed_at FROM users WHERE id = $1", ada.ID)) {
		t.Error("the second claim had an effect")
	}
	if got := lookupAccount(t, s, other.ID, "", other.Session); got.Claimed || got.SessionEnded || credentials(t, s, "bob@7p.example").PasswordHash != "hash" {
		t.Errorf("another account: %+v", got)
	}
}

// An account without a password is claimed by a provider that omits email_verified; an account that
// is not active by none.
func TestClaimAccountWithoutPassword(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	ada := signUp(t, s, numberedToken(1))
	exec(t, db, "UPDATE users SET password_hash = NULL, active = false")
	claim(t, s, ada.ID, true, false)
	exec(t, db, "UPDATE users SET active = true")
	claim(t, s, ada.ID, false, true)
	if got := lookupAccount(t, s, ada.ID, "", ada.Session); !got.Claimed || !got.SessionEnded {
		t.Errorf("after the claim: %+v", got)
	}
}

// awaitLockWait waits until a statement of a name waits for a lock.
func awaitLockWait(t *testing.T, db *pgxpool.Pool, name string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		if value[int](t, db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '-- name: ' || $1 || '%'", name) > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not wait for a lock", name)
		}
	}
}

// A sign-in with the password, with or without a new hash, that is in progress during a claim has no
// session after it, whichever of the two is first.
func TestSignInDuringClaim(t *testing.T) {
	t.Parallel()
	for name, rehashed := range map[string]string{"with the same hash": "", "with a new hash": "rehashed"} {
		t.Run("sign-in first "+name, func(t *testing.T) {
			t.Parallel()
			s, db := setup(t, testdb.New(t))
			ada := signUp(t, s, numberedToken(1))
			var session edu.Viewer
			claimed := make(chan struct{})
			err := s.RunAtomically(t.Context(), func(tx *store.Store) (err error) {
				session, err = tx.SignIn(t.Context(), store.Credentials{UserID: ada.ID, PasswordHash: "hash"}, rehashed, numberedToken(2))
				go func() { defer close(claimed); claim(t, s, ada.ID, true, true) }()
				awaitLockWait(t, db, "ClaimAccount")
				return err
			})
			<-claimed
			if err != nil || !session.SignedIn() {
				t.Fatalf("signed in as %+v, %v", session, err)
			}
			checkClaimed(t, s, session, numberedToken(2))
		})
		t.Run("claim first "+name, func(t *testing.T) {
			t.Parallel()
			s, db := setup(t, testdb.New(t))
			ada := signUp(t, s, numberedToken(1))
			signedIn := make(chan struct{})
			err := s.RunAtomically(t.Context(), func(tx *store.Store) error {
				claim(t, tx, ada.ID, true, true)
				go func() {
					defer close(signedIn)
					if v, err := s.SignIn(t.Context(), store.Credentials{UserID: ada.ID, PasswordHash: "hash"}, rehashed, numberedToken(2)); err != nil || v.SignedIn() {
						t.Errorf("signed in as %+v, %v", v, err)
					}
				}()
				awaitLockWait(t, db, "SignIn")
				return nil
			})
			<-signedIn
			if err != nil {
				t.Fatal(err)
			}
			checkClaimed(t, s, ada, numberedToken(2))
		})
	}
}

// checkClaimed checks that an account has no password, that a session of it has ended and that a
// refresh token does not work.
func checkClaimed(t *testing.T, s *store.Store, v edu.Viewer, token store.RefreshToken) {
	t.Helper()
	if got := lookupAccount(t, s, v.ID, "", v.Session); !got.Claimed || !got.SessionEnded {
		t.Errorf("after the claim: %+v", got)
	}
	if credentials(t, s, "ada@7p.example").PasswordHash != "" {
		t.Error("the password still exists")
	}
	if got := refresh(t, s, token, numberedToken(9)); got.Viewer.SignedIn() {
		t.Errorf("refreshed to %+v", got)
	}
}

// A sign-in remembers its address, and an account remembers the addresses of its last ten.
func TestSignInAddresses(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	address := func(n int) []byte { h := numberedToken(1000 + n).Hash; return h[:] }
	withAddress := func(n int) store.RefreshToken {
		token := numberedToken(n)
		token.Address = address(n)
		return token
	}
	isKnown := func(n int) bool {
		t.Helper()
		known, err := s.HasSignInAddress(t.Context(), address(n))
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	ada := signUp(t, s, withAddress(0))
	tokens := 100
	signIn := func(hash string, n int) {
		t.Helper()
		tokens++
		token := store.RefreshToken{Hash: numberedToken(tokens).Hash, TTL: time.Hour, Address: address(n)}
		if _, err := s.SignIn(t.Context(), store.Credentials{UserID: ada.ID, PasswordHash: hash}, "", token); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 11 {
		if isKnown(n + 1) {
			t.Errorf("address %d is known before its sign-in", n+1)
		}
		signIn("hash", n+1)
	}
	for n := range 12 {
		if got, want := isKnown(n), n >= 2; got != want {
			t.Errorf("address %d is known: %v, want %v", n, got, want)
		}
	}
	if signIn("hash", 11); !isKnown(2) {
		t.Error("a sign-in from a remembered address displaced another one")
	}
	if signIn("wrong", 20); isKnown(20) {
		t.Error("the address of a wrong password is known")
	}
	if _, err := s.SignUp(t.Context(), store.NewAccount{Name: "Eve", Email: "ADA@7p.example", PasswordHash: "x"}, withAddress(21), atEmail); err == nil || isKnown(21) {
		t.Errorf("the address of a rejected sign-up is known, or it was not rejected: %v", err)
	}
	exec(t, db, "UPDATE sign_in_addresses SET last_used_at = now() - interval '90 days' WHERE hash IN ($1, $2)", address(2), address(3))
	exec(t, db, "UPDATE sign_in_addresses SET last_used_at = now() - interval '89 days' WHERE hash = $1", address(4))
	if isKnown(2) || !isKnown(4) {
		t.Error("an address is not remembered for 90 days after its last sign-in")
	}
	if signIn("hash", 3); !isKnown(3) {
		t.Error("a new sign-in does not renew an address")
	}
	if _, err := s.DeleteExpiredSessions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT count(*) FROM sign_in_addresses"); n != 9 {
		t.Errorf("%d addresses are left, want 9", n)
	}
	exec(t, db, "DELETE FROM users")
	if n := value[int](t, db, "SELECT count(*) FROM sign_in_addresses"); n != 0 {
		t.Errorf("%d addresses of deleted accounts", n)
	}
}
