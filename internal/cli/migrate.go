package cli

import (
	"context"
	"fmt"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/migrations"
)

type migrateCommands struct {
	Up     migrateUpCommand     `cmd:"" help:"Apply the pending migrations."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations and whether they are applied."`
	Down   migrateDownCommand   `cmd:"" help:"Revert the newest migration, with the data it holds."`
}

type migrateUpCommand struct{}

// Run applies the pending migrations and prints their number.
func (*migrateUpCommand) Run(ctx context.Context, c *config.Config) error {
	return withDatabase(ctx, c, func(db *app.Database) error {
		pool, err := db.DirectPool(ctx)
		if err != nil {
			return err
		}
		n, err := migrations.ApplyPending(ctx, pool)
		if err == nil {
			fmt.Printf("%d migrations applied\n", n)
		}
		return err
	})
}

type migrateStatusCommand struct{}

// Run lists the migrations.
func (*migrateStatusCommand) Run(ctx context.Context, c *config.Config) error {
	return withDatabase(ctx, c, func(db *app.Database) error {
		list, err := migrations.ListMigrations(ctx, db.PrimaryPool())
		for _, m := range list {
			state := "pending"
			if m.Applied {
				state = "applied"
			}
			fmt.Printf("%-8s %s\n", state, m.File)
		}
		return err
	})
}

type migrateDownCommand struct{}

// Run reverts the newest migration and prints its file.
func (*migrateDownCommand) Run(ctx context.Context, c *config.Config) error {
	return withDatabase(ctx, c, func(db *app.Database) error {
		pool, err := db.DirectPool(ctx)
		if err != nil {
			return err
		}
		file, err := migrations.RevertLatest(ctx, pool)
		switch {
		case err != nil:
		case file == "":
			fmt.Println("no migration is applied")
		default:
			fmt.Println("reverted:", file)
		}
		return err
	})
}
