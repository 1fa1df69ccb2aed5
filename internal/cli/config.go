package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
)

type configCommand struct {
	Check bool `help:"Connect to everything that the settings name, and print a line for each instead of the settings."`
}

// errDialFailed is the error after the lines of a check.
var errDialFailed = errors.New("a check failed")

// Run prints the settings in force and returns every mistake in them. With --check it connects to everything
// that they name.
func (o *configCommand) Run(ctx context.Context, c *config.Config) error {
	if !o.Check {
		fmt.Print(c.String())
		return app.CheckSettings(c)
	}
	if err := app.CheckSettings(c); err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	var failed error
	for _, r := range app.Dial(ctx, c) {
		fmt.Fprintf(out, "%s\t%s\t%s\n", r.State, r.Setting, r.Details)
		if r.State == app.DialFailed {
			failed = errDialFailed
		}
	}
	if c.DatabaseURL == "" {
		fmt.Fprintf(out, "%s\tDATABASE_URL\tnot set: the server starts a private PostgreSQL with demo data\n", app.DialOK)
	}
	return errors.Join(out.Flush(), failed)
}
