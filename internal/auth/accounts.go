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

	// maxAccounts is how many answers are kept, each of some 200 bytes.
	maxAccounts = 1 << 14

	// lookupTime is how long a lookup may take. It is not ended by the request that
	// began it, as others may wait for the same.
	lookupTime = 3 * time.Second
)

// What is told of an account, or of not knowing it.
var (
	// ErrNoAccount is for a token whose user is not, or is no more, among ours.
	ErrNoAccount = edu.Errorf(edu.Unauthenticated, "there is no account for this token: sign in again, or sign up")
	// ErrInactive is for an account that an operator has deactivated.
	ErrInactive = edu.Errorf(edu.Unauthenticated, "the account is not active: ask support")
	// ErrSession is for a token that outlived its session.
	ErrSession = edu.Errorf(edu.Unauthenticated, "the session has ended: sign in again")

	errAccounts = edu.Errorf(edu.Unavailable, "accounts cannot be checked just now: try again")
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
	// SessionOver tells that the session is revoked, or was never the account's.
	SessionOver bool
}

// Lookup reads an account as it is now, the zero Account where there is none.
type Lookup func(context.Context, Identity) (Account, error)

// Accounts looks accounts up and keeps each answer for AccountTTL, or until it is
// forgotten. It is safe for concurrent use.
type Accounts struct {
	lookup Lookup
	log    *slog.Logger
	kept   *otter.Cache[Identity, Account]
	reads  singleflight.Group

	mu sync.Mutex
	// forgotten counts what Forget was told. An answer that was asked for under
	// another count may be from before, and is not kept.
	forgotten uint64
}

// NewAccounts returns Accounts that are looked up so. The log is told why where
// that fails.
func NewAccounts(lookup Lookup, log *slog.Logger) *Accounts {
	return &Accounts{lookup: lookup, log: log, kept: otter.Must(&otter.Options[Identity, Account]{
		MaximumSize: maxAccounts, ExpiryCalculator: otter.ExpiryWriting[Identity, Account](AccountTTL),
	})}
}

// Close ends the goroutine that removes what has expired.
func (a *Accounts) Close() { a.kept.StopAllGoroutines() }

// Viewer returns the account of an identity as a viewer, or why there is none:
// ErrNoAccount, ErrInactive, ErrSession, or one of edu.Unavailable.
func (a *Accounts) Viewer(ctx context.Context, who Identity) (edu.Viewer, error) {
	account, err := a.of(ctx, who)
	switch {
	case err != nil:
		return edu.Viewer{}, err
	case account.ID == 0:
		return edu.Viewer{}, ErrNoAccount
	case !account.Active:
		return edu.Viewer{}, ErrInactive
	case account.SessionOver:
		return edu.Viewer{}, ErrSession
	}
	return edu.Viewer{ID: account.ID, Role: account.Role, Plan: account.Plan, Session: who.Session}, nil
}

// Forget makes the next request ask for what was revoked, even where a lookup is
// under way that began before.
func (a *Accounts) Forget(r Revocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgotten++
	switch {
	case r == Revocation{}:
		a.kept.InvalidateAll()
	case r.Session != 0:
		a.kept.Invalidate(Identity{ID: r.User, Session: r.Session})
	default: // of any session, or by an email; 16,384 take 1 ms
		for who, account := range a.kept.All() {
			if account.ID == r.User || who.ID == r.User {
				a.kept.Invalidate(who)
			}
		}
	}
}

func (a *Accounts) of(ctx context.Context, who Identity) (Account, error) {
	if account, ok := a.kept.GetIfPresent(who); ok {
		return account, nil
	}
	a.mu.Lock()
	asked := a.forgotten
	a.mu.Unlock()
	// Who comes after a Forget does not wait for what was asked before it.
	read := a.reads.DoChan(fmt.Sprint(asked, who), func() (any, error) {
		return a.read(context.WithoutCancel(ctx), who, asked)
	})
	select {
	case <-ctx.Done():
		return Account{}, errAccounts // nobody is left to read it
	case result := <-read:
		account, _ := result.Val.(Account)
		return account, result.Err
	}
}

func (a *Accounts) read(ctx context.Context, who Identity, asked uint64) (Account, error) {
	if account, ok := a.kept.GetIfPresent(who); ok { // since the caller looked
		return account, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	account, err := a.lookup(ctx, who)
	if err != nil {
		a.log.WarnContext(ctx, "an account cannot be checked: its requests are answered 503", "error", err)
		return Account{}, errAccounts
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.forgotten == asked {
		a.kept.Set(who, account)
	}
	return account, nil
}
