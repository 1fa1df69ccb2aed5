package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

// fakeAccounts returns accounts from a map and counts the lookups.
type fakeAccounts struct {
	mu       sync.Mutex
	accounts map[auth.Identity]auth.Account
	err      error
	lookups  atomic.Int64
	release  chan struct{} // if not nil, a lookup waits for it after reading the map
	started  chan struct{} // receives a value when a lookup waits for release
}

func (k *fakeAccounts) lookup(_ context.Context, id auth.Identity) (auth.Account, error) {
	k.lookups.Add(1)
	k.mu.Lock()
	found, err, release := k.accounts[id], k.err, k.release
	k.mu.Unlock()
	if release != nil {
		k.started <- struct{}{}
		<-release
	}
	return found, err
}

func (k *fakeAccounts) set(id auth.Identity, a auth.Account) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.accounts[id] = a
}

func newAccountCache(t *testing.T, k *fakeAccounts) *auth.AccountCache {
	t.Helper()
	a := auth.NewAccountCache(k.lookup, slog.New(slog.DiscardHandler))
	t.Cleanup(a.Close)
	return a
}

var (
	identity = auth.Identity{ID: 7, Session: 3}
	account  = auth.Account{ID: 7, Role: edu.RoleStudent, Plan: edu.PlanPremium, Active: true}
)

// TestResolveViewer checks that a lookup is cached, and that a revocation of the session, the user or
// everything causes a new one.
func TestResolveViewer(t *testing.T) {
	t.Parallel()
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{identity: account}}
	a := newAccountCache(t, k)
	for range 3 {
		v, err := a.ResolveViewer(t.Context(), identity)
		if want := (edu.Viewer{ID: 7, Role: edu.RoleStudent, Plan: edu.PlanPremium, Session: 3}); err != nil || v != want {
			t.Fatalf("%+v, %v; want %+v", v, err, want)
		}
	}
	if k.lookups.Load() != 1 {
		t.Errorf("%d lookups, want 1", k.lookups.Load())
	}
	for _, c := range []struct {
		account auth.Account
		want    error
	}{
		{auth.Account{}, auth.ErrNoAccount},
		{auth.Account{ID: 7, Role: edu.RoleStudent}, auth.ErrAccountInactive},
		{auth.Account{ID: 7, Role: edu.RoleStudent, Active: true, SessionEnded: true}, auth.ErrSessionEnded},
	} {
		for _, r := range []auth.Revocation{{User: 7, Session: 3}, {User: 7}, {}} {
			k.set(identity, account)
			a.Invalidate(auth.Revocation{})
			if _, err := a.ResolveViewer(t.Context(), identity); err != nil {
				t.Fatal(err)
			}
			k.set(identity, c.account)
			a.Invalidate(r)
			if v, err := a.ResolveViewer(t.Context(), identity); !errors.Is(err, c.want) || v.SignedIn() {
				t.Errorf("after %q: %+v, %v; want %v", r, v, err, c.want)
			}
		}
	}
	// Revocations of other users and sessions do not affect the entry.
	k.set(identity, account)
	a.Invalidate(auth.Revocation{})
	if _, err := a.ResolveViewer(t.Context(), identity); err != nil {
		t.Fatal(err)
	}
	before := k.lookups.Load()
	a.Invalidate(auth.Revocation{User: 8})
	a.Invalidate(auth.Revocation{User: 7, Session: 4})
	if _, err := a.ResolveViewer(t.Context(), identity); err != nil || k.lookups.Load() != before {
		t.Errorf("looked up again after the revocation of another user or session: %v", err)
	}
}

// TestInvalidateDuringLookup checks that a lookup in flight during a revocation is not cached.
func TestInvalidateDuringLookup(t *testing.T) {
	t.Parallel()
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{identity: account}, release: make(chan struct{}), started: make(chan struct{}, 1)}
	a := newAccountCache(t, k)
	done := make(chan struct{})
	go func() { defer close(done); _, _ = a.ResolveViewer(t.Context(), identity) }()
	<-k.started
	k.set(identity, auth.Account{ID: 7})
	a.Invalidate(auth.Revocation{User: 7})
	close(k.release)
	<-done
	k.mu.Lock()
	k.release = nil
	k.mu.Unlock()
	if _, err := a.ResolveViewer(t.Context(), identity); !errors.Is(err, auth.ErrAccountInactive) {
		t.Errorf("%v, want %v", err, auth.ErrAccountInactive)
	}
}

// TestLookupAfterInvalidate checks that a request after a revocation does not join a lookup that
// began before it.
func TestLookupAfterInvalidate(t *testing.T) {
	t.Parallel()
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{identity: account}, release: make(chan struct{}), started: make(chan struct{}, 1)}
	a := newAccountCache(t, k)
	before := make(chan error)
	go func() { _, err := a.ResolveViewer(t.Context(), identity); before <- err }()
	<-k.started
	k.mu.Lock()
	release := k.release
	k.release, k.accounts[identity] = nil, auth.Account{ID: 7}
	k.mu.Unlock()
	a.Invalidate(auth.Revocation{User: 7})
	if _, err := a.ResolveViewer(t.Context(), identity); !errors.Is(err, auth.ErrAccountInactive) { // while the first lookup still waits
		t.Errorf("%v, want %v", err, auth.ErrAccountInactive)
	}
	close(release)
	if err := <-before; err != nil {
		t.Errorf("request before the revocation: %v", err)
	}
	if _, err := a.ResolveViewer(t.Context(), identity); !errors.Is(err, auth.ErrAccountInactive) {
		t.Errorf("the outdated account was cached: %v", err)
	}
}

// TestCancelledRequestLeavesLookup checks that a cancelled request does not cancel the lookup that
// other requests wait for.
func TestCancelledRequestLeavesLookup(t *testing.T) {
	t.Parallel()
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{identity: account}, release: make(chan struct{}), started: make(chan struct{}, 1)}
	a := newAccountCache(t, k)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { _, err := a.ResolveViewer(ctx, identity); first <- err }()
	<-k.started
	cancel()
	if err := <-first; !errors.Is(err, edu.Unavailable) { // although the lookup still waits
		t.Errorf("cancelled request: %v", err)
	}
	close(k.release)
	if _, err := a.ResolveViewer(t.Context(), identity); err != nil || k.lookups.Load() != 1 {
		t.Errorf("second request: %v after %d lookups, want 1", err, k.lookups.Load())
	}
}

// TestAccountsExpire checks that a cached account expires after AccountTTL, and the result that there
// is none after NoAccountTTL, which leaves half a second for the lookup.
func TestAccountsExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{identity: account}}
		a := newAccountCache(t, k)
		checkViewer := func(want error) {
			t.Helper()
			if _, err := a.ResolveViewer(t.Context(), identity); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		checkViewer(nil)
		k.set(identity, auth.Account{})
		time.Sleep(auth.AccountTTL - time.Millisecond)
		checkViewer(nil) // a read does not extend the lifetime
		time.Sleep(time.Millisecond)
		checkViewer(auth.ErrNoAccount)
		k.set(identity, account)
		time.Sleep(500*time.Millisecond - time.Millisecond)
		checkViewer(auth.ErrNoAccount)
		time.Sleep(time.Millisecond)
		checkViewer(nil)
	})
}

// TestConcurrentLookups checks that concurrent requests share one lookup.
func TestConcurrentLookups(t *testing.T) {
	t.Parallel()
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{identity: account}, release: make(chan struct{}), started: make(chan struct{}, 1)}
	a := newAccountCache(t, k)
	var wait sync.WaitGroup
	var requests atomic.Int64
	for range 50 {
		wait.Go(func() {
			requests.Add(1)
			if _, err := a.ResolveViewer(t.Context(), identity); err != nil {
				t.Error(err)
			}
		})
	}
	<-k.started
	close(k.release)
	wait.Wait()
	if k.lookups.Load() != 1 {
		t.Errorf("%d lookups, want 1", k.lookups.Load())
	}
}

// TestAccountsUnavailable checks that a failed lookup does not make the token invalid and is not
// cached.
func TestAccountsUnavailable(t *testing.T) {
	t.Parallel()
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{identity: account}, err: errors.New("secret detail")}
	a := newAccountCache(t, k)
	if _, err := a.ResolveViewer(t.Context(), identity); !errors.Is(err, edu.Unavailable) {
		t.Errorf("%v, want %v", err, edu.Unavailable)
	}
	k.mu.Lock()
	k.err = nil
	k.mu.Unlock()
	if _, err := a.ResolveViewer(t.Context(), identity); err != nil {
		t.Error(err)
	}
}

func TestRevocations(t *testing.T) {
	t.Parallel()
	for _, r := range []auth.Revocation{{}, {User: 7}, {User: 7, Session: 1 << 40}} {
		if got := auth.ParseRevocation(r.String()); got != r {
			t.Errorf("%+v: parsed as %+v", r, got)
		}
	}
	for _, text := range []string{"", "x", "7/", "7/x", "/7", "x/7", "-1", "07", "7/3/1"} {
		if got := auth.ParseRevocation(text); got != (auth.Revocation{}) {
			t.Errorf("%q: parsed as %+v, want the zero Revocation", text, got)
		}
	}
}
