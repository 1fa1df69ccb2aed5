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
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/admit"
	"github.com/7p-education/api/internal/answers"
	"github.com/7p-education/api/internal/documents"
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
	Sessions resolvers.Sessions
	// Introspection tells whether the schema can be asked for.
	Introspection bool
	// Limits of a document and of an operation; the zero Limits are admit.Defaults.
	Limits admit.Limits
	// MaxBody is the most bytes of a request's body, and MaxBulkBody of one of
	// instructors and admins; 0 is 100 KiB and 16 MiB.
	MaxBody, MaxBulkBody int64
	// MaxBatch is how many operations one request may bring; 0 is no batching.
	MaxBatch int
	// Partial has answers with data and errors be of status 294.
	Partial bool
	// Budget is what callers may ask for; nil is whatever they like.
	Budget Budget
	// Answers keeps answers; nil keeps none.
	Answers *answers.Answers
	// Version changes whenever answers may, besides the schema: kept ones of another
	// are not found.
	Version string
	// Extensions run after the limits, in their order. One that looks at the parameters
	// of every operation keeps kept answers from being found before it, unless it is a
	// Gate.
	Extensions []graphql.HandlerExtension
	// Timeout is how long one operation may take; 0 is without end.
	Timeout time.Duration

	policies policies // in place of the schema's
	blind    bool     // a fault that tests make: nobody notes who was looked at
}

// Budget is what the caller whose request ctx is of may ask for within a time. The
// errors are *edu.Error of the code RATE_LIMITED.
type Budget interface {
	// Requests takes n requests that came within one which is counted already.
	Requests(ctx context.Context, n int) error
	// Spend takes the cost of an operation.
	Spend(ctx context.Context, cost int64) error
	// Attempt takes an attempt to begin a session, or to go on with one.
	Attempt(ctx context.Context) error
}

const (
	defaultBody     = 100 << 10 // 500 events of recordVideoProgress, indented, have 82,000
	defaultBulkBody = 16 << 20  // 10,000 courses of 1,600 bytes
	maxDocuments    = 1_000     // parsed and validated documents that are kept
)

// Server answers GraphQL over HTTP.
type Server struct {
	exec *executor.Executor
	http HTTP
}

// New assembles the GraphQL server: limits and extensions in the order that they
// run in.
func New(o Options) *Server {
	root := resolvers.New(o.Sessions)
	exec := o.executor(root)
	exec.AroundFields(answer(root))
	http := HTTP{
		MaxBody: cmp.Or(o.MaxBody, defaultBody), Bulk: NewBulk(cmp.Or(o.MaxBulkBody, defaultBulkBody), 2, 5*time.Second), MaxBatch: o.MaxBatch, Partial: o.Partial, Budget: o.Budget,
		renewals: make(chan struct{}, maxRenewals),
	}
	if o.Answers != nil {
		http.before = newAskedBefore(o.Answers, o.Extensions)
	}
	return &Server{exec: exec, http: http}
}

// executor is gqlgen's, with all but what answers in its place.
func (o Options) executor(root *resolvers.Resolver) *executor.Executor {
	if o.Now == nil {
		o.Now = time.Now
	}
	if reflect.ValueOf(o.Limits).IsZero() {
		o.Limits = admit.Defaults()
	}
	es := schema(root)
	policy, err := admit.New(es.Schema(), o.Limits)
	if err != nil {
		panic(err) // of the schema's directives, which the tests of admit read too
	}
	known := admitted{policy: policy, kept: lru.New[*admit.Document](maxDocuments)}
	exec := executor.New(es)
	exec.SetParserTokenLimit(o.Limits.Tokens)
	exec.SetQueryCache(known)
	exec.SetErrorPresenter(Present(o.Log))
	exec.SetRecoverFunc(Recover(o.Log))
	exec.SetDisableSuggestion(!o.Introspection)
	exec.Use(cost{known, o.Budget}) // before the extensions: what is refused is not persisted
	for _, e := range o.Extensions {
		exec.Use(e)
	}
	exec.Use(structure{known}) // after them: they may know the text
	exec.Use(o.keeping(es.Schema(), known))
	if o.Introspection {
		exec.Use(introspection{})
	}
	exec.AroundOperations(o.operation)
	return exec
}

func (o Options) keeping(schema *ast.Schema, known admitted) keeping {
	if o.policies == nil {
		var err error
		if o.policies, err = answers.NewPolicies(schema); err != nil {
			panic(err) // of the schema's directives, which a test reads too
		}
	}
	k := keeping{known: known, policies: o.policies, answers: o.Answers, schema: o.Version + documents.Hash(SDL())}
	for _, e := range o.Extensions {
		if n, ok := e.(finder); ok {
			k.notify = append(k.notify, n)
		}
	}
	return k
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.http.Do(w, r, s.exec)
}

// answer has what a root field returned written by generated code, and leaves to
// gqlgen what that does not know.
func answer(root *resolvers.Resolver) graphql.FieldMiddleware {
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		v, err := next(ctx)
		if err != nil || v == nil {
			return v, err
		}
		if written, ok := graph.Write(ctx, root, v); ok {
			return written, nil
		}
		return v, nil
	}
}

// Schema returns the executable schema, with resolvers and directives.
func Schema() graphql.ExecutableSchema { return schema(resolvers.New(resolvers.Sessions{})) }

func schema(root *resolvers.Resolver) graphql.ExecutableSchema {
	return graph.NewExecutableSchema(graph.Config{
		Resolvers:  root,
		Directives: graph.DirectiveRoot{Auth: auth},
	})
}

// operation gives each operation its deadline, its loaders and its count of what
// it asks of the database.
func (o Options) operation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	stats := &store.Stats{}
	ctx = store.WithStats(ctx, stats)
	cancel := context.CancelFunc(func() {})
	if o.Timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
	}
	op, db, viewer := graphql.GetOperationContext(ctx), o.Store, edu.ViewerFrom(ctx)
	v := visitOf(ctx)
	// What is read after a write must have it, and so must what is kept.
	if batchOf(ctx).writes(op.Operation.Operation) || v != nil && v.q != nil {
		db = db.OnPrimary()
	}
	if v != nil && v.q != nil {
		ctx = store.WithTags(ctx, &v.tags)
	}
	l := loaders.New(ctx, db, viewer, o.Now())
	if v != nil {
		v.observer = l.Viewer
		if o.blind {
			v.observer = edu.Observe(edu.Viewer{}, o.Now())
		}
	}
	ctx = loaders.With(ctx, l)
	key, err := onceKeyOf(ctx, op)
	ctx = edu.WithViewer(ctx, edu.Viewer{}) // from here on there is one way to know who asks: l.Viewer, which notes it
	var respond graphql.ResponseHandler
	switch {
	case err != nil:
		respond = graphql.OneShot(o.failed(ctx, err))
	case key == nil:
		respond = next(ctx)
	default:
		respond = func(context.Context) *graphql.Response {
			return o.once(ctx, key, func(db *store.Store) *graphql.Response {
				l.Store = db
				l.Forget(viewer)
				return next(ctx)(ctx)
			})
		}
	}
	return func(ctx context.Context) *graphql.Response {
		defer cancel()
		resp := respond(ctx)
		middleware.NoteDatabase(ctx, middleware.Database{Statements: stats.Statements(), RoundTrips: stats.RoundTrips(), Waits: l.Windows()})
		return resp
	}
}

// auth is the schema's @auth: the field needs a signed-in viewer of a role or a
// higher one.
func auth(ctx context.Context, _ any, next graphql.Resolver, role *edu.Role) (any, error) {
	switch v := loaders.For(ctx).Viewer; { // signIn and signOut change it
	case !v.SignedIn():
		return nil, edu.Errorf(edu.Unauthenticated, "sign in first: send the accessToken of signIn as \"Authorization: Bearer …\"")
	case role != nil && !v.Has(*role):
		return nil, edu.Errorf(edu.Forbidden, "this needs the role %s; the viewer is %s", *role, v.Role())
	}
	return next(ctx)
}
