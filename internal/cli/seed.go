package cli

import (
	"context"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/terminal"
)

type seedCommand struct {
	Scale string `enum:"small,medium,large" default:"small" help:"small: 200 courses and 2,000 users; medium: 5,000 and 50,000; large: 50,000 and 500,000."`
	Seed  uint64 `default:"7" help:"Seed of the generator. The same seed gives the same data, except for recent activity, which ends at the time of loading."`
}

// Run migrates an empty database and loads demo data.
func (s *seedCommand) Run(ctx context.Context, c *config.Config) error {
	return withDatabase(ctx, c, func(db *app.Database) error {
		if err := db.ApplyMigrations(ctx); err != nil {
			return err
		}
		if err := app.LoadDemoData(ctx, db, demo.Scale(s.Scale), s.Seed); err != nil {
			return err
		}
		terminal.PrintStatus("Every account of the demo data has the published password %q: never load it where strangers can sign in.", demo.Password)
		return nil
	})
}
