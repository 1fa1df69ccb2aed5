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

type documentsListCommand struct{ documentsTarget }

// Run lists the documents with their clients and their last use.
func (l *documentsListCommand) Run(ctx context.Context, c *config.Config) error {
	return l.withDocuments(ctx, c, func(documents app.DocumentService) error { return printDocuments(ctx, documents) })
}

func printDocuments(ctx context.Context, documents app.DocumentService) error {
	list, err := documents.ListDocuments(ctx, time.Time{})
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "ID\tOPERATION\tSTATE\tCLIENT\tLAST USED\tTIMES")
	for _, d := range list {
		id, state := app.DocumentClientID(d.Document), cmp.Or(retirements(d.Document), "active")
		if len(d.Uses) == 0 {
			fmt.Fprintf(out, "%s\t%s\t%s\t\tnever\t0\n", id, d.Operation, state)
		}
		for _, u := range d.Uses {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%d\n", id, d.Operation, state, clientName(u), u.LastUsed.Format(time.RFC3339), u.Count)
		}
	}
	return out.Flush()
}
