package gql

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/changes"
)

// follow has a log find changes in a database until the test ends, and returns once it
// may be used.
func follow(t *testing.T, l *changes.Log, from changes.Source) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx, from) })
	t.Cleanup(func() { cancel(); running.Wait() })
	for {
		if _, ok := l.Now(ctx); ok {
			return
		}
		if ctx.Err() != nil {
			t.Fatal("the log cannot be used")
		}
	}
}

// patience is how long a test waits for what should take a few seconds.
const patience = 20 * time.Second
