package store_test

import (
	"errors"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// A sign-in drops the oldest address of its own account only, and keeps the one that it uses.
func TestAddressesOfAccounts(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	ada := signUp(t, s, numberedToken(1))
	exec(t, db, "INSERT INTO users (name, email) VALUES ('Eve', 'eve@7p.example')")
	exec(t, db, `INSERT INTO sign_in_addresses (hash, user_id, last_used_at)
		SELECT sha256((u.id || '/' || n)::bytea), u.id, now() - n * interval '1 minute' FROM users u, generate_series(1, 10) n`)
	counts := func() string {
		return value[string](t, db, "SELECT string_agg(n::text, ' ' ORDER BY user_id) FROM (SELECT user_id, count(*) AS n FROM sign_in_addresses GROUP BY 1) a")
	}
	has := func(n int) bool {
		t.Helper()
		found, err := s.HasSignInAddress(t.Context(), value[[]byte](t, db, "SELECT sha256(($1::bigint || '/' || $2::int)::bytea)", ada.ID, n))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	signIn := func(token, n int) {
		t.Helper()
		next := numberedToken(token)
		next.Address = value[[]byte](t, db, "SELECT sha256(($1::bigint || '/' || $2::int)::bytea)", ada.ID, n)
		if v, err := s.SignIn(t.Context(), store.Credentials{UserID: ada.ID, PasswordHash: "hash"}, "", next); err != nil || v.ID != ada.ID {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	if signIn(2, 10); !has(10) || !has(9) || counts() != "10 10" {
		t.Errorf("after a sign-in from the oldest address: %s, the oldest %v, the next %v", counts(), has(10), has(9))
	}
	if signIn(3, 11); !has(11) || !has(10) || has(9) || counts() != "10 10" {
		t.Errorf("after a sign-in from a new address: %s, new %v, latest %v, oldest %v", counts(), has(11), has(10), has(9))
	}
	third := numberedToken(4)
	third.Address = make([]byte, 32)
	if _, err := s.SignUp(t.Context(), store.NewAccount{Name: "Bob", Email: "bob@7p.example", PasswordHash: "hash"}, third, atEmail); err != nil || counts() != "10 10 1" {
		t.Errorf("after a sign-up: %s, %v", counts(), err)
	}
}

// Stored responses of other owners, and expired ones, do not count for an owner.
func TestResponsesOfOwners(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	exec(t, db, `INSERT INTO idempotent_answers (key, answer, owner, bytes, created_at) VALUES
		(sha256('a'), '', 8, 20000000, now()), (sha256('b'), '', 7, 20000000, now() - interval '25 hours')`)
	run := func(owner int64, key byte) error {
		_, _, err := s.RunIdempotent(t.Context(), store.IdempotentRun{Key: [32]byte{key}, Owner: owner}, func(*store.Store) ([]byte, error) { return []byte("x"), nil })
		return err
	}
	if err := run(7, 1); err != nil {
		t.Errorf("an owner without fresh responses: %v", err)
	}
	if err := run(8, 2); !errors.Is(err, edu.RateLimited) {
		t.Errorf("an owner of 20 MB: %v, want %v", err, edu.RateLimited)
	}
}

// A snapshot of another database or another history shows nothing of this one: all its changes are read, and none
// are deleted.
func TestSnapshotsOfOtherDatabases(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	snapshot, all, err := s.ChangesSince(t.Context(), store.Snapshot{})
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	otherOrigin, otherHistory := snapshot, snapshot
	otherOrigin.Database.Origin += "x"
	otherHistory.Database.History += "x"
	for _, c := range []struct {
		since store.Snapshot
		want  int
	}{{otherOrigin, len(all)}, {otherHistory, len(all)}, {snapshot, 0}} {
		if _, changes, err := s.ChangesSince(t.Context(), c.since); err != nil || len(changes) != c.want {
			t.Errorf("%+v: %d changes, %v, want %d", c.since, len(changes), err, c.want)
		}
	}
	for _, c := range []struct {
		since store.Snapshot
		want  int
	}{{otherOrigin, 0}, {otherHistory, 0}, {snapshot, len(all)}} {
		if n, err := s.DeleteChanges(t.Context(), c.since); err != nil || n != c.want {
			t.Errorf("%+v: deleted %d, %v, want %d", c.since, n, err, c.want)
		}
	}
}
