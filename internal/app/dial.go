package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/mail"
	"github.com/7p-education/api/internal/tracing"
	"github.com/7p-education/api/migrations"
	"github.com/7p-education/api/store"
)

// dialTimeout is how long the check of one setting may take.
const dialTimeout = 10 * time.Second

// The states of a DialResult.
const (
	DialOK       = "ok"
	DialDegraded = "degraded" // the server serves all requests without it
	DialFailed   = "failed"
)

// DialResult is what a setting that names another program leads to.
type DialResult struct {
	Setting string
	State   string
	Details string // and what to do
}

// dialCheck is the check of a setting, unless its value is empty.
type dialCheck struct {
	setting, value string
	failure        string // the state after an error
	check          func(context.Context) (string, error)
}

// Dial connects to everything that the settings name, concurrently, and returns a result for each. It changes
// nothing but short-lived keys in Redis. No result has a secret.
func Dial(ctx context.Context, c *config.Config) []DialResult {
	checks := []dialCheck{
		{"DATABASE_URL", string(c.DatabaseURL), DialFailed, func(ctx context.Context) (string, error) { return dialPrimary(ctx, c) }},
		{"REDIS_URL", c.RedisURL, DialDegraded, func(ctx context.Context) (string, error) { return dialRedis(ctx, c, c.RedisURL) }},
		{"REDIS_LIMITS_URL", c.RedisLimitsURL, DialDegraded, func(ctx context.Context) (string, error) { return dialRedis(ctx, c, c.RedisLimitsURL) }},
		{"JWKS_URL", string(c.JWKSURL), DialFailed, func(ctx context.Context) (string, error) { return dialProvider(ctx, c) }},
		{"SMTP_URL", string(c.SMTPURL), DialFailed, func(ctx context.Context) (string, error) { return dialSMTP(ctx, c) }},
		{"MEDIA_BASE_URL", string(c.MediaBaseURL), DialDegraded, func(ctx context.Context) (string, error) { return dialMedia(ctx, string(c.MediaBaseURL)) }},
	}
	if endpoint := string(c.OTLPEndpoint); endpoint != "" {
		checks = append(checks, dialCheck{"OTEL_EXPORTER_OTLP_ENDPOINT", endpoint, DialDegraded, func(ctx context.Context) (string, error) {
			return "accepts traces", tracing.Check(ctx, endpoint)
		}})
	}
	for _, url := range c.ReadReplicaURLs {
		checks = append(checks, dialCheck{"READ_REPLICA_URL", string(url), DialDegraded, func(ctx context.Context) (string, error) { return dialReplica(ctx, c, string(url)) }})
	}
	results := make([]DialResult, len(checks))
	var wg sync.WaitGroup
	for i, check := range checks {
		if check.value == "" {
			continue
		}
		wg.Go(func() {
			limited, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			details, err := check.check(limited)
			results[i] = DialResult{check.setting, DialOK, details}
			if err != nil {
				results[i].State, results[i].Details = check.failure, strings.ReplaceAll(err.Error(), "\n", " ")
			}
		})
	}
	wg.Wait()
	return slices.DeleteFunc(results, func(r DialResult) bool { return r.Setting == "" })
}

// dialPrimary checks that the database takes writes and has the tables of this version.
func dialPrimary(ctx context.Context, c *config.Config) (string, error) {
	state, err := store.InspectDatabase(ctx, string(c.DatabaseURL))
	if err != nil {
		return "", err
	}
	switch {
	case state.Standby:
		return "", errors.New("a standby, which takes no writes: name the primary")
	case state.ReadOnly:
		return "", errors.New("read-only: reset default_transaction_read_only")
	case !state.HasTables:
		return "", errors.New(`the database is empty: run "7p migrate up"`)
	case len(state.Unusable) > 0:
		return "", fmt.Errorf("the role may not read and write %d tables, such as %s: grant SELECT, INSERT, UPDATE and DELETE", len(state.Unusable), state.Unusable[0])
	}
	db, err := store.Open(ctx, store.Config{URL: string(c.DatabaseURL), MaxConns: 1})
	if err != nil {
		return "", err
	}
	defer db.Close()
	n, err := migrations.CountPending(ctx, db.PrimaryPool())
	if err == nil && n > 0 {
		err = fmt.Errorf(`%d migrations are pending: run "7p migrate up"`, n)
	}
	return "PostgreSQL " + state.Version + ", writable, no migration pending", err
}

// dialReplica checks that the replica is a standby of the primary.
func dialReplica(ctx context.Context, c *config.Config, url string) (string, error) {
	replica, err := store.InspectDatabase(ctx, url)
	if err != nil {
		return "", fmt.Errorf("the primary serves all reads: %w", err)
	}
	primary, err := store.InspectDatabase(ctx, string(c.DatabaseURL))
	switch {
	case err != nil:
		return "", fmt.Errorf("not compared, because DATABASE_URL failed: %w", err)
	case replica.ID != primary.ID:
		return "", errors.New("not a replica of DATABASE_URL: it has the data of another database")
	case !replica.Standby:
		return "", errors.New("not a standby: it may have been promoted; name a streaming replica of DATABASE_URL")
	}
	return "PostgreSQL " + replica.Version + ", a standby of DATABASE_URL", nil
}

// dialRedis does the check of readiness, and subscribes.
func dialRedis(ctx context.Context, c *config.Config, url string) (string, error) {
	r, err := cache.OpenRedis(redisOptions(c, url, slog.New(slog.DiscardHandler)))
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	if err = r.Check(ctx); errors.Is(err, context.DeadlineExceeded) {
		err = r.Check(ctx) // the first one also connected, and may have taken long
	}
	if err == nil {
		err = r.CheckSubscription(ctx, revocationChannel)
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Redis, a round trip takes %s", r.RoundTrip().Round(10*time.Microsecond)), nil
}

// dialProvider fetches the keys of the identity provider.
func dialProvider(ctx context.Context, c *config.Config) (string, error) {
	p, err := auth.NewProvider(ctx, auth.ProviderOptions{
		URL: string(c.JWKSURL), Issuer: c.JWKSIssuer, Audience: c.JWKSAudience, UserClaim: c.JWKSClaim, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil && !p.HasKeys() {
		err = errors.New("no key was fetched: the address must respond with a JSON Web Key Set that has keys for signatures")
	}
	return "keys fetched", err
}

// dialSMTP connects and authenticates.
func dialSMTP(ctx context.Context, c *config.Config) (string, error) {
	m, err := mail.NewSMTP(mail.SMTPOptions{URL: c.SMTPURL, From: c.MailFrom})
	if err == nil {
		err = m.Check(ctx)
	}
	return "connected and authenticated", err
}

// dialMedia requests the base URL. Its response does not matter, because it names no file.
func dialMedia(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url+"/", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("videos cannot be played: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusInternalServerError {
		return "", fmt.Errorf("videos cannot be played: the media server responds with %s", response.Status)
	}
	return "responds with " + response.Status, nil
}
