package gql

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// Options are what the server is assembled from.
type Options struct {
	Store *store.Store
	Log   *slog.Logger
	// Now tells the time that windows of days end at; nil is time.Now.
	Now func() time.Time
	// Sessions is what signing in takes besides the store.
	Sessions resolvers.SessionOptions
	// Introspection tells whether the schema can be asked for.
	Introspection bool
	// Limits of a document and of an operation; the zero Limits are admit.Defaults.
	Limits limits.Limits
	// MaxBodyBytes is the most bytes of a request's body, and MaxBulkBody of one of
	// instructors and admins; 0 is 100 KiB and 16 MiB.
	MaxBodyBytes, MaxBulkBodyBytes int64
	// MaxBatchSize is how many operations one request may bring; 0 is no batching.
	MaxBatchSize int
	// PartialStatus has answers with data and errors be of status 294.
	PartialStatus bool
	// Budget is what callers may ask for; nil is whatever they like.
	Budget limits.Budget
	// ResponseCache keeps answers; nil keeps none.
	ResponseCache *respcache.Cache
	// CacheVersion changes whenever answers may, besides the schema: kept ones of another
	// are not found.
	CacheVersion string
	// Extensions run after the limits, in their order. One that looks at the parameters
	// of every operation keeps kept answers from being found before it, unless it is a
	// Gate.
	Extensions []graphql.HandlerExtension
	// OperationTimeout is how long one operation may take; 0 is without end.
	OperationTimeout time.Duration

	policies     policySource // in place of the schema's
	skipTracking bool         // a fault that tests make: nobody notes who was looked at
}

const (
	defaultMaxBodyBytes     = 100 << 10 // 500 events of recordVideoProgress, indented, have 82,000
	defaultMaxBulkBodyBytes = 16 << 20  // 10,000 courses of 1,600 bytes
	maxCachedDocuments      = 1_000     // parsed and validated documents that are kept
)

// Server answers GraphQL over HTTP.
type Server struct {
	exec    *executor.Executor
	handler HTTP
}

// New assembles the GraphQL server: limits and extensions in the order that they
// run in.
func New(o Options) *Server {
	root := resolvers.New(o.Sessions)
	exec := o.newExecutor(root)
	exec.AroundFields(encodeRootFields(root))
	handler := HTTP{
		MaxBodyBytes: cmp.Or(o.MaxBodyBytes, defaultMaxBodyBytes), BulkLimiter: NewBulkLimiter(cmp.Or(o.MaxBulkBodyBytes, defaultMaxBulkBodyBytes), 2, 5*time.Second), MaxBatchSize: o.MaxBatchSize, PartialStatus: o.PartialStatus, Budget: o.Budget,
		revalidationPermits: make(chan struct{}, maxRevalidations),
	}
	if o.ResponseCache != nil {
		handler.requestMemo = newRequestMemo(o.ResponseCache, o.Extensions)
	}
	return &Server{exec: exec, handler: handler}
}

// newExecutor is gqlgen's, with all but what answers in its place.
func (o Options) newExecutor(root *resolvers.Resolver) *executor.Executor {
	if o.Now == nil {
		o.Now = time.Now
	}
	if reflect.ValueOf(o.Limits).IsZero() {
		o.Limits = limits.Defaults()
	}
	es := newSchema(root)
	policy, err := limits.New(es.Schema(), o.Limits)
	if err != nil {
		panic(err) // of the schema's directives, which the tests of admit read too
	}
	parsedDocuments := limits.NewDocumentCache(policy, maxCachedDocuments)
	exec := executor.New(es)
	exec.SetParserTokenLimit(o.Limits.Tokens)
	exec.SetQueryCache(parsedDocuments)
	exec.SetErrorPresenter(NewErrorPresenter(o.Log))
	exec.SetRecoverFunc(NewRecoverFunc(o.Log))
	exec.SetDisableSuggestion(!o.Introspection)
	exec.Use(limits.CostExtension{Documents: parsedDocuments, Budget: o.Budget}) // before the extensions: what is refused is not persisted
	for _, e := range o.Extensions {
		exec.Use(e)
	}
	exec.Use(limits.StructureExtension{Documents: parsedDocuments}) // after them: they may know the text
	exec.Use(o.newCacheExtension(es.Schema(), parsedDocuments))
	if o.Introspection {
		exec.Use(introspectionExtension{})
	}
	exec.AroundOperations(o.interceptOperation)
	return exec
}

func (o Options) newCacheExtension(schema *ast.Schema, parsedDocuments limits.DocumentCache) cacheExtension {
	if o.policies == nil {
		var err error
		if o.policies, err = respcache.NewPolicies(schema); err != nil {
			panic(err) // of the schema's directives, which a test reads too
		}
	}
	k := cacheExtension{documents: parsedDocuments, policies: o.policies, cache: o.ResponseCache, schemaVersion: o.CacheVersion + persisted.HashText(SDL())}
	for _, e := range o.Extensions {
		if n, ok := e.(cacheHitObserver); ok {
			k.hitObservers = append(k.hitObservers, n)
		}
	}
	return k
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handler.HandleRequest(w, r, s.exec)
}

// encodeRootFields has what a root field returned written by generated code, and leaves to
// gqlgen what that does not know.
func encodeRootFields(root *resolvers.Resolver) graphql.FieldMiddleware {
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		v, err := next(ctx)
		if err != nil || v == nil {
			return v, err
		}
		if written, ok := graph.Encode(ctx, root, v); ok {
			return written, nil
		}
		return v, nil
	}
}

// ExecutableSchema returns the executable schema, with resolvers and directives.
func ExecutableSchema() graphql.ExecutableSchema {
	return newSchema(resolvers.New(resolvers.SessionOptions{}))
}

func newSchema(root *resolvers.Resolver) graphql.ExecutableSchema {
	return graph.NewExecutableSchema(graph.Config{
		Resolvers:  root,
		Directives: graph.DirectiveRoot{Auth: authorizeField},
	})
}

// interceptOperation gives each operation its deadline, its loaders and its count of what
// it asks of the database.
func (o Options) interceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	stats := &store.Stats{}
	ctx = store.WithStats(ctx, stats)
	cancel := context.CancelFunc(func() {})
	if o.OperationTimeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, o.OperationTimeout)
	}
	op, db, viewer := graphql.GetOperationContext(ctx), o.Store, edu.ViewerFrom(ctx)
	v := lookupFromContext(ctx)
	// What is read after a write must have it, and so must what is kept.
	if batchFromContext(ctx).recordWrite(op.Operation.Operation) || v != nil && v.lookup != nil {
		db = db.OnPrimary()
	}
	if v != nil && v.lookup != nil {
		ctx = store.WithTags(ctx, &v.tags)
	}
	l := loaders.New(ctx, db, viewer, o.Now())
	if v != nil {
		v.trackedViewer = l.Viewer
		if o.skipTracking {
			v.trackedViewer = edu.TrackViewer(edu.Viewer{}, o.Now())
		}
	}
	ctx = loaders.NewContext(ctx, l)
	key, err := readIdempotencyKey(ctx, op)
	ctx = edu.WithViewer(ctx, edu.Viewer{}) // from here on there is one way to know who asks: l.Viewer, which notes it
	var respond graphql.ResponseHandler
	switch {
	case err != nil:
		respond = graphql.OneShot(o.errorResponse(ctx, err))
	case key == nil:
		respond = next(ctx)
	default:
		respond = func(context.Context) *graphql.Response {
			return o.runIdempotent(ctx, key, func(db *store.Store) *graphql.Response {
				l.Store = db
				l.ResetForViewer(viewer)
				return next(ctx)(ctx)
			})
		}
	}
	return func(ctx context.Context) *graphql.Response {
		defer cancel()
		resp := respond(ctx)
		middleware.RecordDatabase(ctx, middleware.DatabaseUsage{Statements: stats.StatementCount(), RoundTrips: stats.RoundTripCount(), BatchWaits: l.TimedBatches()})
		return resp
	}
}

// authorizeField is the schema's @auth: the field needs a signed-in viewer of a role or a
// higher one.
func authorizeField(ctx context.Context, _ any, next graphql.Resolver, role *edu.Role) (any, error) {
	switch v := loaders.FromContext(ctx).Viewer; { // signIn and signOut change it
	case !v.SignedIn():
		return nil, edu.Errorf(edu.Unauthenticated, "sign in first: send the accessToken of signIn as \"Authorization: Bearer …\"")
	case role != nil && !v.HasRole(*role):
		return nil, edu.Errorf(edu.Forbidden, "this needs the role %s; the viewer is %s", *role, v.Role())
	}
	return next(ctx)
}
