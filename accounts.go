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
	"github.com/7p-education/api/internal/limit"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// revocations is the channel on which servers tell each other whom to forget.
const revocations = "revocations"

// accounts is what knows who is asking, and has them refused.
type accounts struct {
	*auth.Authenticator
	redis *cache.Redis // nil for none
	log   *slog.Logger
}

// openAccounts makes the keys of tokens and the cache of accounts, which hears
// until the context ends what other servers revoke.
func openAccounts(ctx context.Context, c *config.Config, log *slog.Logger, db *database, redis *cache.Redis) (*accounts, error) {
	tokens, lasting, err := tokens(c)
	if err != nil {
		return nil, err
	}
	if !lasting {
		log.Warn("neither JWT_SECRET nor JWT_KEYS is set: tokens are good for this process only")
	}
	a := &accounts{redis: redis, log: log, Authenticator: &auth.Authenticator{Tokens: tokens}}
	if c.JWKSURL != "" {
		a.Provider, err = auth.NewProvider(ctx, auth.ProviderOptions{
			URL: c.JWKSURL, Issuer: c.JWKSIssuer, Audience: c.JWKSAudience, Claim: c.JWKSClaim, ByID: c.JWKSMatch == "id", Log: log,
		})
		if err != nil {
			return nil, err
		}
	}
	a.Accounts = auth.NewAccounts(func(ctx context.Context, who auth.Identity) (found auth.Account, err error) {
		err = db.OnPrimary().Run(ctx, store.AccountOf(who.ID, who.Email, who.Session, func(a store.Account) { found = auth.Account(a) }))
		return found, err
	}, log)
	if redis != nil {
		go redis.Subscribe(ctx, revocations,
			func(message string) { a.Accounts.Forget(auth.ParseRevocation(message)) },
			func() { a.Accounts.Forget(auth.Revocation{}) })
	}
	return a, nil
}

// revoke has what was revoked refused from now on, by all servers where there is
// a Redis; without one, others find out within auth.AccountTTL.
func (a *accounts) revoke(ctx context.Context, r auth.Revocation) {
	a.Accounts.Forget(r)
	if a.redis == nil {
		return
	}
	if err := a.redis.Publish(context.WithoutCancel(ctx), revocations, r.String()); err != nil {
		a.log.WarnContext(ctx, "a revocation was not announced: other servers see it within "+auth.AccountTTL.String(), "error", err)
	}
}

// sessions is what signing in takes besides the database.
func (a *accounts) sessions(c *config.Config, limits *limit.Limits) resolvers.Sessions {
	return resolvers.Sessions{
		Tokens: a.Tokens, AccessTTL: c.AccessTokenTTL, RefreshTTL: c.RefreshTokenTTL,
		Attempt: limits.AttemptWith,
		Revoke: func(ctx context.Context, user, session int64) {
			a.revoke(ctx, auth.Revocation{User: user, Session: session})
		},
	}
}

// manageAccount lets an account in, or keeps it out.
func manageAccount(ctx context.Context, db *database, cli *config.CLI, active bool) error {
	email := cli.Account.Activate.Email
	if !active {
		email = cli.Account.Deactivate.Email
	}
	id, err := db.SetActive(ctx, email, active)
	if err != nil {
		return err
	}
	if cli.RedisURL == "" {
		fmt.Printf("done; servers see it within %s\n", auth.AccountTTL)
		return nil
	}
	redis, err := cache.OpenRedis(cache.RedisOptions{URL: cli.RedisURL, Deadline: time.Second, Log: newLog(&cli.Config)})
	if err == nil {
		err = errors.Join(redis.Publish(ctx, revocations, auth.Revocation{User: id}.String()), redis.Close())
	}
	if err != nil {
		return fmt.Errorf("done, but servers see it only within %s: %w", auth.AccountTTL, err)
	}
	fmt.Println("done; all servers were told")
	return nil
}

// readKeys returns the PEM bundle that a setting holds, or names the file of.
func readKeys(setting string) (string, error) {
	if setting == "" || strings.Contains(setting, "-----BEGIN ") {
		return setting, nil
	}
	text, err := os.ReadFile(setting)
	if err != nil {
		return "", fmt.Errorf("JWT_KEYS is neither a PEM bundle nor a file that can be read: %w", err)
	}
	return string(text), nil
}
