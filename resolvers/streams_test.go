package resolvers_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/invalidation"
)

// streamOptions returns options of streams without limits, and changes: tests read their first response.
func streamOptions(t *testing.T) transport.StreamOptions {
	t.Helper()
	return transport.StreamOptions{
		Hub:    live.NewHub(live.Options{Changes: invalidation.New(nil, newLog(t))}),
		Caller: func(*http.Request) memory.Caller { return memory.Caller{} },
		TransferCaller: func(context.Context) func(context.Context) context.Context {
			return func(to context.Context) context.Context { return to }
		},
		ConsumeRequest: func(context.Context) error { return nil },
		Authenticate: func(context.Context, string) (edu.Viewer, time.Time, error) {
			return edu.Viewer{}, time.Time{}, edu.Errorf(edu.Unauthenticated, "no tokens")
		},
	}
}
