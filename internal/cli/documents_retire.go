package cli

import (
	"context"
	"fmt"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
)

type documentsRetireCommand struct {
	ID             string `arg:"" name:"id" help:"ID of the document, as documents list shows it."`
	MinimumVersion string `help:"First version of the client that does not need the document."`
}

// Run retires a document.
func (r *documentsRetireCommand) Run(ctx context.Context, c *config.Config) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error {
		err := db.RetireDocument(ctx, documentKey(r.ID), r.MinimumVersion)
		if err == nil {
			fmt.Printf("%s is retired; servers see it within %s\n", r.ID, app.DocumentPollInterval)
		}
		return err
	})
}

type documentsRestoreCommand struct {
	ID string `arg:"" name:"id" help:"ID of the document, as documents list shows it."`
}

// Run restores a retired document.
func (r *documentsRestoreCommand) Run(ctx context.Context, c *config.Config) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error {
		err := db.RestoreDocument(ctx, documentKey(r.ID))
		if err == nil {
			fmt.Printf("%s is restored; servers see it within %s\n", r.ID, app.DocumentPollInterval)
		}
		return err
	})
}
