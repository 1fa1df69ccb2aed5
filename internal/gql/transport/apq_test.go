package transport_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
)

// A hash hides a mutation from the rule that a GET must not execute one.
func TestAPQMutationByGet(t *testing.T) {
	t.Parallel()
	const text = `mutation{wave}`
	local := cache.NewMemory(1 << 20)
	t.Cleanup(func() { _ = local.Close() })
	exec := newExecutor(respondHello, &persisted.Extension{
		Mode: persisted.ModeAPQ, Store: local, TTL: time.Minute, Log: slog.New(slog.DiscardHandler),
		Documents: persisted.NewList(nil), Uses: new(persisted.UsageCounter),
	})
	h := transport.New(exec, transport.Options{MaxBodyBytes: maxBody})
	extensions := `{"persistedQuery":{"version":1,"sha256Hash":"` + persisted.HashText(text) + `"}}`
	for _, body := range []map[string]any{
		{"query": text, "extensions": json.RawMessage(extensions)},
		{"extensions": json.RawMessage(extensions)},
	} {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if resp := post(t, h, string(encoded)); resp.Status != http.StatusOK || resp.Result(t).Data == nil {
			t.Errorf("by POST: got %s", resp)
		}
	}
	resp := gqltest.NewClient(h).Get(t, edu.Viewer{}, url.Values{"extensions": {extensions}})
	if resp.Status != http.StatusMethodNotAllowed {
		t.Errorf("by GET: got %s", resp)
	}
}
