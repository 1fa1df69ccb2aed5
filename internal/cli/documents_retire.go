package cli

import (
	"context"
	"fmt"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/store"
)

type documentsRetireCommand struct {
	documentsTarget
	ID             string `arg:"" name:"id" help:"ID of the document, as documents list shows it."`
	Client         string `help:"Name of the client that must update; by default all."`
	MinimumVersion string `help:"First version of the client that does not send the document."`
}

// Run retires a document.
func (r *documentsRetireCommand) Run(ctx context.Context, c *config.Config) error {
	return r.withDocuments(ctx, c, func(documents app.DocumentService) error {
		err := documents.RetireDocument(ctx, store.Retirement{Document: app.DocumentKey(r.ID), Client: r.Client, MinimumVersion: r.MinimumVersion})
		if err == nil {
			fmt.Printf("%s is retired%s; servers see it within %s\n", r.ID, forClient(r.Client), app.DocumentPollInterval)
		}
		return err
	})
}

type documentsRestoreCommand struct {
	documentsTarget
	ID     string `arg:"" name:"id" help:"ID of the document, as documents list shows it."`
	Client string `help:"Name of the client for which alone the document is accepted again; by default all."`
}

// Run restores a retired document.
func (r *documentsRestoreCommand) Run(ctx context.Context, c *config.Config) error {
	return r.withDocuments(ctx, c, func(documents app.DocumentService) error {
		err := documents.RestoreDocument(ctx, app.DocumentKey(r.ID), r.Client)
		if err == nil {
			fmt.Printf("%s is restored%s; servers see it within %s\n", r.ID, forClient(r.Client), app.DocumentPollInterval)
		}
		return err
	})
}

// forClient returns the end of a message on one client, "" for all.
func forClient(name string) string {
	if name == "" {
		return ""
	}
	return " for " + name
}
