package gql

import (
	"compress/gzip"
	"context"
	"io"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/7p-education/api/internal/invalidation"
)

// followChanges has a log find changes in a database until the test ends, and returns once it
// may be used.
func followChanges(t *testing.T, l *invalidation.Log, from invalidation.Source) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { l.PollDatabase(ctx, from) })
	t.Cleanup(func() { cancel(); running.Wait() })
	for {
		if _, ok := l.CurrentPosition(ctx); ok {
			return
		}
		if ctx.Err() != nil {
			t.Fatal("the log cannot be used")
		}
	}
}

// waitTimeout is how long a test waits for what should take a few seconds.
const waitTimeout = 20 * time.Second

// decompressBody returns the body of an answer as it was before it was coded.
func decompressBody(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var plain []byte
	var err error
	switch coding := w.Header().Get("Content-Encoding"); coding {
	case "zstd":
		var r *zstd.Decoder
		if r, err = zstd.NewReader(w.Body); err == nil {
			plain, err = io.ReadAll(r)
			r.Close()
		}
	case "gzip":
		var r *gzip.Reader
		if r, err = gzip.NewReader(w.Body); err == nil {
			plain, err = io.ReadAll(r)
		}
	case "br":
		plain, err = io.ReadAll(brotli.NewReader(w.Body))
	default:
		t.Fatalf("coded as %q", coding)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}
