package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/internal/terminal"
)

const (
	exitFailure    = 1
	exitNoPostgres = 2 // the programs of PostgreSQL are not installed
)

// exitCode prints an error and returns the exit code for it. A command that was interrupted has
// not failed.
func exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, embedpg.ErrNoBinaries):
		terminal.PrintStatus("7p: %v", err)
		return exitNoPostgres
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return 0
	default:
		terminal.PrintStatus("7p: %s", userMessage(err))
		return exitFailure
	}
}

// userMessage formats an error for the terminal, without its code.
func userMessage(err error) string {
	text := err.Error()
	if known, ok := errors.AsType[*edu.Error](err); ok {
		text = strings.ReplaceAll(text, known.Error(), known.Message)
	}
	return strings.TrimPrefix(text, "store: ")
}
