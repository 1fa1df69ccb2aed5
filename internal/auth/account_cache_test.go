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

// known looks accounts up in a map, and counts how often.
type known struct {
	mu       sync.Mutex
	accounts map[auth.Identity]auth.Account
	err      error
	reads    atomic.Int64
	hold     chan struct{} // where it is not nil, a lookup waits for it after it has read
	held     chan struct{}
}

func (k *known) lookup(_ context.Context, who auth.Identity) (auth.Account, error) {
	k.reads.Add(1)
	k.mu.Lock()
	found, err, hold := k.accounts[who], k.err, k.hold
	k.mu.Unlock()
	if hold != nil {
		k.held <- struct{}{}
		<-hold
	}
	return found, err
}

func (k *known) set(who auth.Identity, a auth.Account) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.accounts[who] = a
}

func accountsOf(t *testing.T, k *known) *auth.AccountCache {
	t.Helper()
	a := auth.NewAccountCache(k.lookup, slog.New(slog.DiscardHandler))
	t.Cleanup(a.Close)
	return a
}

var (
	who     = auth.Identity{ID: 7, Session: 3}
	account = auth.Account{ID: 7, Role: edu.RoleStudent, Plan: edu.PlanPremium, Active: true}
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	k := &known{accounts: map[auth.Identity]auth.Account{who: account}}
	a := accountsOf(t, k)
	for range 3 {
		v, err := a.ResolveViewer(t.Context(), who)
		if want := (edu.Viewer{ID: 7, Role: edu.RoleStudent, Plan: edu.PlanPremium, Session: 3}); err != nil || v != want {
			t.Fatalf("%+v, %v; want %+v", v, err, want)
		}
	}
	if k.reads.Load() != 1 {
		t.Errorf("asked %d times, want once", k.reads.Load())
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
			k.set(who, account)
			a.Invalidate(auth.Revocation{})
			if _, err := a.ResolveViewer(t.Context(), who); err != nil {
				t.Fatal(err)
			}
			k.set(who, c.account)
			a.Invalidate(r)
			if v, err := a.ResolveViewer(t.Context(), who); !errors.Is(err, c.want) || v.SignedIn() {
				t.Errorf("after %q: %+v, %v; want %v", r, v, err, c.want)
			}
		}
	}
	// Another's revocation is not ours.
	k.set(who, account)
	a.Invalidate(auth.Revocation{})
	if _, err := a.ResolveViewer(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	before := k.reads.Load()
	a.Invalidate(auth.Revocation{User: 8})
	a.Invalidate(auth.Revocation{User: 7, Session: 4})
	if _, err := a.ResolveViewer(t.Context(), who); err != nil || k.reads.Load() != before {
		t.Errorf("asked anew for someone else's revocation: %v", err)
	}
}

// An answer that was on its way when the revocation came is from before it.
func TestAccountsForgetWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	k := &known{accounts: map[auth.Identity]auth.Account{who: account}, hold: make(chan struct{}), held: make(chan struct{}, 1)}
	a := accountsOf(t, k)
	done := make(chan struct{})
	go func() { defer close(done); _, _ = a.ResolveViewer(t.Context(), who) }()
	<-k.held
	k.set(who, auth.Account{ID: 7})
	a.Invalidate(auth.Revocation{User: 7})
	close(k.hold)
	<-done
	k.mu.Lock()
	k.hold = nil
	k.mu.Unlock()
	if _, err := a.ResolveViewer(t.Context(), who); !errors.Is(err, auth.ErrAccountInactive) {
		t.Errorf("%v, want %v", err, auth.ErrAccountInactive)
	}
}

// Who asks after the revocation does not get what was asked for before it.
func TestAccountsForgetIsNotJoined(t *testing.T) {
	t.Parallel()
	k := &known{accounts: map[auth.Identity]auth.Account{who: account}, hold: make(chan struct{}), held: make(chan struct{}, 1)}
	a := accountsOf(t, k)
	before := make(chan error)
	go func() { _, err := a.ResolveViewer(t.Context(), who); before <- err }()
	<-k.held
	k.mu.Lock()
	hold := k.hold
	k.hold, k.accounts[who] = nil, auth.Account{ID: 7}
	k.mu.Unlock()
	a.Invalidate(auth.Revocation{User: 7})
	if _, err := a.ResolveViewer(t.Context(), who); !errors.Is(err, auth.ErrAccountInactive) { // while the first still waits
		t.Errorf("%v, want %v", err, auth.ErrAccountInactive)
	}
	close(hold)
	if err := <-before; err != nil {
		t.Errorf("who asked before: %v", err)
	}
	if _, err := a.ResolveViewer(t.Context(), who); !errors.Is(err, auth.ErrAccountInactive) {
		t.Errorf("the old answer was put back: %v", err)
	}
}

// Who leaves does not take the answer from those who wait for the same.
func TestAccountsCallerLeaves(t *testing.T) {
	t.Parallel()
	k := &known{accounts: map[auth.Identity]auth.Account{who: account}, hold: make(chan struct{}), held: make(chan struct{}, 1)}
	a := accountsOf(t, k)
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { _, err := a.ResolveViewer(ctx, who); first <- err }()
	<-k.held
	leave()
	if err := <-first; !errors.Is(err, edu.Unavailable) { // although the read is still held
		t.Errorf("who left: %v", err)
	}
	close(k.hold)
	if _, err := a.ResolveViewer(t.Context(), who); err != nil || k.reads.Load() != 1 {
		t.Errorf("who stayed: %v after %d reads, want one", err, k.reads.Load())
	}
}

// An answer, be it that there is none, is good for AccountTTL and no longer.
func TestAccountsExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &known{accounts: map[auth.Identity]auth.Account{who: account}}
		a := accountsOf(t, k)
		viewer := func(want error) {
			t.Helper()
			if _, err := a.ResolveViewer(t.Context(), who); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		viewer(nil)
		k.set(who, auth.Account{})
		time.Sleep(auth.AccountTTL - time.Millisecond)
		viewer(nil) // and reading it does not keep it longer
		time.Sleep(time.Millisecond)
		viewer(auth.ErrNoAccount)
		k.set(who, account)
		viewer(auth.ErrNoAccount)
		time.Sleep(auth.AccountTTL)
		viewer(nil)
	})
}

// Many who ask at once make one read.
func TestAccountsAskOnce(t *testing.T) {
	t.Parallel()
	k := &known{accounts: map[auth.Identity]auth.Account{who: account}, hold: make(chan struct{}), held: make(chan struct{}, 1)}
	a := accountsOf(t, k)
	var wait sync.WaitGroup
	var asked atomic.Int64
	for range 50 {
		wait.Go(func() {
			asked.Add(1)
			if _, err := a.ResolveViewer(t.Context(), who); err != nil {
				t.Error(err)
			}
		})
	}
	<-k.held
	close(k.hold)
	wait.Wait()
	if k.reads.Load() != 1 {
		t.Errorf("asked %d times, want once", k.reads.Load())
	}
}

// A database that cannot be asked is no reason to call a token bad; and it is
// asked again.
func TestAccountsUnavailable(t *testing.T) {
	t.Parallel()
	k := &known{accounts: map[auth.Identity]auth.Account{who: account}, err: errors.New("secret detail")}
	a := accountsOf(t, k)
	if _, err := a.ResolveViewer(t.Context(), who); !errors.Is(err, edu.Unavailable) {
		t.Errorf("%v, want %v", err, edu.Unavailable)
	}
	k.mu.Lock()
	k.err = nil
	k.mu.Unlock()
	if _, err := a.ResolveViewer(t.Context(), who); err != nil {
		t.Error(err)
	}
}

func TestRevocations(t *testing.T) {
	t.Parallel()
	for _, r := range []auth.Revocation{{}, {User: 7}, {User: 7, Session: 1 << 40}} {
		if got := auth.ParseRevocation(r.String()); got != r {
			t.Errorf("%+v came back as %+v", r, got)
		}
	}
	for _, text := range []string{"", "x", "7/", "7/x", "-1", "07", "7/3/1"} {
		if got := auth.ParseRevocation(text); got != (auth.Revocation{}) {
			t.Errorf("%q is read as %+v, want everything", text, got)
		}
	}
}
