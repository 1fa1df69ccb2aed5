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

// tokenNo makes a refresh token whose hash is a number.
func tokenNo(n int) store.RefreshToken {
	return store.RefreshToken{Hash: [32]byte{byte(n), byte(n >> 8), 7}, TTL: time.Hour}
}

// signedUp makes an account whose first session has a token.
func signedUp(t *testing.T, s *store.Store, first store.RefreshToken) edu.Viewer {
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

// An account is made with its session, and a taken email makes neither.
func TestSignUp(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signedUp(t, s, tokenNo(1))
	if want := (edu.Viewer{ID: 1, Role: edu.RoleStudent, Plan: edu.PlanFree, Session: v.Session}); v != want || v.Session == 0 {
		t.Errorf("signed up as %+v, want %+v", v, want)
	}
	if !value[bool](t, db, "SELECT last_login = created_at AND password_hash = 'hash' AND active FROM users") {
		t.Error("the account is not as it should be")
	}
	_, err := s.SignUp(t.Context(), store.NewAccount{Name: "Eve", Email: "ADA@7P.example", PasswordHash: "x"}, tokenNo(2), atEmail)
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

// Of those who sign up with one email at once, one gets it.
func TestSignUpAtOnce(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	var made, taken atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := s.SignUp(t.Context(), store.NewAccount{Name: "Ada", Email: "ada@7p.example", PasswordHash: "hash"}, tokenNo(i), atEmail)
			_, refused := errors.AsType[edu.UserErrors](err)
			switch {
			case err == nil:
				made.Add(1)
			case refused:
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 || taken.Load() != 7 || value[int](t, db, "SELECT count(*) FROM sessions") != 1 {
		t.Errorf("%d got the email and %d did not", made.Load(), taken.Load())
	}
}

// A session starts only if the account is still what the password was checked
// against.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	first := signedUp(t, s, tokenNo(1))
	var c store.Credentials
	read := func() {
		c = store.Credentials{}
		if err := s.RunQueries(t.Context(), store.CredentialsByEmail("Ada@7P.Example", func(found store.Credentials) { c = found })); err != nil {
			t.Fatal(err)
		}
	}
	signIn := func(renewed string, n int) edu.Viewer {
		t.Helper()
		v, err := s.SignIn(t.Context(), c, renewed, tokenNo(n))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if read(); c != (store.Credentials{UserID: first.ID, PasswordHash: "hash"}) {
		t.Fatalf("credentials are %+v", c)
	}
	exec(t, db, "UPDATE users SET last_login = '2020-01-01'")
	if v := signIn("renewed", 2); v.ID != first.ID || v.Session == first.Session || v.Session == 0 {
		t.Errorf("signed in as %+v, after %+v", v, first)
	}
	if !value[bool](t, db, "SELECT password_hash = 'renewed' AND last_login > '2020-01-02' FROM users") {
		t.Error("neither hash nor last_login may stay as they were")
	}
	if v := signIn("", 3); v.SignedIn() {
		t.Errorf("signed in as %+v by a password that was changed meanwhile", v)
	}
	read()
	exec(t, db, "UPDATE users SET active = false, last_login = NULL")
	if v := signIn("", 4); v.SignedIn() || !value[bool](t, db, "SELECT last_login IS NULL FROM users") {
		t.Errorf("signed in as %+v, who is not active", v)
	}
	if read(); c.PasswordHash != "" {
		t.Error("the hash of an account that is not active is given")
	}
	if n := value[int](t, db, "SELECT count(*) FROM sessions"); n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
}

// Each token is good once, until it expires, as long as session and user are.
func TestRefreshSession(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil string // what happens before the token is spent
		good  bool
	}{
		"good":                 {"SELECT 1", true},
		"expired":              {"UPDATE refresh_tokens SET expires_at = now()", false},
		"signed out":           {"UPDATE sessions SET revoked_at = now()", false},
		"not active":           {"UPDATE users SET active = false", false},
		"user gone":            {"DELETE FROM users", false},
		"unknown":              {"UPDATE refresh_tokens SET hash = sha256('another')", false},
		"another's revocation": {"INSERT INTO sessions (user_id, revoked_at) SELECT id, now() FROM users", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := setup(t, testdb.New(t))
			first := signedUp(t, s, tokenNo(1))
			exec(t, db, tt.spoil)
			v, stolen := refresh(t, s, tokenNo(1), tokenNo(2))
			if stolen || v.SignedIn() != tt.good || tt.good && v != first {
				t.Errorf("refreshed to %+v (stolen: %v), want it good: %v", v, stolen, tt.good)
			}
			if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens WHERE hash = $1", hashOf(2)); (n == 1) != tt.good {
				t.Errorf("there are %d next tokens", n)
			}
			if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens WHERE spent_at IS NOT NULL"); (n == 1) != tt.good {
				t.Errorf("%d tokens are spent", n)
			}
		})
	}
}

func hashOf(n int) []byte { h := tokenNo(n).Hash; return h[:] }

// A token that is sent twice ends its whole session, and no other.
func TestReuseRevokesTheFamily(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signedUp(t, s, tokenNo(1))
	other, err := s.SignIn(t.Context(), store.Credentials{UserID: v.ID, PasswordHash: "hash"}, "", tokenNo(10))
	if err != nil {
		t.Fatal(err)
	}
	refresh(t, s, tokenNo(1), tokenNo(2))
	refresh(t, s, tokenNo(2), tokenNo(3))
	if got, stolen := refresh(t, s, tokenNo(1), tokenNo(4)); !stolen || got != v {
		t.Errorf("the first token again: %+v, stolen %v", got, stolen)
	}
	if got, stolen := refresh(t, s, tokenNo(3), tokenNo(5)); stolen || got.SignedIn() {
		t.Errorf("the last token is still good: %+v, stolen %v", got, stolen)
	}
	revoked := value[time.Time](t, db, "SELECT revoked_at FROM sessions WHERE id = $1", v.Session)
	if _, stolen := refresh(t, s, tokenNo(2), tokenNo(6)); !stolen || !revoked.Equal(value[time.Time](t, db, "SELECT revoked_at FROM sessions WHERE id = $1", v.Session)) {
		t.Error("the time of the revocation moved")
	}
	if got, _ := refresh(t, s, tokenNo(10), tokenNo(11)); got != other {
		t.Errorf("another session of the user: %+v, want %+v", got, other)
	}
}

// Of those who spend one token at once, one gets the next.
func TestRefreshAtOnce(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	signedUp(t, s, tokenNo(0))
	var won, stolen atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			v, caught, err := s.RefreshSession(t.Context(), tokenNo(0).Hash, tokenNo(i+1))
			switch {
			case err != nil:
				t.Error(err)
			case caught:
				stolen.Add(1)
			case v.SignedIn():
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || stolen.Load() != 7 {
		t.Errorf("%d won and %d were caught, want 1 and 7", won.Load(), stolen.Load())
	}
	if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens"); n != 2 {
		t.Errorf("%d tokens, want the first and the next", n)
	}
}

// A chain of tokens under fire from thieves: whatever the order, no two get a
// token for one, and once a session is revoked nobody gets any.
func TestRefreshRaces(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signedUp(t, s, tokenNo(0))
	var wg sync.WaitGroup
	for chain := range 4 {
		wg.Go(func() {
			spend := tokenNo(0)
			for i := range 5 {
				next := tokenNo(1 + 10*chain + i)
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
		if got, stolen := refresh(t, s, tokenNo(i), tokenNo(100+i)); got.SignedIn() && !stolen {
			t.Errorf("token %d of a revoked session is good", i)
		}
	}
}

// A token lives for its time, but not beyond a year after its session's start.
func TestRefreshTokensExpire(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signedUp(t, s, tokenNo(0))
	left := func(n int) time.Duration {
		return value[time.Duration](t, db, "SELECT expires_at - created_at FROM refresh_tokens WHERE hash = $1", hashOf(n))
	}
	refresh(t, s, tokenNo(0), tokenNo(1))
	if left(0) != time.Hour || left(1) != time.Hour {
		t.Errorf("tokens live for %s and %s, want an hour", left(0), left(1))
	}
	exec(t, db, "UPDATE sessions SET created_at = now() - interval '364 days 23 hours 30 minutes'")
	refresh(t, s, tokenNo(1), tokenNo(2))
	if d := left(2); d > 30*time.Minute || d < 20*time.Minute {
		t.Errorf("the last token of a year lives for %s, want half an hour", d)
	}
	exec(t, db, "UPDATE sessions SET created_at = now() - interval '366 days'")
	if got, _ := refresh(t, s, tokenNo(2), tokenNo(3)); got != v {
		t.Errorf("refreshed to %+v", got)
	}
	if got, stolen := refresh(t, s, tokenNo(3), tokenNo(4)); got.SignedIn() || stolen {
		t.Errorf("a session goes on after a year: %+v, stolen %v", got, stolen)
	}
}

// A session is ended by its own user, any number of times.
func TestEndSession(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signedUp(t, s, tokenNo(0))
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
		t.Error("someone else ended the session")
	}
	for range 2 {
		if ended, err := s.EndSession(t.Context(), v); err != nil || !ended {
			t.Errorf("ended: %v, %v", ended, err)
		}
	}
}

// What has expired goes, spent or not; a session goes with its last token.
func TestDeleteExpiredSessions(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signedUp(t, s, tokenNo(0))
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
	// A cascade may take some before their turn.
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
