package resolvers_test

import (
	"io"
	"log/slog"
	"sync"
	"testing"
)

// testLog writes to the output of a test until that ends: later writes would panic, and the work that a canceled
// request leaves may still log.
type testLog struct {
	mu     sync.Mutex
	output io.Writer
}

func newLog(t testing.TB) *slog.Logger {
	t.Helper()
	l := &testLog{output: t.Output()}
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.output = io.Discard
	})
	return slog.New(slog.NewTextHandler(l, nil))
}

// Write implements io.Writer.
func (l *testLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.output.Write(line)
}
