package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/ratelimit"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

const (
	// revocationChannel is the Redis channel on which servers announce revocations.
	revocationChannel = "revocations"
	// announceTimeout is how long a command may take to announce a revocation.
	announceTimeout = time.Second
)

// authentication authenticates callers and publishes revocations of their sessions.
type authentication struct {
	*auth.Authenticator
	redis        *cache.Redis // nil without one
	log          *slog.Logger
	onRevocation func(auth.Revocation) // set before requests are served
}

// openAuthentication creates the token keys and the cache of accounts.
func openAuthentication(ctx context.Context, c *config.Config, log *slog.Logger, db *Database, redis *cache.Redis) (*authentication, error) {
	tokens, persistent, err := NewTokens(c)
	if err != nil {
		return nil, err
	}
	if !persistent {
		log.Warn("neither JWT_SECRET nor JWT_KEYS is set: access tokens are valid for this process only")
	}
	a := &authentication{redis: redis, log: log, onRevocation: func(auth.Revocation) {}, Authenticator: &auth.Authenticator{Tokens: tokens}}
	if c.JWKSURL != "" {
		a.Provider, err = auth.NewProvider(ctx, auth.ProviderOptions{
			URL: string(c.JWKSURL), Issuer: c.JWKSIssuer, Audience: c.JWKSAudience, UserClaim: c.JWKSClaim, MatchByID: c.JWKSMatchBy == "id", Log: log,
		})
		if err != nil {
			return nil, err
		}
	}
	a.Accounts = auth.NewAccountCache(a.accountReader(db), log)
	return a, nil
}

// noProviderKeysError reports that the tokens of the identity provider cannot be verified.
type noProviderKeysError struct{}

// Error names the setting.
func (noProviderKeysError) Error() string { return "no key of JWKS_URL was fetched yet" }

// HealthCause implements middleware.PublicError.
func (noProviderKeysError) HealthCause() string { return "no keys were fetched yet" }

// readinessChecks returns the check that the keys of the identity provider were fetched. It is not required: requests
// without its tokens are served.
func (a *authentication) readinessChecks() []middleware.HealthCheck {
	if a.Provider == nil {
		return nil
	}
	return []middleware.HealthCheck{{Name: "identity_provider", Probe: func(context.Context) error {
		if !a.Provider.HasKeys() {
			return noProviderKeysError{}
		}
		return nil
	}}}
}

// receiveRevocations receives the revocations of other servers until the context ends. It has to be called after
// onRevocation is set.
func (a *authentication) receiveRevocations(ctx context.Context, db *Database) {
	db.NotifyIdentityChange(func() { a.revoke(auth.Revocation{}) })
	if a.redis != nil {
		go a.redis.Subscribe(ctx, revocationChannel,
			func(message string) { a.revoke(auth.ParseRevocation(message)) },
			func() { a.revoke(auth.Revocation{}) })
	}
}

// revoke revokes sessions on this server.
func (a *authentication) revoke(r auth.Revocation) {
	a.Accounts.Invalidate(r)
	a.onRevocation(r)
}

// accountReader returns a function that reads accounts from the primary. The first token of a provider
// for an account claims it: the account's password, and the sessions that it began, end.
func (a *authentication) accountReader(db *Database) auth.AccountLookup {
	read := func(ctx context.Context, identity auth.Identity) (account auth.Account, err error) {
		err = db.OnPrimary().RunQueries(ctx, store.LookupAccount(identity.ID, identity.Email, identity.Session, func(a store.Account) { account = auth.Account(a) }))
		return account, err
	}
	return func(ctx context.Context, identity auth.Identity) (auth.Account, error) {
		account, err := read(ctx, identity)
		if err != nil || !identity.FromProvider || account.Claimed || !account.Active {
			return account, err
		}
		claimed, err := db.ClaimAccount(ctx, account.ID, identity.Verified)
		if err != nil {
			return account, err
		}
		if claimed {
			a.log.InfoContext(ctx, "account claimed by the identity provider: its password and its sessions ended", "user", account.ID)
			a.publishRevocation(ctx, auth.Revocation{User: account.ID})
		}
		return read(ctx, identity) // another server may have claimed it
	}
}

// publishRevocation revokes sessions on this server and, through Redis, on all others. Without a
// Redis the others see it within auth.AccountTTL.
func (a *authentication) publishRevocation(ctx context.Context, r auth.Revocation) {
	a.revoke(r)
	if a.redis == nil {
		return
	}
	if err := a.redis.Publish(context.WithoutCancel(ctx), revocationChannel, r.String()); err != nil {
		a.log.WarnContext(ctx, "revocation not announced: other servers see it within "+auth.AccountTTL.String(), "error", err)
	}
}

// sessionOptions returns the options of the mutations that start, refresh and end sessions.
func (a *authentication) sessionOptions(c *config.Config) resolvers.SessionOptions {
	return resolvers.SessionOptions{
		Tokens: a.Tokens, AccessTTL: c.AccessTokenTTL, RefreshTTL: c.RefreshTokenTTL,
		SignUpDisabled: c.SignUp == "off", HashAddress: ratelimit.HashSignInAddress,
		RevokeTokens: func(ctx context.Context, user, session int64) {
			a.publishRevocation(ctx, auth.Revocation{User: user, Session: session})
		},
	}
}

// errUnidentified is the error of commands that would have to share state with the servers of a
// database that cannot be identified.
var errUnidentified = errors.New("the database cannot be identified: run \"7p migrate up\"")

// AnnounceRevocation announces a revocation to all servers of a database through REDIS_URL.
func AnnounceRevocation(ctx context.Context, c *config.Config, db *Database, r auth.Revocation) error {
	log, _ := newLogger(c, os.Stdout)
	redis, err := OpenRedis(c, db, announceTimeout, log)
	if err != nil {
		return err
	}
	return errors.Join(redis.Publish(ctx, revocationChannel, r.String()), redis.Close())
}

// OpenRedis opens the Redis of REDIS_URL for a command, with the keys of a database.
func OpenRedis(c *config.Config, db *Database, deadline time.Duration, log *slog.Logger) (*cache.Redis, error) {
	identity, _ := db.CurrentIdentity()
	if !identity.IsKnown() {
		return nil, errUnidentified
	}
	options := redisOptions(c, c.RedisURL, log)
	options.Deadline = deadline
	r, err := cache.OpenRedis(options)
	if err != nil {
		return nil, nameSetting("REDIS_URL", err)
	}
	r.SetNamespace(identity.Origin, identity.History)
	return r, nil
}
