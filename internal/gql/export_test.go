package gql

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/admission"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/resolvers"
)

// NewWithPolicies returns a server with cache policies in place of the schema's.
func NewWithPolicies(o Options, p respcache.PolicySource) *Server {
	c := defaultComponents()
	c.policies = func(*ast.Schema) (respcache.PolicySource, error) { return p, nil }
	return newServer(o, c)
}

// NewUntracked returns a NewWithPolicies with a fault: it does not record on which viewer a response
// depends.
func NewUntracked(o Options, p respcache.PolicySource) *Server {
	c := defaultComponents()
	c.policies = func(*ast.Schema) (respcache.PolicySource, error) { return p, nil }
	c.trackedViewer = func(*loaders.Loaders) *edu.TrackedViewer { return edu.TrackViewer(edu.Viewer{}, o.Now()) }
	return newServer(o, c)
}

// NewWithoutEncoder returns a server whose responses gqlgen encodes.
func NewWithoutEncoder(o Options) *Server {
	c := defaultComponents()
	c.encoder = func(*resolvers.Resolver) graphql.HandlerExtension {
		return introspectionExtension{enabled: o.Introspection} // once more, which has no effect
	}
	return newServer(o, c)
}

// AroundFields adds an interceptor of root fields.
func (s *Server) AroundFields(f graphql.FieldMiddleware) { s.exec.AroundFields(f) }

// NewWithBusyProcessors returns a server on which large operations are computed until free is called.
func NewWithBusyProcessors(o Options) (s *Server, free func()) {
	c := defaultComponents()
	n := c.large.free
	c.large.free = 0
	return newServer(o, c), func() {
		for range n {
			c.large.release()
		}
	}
}

// QueueLargeOperation waits until a large operation of an address may begin; EndLargeOperation ends it.
func (s *Server) QueueLargeOperation(ctx context.Context, address string) error {
	return s.large.acquire(ctx, address)
}

// EndLargeOperation ends a large operation.
func (s *Server) EndLargeOperation() { s.large.release() }

// QueryPriority returns the priority of a query.
func QueryPriority(ctx context.Context, v edu.Viewer, op *graphql.OperationContext) admission.Priority {
	return queryPriority(ctx, v, op)
}
