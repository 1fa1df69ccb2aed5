package cli

import (
	"context"
	"fmt"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
)

type documentsPushCommand struct {
	documentsTarget
	Files []string `arg:"" help:"Files, or directories of them." type:"path"`
}

// Run adds the documents of files.
func (p *documentsPushCommand) Run(ctx context.Context, c *config.Config) error {
	return p.withDocuments(ctx, c, func(documents app.DocumentService) error {
		pushed, err := documents.PushFiles(ctx, p.Files)
		if err != nil {
			return err
		}
		fmt.Printf("%d documents pushed, %d of them new\n", pushed.Total, pushed.Added)
		for _, d := range pushed.Retired { // pushing does not restore them
			fmt.Printf("%s is still %s: restore it by \"7p documents restore\"\n", app.DocumentLabel(d), retirements(d))
		}
		return nil
	})
}
