package app

import (
	"io"
	"log/slog"

	"github.com/7p-education/api/internal/config"
)

func newLogger(c *config.Config, output io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(output, &slog.HandlerOptions{Level: c.LogLevel}))
}
