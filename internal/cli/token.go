package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/store"
)

type tokenCommand struct {
	Email string        `required:"" help:"Email of the account."`
	TTL   time.Duration `name:"ttl" default:"15m" help:"How long the token is valid."`
}

// Run prints an access token for an account.
func (t *tokenCommand) Run(ctx context.Context, c *config.Config) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error { return t.printToken(ctx, c, db) })
}

func (t *tokenCommand) printToken(ctx context.Context, c *config.Config, db *app.Database) error {
	tokens, persistent, err := app.NewTokens(c)
	if err != nil {
		return err
	}
	if !persistent {
		return errors.New("a token needs the JWT_SECRET or the JWT_KEYS that the server was started with")
	}
	var account store.Account
	if err := db.RunQueries(ctx, store.LookupAccount(0, edu.TrimEmail(t.Email), 0, func(a store.Account) { account = a })); err != nil {
		return err
	}
	switch {
	case account.ID == 0:
		return fmt.Errorf("there is no account with the email %q", t.Email)
	case !account.Active:
		return fmt.Errorf("the account of %q is not active", t.Email)
	}
	token, err := tokens.IssueToken(edu.Viewer{ID: account.ID, Role: account.Role}, time.Now(), t.TTL)
	if err != nil {
		return err
	}
	_, err = fmt.Println(token)
	return err
}
