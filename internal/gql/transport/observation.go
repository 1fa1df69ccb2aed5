package transport

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
)

// observeCaller records the viewer and the client of a request.
func observeCaller(ctx context.Context, header http.Header) {
	o := observe.From(ctx)
	if o == nil {
		return
	}
	if v := edu.ViewerFrom(ctx); v.SignedIn() {
		o.ViewerID, o.Role = v.ID, string(v.Role)
	}
	o.Client, o.ClientVersion = persisted.ClientNameVersion(header)
}

// observeLookup records the result of the lookup in the response cache.
func observeLookup(ctx context.Context, lookup *respcache.RequestLookup) {
	if o := observe.From(ctx); o != nil {
		o.Cache, o.CacheDetail = lookup.Result().String(), lookup.Detail()
	}
}

// observePreparation records how long parsing and validating took, unless the document was cached: then gqlgen has one
// time for the end of parsing and the start of validation.
func observePreparation(ctx context.Context, stats *graphql.Stats) {
	if stats.Parsing.End.Equal(stats.Validation.Start) {
		return
	}
	o := observe.From(ctx)
	o.AddPhase(observe.Parse, stats.Parsing.Start, max(0, stats.Parsing.End.Sub(stats.Parsing.Start)))
	o.AddPhase(observe.Validate, stats.Validation.Start, max(0, stats.Validation.End.Sub(stats.Validation.Start)))
}

// observeOperation reports an operation of a socket with its only response, nil for the first one of a stream.
func (s *socket) observeOperation(ctx context.Context, begun time.Time, resp *graphql.Response) {
	if s.handler.ObserveSocketOperation == nil {
		return
	}
	status, size := http.StatusOK, 0
	if resp != nil {
		status, size = response.HTTPStatusFor(resp), response.EnvelopeSize(resp)
		if len(resp.Errors) > 0 {
			middleware.RecordErrorCode(ctx, response.ErrorCode(resp.Errors[0]), resp.Data == nil)
			observeFieldErrors(ctx, resp)
		}
	}
	s.handler.ObserveSocketOperation(ctx, middleware.CompleteOperation(ctx, status, int64(size), time.Since(begun)))
}

// observeFieldErrors records the errors of a response that has data.
func observeFieldErrors(ctx context.Context, resp *graphql.Response) {
	if len(resp.Errors) == 0 || resp.Data == nil {
		return
	}
	o := observe.From(ctx)
	for _, err := range resp.Errors {
		o.CountFieldError(response.ErrorCode(err))
	}
}
