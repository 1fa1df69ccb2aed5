package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/store"
)

type documentsPushCommand struct {
	Files []string `arg:"" help:"Files, or directories of them." type:"path"`
}

// Run adds the documents of files.
func (p *documentsPushCommand) Run(ctx context.Context, c *config.Config) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error { return p.pushDocuments(ctx, db) })
}

func (p *documentsPushCommand) pushDocuments(ctx context.Context, db *app.Database) error {
	list, err := app.ReadManifest(p.Files)
	if err != nil {
		return fmt.Errorf("nothing was pushed: %w", err)
	}
	if len(list) == 0 {
		return fmt.Errorf("nothing was pushed: there is no document in %s", strings.Join(p.Files, ", "))
	}
	rows := make([]store.Document, len(list))
	for i, d := range list {
		rows[i] = store.Document{ID: d.ID, Operation: d.Operation, Body: d.Body}
	}
	added, err := db.PushDocuments(ctx, rows)
	if err != nil {
		return err
	}
	fmt.Printf("%d documents pushed, %d of them new\n", len(rows), added)
	return printRetired(ctx, db, rows)
}

// printRetired prints a note on each pushed document that is retired: pushing does not restore it.
func printRetired(ctx context.Context, db *app.Database, rows []store.Document) error {
	return db.OnPrimary().RunQueries(ctx, store.Documents(func(d store.Document) {
		if state := retirements(d); state != "" && slices.ContainsFunc(rows, func(pushed store.Document) bool { return pushed.ID == d.ID }) {
			fmt.Printf("%s is still %s: restore it by \"7p documents restore\"\n", app.DocumentLabel(d), state)
		}
	}))
}
