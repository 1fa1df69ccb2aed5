package cli

import (
	"context"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
)

type serveCommand struct{}

// Run runs the server.
func (*serveCommand) Run(ctx context.Context, c *config.Config) error { return app.Serve(ctx, c) }
