// Package cli has the commands of the program 7p, one file for each.
package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/terminal"
)

// commandLine is the grammar of the command line. A command is a struct with a method Run; Kong
// calls the Run of a command and of all commands above it, so groups of commands have none.
type commandLine struct {
	Settings config.Config `embed:""`

	Serve     serveCommand     `cmd:"" default:"1" help:"Run the server (the default)."`
	Migrate   migrateCommands  `cmd:"" help:"Apply, revert or list the database's migrations."`
	Seed      seedCommand      `cmd:"" help:"Load demo data into an empty database."`
	Token     tokenCommand     `cmd:"" help:"Print an access token for an account."`
	Account   accountCommands  `cmd:"" help:"Activate or deactivate accounts."`
	Documents documentCommands `cmd:"" help:"Manage the trusted documents."`
	Explain   explainCommand   `cmd:"" help:"Execute an operation and print its plan: rounds, batches, statements, cache and cost."`
	Cache     cacheCommands    `cmd:"" help:"Manage the response cache."`
	Jobs      jobCommands      `cmd:"" help:"Run the background jobs by hand, or list them."`
	Schema    schemaCommand    `cmd:"" help:"Print the schema."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
	Config    configCommand    `cmd:"" help:"Print the settings in force, without their secrets, or check what they name."`
}

// Main runs the command of a command line and returns the exit code. An interrupt or SIGTERM ends
// the command; a second one ends the program at once.
func Main(args []string) int {
	app.PostponeCollections()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return exitCode(ctx, runCommand(ctx, args))
}

func runCommand(ctx context.Context, args []string) error {
	var line commandLine
	chosen, err := config.Parse(&line, &line.Settings, args,
		kong.Name("7p"),
		kong.Description("The GraphQL API of an online-education company. Every flag can be set in the environment instead."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindFor[context.Context](ctx), kong.Bind(&line.Settings))
	if err != nil {
		return err
	}
	return chosen.Run()
}

// withDatabase checks the settings, opens the database, runs a function on it and closes it.
func withDatabase(ctx context.Context, c *config.Config, run func(*app.Database) error) error {
	if err := c.Check(); err != nil {
		return err
	}
	for _, m := range config.FindMisspellings(os.Environ()) {
		terminal.PrintStatus("%s is not read: is it meant to be %s?", m.Variable, m.Setting)
	}
	db, err := app.OpenDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer func() {
		if err := db.Close(); err != nil {
			terminal.PrintStatus("7p: %v", err)
		}
	}()
	return run(db)
}

// withPreparedDatabase does the same after migrating a private database.
func withPreparedDatabase(ctx context.Context, c *config.Config, run func(*app.Database) error) error {
	return withDatabase(ctx, c, func(db *app.Database) error {
		if err := db.PrepareSchema(ctx); err != nil {
			return err
		}
		return run(db)
	})
}
