package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/ratelimit"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// revocationChannel is the channel on which servers tell each other whom to forget.
const revocationChannel = "revocations"

// authentication is what knows who is asking, and has them refused.
type authentication struct {
	*auth.Authenticator
	redis *cache.Redis // nil for none
	log   *slog.Logger
}

// openAuthentication makes the keys of tokens and the cache of accounts, which hears
// until the context ends what other servers revoke.
func openAuthentication(ctx context.Context, c *config.Config, log *slog.Logger, db *database, redis *cache.Redis) (*authentication, error) {
	tokens, persistent, err := newTokens(c)
	if err != nil {
		return nil, err
	}
	if !persistent {
		log.Warn("neither JWT_SECRET nor JWT_KEYS is set: tokens are good for this process only")
	}
	a := &authentication{redis: redis, log: log, Authenticator: &auth.Authenticator{Tokens: tokens}}
	if c.JWKSURL != "" {
		a.Provider, err = auth.NewProvider(ctx, auth.ProviderOptions{
			URL: c.JWKSURL, Issuer: c.JWKSIssuer, Audience: c.JWKSAudience, UserClaim: c.JWKSClaim, MatchByID: c.JWKSMatch == "id", Log: log,
		})
		if err != nil {
			return nil, err
		}
	}
	a.Accounts = auth.NewAccountCache(func(ctx context.Context, identity auth.Identity) (account auth.Account, err error) {
		err = db.OnPrimary().RunQueries(ctx, store.LookupAccount(identity.ID, identity.Email, identity.Session, func(a store.Account) { account = auth.Account(a) }))
		return account, err
	}, log)
	if redis != nil {
		go redis.Subscribe(ctx, revocationChannel,
			func(message string) { a.Accounts.Invalidate(auth.ParseRevocation(message)) },
			func() { a.Accounts.Invalidate(auth.Revocation{}) })
	}
	return a, nil
}

// publishRevocation has what was revoked refused from now on, by all servers where there is
// a Redis; without one, others find out within auth.AccountTTL.
func (a *authentication) publishRevocation(ctx context.Context, r auth.Revocation) {
	a.Accounts.Invalidate(r)
	if a.redis == nil {
		return
	}
	if err := a.redis.Publish(context.WithoutCancel(ctx), revocationChannel, r.String()); err != nil {
		a.log.WarnContext(ctx, "a revocation was not announced: other servers see it within "+auth.AccountTTL.String(), "error", err)
	}
}

// sessionOptions is what signing in takes besides the database.
func (a *authentication) sessionOptions(c *config.Config, limits *ratelimit.Limits) resolvers.SessionOptions {
	return resolvers.SessionOptions{
		Tokens: a.Tokens, AccessTTL: c.AccessTokenTTL, RefreshTTL: c.RefreshTokenTTL,
		LimitSignIn: limits.CountEmailSignIn,
		RevokeTokens: func(ctx context.Context, user, session int64) {
			a.publishRevocation(ctx, auth.Revocation{User: user, Session: session})
		},
	}
}

// setAccountActive lets an account in, or keeps it out.
func setAccountActive(ctx context.Context, db *database, cli *config.CLI, active bool) error {
	email := cli.Account.Activate.Email
	if !active {
		email = cli.Account.Deactivate.Email
	}
	id, err := db.SetAccountActive(ctx, email, active)
	if err != nil {
		return err
	}
	if cli.RedisURL == "" {
		fmt.Printf("done; servers see it within %s\n", auth.AccountTTL)
		return nil
	}
	redis, err := cache.OpenRedis(cache.RedisOptions{URL: cli.RedisURL, Deadline: time.Second, Log: newLogger(&cli.Config)})
	if err == nil {
		err = errors.Join(redis.Publish(ctx, revocationChannel, auth.Revocation{User: id}.String()), redis.Close())
	}
	if err != nil {
		return fmt.Errorf("done, but servers see it only within %s: %w", auth.AccountTTL, err)
	}
	fmt.Println("done; all servers were told")
	return nil
}

// readKeyBundle returns the PEM bundle that a setting holds, or names the file of.
func readKeyBundle(setting string) (string, error) {
	if setting == "" || strings.Contains(setting, "-----BEGIN ") {
		return setting, nil
	}
	text, err := os.ReadFile(setting)
	if err != nil {
		return "", fmt.Errorf("JWT_KEYS is neither a PEM bundle nor a file that can be read: %w", err)
	}
	return string(text), nil
}
