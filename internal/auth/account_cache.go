package auth

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/7p-education/api/edu"
)

const (
	// AccountTTL is how long the answer about an account is taken for true, and so
	// how long one that was deactivated elsewhere may go on where no revocation
	// comes through.
	AccountTTL = 5 * time.Second

	// maxCachedAccounts is how many answers are kept, each of some 200 bytes.
	maxCachedAccounts = 1 << 14

	// lookupTimeout is how long a lookup may take. It is not ended by the request that
	// began it, as others may wait for the same.
	lookupTimeout = 3 * time.Second
)

// What is told of an account, or of not knowing it.
var (
	// ErrNoAccount is for a token whose user is not, or is no more, among ours.
	ErrNoAccount = edu.Errorf(edu.Unauthenticated, "there is no account for this token: sign in again, or sign up")
	// ErrAccountInactive is for an account that an operator has deactivated.
	ErrAccountInactive = edu.Errorf(edu.Unauthenticated, "the account is not active: ask support")
	// ErrSessionEnded is for a token that outlived its session.
	ErrSessionEnded = edu.Errorf(edu.Unauthenticated, "the session has ended: sign in again")

	errAccountsUnavailable = edu.Errorf(edu.Unavailable, "accounts cannot be checked just now: try again")
)

// Identity is whom a token names: an account by its key or else by its email,
// and a session of it, 0 for none.
type Identity struct {
	ID      int64
	Email   string // without regard to case; "" where ID is given
	Session int64
}

// Account is what the database has of an Identity; the zero Account is none.
type Account struct {
	ID     int64
	Role   edu.Role
	Plan   edu.Plan
	Active bool
	// SessionEnded tells that the session is revoked, or was never the account's.
	SessionEnded bool
}

// AccountLookup reads an account as it is now, the zero Account where there is none.
type AccountLookup func(context.Context, Identity) (Account, error)

// AccountCache looks accounts up and keeps each answer for AccountTTL, or until it is
// forgotten. It is safe for concurrent use.
type AccountCache struct {
	lookup   AccountLookup
	log      *slog.Logger
	entries  *otter.Cache[Identity, Account]
	inflight singleflight.Group

	mu sync.Mutex
	// generation counts what Forget was told. An answer that was asked for under
	// another count may be from before, and is not kept.
	generation uint64
}

// NewAccountCache returns Accounts that are looked up so. The log is told why where
// that fails.
func NewAccountCache(lookup AccountLookup, log *slog.Logger) *AccountCache {
	return &AccountCache{lookup: lookup, log: log, entries: otter.Must(&otter.Options[Identity, Account]{
		MaximumSize: maxCachedAccounts, ExpiryCalculator: otter.ExpiryWriting[Identity, Account](AccountTTL),
	})}
}

// Close ends the goroutine that removes what has expired.
func (a *AccountCache) Close() { a.entries.StopAllGoroutines() }

// ResolveViewer returns the account of an identity as a viewer, or why there is none:
// ErrNoAccount, ErrAccountInactive, ErrSessionEnded, or one of edu.Unavailable.
func (a *AccountCache) ResolveViewer(ctx context.Context, id Identity) (edu.Viewer, error) {
	account, err := a.lookupAccount(ctx, id)
	switch {
	case err != nil:
		return edu.Viewer{}, err
	case account.ID == 0:
		return edu.Viewer{}, ErrNoAccount
	case !account.Active:
		return edu.Viewer{}, ErrAccountInactive
	case account.SessionEnded:
		return edu.Viewer{}, ErrSessionEnded
	}
	return edu.Viewer{ID: account.ID, Role: account.Role, Plan: account.Plan, Session: id.Session}, nil
}

// Invalidate makes the next request ask for what was revoked, even where a lookup is
// under way that began before.
func (a *AccountCache) Invalidate(r Revocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation++
	switch {
	case r == Revocation{}:
		a.entries.InvalidateAll()
	case r.Session != 0:
		a.entries.Invalidate(Identity{ID: r.User, Session: r.Session})
	default: // of any session, or by an email; 16,384 take 1 ms
		for who, account := range a.entries.All() {
			if account.ID == r.User || who.ID == r.User {
				a.entries.Invalidate(who)
			}
		}
	}
}

func (a *AccountCache) lookupAccount(ctx context.Context, id Identity) (Account, error) {
	if account, ok := a.entries.GetIfPresent(id); ok {
		return account, nil
	}
	a.mu.Lock()
	generation := a.generation
	a.mu.Unlock()
	// Who comes after a Forget does not wait for what was asked before it.
	flight := a.inflight.DoChan(fmt.Sprint(generation, id), func() (any, error) {
		return a.loadAccount(context.WithoutCancel(ctx), id, generation)
	})
	select {
	case <-ctx.Done():
		return Account{}, errAccountsUnavailable // nobody is left to read it
	case result := <-flight:
		account, _ := result.Val.(Account)
		return account, result.Err
	}
}

func (a *AccountCache) loadAccount(ctx context.Context, id Identity, generation uint64) (Account, error) {
	if account, ok := a.entries.GetIfPresent(id); ok { // since the caller looked
		return account, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	account, err := a.lookup(ctx, id)
	if err != nil {
		a.log.WarnContext(ctx, "an account cannot be checked: its requests are answered 503", "error", err)
		return Account{}, errAccountsUnavailable
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.generation == generation {
		a.entries.Set(id, account)
	}
	return account, nil
}
