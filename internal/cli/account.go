package cli

import (
	"context"
	"fmt"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/config"
)

type accountCommands struct {
	Deactivate accountDeactivateCommand `cmd:"" help:"Deactivate an account and end its sessions."`
	Activate   accountActivateCommand   `cmd:"" help:"Activate an account again."`
}

type accountDeactivateCommand struct {
	Email string `required:"" help:"Email of the account."`
}

// Run deactivates an account.
func (a *accountDeactivateCommand) Run(ctx context.Context, c *config.Config) error {
	return setAccountActive(ctx, c, a.Email, false)
}

type accountActivateCommand struct {
	Email string `required:"" help:"Email of the account."`
}

// Run activates an account.
func (a *accountActivateCommand) Run(ctx context.Context, c *config.Config) error {
	return setAccountActive(ctx, c, a.Email, true)
}

// setAccountActive changes an account and, through Redis, has all servers reload it at once.
// Without a Redis they reload it within auth.AccountTTL.
func setAccountActive(ctx context.Context, c *config.Config, email string, active bool) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error {
		id, err := db.SetAccountActive(ctx, edu.TrimEmail(email), active)
		if err != nil {
			return err
		}
		if c.RedisURL == "" {
			fmt.Printf("done; servers see it within %s\n", auth.AccountTTL)
			return nil
		}
		if err := app.AnnounceRevocation(ctx, c, db, auth.Revocation{User: id}); err != nil {
			return fmt.Errorf("done, but servers see it only within %s: %w", auth.AccountTTL, err)
		}
		fmt.Println("done; all servers were notified")
		return nil
	})
}
