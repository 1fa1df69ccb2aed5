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

// run runs the command that was chosen.
func run(ctx context.Context, cli *config.CLI, command string) error {
	switch command {
	case "serve":
		return serve(ctx, &cli.Config)
	case "schema":
		_, err := fmt.Print(gql.SDL())
		return err
	case "version":
		fmt.Println(version())
		return nil
	case "config":
		fmt.Print(cli.Config.String())
		return checkSettings(&cli.Config)
	case "cache stats":
		return showCache(ctx, &cli.Config, cli.Answers.Stats.Server)
	case "cache warm <files>":
		if err := canWarm(&cli.Config); err != nil {
			return err
		}
	}
	db, err := openDatabase(ctx, &cli.Config, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err := db.close(); err != nil {
			say("7p: %v", err)
		}
	}()
	if direction, ok := strings.CutPrefix(command, "migrate "); ok {
		return migrate(ctx, db, direction)
	}
	if command == "seed" {
		if err := db.migrate(ctx); err != nil {
			return err
		}
		return seed(ctx, db, cli.Seed)
	}
	if err := db.prepare(ctx); err != nil {
		return err
	}
	switch command {
	case "token":
		return mint(ctx, db, cli)
	case "account activate", "account deactivate":
		return manageAccount(ctx, db, cli, command == "account activate")
	case "cache purge":
		return purge(ctx, db, cli.Answers.Purge)
	case "cache warm <files>":
		return warmCache(ctx, db, &cli.Config, cli.Answers.Warm.Files)
	default:
		return manageDocuments(ctx, db, cli, command)
	}
}

// checkSettings tells of all settings with which no server starts.
func checkSettings(c *config.Config) error {
	_, addr := net.ResolveTCPAddr("tcp", c.Addr)
	_, cors := middleware.CORS(c.CORSAllowedOrigins, c.CORSCredentials)
	_, proxies := middleware.ParseProxies(c.TrustedProxies)
	_, manifest := readManifest(c.PersistedManifest)
	_, warmable := gql.ReadOperations(c.CacheWarm...)
	shared, sharing := openShared(c, slog.New(slog.DiscardHandler))
	if sharing == nil {
		shared.close()
	}
	keys, signing := readKeys(c.JWTKeys)
	if signing == nil && c.JWTSecret+keys != "" {
		_, signing = auth.NewTokens(c.JWTSecret, keys)
	}
	return errors.Join(
		of("ADDR", addr), of("CORS_ALLOWED_ORIGINS", cors), of("TRUSTED_PROXIES", proxies), of("PERSISTED_QUERY_MANIFEST", manifest),
		of("CACHE_WARM", warmable), sharing, signing,
	)
}

// of names the setting that an error is about.
func of(setting string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", setting, err)
}

func migrate(ctx context.Context, db *database, direction string) error {
	switch direction {
	case "up":
		n, err := migrations.Up(ctx, db.Primary())
		if err == nil {
			fmt.Printf("%d migrations applied\n", n)
		}
		return err
	case "down":
		file, err := migrations.Down(ctx, db.Primary())
		switch {
		case err != nil:
		case file == "":
			fmt.Println("no migration is applied")
		default:
			fmt.Println("taken back:", file)
		}
		return err
	default:
		list, err := migrations.Status(ctx, db.Primary())
		for _, m := range list {
			state := "pending"
			if m.Done {
				state = "applied"
			}
			fmt.Printf("%-8s %s\n", state, m.File)
		}
		return err
	}
}

// mint prints an access token for an account.
func mint(ctx context.Context, db *database, cli *config.CLI) error {
	t, lasting, err := tokens(&cli.Config)
	if err != nil {
		return err
	}
	if !lasting {
		return fmt.Errorf("a token needs the JWT_SECRET or the JWT_KEYS that the server was started with")
	}
	var account store.Account
	if err := db.Run(ctx, store.AccountOf(0, cli.Token.Email, 0, func(a store.Account) { account = a })); err != nil {
		return err
	}
	switch {
	case account.ID == 0:
		return fmt.Errorf("there is no account with the email %q", cli.Token.Email)
	case !account.Active:
		return fmt.Errorf("the account of %q is not active", cli.Token.Email)
	}
	token, err := t.Mint(edu.Viewer{ID: account.ID, Role: account.Role}, time.Now(), cli.Token.TTL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(os.Stdout, token)
	return err
}
