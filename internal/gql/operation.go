package gql

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/gql/admission"
	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// operationExtension gives each operation its deadline, its loaders and its database statistics, and
// runs mutations with an Idempotency-Key once.
type operationExtension struct {
	store         *store.Store
	presentError  graphql.ErrorPresenterFunc
	now           func() time.Time
	timeout       time.Duration // 0 for none
	trackedViewer func(*loaders.Loaders) *edu.TrackedViewer
	budget        limits.Budget // nil for no budget
	large         *largeOperations
	admission     *admission.Limiter // nil for no limit
	// memory and maxResponseBytes are for operations that no client waits for.
	memory           *memory.Pool
	maxResponseBytes int64
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
} = operationExtension{}

// ExtensionName implements graphql.HandlerExtension.
func (operationExtension) ExtensionName() string { return "Operation" }

// Validate accepts every schema.
func (operationExtension) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation runs an operation.
func (e operationExtension) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	viewer := edu.ViewerFrom(ctx)
	session, key, err := e.admitMutation(ctx, viewer, op)
	if err != nil {
		return graphql.OneShot(e.errorResponse(ctx, err))
	}
	ctx, meter, release := e.withMeter(ctx)
	// Requests that need the same response do not wait with this one.
	if err := meter.Begin(ctx, respcache.RequestLookupFrom(ctx).Release); err != nil {
		return graphql.OneShot(e.errorResponse(ctx, err))
	}
	leave, rejection := e.beginLarge(ctx, op, meter)
	if rejection != nil {
		release()
		return graphql.OneShot(rejection)
	}
	stats := &store.Stats{}
	ctx = store.WithReadMeter(store.WithStats(ctx, stats), meter)
	cancel := context.CancelFunc(func() {})
	if e.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, e.timeout)
	}
	ctx, outcome := withSessionOutcome(ctx, session)
	run := store.IdempotentRun{Owner: responseOwner(ctx, viewer), OwnRows: session != nil && session.Name != deleteAccountField}
	ctx, l := e.withLoaders(ctx, viewer)
	var respond graphql.ResponseHandler
	if key == nil {
		execute := next(ctx)
		respond = func(ctx context.Context) *graphql.Response { return e.limitResponse(ctx, meter, execute(ctx)) }
	} else {
		respond = func(context.Context) *graphql.Response {
			return e.runIdempotent(ctx, run, key, func(db *store.Store) *graphql.Response {
				l.Store = db
				l.ResetForViewer(viewer)
				return e.limitResponse(ctx, meter, next(ctx)(ctx))
			})
		}
	}
	respond = e.withinSlot(viewer, op, stats, respond)
	parts := incremental.PartsOf(op)
	end := sync.OnceFunc(func() {
		middleware.RecordDatabase(ctx, middleware.DatabaseUsage{Statements: stats.StatementCount(), RoundTrips: stats.RoundTripCount(), BatchWaits: l.TimedBatches()})
		cancel()
		leave()
		release()
	})
	return func(ctx context.Context) *graphql.Response {
		goesOn := false
		defer func() {
			if !goesOn {
				end()
			}
		}()
		start := time.Now()
		resp := respond(ctx)
		observe.From(ctx).AddPhase(observe.Execute, start, time.Since(start))
		if goesOn = resp != nil && parts.HasNext(); goesOn {
			return resp
		}
		if err := e.countSession(ctx, session, outcome); err != nil && resp != nil {
			resp = e.errorResponse(ctx, err)
		}
		return resp
	}
}

// admitMutation returns the session field and the Idempotency-Key of a mutation, nil if it has none, or why
// it is rejected. It takes a mutation, or an attempt to begin a session, from the budget, unless the mutation
// is rejected for another reason. The budget may wait: the operation holds nothing yet that others may need.
func (e operationExtension) admitMutation(ctx context.Context, v edu.Viewer, op *graphql.OperationContext) (*graphql.CollectedField, *idempotencyKey, error) {
	session, err := findSessionField(op)
	if err != nil {
		return nil, nil, err
	}
	key, err := readIdempotencyKey(v, op)
	switch {
	case err != nil || e.budget == nil || op.Operation.Operation != ast.Mutation:
	case session == nil:
		err = e.budget.ConsumeMutation(ctx)
	default:
		err = e.consumeSignIn(ctx, v, op, session)
	}
	return session, key, err
}

// withMeter returns the meter of the request. An operation without one, such as a revalidation, has a
// meter of its own until it ends.
func (e operationExtension) withMeter(ctx context.Context) (withMeter context.Context, meter *memory.Meter, release func()) {
	if meter := memory.MeterFrom(ctx); meter != nil {
		return ctx, meter, func() {}
	}
	meter = e.memory.NewMeter(memory.Caller{}, e.maxResponseBytes)
	return memory.WithMeter(ctx, meter), meter, meter.Release
}

// limitResponse returns the response of an operation that was executed, or a part of it, or the error of the
// limit that it exceeded. A response that is too large has null data, since the operation was executed. One that
// the server has no memory for has none: its status is 503.
func (e operationExtension) limitResponse(ctx context.Context, meter *memory.Meter, resp *graphql.Response) *graphql.Response {
	if resp == nil {
		return nil // the context is done
	}
	parts := incremental.PartsOf(graphql.GetOperationContext(ctx))
	end := meter.EndOperation
	if parts.HasNext() {
		end = meter.EndPart // its rows stay in memory
	}
	err := end(response.EnvelopeSize(resp))
	if err == nil {
		return resp
	}
	resp = e.errorResponse(ctx, err)
	if response.ErrorCode(resp.Errors[0]) == response.CodeResponseTooLarge {
		resp.Data = json.RawMessage("null")
	}
	return resp
}

// withLoaders returns a context with the loaders of an operation. They read from the primary after a
// write, and if the response is watched. The reads of a response that may be cached see every change up to
// the position of its lookup, and all others every write that was acknowledged.
func (e operationExtension) withLoaders(ctx context.Context, viewer edu.Viewer) (context.Context, *loaders.Loaders) {
	db, lookup, watched := e.store, respcache.RequestLookupFrom(ctx), live.DependenciesFrom(ctx)
	written := transport.RecordWrite(ctx, graphql.GetOperationContext(ctx).Operation.Operation)
	switch position, located := lookup.Position(); {
	case written || watched != nil || lookup.Started() && !located:
		db = db.OnPrimary()
	case located:
		db = db.AtPosition(position)
	default:
		db = db.AtCurrentPosition()
	}
	switch {
	case watched != nil:
		ctx = store.WithTags(ctx, &watched.Tags)
	case lookup.Started() || lookup.IsExplained():
		ctx = store.WithTags(ctx, lookup.Tags())
	}
	l := loaders.New(ctx, db, viewer, e.now())
	lookup.RecordExecution(e.trackedViewer(l))
	watched.RecordViewer(e.trackedViewer(l))
	ctx = loaders.NewContext(ctx, l)
	// From here on the tracked viewer is the only one: it records what responses depend on.
	return edu.WithViewer(ctx, edu.Viewer{}), l
}

// errorResponse returns the response to an operation that did not run.
func (e operationExtension) errorResponse(ctx context.Context, err error) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{e.presentError(ctx, err)}}
}

// encodeExtension encodes the values of root fields with generated code, and leaves to gqlgen the types
// that the generated code does not know.
type encodeExtension struct{ root *resolvers.Resolver }

var _ interface {
	graphql.HandlerExtension
	graphql.FieldInterceptor
} = encodeExtension{}

// ExtensionName implements graphql.HandlerExtension.
func (encodeExtension) ExtensionName() string { return "Encode" }

// Validate accepts every schema.
func (encodeExtension) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField encodes the value of a root field, and of the fields below a subscription's, which gqlgen executes.
func (e encodeExtension) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	v, err := next(ctx)
	if err != nil || v == nil {
		return v, err
	}
	recordSession(ctx, v)
	if field := graphql.GetFieldContext(ctx); strings.HasPrefix(field.Object, "__") {
		if !hasTypeField(field) {
			v = nil
		}
		return v, countIntrospection(ctx, field.Field.Alias, v)
	}
	if isNilPointer(v) { // a null object, which could be any node for Encode
		return v, nil
	}
	start := time.Now()
	encoded, ok := graph.Encode(ctx, e.root, v)
	observe.From(ctx).AddPhase(observe.Encode, start, time.Since(start))
	if ok {
		return encoded, nil
	}
	return v, nil
}

func isNilPointer(v any) bool {
	value := reflect.ValueOf(v)
	return value.Kind() == reflect.Pointer && value.IsNil()
}

// introspectedFieldBytes is about how many bytes gqlgen allocates for a field of introspection, besides
// its value: 530 in TestHostileOperations.
const introspectedFieldBytes = 512

// countIntrospection counts a field of introspection, which gqlgen encodes.
func countIntrospection(ctx context.Context, alias string, v any) error {
	text := ""
	switch v := v.(type) {
	case string:
		text = v
	case *string:
		if v != nil {
			text = *v
		}
	}
	meter, n := memory.MeterFrom(ctx), len(alias)+len(text)
	meter.CountResponse(n, 0)
	meter.Reserve(n + introspectedFieldBytes)
	return meter.Err()
}
