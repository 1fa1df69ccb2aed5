package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/migrations"
	"github.com/7p-education/api/store"
)

// runCommand runs the command that was chosen.
func runCommand(ctx context.Context, cli *config.CLI, command string) error {
	switch command {
	case "serve":
		return serve(ctx, &cli.Config)
	case "schema":
		_, err := fmt.Print(gql.SDL())
		return err
	case "version":
		fmt.Println(buildVersion())
		return nil
	case "config":
		fmt.Print(cli.Config.String())
		return checkSettings(&cli.Config)
	case "cache stats":
		return printCacheStats(ctx, &cli.Config, cli.Answers.Stats.Server)
	case "cache warm <files>":
		if err := checkWarmSettings(&cli.Config); err != nil {
			return err
		}
	}
	db, err := openDatabase(ctx, &cli.Config, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err := db.closeAndStop(); err != nil {
			status("7p: %v", err)
		}
	}()
	if direction, ok := strings.CutPrefix(command, "migrate "); ok {
		return runMigration(ctx, db, direction)
	}
	if command == "seed" {
		if err := db.applyMigrations(ctx); err != nil {
			return err
		}
		return loadDemoData(ctx, db, cli.Seed)
	}
	if err := db.prepareSchema(ctx); err != nil {
		return err
	}
	switch command {
	case "token":
		return printToken(ctx, db, cli)
	case "account activate", "account deactivate":
		return setAccountActive(ctx, db, cli, command == "account activate")
	case "cache purge":
		return purgeCache(ctx, db, cli.Answers.Purge)
	case "cache warm <files>":
		return warmCache(ctx, db, &cli.Config, cli.Answers.Warm.Files)
	default:
		return runDocumentCommand(ctx, db, cli, command)
	}
}

// checkSettings tells of all settings with which no server starts.
func checkSettings(c *config.Config) error {
	_, addrErr := net.ResolveTCPAddr("tcp", c.Addr)
	_, corsErr := middleware.CORS(c.CORSAllowedOrigins, c.CORSCredentials)
	_, proxiesErr := middleware.ParseProxies(c.TrustedProxies)
	_, manifestErr := readManifest(c.PersistedManifest)
	_, warmErr := gql.ReadWarmOperations(c.CacheWarm...)
	shared, sharedErr := openSharedState(c, slog.New(slog.DiscardHandler))
	if sharedErr == nil {
		shared.closeStore()
	}
	keys, keysErr := readKeyBundle(c.JWTKeys)
	if keysErr == nil && c.JWTSecret+keys != "" {
		_, keysErr = auth.NewTokens(c.JWTSecret, keys)
	}
	return errors.Join(
		nameSetting("ADDR", addrErr), nameSetting("CORS_ALLOWED_ORIGINS", corsErr), nameSetting("TRUSTED_PROXIES", proxiesErr), nameSetting("PERSISTED_QUERY_MANIFEST", manifestErr),
		nameSetting("CACHE_WARM", warmErr), sharedErr, keysErr,
	)
}

// nameSetting names the setting that an error is about.
func nameSetting(setting string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", setting, err)
}

func runMigration(ctx context.Context, db *database, direction string) error {
	switch direction {
	case "up":
		n, err := migrations.ApplyPending(ctx, db.PrimaryPool())
		if err == nil {
			fmt.Printf("%d migrations applied\n", n)
		}
		return err
	case "down":
		file, err := migrations.RevertLatest(ctx, db.PrimaryPool())
		switch {
		case err != nil:
		case file == "":
			fmt.Println("no migration is applied")
		default:
			fmt.Println("taken back:", file)
		}
		return err
	default:
		list, err := migrations.ListMigrations(ctx, db.PrimaryPool())
		for _, m := range list {
			state := "pending"
			if m.Applied {
				state = "applied"
			}
			fmt.Printf("%-8s %s\n", state, m.File)
		}
		return err
	}
}

// printToken prints an access token for an account.
func printToken(ctx context.Context, db *database, cli *config.CLI) error {
	t, persistent, err := newTokens(&cli.Config)
	if err != nil {
		return err
	}
	if !persistent {
		return fmt.Errorf("a token needs the JWT_SECRET or the JWT_KEYS that the server was started with")
	}
	var account store.Account
	if err := db.RunQueries(ctx, store.LookupAccount(0, cli.Token.Email, 0, func(a store.Account) { account = a })); err != nil {
		return err
	}
	switch {
	case account.ID == 0:
		return fmt.Errorf("there is no account with the email %q", cli.Token.Email)
	case !account.Active:
		return fmt.Errorf("the account of %q is not active", cli.Token.Email)
	}
	token, err := t.IssueToken(edu.Viewer{ID: account.ID, Role: account.Role}, time.Now(), cli.Token.TTL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(os.Stdout, token)
	return err
}
