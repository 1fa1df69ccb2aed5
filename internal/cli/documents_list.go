package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
)

type documentsListCommand struct{}

// Run lists the documents with their clients and their last use.
func (*documentsListCommand) Run(ctx context.Context, c *config.Config) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error { return printDocuments(ctx, db) })
}

func printDocuments(ctx context.Context, db *app.Database) error {
	list, err := readUsedDocuments(ctx, db, time.Time{})
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "ID\tOPERATION\tSTATE\tCLIENT\tLAST USED\tTIMES")
	for _, d := range list {
		id, state := app.DocumentClientID(d.Document), cmp.Or(retirements(d.Document), "active")
		if len(d.uses) == 0 {
			fmt.Fprintf(out, "%s\t%s\t%s\t\tnever\t0\n", id, d.Operation, state)
		}
		for _, u := range d.uses {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%d\n", id, d.Operation, state, clientName(u), u.LastUsed.Format(time.RFC3339), u.Count)
		}
	}
	return out.Flush()
}
