package transport_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/middleware"
)

// A response has the database usage of its operation if the option says so, and never otherwise.
func TestServerTiming(t *testing.T) {
	t.Parallel()
	usage := middleware.DatabaseUsage{}
	exec := newExecutor(func(ctx context.Context) *graphql.Response {
		middleware.RecordDatabase(ctx, usage)
		return respondHello(ctx)
	})
	h := middleware.RequestID()(transport.New(exec, transport.Options{
		MaxBodyBytes: maxBody, MaxBatchSize: 3,
		ShowsDatabaseUsage: func(r *http.Request) bool { return r.Header.Get("X-Show") != "" },
	}))
	for _, tt := range []struct {
		statements, roundTrips int64
		want                   string
	}{
		{0, 0, `sql;desc="0 statements in 0 round trips"`},
		{1, 1, `sql;desc="1 statement in 1 round trip"`},
		{12, 3, `sql;desc="12 statements in 3 round trips"`},
	} {
		usage = middleware.DatabaseUsage{Statements: tt.statements, RoundTrips: tt.roundTrips}
		if got := post(t, h, `{"query":"{hello}"}`, "X-Show: 1").Header.Get("Server-Timing"); got != tt.want {
			t.Errorf("%+v: %s, want %s", usage, got, tt.want)
		}
		for _, body := range []string{`{"query":"{hello}"}`, `[{"query":"{hello}"}]`} {
			if got := post(t, h, body).Header["Server-Timing"]; got != nil {
				t.Errorf("not shown: %s", got)
			}
		}
	}
	usage = middleware.DatabaseUsage{Statements: 2, RoundTrips: 1}
	batch := post(t, h, `[{"query":"{hello}"},{"query":"{hello}"},{"query":"{hello}"}]`, "X-Show: 1").Header.Get("Server-Timing")
	if want := `sql;desc="6 statements in 3 round trips"`; batch != want {
		t.Errorf("batch: %s, want %s", batch, want)
	}
}
