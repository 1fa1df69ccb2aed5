package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

var atEmail = edu.InputPath{"input", "email"}

// numberedToken returns a refresh token whose hash contains a number.
func numberedToken(n int) store.RefreshToken {
	return store.RefreshToken{Hash: [32]byte{byte(n), byte(n >> 8), 7}, TTL: time.Hour}
}

// signUp creates an account whose first session has a token.
func signUp(t *testing.T, s *store.Store, first store.RefreshToken) edu.Viewer {
	t.Helper()
	v, err := s.SignUp(t.Context(), store.NewAccount{Name: "Ada", Email: "ada@7p.example", PasswordHash: "hash"}, first, atEmail)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func refresh(t *testing.T, s *store.Store, spend, next store.RefreshToken) (v edu.Viewer, stolen bool) {
	t.Helper()
	v, stolen, err := s.RefreshSession(t.Context(), spend.Hash, next)
	if err != nil {
		t.Fatal(err)
	}
	return v, stolen
}

// Signing up creates an account and its session. With a taken email, it creates neither.
func TestSignUp(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(1))
	if want := (edu.Viewer{ID: 1, Role: edu.RoleStudent, Plan: edu.PlanFree, Session: v.Session}); v != want || v.Session == 0 {
		t.Errorf("signed up as %+v, want %+v", v, want)
	}
	if !value[bool](t, db, "SELECT last_login = created_at AND password_hash = 'hash' AND active FROM users") {
		t.Error("the account has other values than expected")
	}
	_, err := s.SignUp(t.Context(), store.NewAccount{Name: "Eve", Email: "ADA@7P.example", PasswordHash: "x"}, numberedToken(2), atEmail)
	problems, ok := errors.AsType[edu.UserErrors](err)
	if !ok || problems[0].Code != edu.UserAlreadyExists {
		t.Errorf("a taken email: %v", err)
	}
	for table, want := range map[string]int{"users": 1, "sessions": 1, "refresh_tokens": 1} {
		if n := value[int](t, db, "SELECT count(*) FROM "+table); n != want {
			t.Errorf("%d %s, want %d", n, table, want)
		}
	}
}

// If several callers sign up with one email concurrently, exactly one succeeds.
func TestSignUpConcurrently(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	var created, taken atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := s.SignUp(t.Context(), store.NewAccount{Name: "Ada", Email: "ada@7p.example", PasswordHash: "hash"}, numberedToken(i), atEmail)
			_, rejected := errors.AsType[edu.UserErrors](err)
			switch {
			case err == nil:
				created.Add(1)
			case rejected:
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if created.Load() != 1 || taken.Load() != 7 || value[int](t, db, "SELECT count(*) FROM sessions") != 1 {
		t.Errorf("%d calls succeeded and %d were rejected", created.Load(), taken.Load())
	}
}

// A session starts only if the account still has the state that the password was verified against.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	first := signUp(t, s, numberedToken(1))
	var c store.Credentials
	read := func() {
		c = store.Credentials{}
		if err := s.RunQueries(t.Context(), store.CredentialsByEmail("Ada@7P.Example", func(found store.Credentials) { c = found })); err != nil {
			t.Fatal(err)
		}
	}
	signIn := func(rehashed string, n int) edu.Viewer {
		t.Helper()
		v, err := s.SignIn(t.Context(), c, rehashed, numberedToken(n))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if read(); c != (store.Credentials{UserID: first.ID, PasswordHash: "hash"}) {
		t.Fatalf("credentials are %+v", c)
	}
	exec(t, db, "UPDATE users SET last_login = '2020-01-01'")
	if v := signIn("rehashed", 2); v.ID != first.ID || v.Session == first.Session || v.Session == 0 {
		t.Errorf("signed in as %+v, after %+v", v, first)
	}
	if !value[bool](t, db, "SELECT password_hash = 'rehashed' AND last_login > '2020-01-02' FROM users") {
		t.Error("the hash or last_login did not change")
	}
	if v := signIn("", 3); v.SignedIn() {
		t.Errorf("signed in as %+v with a password that was changed meanwhile", v)
	}
	read()
	exec(t, db, "UPDATE users SET active = false, last_login = NULL")
	if v := signIn("", 4); v.SignedIn() || !value[bool](t, db, "SELECT last_login IS NULL FROM users") {
		t.Errorf("signed in as %+v, which is not active", v)
	}
	if read(); c.PasswordHash != "" {
		t.Error("the hash of an inactive account is returned")
	}
	if n := value[int](t, db, "SELECT count(*) FROM sessions"); n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
}

// A refresh token can be spent once, until it expires, while its session and user are active.
func TestRefreshSession(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  string // a statement that runs before the token is spent
		accepts bool
	}{
		"accepts a valid token":                    {"SELECT 1", true},
		"rejects an expired token":                 {"UPDATE refresh_tokens SET expires_at = now()", false},
		"rejects a revoked session":                {"UPDATE sessions SET revoked_at = now()", false},
		"rejects an inactive user":                 {"UPDATE users SET active = false", false},
		"rejects a deleted user":                   {"DELETE FROM users", false},
		"rejects an unknown token":                 {"UPDATE refresh_tokens SET hash = sha256('another')", false},
		"accepts it if another session is revoked": {"INSERT INTO sessions (user_id, revoked_at) SELECT id, now() FROM users", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := setup(t, testdb.New(t))
			first := signUp(t, s, numberedToken(1))
			exec(t, db, tt.change)
			v, stolen := refresh(t, s, numberedToken(1), numberedToken(2))
			if stolen || v.SignedIn() != tt.accepts || tt.accepts && v != first {
				t.Errorf("refreshed to %+v (stolen: %v), want it accepted: %v", v, stolen, tt.accepts)
			}
			if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens WHERE hash = $1", hashOf(2)); (n == 1) != tt.accepts {
				t.Errorf("%d next tokens", n)
			}
			if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens WHERE spent_at IS NOT NULL"); (n == 1) != tt.accepts {
				t.Errorf("%d tokens are spent", n)
			}
		})
	}
}

func hashOf(n int) []byte { h := numberedToken(n).Hash; return h[:] }

// Spending a token twice revokes its whole session, and no other session.
func TestTokenReuseRevokesTheSession(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(1))
	other, err := s.SignIn(t.Context(), store.Credentials{UserID: v.ID, PasswordHash: "hash"}, "", numberedToken(10))
	if err != nil {
		t.Fatal(err)
	}
	refresh(t, s, numberedToken(1), numberedToken(2))
	refresh(t, s, numberedToken(2), numberedToken(3))
	if got, stolen := refresh(t, s, numberedToken(1), numberedToken(4)); !stolen || got != v {
		t.Errorf("the first token again: %+v, stolen %v", got, stolen)
	}
	if got, stolen := refresh(t, s, numberedToken(3), numberedToken(5)); stolen || got.SignedIn() {
		t.Errorf("the last token is still valid: %+v, stolen %v", got, stolen)
	}
	revoked := value[time.Time](t, db, "SELECT revoked_at FROM sessions WHERE id = $1", v.Session)
	if _, stolen := refresh(t, s, numberedToken(2), numberedToken(6)); !stolen || !revoked.Equal(value[time.Time](t, db, "SELECT revoked_at FROM sessions WHERE id = $1", v.Session)) {
		t.Error("the time of the revocation moved")
	}
	if got, _ := refresh(t, s, numberedToken(10), numberedToken(11)); got != other {
		t.Errorf("another session of the user: %+v, want %+v", got, other)
	}
}

// If several callers spend one token concurrently, exactly one gets the next token.
func TestRefreshConcurrently(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	signUp(t, s, numberedToken(0))
	var refreshed, stolen atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			v, detected, err := s.RefreshSession(t.Context(), numberedToken(0).Hash, numberedToken(i+1))
			switch {
			case err != nil:
				t.Error(err)
			case detected:
				stolen.Add(1)
			case v.SignedIn():
				refreshed.Add(1)
			}
		})
	}
	wg.Wait()
	if refreshed.Load() != 1 || stolen.Load() != 7 {
		t.Errorf("%d refreshed and %d were detected as stolen, want 1 and 7", refreshed.Load(), stolen.Load())
	}
	if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens"); n != 2 {
		t.Errorf("%d tokens, want the first and the next", n)
	}
}

// With concurrent chains of tokens and a sign-out, no token is exchanged twice, and no token of a
// revoked session is accepted.
func TestRefreshRaces(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(0))
	var wg sync.WaitGroup
	for chain := range 4 {
		wg.Go(func() {
			spend := numberedToken(0)
			for i := range 5 {
				next := numberedToken(1 + 10*chain + i)
				got, _, err := s.RefreshSession(t.Context(), spend.Hash, next)
				if err != nil {
					t.Error(err)
				}
				if got.SignedIn() {
					spend = next
				}
			}
		})
	}
	wg.Go(func() {
		if ended, err := s.EndSession(t.Context(), v); err != nil || !ended {
			t.Errorf("signing out: %v, %v", ended, err)
		}
	})
	wg.Wait()
	if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens WHERE spent_at IS NULL"); n > 1 {
		t.Errorf("%d tokens of one session can be spent", n)
	}
	for i := range 45 {
		if got, stolen := refresh(t, s, numberedToken(i), numberedToken(100+i)); got.SignedIn() && !stolen {
			t.Errorf("token %d of a revoked session is accepted", i)
		}
	}
}

// A token is valid for its TTL, but not beyond a year after the start of its session.
func TestRefreshTokensExpire(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(0))
	lifetime := func(n int) time.Duration {
		return value[time.Duration](t, db, "SELECT expires_at - created_at FROM refresh_tokens WHERE hash = $1", hashOf(n))
	}
	refresh(t, s, numberedToken(0), numberedToken(1))
	if lifetime(0) != time.Hour || lifetime(1) != time.Hour {
		t.Errorf("tokens are valid for %s and %s, want an hour", lifetime(0), lifetime(1))
	}
	exec(t, db, "UPDATE sessions SET created_at = now() - interval '364 days 23 hours 30 minutes'")
	refresh(t, s, numberedToken(1), numberedToken(2))
	if d := lifetime(2); d > 30*time.Minute || d < 20*time.Minute {
		t.Errorf("the last token of a year is valid for %s, want half an hour", d)
	}
	exec(t, db, "UPDATE sessions SET created_at = now() - interval '366 days'")
	if got, _ := refresh(t, s, numberedToken(2), numberedToken(3)); got != v {
		t.Errorf("refreshed to %+v", got)
	}
	if got, stolen := refresh(t, s, numberedToken(3), numberedToken(4)); got.SignedIn() || stolen {
		t.Errorf("a session is refreshed after a year: %+v, stolen %v", got, stolen)
	}
}

// Only the user of a session can end it, any number of times.
func TestEndSession(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(0))
	for name, tt := range map[string]struct {
		viewer edu.Viewer
		want   bool
	}{
		"another user":    {edu.Viewer{ID: v.ID + 1, Session: v.Session}, false},
		"another session": {edu.Viewer{ID: v.ID, Session: v.Session + 1}, false},
	} {
		if ended, err := s.EndSession(t.Context(), tt.viewer); err != nil || ended != tt.want {
			t.Errorf("%s: %v, %v", name, ended, err)
		}
	}
	if value[int](t, db, "SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL") != 0 {
		t.Error("another user ended the session")
	}
	for range 2 {
		if ended, err := s.EndSession(t.Context(), v); err != nil || !ended {
			t.Errorf("ended: %v, %v", ended, err)
		}
	}
}

// Expired tokens are deleted, spent or not. A session is deleted with its last token.
func TestDeleteExpiredSessions(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(0))
	exec(t, db, "DELETE FROM sessions")
	sessions := map[string][]int{"live": {60}, "live and expired": {60, -60, -120}, "expired": {-60}, "all expired": {-60, -120, -180}}
	for name, minutes := range sessions {
		id := value[int64](t, db, "INSERT INTO sessions (user_id) VALUES ($1) RETURNING id", v.ID)
		for _, m := range minutes {
			exec(t, db, "INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES (sha256($1), $2, now() + $3 * interval '1 minute')", []byte(fmt.Sprint(name, m)), id, m)
		}
	}
	many := value[int64](t, db, "INSERT INTO sessions (user_id) VALUES ($1) RETURNING id", v.ID)
	exec(t, db, "INSERT INTO refresh_tokens (hash, session_id, expires_at) SELECT sha256(i::text::bytea), $1, now() FROM generate_series(1, 12000) i", many)
	// A cascade may delete some tokens before their batch.
	if n, err := s.DeleteExpiredSessions(t.Context()); err != nil || n < 5000 {
		t.Errorf("deleted %d, %v", n, err)
	}
	if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens"); n != 2 {
		t.Errorf("%d tokens are left, want 2", n)
	}
	if n := value[int](t, db, "SELECT count(*) FROM sessions"); n != 2 {
		t.Errorf("%d sessions are left, want 2", n)
	}
	if n, err := s.DeleteExpiredSessions(t.Context()); err != nil || n != 0 {
		t.Errorf("deleted %d again, %v", n, err)
	}
}
