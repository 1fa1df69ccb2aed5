//go:build !linux && !darwin

package embedpg

import (
	"context"
	"errors"
)

// startServer returns an error: this platform is not supported.
func startServer(context.Context, Options) (*Server, error) {
	return nil, errors.New("the embedded PostgreSQL runs on Linux and macOS only: set DATABASE_URL, or use WSL")
}
