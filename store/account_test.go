package store_test

import (
	"errors"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

func lookupAccount(t *testing.T, s *store.Store, id int64, email string, session int64) (found store.Account) {
	t.Helper()
	if err := s.OnPrimary().RunQueries(t.Context(), store.LookupAccount(id, email, session, func(a store.Account) { found = a })); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestLookupAccount(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	ada := signUp(t, s, numberedToken(1))
	exec(t, db, "UPDATE users SET role = 'admin', plan = 'premium'")
	exec(t, db, "INSERT INTO users (name, email) VALUES ('Eve', 'eve@7p.example')")
	eve := value[int64](t, db, "SELECT id FROM users WHERE name = 'Eve'")
	active := store.Account{ID: ada.ID, Role: edu.RoleAdmin, Plan: edu.PlanPremium, Active: true}
	ended := active
	ended.SessionEnded = true
	check := func(name string, id int64, email string, session int64, want store.Account) {
		t.Helper()
		if got := lookupAccount(t, s, id, email, session); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	check("by id", ada.ID, "", 0, active)
	check("by email, ignoring case", 0, "ADA@7P.example", 0, active)
	check("with a session", ada.ID, "", ada.Session, active)
	check("by email with a session", 0, "ada@7p.example", ada.Session, active)
	check("unknown id", 999, "", 0, store.Account{})
	check("unknown email", 0, "nobody@7p.example", 0, store.Account{})
	check("empty email", 0, "", 0, store.Account{})
	check("an unknown session", ada.ID, "", 999, ended)
	check("a session of another account", eve, "", ada.Session, store.Account{ID: eve, Role: edu.RoleStudent, Plan: edu.PlanFree, Active: true, SessionEnded: true})
	if _, err := s.EndSession(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	check("a revoked session", ada.ID, "", ada.Session, ended)
	check("without the revoked session", ada.ID, "", 0, active)
}

// Deactivating an account revokes all its sessions, and activating it restores none.
func TestSetAccountActive(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	ada := signUp(t, s, numberedToken(1))
	exec(t, db, "INSERT INTO users (name, email) VALUES ('Eve', 'eve@7p.example')")
	exec(t, db, "INSERT INTO sessions (user_id) SELECT id FROM users WHERE name = 'Eve'")
	for _, active := range []bool{false, false, true} {
		if id, err := s.SetAccountActive(t.Context(), "ADA@7p.example", active); err != nil || id != ada.ID {
			t.Fatalf("account %d, %v; want %d", id, err, ada.ID)
		}
		if got := lookupAccount(t, s, ada.ID, "", ada.Session); got.Active != active || !got.SessionEnded {
			t.Errorf("set to %t: %+v", active, got)
		}
	}
	if n := value[int](t, db, "SELECT count(*) FROM sessions WHERE revoked_at IS NULL"); n != 1 {
		t.Errorf("%d sessions are not revoked, want that of the other account", n)
	}
	if !value[bool](t, db, "SELECT active FROM users WHERE name = 'Eve'") {
		t.Error("another account was deactivated")
	}
	if _, err := s.SetAccountActive(t.Context(), "nobody@7p.example", false); !errors.Is(err, edu.NotFound) {
		t.Errorf("unknown email: %v, want %v", err, edu.NotFound)
	}
}
