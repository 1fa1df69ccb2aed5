package app

import (
	"testing"
	"time"

	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/telemetry"
)

// Observing a request does not allocate.
func TestObserveAllocatesNothing(t *testing.T) {
	observe := requestObserver(telemetry.New())
	a := middleware.CompletedRequest{
		Route: "/graphql", Status: 200, Duration: time.Millisecond, Database: &middleware.DatabaseUsage{Statements: 1, RoundTrips: 1},
		GraphQL: middleware.GraphQLOutcome{Kind: "query", Name: "Catalog"},
	}
	if n := testing.AllocsPerRun(100, func() { observe(a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
