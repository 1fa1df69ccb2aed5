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

// saltOf returns the salt of numberedToken(n).
func saltOf(n int) [16]byte { return [16]byte{byte(n), byte(n >> 8), 9} }

// numberedToken returns a refresh token whose hash and salt contain a number.
func numberedToken(n int) store.RefreshToken {
	return store.RefreshToken{Hash: [32]byte{byte(n), byte(n >> 8), 7}, Salt: saltOf(n), TTL: time.Hour}
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

func refresh(t *testing.T, s *store.Store, spend, next store.RefreshToken) store.Refresh {
	t.Helper()
	r, err := s.RefreshSession(t.Context(), spend.Hash, next)
	if err != nil {
		t.Fatal(err)
	}
	return r
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
	if read(); c != (store.Credentials{UserID: first.ID, Name: "Ada", Email: "ada@7p.example", PasswordHash: "hash"}) {
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
			want := store.Refresh{}
			if tt.accepts {
				want = store.Refresh{Viewer: first, Salt: saltOf(2)}
			}
			if got := refresh(t, s, numberedToken(1), numberedToken(2)); got != want {
				t.Errorf("refreshed to %+v, want %+v", got, want)
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

// A spent token returns its successor's salt again within seconds, and writes nothing then. Otherwise it is
// stolen: its whole session is revoked.
func TestSpentTokens(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change string // a statement that runs after token 1 was exchanged for 2
		repeat bool
	}{
		"repeats at once":                        {"SELECT 1", true},
		"repeats after 9 seconds":                {"UPDATE refresh_tokens SET spent_at = now() - interval '9 seconds' WHERE spent_at IS NOT NULL", true},
		"is stolen after 10 seconds":             {"UPDATE refresh_tokens SET spent_at = now() - interval '10 seconds' WHERE spent_at IS NOT NULL", false},
		"is stolen in a revoked session":         {"UPDATE sessions SET revoked_at = now()", false},
		"is stolen from an inactive user":        {"UPDATE users SET active = false", false},
		"is stolen if another was spent later":   {"UPDATE sessions SET spent_token = sha256('another')", false},
		"is stolen if an older release spent it": {"UPDATE sessions SET spent_token = NULL, successor_salt = NULL", false},
		"repeats although it expired meanwhile":  {"UPDATE refresh_tokens SET expires_at = now() WHERE spent_at IS NOT NULL", true},
		"repeats beside a revoked session":       {"INSERT INTO sessions (user_id, revoked_at) SELECT id, now() FROM users", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := setup(t, testdb.New(t))
			v := signUp(t, s, numberedToken(1))
			refresh(t, s, numberedToken(1), numberedToken(2))
			exec(t, db, tt.change)
			const rows = "SELECT string_agg(x, ' ' ORDER BY x) FROM (SELECT t::text FROM refresh_tokens t UNION ALL SELECT s::text FROM sessions s) rows (x)"
			before := value[string](t, db, rows)
			want := store.Refresh{Viewer: v, Salt: saltOf(2)}
			if !tt.repeat {
				want = store.Refresh{Viewer: v, Stolen: true}
			}
			if got := refresh(t, s, numberedToken(1), numberedToken(3)); got != want {
				t.Errorf("the spent token again: %+v, want %+v", got, want)
			}
			if after := value[string](t, db, rows); tt.repeat && after != before {
				t.Errorf("a repetition changed the rows\n%s to\n%s", before, after)
			}
			if got := refresh(t, s, numberedToken(2), numberedToken(4)); got.Viewer.SignedIn() != tt.repeat || got.Stolen {
				t.Errorf("the successor: %+v, want it accepted: %v", got, tt.repeat)
			}
		})
	}
}

// A spent token whose successor is spent too revokes its whole session, and no other session, at once.
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
	stolen := store.Refresh{Viewer: v, Stolen: true}
	if got := refresh(t, s, numberedToken(1), numberedToken(4)); got != stolen {
		t.Errorf("the first token again: %+v", got)
	}
	if got := refresh(t, s, numberedToken(3), numberedToken(5)); got != (store.Refresh{}) {
		t.Errorf("the last token is still valid: %+v", got)
	}
	revoked := value[time.Time](t, db, "SELECT revoked_at FROM sessions WHERE id = $1", v.Session)
	if got := refresh(t, s, numberedToken(2), numberedToken(6)); got != stolen || !revoked.Equal(value[time.Time](t, db, "SELECT revoked_at FROM sessions WHERE id = $1", v.Session)) {
		t.Errorf("the second token again: %+v, or the time of the revocation moved", got)
	}
	if got := refresh(t, s, numberedToken(10), numberedToken(11)); got.Viewer != other {
		t.Errorf("another session of the user: %+v, want %+v", got, other)
	}
}

// If several callers spend one token concurrently, all get the same next token.
func TestRefreshConcurrently(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(0))
	results := make(chan store.Refresh, 8)
	var wg sync.WaitGroup
	for i := range cap(results) {
		wg.Go(func() {
			r, err := s.RefreshSession(t.Context(), numberedToken(0).Hash, numberedToken(i+1))
			if err != nil {
				t.Error(err)
			}
			results <- r
		})
	}
	wg.Wait()
	first := <-results
	if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens WHERE spent_at IS NULL AND hash = $1", hashOf(int(first.Salt[0]))); n != 1 || first.Viewer != v || first.Stolen {
		t.Errorf("refreshed to %+v, and %d tokens of this salt are stored", first, n)
	}
	for range cap(results) - 1 {
		if got := <-results; got != first {
			t.Errorf("refreshed to %+v, and to %+v", first, got)
		}
	}
	if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens"); n != 2 {
		t.Errorf("%d tokens, want the first and the next", n)
	}
}

// With concurrent chains of tokens and a sign-out, no token has two successors, and no token of a
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
				got, err := s.RefreshSession(t.Context(), spend.Hash, numberedToken(1+10*chain+i))
				if err != nil {
					t.Error(err)
				}
				if got.Viewer.SignedIn() && !got.Stolen {
					spend = numberedToken(int(got.Salt[0]))
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
		if got := refresh(t, s, numberedToken(i), numberedToken(100+i)); got.Viewer.SignedIn() && !got.Stolen {
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
	if got := refresh(t, s, numberedToken(2), numberedToken(3)); got.Viewer != v {
		t.Errorf("refreshed to %+v", got)
	}
	if got := refresh(t, s, numberedToken(3), numberedToken(4)); got != (store.Refresh{}) {
		t.Errorf("a session is refreshed after a year: %+v", got)
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

// A change of the password ends the sessions of sign-ins that are in progress with the old one, or rejects them.
func TestChangePasswordRacesSignIns(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	own := signUp(t, s, numberedToken(0))
	c := store.Credentials{UserID: own.ID, PasswordHash: "hash"}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			if _, err := s.SignIn(t.Context(), c, "", numberedToken(n+1)); err != nil {
				t.Error(err)
			}
		})
	}
	revoked, err := s.ChangePassword(t.Context(), own, c, "another")
	wg.Wait()
	if err != nil || revoked < 0 {
		t.Fatalf("revoked %d, %v", revoked, err)
	}
	if n := value[int](t, db, "SELECT count(*) FROM sessions WHERE revoked_at IS NULL"); n != 1 {
		t.Errorf("%d sessions are alive, want the own one", n)
	}
	if n := value[int](t, db, "SELECT count(*) FROM sessions WHERE revoked_at IS NOT NULL"); n != revoked {
		t.Errorf("%d sessions are revoked, want %d", n, revoked)
	}
	if again, err := s.ChangePassword(t.Context(), own, c, "third"); err != nil || again != -1 {
		t.Errorf("changed with the former password: %d, %v", again, err)
	}
}
