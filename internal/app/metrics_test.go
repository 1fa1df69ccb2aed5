package app

import (
	"log/slog"
	"testing"
	"time"

	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/internal/telemetry"
)

// Observing a request does not allocate.
func TestObserveAllocatesNothing(t *testing.T) {
	observer := &requestObserver{telemetry.New("web"), nil, slog.New(slog.DiscardHandler), time.Second}
	o := &observe.Operation{Kind: "query", Name: "Catalog", Client: "web", Document: observe.NewDocument("{ a }")}
	c := middleware.CompletedRequest{
		Route: "/graphql", Status: 200, Duration: time.Millisecond, Database: &middleware.DatabaseUsage{Statements: 1, RoundTrips: 1}, Operation: o,
	}
	if n := testing.AllocsPerRun(100, func() { observer.complete(c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
