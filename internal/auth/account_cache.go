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
	// AccountTTL is the lifetime of a cached account. It is therefore how long an account that another
	// process deactivated remains usable if its revocation does not arrive.
	AccountTTL = 5 * time.Second

	// NoAccountTTL is the lifetime of the result that there is no account. A user without one
	// signs up and returns at once, possibly to another server, and no message announces the new account.
	NoAccountTTL = 500 * time.Millisecond

	// maxCachedAccounts is the maximum number of cached accounts, about 200 bytes each.
	maxCachedAccounts = 1 << 14

	// lookupTimeout is the time limit of a lookup. The request that starts a lookup does not cancel it,
	// because other requests may wait for the same one.
	lookupTimeout = 3 * time.Second
)

// Errors of accounts that are missing, unusable or could not be checked.
var (
	// ErrNoAccount is the error of a token whose user does not exist or was deleted.
	ErrNoAccount = edu.Errorf(edu.Unauthenticated, "there is no account for this token: sign in again, or sign up")
	// ErrAccountInactive is the error of an account that an operator deactivated.
	ErrAccountInactive = edu.Errorf(edu.Unauthenticated, "the account is not active: contact support")
	// ErrAccountUnclaimed is the error of a provider's token that does not say that its email is verified,
	// for an account with a password that may be another person's.
	ErrAccountUnclaimed = edu.Errorf(edu.Unauthenticated, "the account of this email has a password, and the token does not say that the email is verified: sign in with the password, or with a token whose email_verified is true")
	// ErrSessionEnded is the error of a token that outlived its session.
	ErrSessionEnded = edu.Errorf(edu.Unauthenticated, "the session has ended: sign in again")

	errAccountsUnavailable = edu.Errorf(edu.Unavailable, "accounts cannot be checked just now: try again")
)

// Identity is the subject of a token: an account by its id or else by its email, and one of its
// sessions, 0 for none.
type Identity struct {
	ID      int64
	Email   string // case-insensitive; "" if ID is set
	Session int64
	// FromProvider reports that an identity provider issued the token. Verified reports that the
	// provider says that the account is the user's: by its id, or by an email that it has verified.
	FromProvider, Verified bool
}

// Account is the stored account of an Identity; the zero Account means that there is none.
type Account struct {
	ID     int64
	Role   edu.Role
	Plan   edu.Plan
	Active bool
	// SessionEnded reports that the session is revoked or never belonged to the account.
	SessionEnded bool
	// Claimed reports that an identity provider has vouched for the owner of the account. Its tokens
	// are accepted from then on.
	Claimed bool
}

// AccountLookup returns the current account of an identity, or the zero Account if there is none. It
// claims the account of an identity of a provider, if the account can be claimed.
type AccountLookup func(context.Context, Identity) (Account, error)

// AccountCache loads accounts and caches each result for AccountTTL, a missing account for
// NoAccountTTL, or until it is invalidated. It is safe for concurrent use.
type AccountCache struct {
	lookup   AccountLookup
	log      *slog.Logger
	entries  *otter.Cache[Identity, Account]
	inflight singleflight.Group

	mu sync.Mutex
	// generation counts the calls of Invalidate. A lookup that began in an earlier generation may be
	// outdated and is not cached.
	generation uint64
}

// NewAccountCache returns an AccountCache over lookup. The causes of failed lookups are logged.
func NewAccountCache(lookup AccountLookup, log *slog.Logger) *AccountCache {
	return &AccountCache{lookup: lookup, log: log, entries: otter.Must(&otter.Options[Identity, Account]{
		MaximumSize: maxCachedAccounts, ExpiryCalculator: otter.ExpiryWritingFunc(lifetime),
	})}
}

// lifetime returns how long a cached result may be used.
func lifetime(entry otter.Entry[Identity, Account]) time.Duration {
	if entry.Value.ID == 0 {
		return NoAccountTTL
	}
	return AccountTTL
}

// Close stops the goroutine that removes expired entries.
func (a *AccountCache) Close() { a.entries.StopAllGoroutines() }

// ResolveViewer returns the account of an identity as a viewer, or ErrNoAccount, ErrAccountInactive,
// ErrAccountUnclaimed, ErrSessionEnded or an error with the code edu.Unavailable.
func (a *AccountCache) ResolveViewer(ctx context.Context, id Identity) (edu.Viewer, error) {
	account, err := a.lookupAccount(ctx, id)
	switch {
	case err != nil:
		return edu.Viewer{}, err
	case account.ID == 0:
		return edu.Viewer{}, ErrNoAccount
	case !account.Active:
		return edu.Viewer{}, ErrAccountInactive
	case id.FromProvider && !account.Claimed:
		return edu.Viewer{}, ErrAccountUnclaimed
	case account.SessionEnded:
		return edu.Viewer{}, ErrSessionEnded
	}
	return edu.Viewer{ID: account.ID, Role: account.Role, Plan: account.Plan, Session: id.Session}, nil
}

// Invalidate removes revoked entries, so that the next request loads them again. A lookup in flight
// that began before is not cached.
func (a *AccountCache) Invalidate(r Revocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation++
	switch {
	case r == Revocation{}:
		a.entries.InvalidateAll()
	case r.Session != 0:
		a.entries.Invalidate(Identity{ID: r.User, Session: r.Session})
	default: // any session of the user, or an email; scanning 16,384 entries takes 1 ms
		for id, account := range a.entries.All() {
			if account.ID == r.User || id.ID == r.User {
				a.entries.Invalidate(id)
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
	// The key holds the generation: a call after Invalidate does not join an earlier lookup.
	flight := a.inflight.DoChan(fmt.Sprint(generation, id), func() (any, error) {
		return a.loadAccount(context.WithoutCancel(ctx), id, generation)
	})
	select {
	case <-ctx.Done():
		return Account{}, errAccountsUnavailable // the request is gone: no client reads the error
	case result := <-flight:
		account, _ := result.Val.(Account)
		return account, result.Err
	}
}

func (a *AccountCache) loadAccount(ctx context.Context, id Identity, generation uint64) (Account, error) {
	if account, ok := a.entries.GetIfPresent(id); ok { // another lookup ended meanwhile
		return account, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	account, err := a.lookup(ctx, id)
	if err != nil {
		a.log.WarnContext(ctx, "account lookup failed: its requests get 503", "error", err)
		return Account{}, errAccountsUnavailable
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.generation == generation {
		a.entries.Set(id, account)
	}
	return account, nil
}
