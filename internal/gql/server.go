package gql

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/coercion"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/media"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// Options configure a Server.
type Options struct {
	Store *store.Store
	Log   *slog.Logger
	// Now returns the time at which statistics over days end; nil is time.Now.
	Now func() time.Time
	// Sessions has the dependencies of signing in, besides the store.
	Sessions resolvers.SessionOptions
	// Media signs the URLs of videos. It is nil if there is no media server.
	Media *media.Signer
	// Introspection enables queries of the schema itself.
	Introspection bool
	// Limits of a document and of an operation; the zero Limits are limits.Defaults.
	Limits limits.Limits
	// MaxBodyBytes is the maximum size of a request's body, and MaxBulkBodyBytes that of instructors and
	// admins; 0 is 100 KiB and 16 MiB.
	MaxBodyBytes, MaxBulkBodyBytes int64
	// MaxBatchSize is the maximum number of operations in one request; 0 disables batching.
	MaxBatchSize int
	// PartialStatus sends responses with data and errors with status 294.
	PartialStatus bool
	// Budget limits the rate and cost of a caller's requests; nil for no limit.
	Budget limits.Budget
	// ResponseCache caches responses; nil for no cache.
	ResponseCache *respcache.Cache
	// DocumentCacheBytes is the maximum memory of parsed documents; 0 is 32 MiB.
	DocumentCacheBytes int
	// CacheVersion changes with everything that changes responses, such as the schema: responses that
	// were cached with another version are not found.
	CacheVersion string
	// Extensions run after the cost limit, in their order. One that mutates parameters has to see those of
	// every operation before the response cache does, unless it is a transport.TextInspector.
	Extensions []graphql.HandlerExtension
	// OperationTimeout is the maximum duration of an operation; 0 for none.
	OperationTimeout time.Duration
	// MaxResponseBytes is the maximum size of a response, and of the rows that it is made of; 0 is 8 MiB.
	MaxResponseBytes int64
	// ResponseMemory is the memory that responses in progress take together; nil is a pool of 128 MiB.
	ResponseMemory *memory.Pool
	// Caller returns who a request counts for in ResponseMemory; nil is one caller for all requests.
	Caller func(*http.Request) memory.Caller
	// AllowsOrigin reports whether CORS allows an origin; nil allows none.
	AllowsOrigin func(origin string) bool
	// ShowsDatabaseUsage reports whether the response to a request has a Server-Timing header with the SQL
	// statements and round trips of its operation; nil shows none.
	ShowsDatabaseUsage func(*http.Request) bool
	// AllowsExplain reports whether a request may have the plan of its operation; nil allows none.
	AllowsExplain func(*http.Request) bool
	// SharedCache is the CDN in front of the server; nil for none.
	SharedCache *transport.SharedCache
	// ObserveSocketOperation receives each operation of a WebSocket after its first response; nil for none.
	ObserveSocketOperation func(context.Context, middleware.CompletedRequest)
	// Streams are the options of subscriptions and live queries; without a hub there are none.
	Streams transport.StreamOptions
	// Overload says what the server does when it is overloaded.
	Overload OverloadOptions
}

const (
	defaultMaxBodyBytes     = 100 << 10 // 500 events of recordVideoProgress, indented, have 82,000
	defaultMaxBulkBodyBytes = 16 << 20  // 10,000 courses of 1,600 bytes
	defaultMaxResponseBytes = 8 << 20
	defaultResponseMemory   = 128 << 20
	maxBulkRequests         = 2 // in progress at a time
	maxBulkWait             = 5 * time.Second
	defaultDocumentBytes    = 32 << 20
)

// Server serves GraphQL over HTTP.
type Server struct {
	exec    *executor.Executor
	handler *transport.Handler
	large   *largeOperations
}

// components are the parts of a server that tests replace.
type components struct {
	policies      func(*ast.Schema) (respcache.PolicySource, error)
	trackedViewer func(*loaders.Loaders) *edu.TrackedViewer
	encoder       func(*resolvers.Resolver) graphql.HandlerExtension
	large         *largeOperations
}

func defaultComponents() components {
	return components{
		policies:      func(s *ast.Schema) (respcache.PolicySource, error) { return respcache.NewPolicies(s) },
		trackedViewer: func(l *loaders.Loaders) *edu.TrackedViewer { return l.Viewer },
		encoder:       func(root *resolvers.Resolver) graphql.HandlerExtension { return encodeExtension{root} },
		large:         newLargeOperations(),
	}
}

// New assembles a server.
func New(o Options) *Server { return newServer(o, defaultComponents()) }

func newServer(o Options, c components) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if reflect.ValueOf(o.Limits).IsZero() {
		o.Limits = limits.Defaults()
	}
	o.MaxResponseBytes = cmp.Or(o.MaxResponseBytes, defaultMaxResponseBytes)
	if o.ResponseMemory == nil {
		o.ResponseMemory = memory.NewPool(defaultResponseMemory)
	}
	if o.Caller == nil {
		o.Caller = func(*http.Request) memory.Caller { return memory.Caller{} }
	}
	exec := o.newExecutor(c)
	return &Server{exec: exec, large: c.large, handler: transport.New(exec, transport.Options{
		MaxBodyBytes:       cmp.Or(o.MaxBodyBytes, defaultMaxBodyBytes),
		BulkLimiter:        transport.NewBulkLimiter(cmp.Or(o.MaxBulkBodyBytes, defaultMaxBulkBodyBytes), maxBulkRequests, maxBulkWait),
		MaxBatchSize:       o.MaxBatchSize,
		PartialStatus:      o.PartialStatus,
		Budget:             o.Budget,
		Cache:              o.ResponseCache,
		Extensions:         o.Extensions,
		AllowsOrigin:       o.AllowsOrigin,
		SharedCache:        o.SharedCache,
		Streams:            o.Streams,
		ShowsDatabaseUsage: o.ShowsDatabaseUsage,
		MaxStaleness:       o.Overload.MaxStaleness,
		Explain:            transport.ExplainOptions{Allows: o.AllowsExplain, Statement: o.Store.ExplainStatement},

		ObserveSocketOperation: o.ObserveSocketOperation,
		NewMeter:               func(r *http.Request) *memory.Meter { return o.ResponseMemory.NewMeter(o.Caller(r), o.MaxResponseBytes) },
	})}
}

// ServeHTTP responds to one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Explain executes an operation as the viewer of the context, beside the cache, and returns its response with
// extensions.explain: with the plans of its statements by EXPLAIN on request.
func (s *Server) Explain(ctx context.Context, params *graphql.RawParams, plans bool) *graphql.Response {
	return s.handler.ExplainOperation(ctx, params, plans)
}

// CloseSockets closes each WebSocket as soon as it has no operation in progress, and returns when all are closed or
// the context is done.
func (s *Server) CloseSockets(ctx context.Context) { s.handler.CloseSockets(ctx) }

// newExecutor returns gqlgen's executor with everything that runs operations.
func (o Options) newExecutor(c components) *executor.Executor {
	root := resolvers.New(resolvers.Options{Sessions: o.Sessions, Media: o.Media})
	es := newSchema(root)
	policy, err := limits.New(es.Schema(), o.Limits)
	if err != nil {
		panic(fmt.Errorf("cost directives of the schema: %w", err)) // the tests of limits read them too
	}
	documents := limits.NewDocumentCache(policy, cmp.Or(o.DocumentCacheBytes, defaultDocumentBytes))
	exec := executor.New(partsSchema{es})
	exec.SetParserTokenLimit(o.Limits.Tokens)
	exec.SetDefaultRulesFn(coercion.Rules)
	exec.SetQueryCache(documents)
	exec.SetErrorPresenter(NewErrorPresenter(o.Log))
	exec.SetRecoverFunc(NewRecoverFunc(o.Log))
	exec.SetDisableSuggestion(!o.Introspection)
	for _, e := range o.extensions(c, root, documents, es.Schema()) {
		exec.Use(e)
	}
	return exec
}

// extensions returns the extensions of gqlgen's executor. They run in this order, in each phase of an
// operation: first all of them mutate its parameters, then its context, and then they intercept it.
func (o Options) extensions(c components, root *resolvers.Resolver, documents limits.DocumentCache, schema *ast.Schema) []graphql.HandlerExtension {
	list := []graphql.HandlerExtension{
		coercion.Extension{Schema: schema},
		limits.CostExtension{Documents: documents, Budget: o.Budget}, // a rejected operation is not registered as a persisted one
	}
	list = append(list, o.Extensions...) // persisted operations: they find the text of a request
	return append(list,
		limits.StructureExtension{Documents: documents, Budget: o.Budget},
		o.newCacheExtension(c, documents, schema),
		deferExtension{},
		introspectionExtension{enabled: o.Introspection},
		operationExtension{
			store: o.Store, presentError: NewErrorPresenter(o.Log), now: o.Now, timeout: o.OperationTimeout, trackedViewer: c.trackedViewer,
			budget: o.Budget, large: c.large, admission: o.Overload.Admission, memory: o.ResponseMemory, maxResponseBytes: o.MaxResponseBytes,
		},
		c.encoder(root),
	)
}

// The request memo skips the extension of persisted operations as long as it accepts any text, and the
// response cache notifies it of hits. Both find out by type assertion.
var _ interface {
	transport.TextInspector
	respcache.HitObserver
} = (*persisted.Extension)(nil)

func (o Options) newCacheExtension(c components, documents limits.DocumentCache, schema *ast.Schema) respcache.Extension {
	policies, err := c.policies(schema)
	if err != nil {
		panic(fmt.Errorf("cache directives of the schema: %w", err)) // a test reads them too
	}
	e := respcache.Extension{
		Cache: o.ResponseCache, Documents: documents, Policies: policies,
		Version:       o.CacheVersion,
		CostRequested: func(p *graphql.RawParams) bool { return limits.CostRequested(p.Headers) },
	}
	for _, extension := range o.Extensions {
		if observer, ok := extension.(respcache.HitObserver); ok {
			e.HitObservers = append(e.HitObservers, observer)
		}
	}
	return e
}
