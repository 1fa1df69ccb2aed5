package store_test

import (
	"path/filepath"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// lockWaitSQL reports whether a transaction waits for a lock.
const lockWaitSQL = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"

// A refresh that meets the revocation of its session, the use of its token, or that of the successor, waits
// for it and sees it.
func TestRefreshWaitsForOthers(t *testing.T) {
	t.Parallel()
	const spend = "UPDATE refresh_tokens SET spent_at = now()"
	for name, tt := range map[string]struct {
		change string // statements of another server, committed while the refresh waits
		want   store.Refresh
	}{
		"a revocation":                    {"UPDATE sessions SET revoked_at = now()", store.Refresh{}},
		"use of the token by old release": {spend, store.Refresh{Stolen: true}},
		"use of the token": {
			spend + "; UPDATE sessions SET spent_token = (SELECT hash FROM refresh_tokens), successor_salt = '0123456789abcdef'",
			store.Refresh{Salt: [16]byte([]byte("0123456789abcdef"))},
		},
		"use of the token and its successor": {
			spend + "; UPDATE sessions SET spent_token = sha256('successor'), successor_salt = '0123456789abcdef'",
			store.Refresh{Stolen: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := setup(t, testdb.New(t))
			v := signUp(t, s, numberedToken(1))
			tx, do := begin(t, db)
			do(tt.change)
			type result struct {
				store.Refresh
				err error
			}
			done := make(chan result, 1)
			go func() {
				r, err := s.RefreshSession(t.Context(), numberedToken(1).Hash, numberedToken(2))
				done <- result{r, err}
			}()
			for len(done) == 0 && !value[bool](t, db, lockWaitSQL) { // a refresh without the lock is done
			}
			commit(t, tx)
			got, want := <-done, tt.want
			if want != (store.Refresh{}) {
				want.Viewer = v
			}
			if got.err != nil || got.Refresh != want {
				t.Errorf("%+v, want %+v", got, want)
			}
			if n := value[int](t, db, "SELECT count(*) FROM refresh_tokens"); n != 1 {
				t.Errorf("%d tokens, want the first", n)
			}
		})
	}
}

// A refresh of a spent token that waits for the use of the successor sees it: the lock of the session covers
// the token that was spent last.
func TestRepeatWaitsForSuccessor(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(1))
	refresh(t, s, numberedToken(1), numberedToken(2))
	tx, do := begin(t, db)
	do("UPDATE sessions SET spent_token = sha256('successor')")
	done := make(chan store.Refresh, 1)
	go func() {
		defer close(done)
		r, err := s.RefreshSession(t.Context(), numberedToken(1).Hash, numberedToken(3))
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	for len(done) == 0 && !value[bool](t, db, lockWaitSQL) { // a refresh without the lock is done
	}
	commit(t, tx)
	if got, want := <-done, (store.Refresh{Viewer: v, Stolen: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Expired tokens end their own sessions only: a session without tokens remains.
func TestDeleteExpiredSessionsLeavesOthers(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	v := signUp(t, s, numberedToken(1))
	exec(t, db, "UPDATE refresh_tokens SET expires_at = now()")
	exec(t, db, "INSERT INTO sessions (user_id) VALUES ($1)", v.ID)
	if n, err := s.DeleteExpiredSessions(t.Context()); err != nil || n != 1 {
		t.Errorf("deleted %d tokens, %v", n, err)
	}
	if left := value[[]int64](t, db, "SELECT array_agg(id) FROM sessions"); len(left) != 1 || left[0] == v.Session {
		t.Errorf("sessions %v are left, want the one without tokens", left)
	}
}

// A refresh returns the user of its own session, among other users with sessions.
func TestRefreshReturnsItsUser(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	var viewers []edu.Viewer
	for i, email := range []string{"a@7p.example", "b@7p.example", "c@7p.example"} {
		v, err := s.SignUp(t.Context(), store.NewAccount{Name: "A", Email: email, PasswordHash: "hash"}, numberedToken(i), atEmail)
		if err != nil {
			t.Fatal(err)
		}
		viewers = append(viewers, v)
	}
	for i, want := range viewers {
		if got := refresh(t, s, numberedToken(i), numberedToken(10+i)); got.Viewer != want || got.Stolen {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// After a restore of an earlier state, ids of accounts are used again and those of sessions are not. So an
// access token of a discarded session belongs to no session of the new account, and ends none.
func TestSessionsOfRestoredDatabase(t *testing.T) {
	t.Parallel()
	dsn, dump := testdb.New(t), filepath.Join(t.TempDir(), "dump")
	testdb.RunProgram(t, dsn, "pg_dump", "--dbname="+dsn, "--format=custom", "--file="+dump)
	const sessions = 4
	start := func(email string) (all []edu.Viewer) {
		s := open(t, store.Config{URL: dsn, MaxConns: 2})
		v, err := s.SignUp(t.Context(), store.NewAccount{Name: "A", Email: email, PasswordHash: "hash"}, numberedToken(0), atEmail)
		all = append(all, v)
		for i := 1; i < sessions && err == nil; i++ {
			v, err = s.SignIn(t.Context(), store.Credentials{UserID: v.ID, PasswordHash: "hash"}, "", numberedToken(i))
			all = append(all, v)
		}
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	discarded := start("ada@7p.example")
	s := open(t, store.Config{URL: dsn, MaxConns: 2})
	for _, v := range discarded[:sessions/2] {
		if ended, err := s.EndSession(t.Context(), v); err != nil || !ended {
			t.Fatalf("signing out: %v, %v", ended, err)
		}
	}
	s.Close()
	testdb.RestoreInPlace(t, dsn, dump)
	current := start("eve@7p.example")
	s = open(t, store.Config{URL: dsn, MaxConns: 2})
	for i, v := range discarded {
		if v.ID != current[i].ID {
			t.Fatalf("the account has the id %d, want %d again", current[i].ID, v.ID)
		}
		if got := lookupAccount(t, s, v.ID, "", v.Session); !got.SessionEnded {
			t.Errorf("session %d of the discarded account is one of %+v", i, got)
		}
		if ended, err := s.EndSession(t.Context(), v); err != nil || ended {
			t.Errorf("the discarded session %d ended another one: %v, %v", i, ended, err)
		}
	}
	for i, v := range current {
		if got := lookupAccount(t, s, v.ID, "", v.Session); !got.Active || got.SessionEnded {
			t.Errorf("session %d of the new account: %+v", i, got)
		}
	}
}
