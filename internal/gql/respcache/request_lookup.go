package respcache

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/observe"
)

// RequestLookup is the response-cache state of one request: the key, the entry found, and on a miss
// what the response depended on. Its methods are not safe for concurrent use.
type RequestLookup struct {
	result        Result
	lookup        *Lookup // nil before Start
	key           Key     // of the request; after Start of its operation
	operationName string
	detail        string // why there was no lookup, or why the response was not stored

	// Dependencies of the computed response.
	policy        Policy
	trackedViewer *edu.TrackedViewer
	tags          edu.Tags
	executed      bool
	overloaded    bool // it was not executed because the server is overloaded
	isExplained   bool
	reasons       policyReasons // if the request is explained
}

// Result is the result of a lookup.
type Result uint8

// The results of a lookup.
const (
	NotStarted Result = iota // the operation is not cacheable, or the request was rejected before
	Bypassed                 // the invalidation log is unavailable
	Miss
	Hit
)

// String returns the result as the access log has it.
func (r Result) String() string { return [...]string{"bypass", "bypass", "miss", "hit"}[r] }

type requestLookupKey struct{}

// WithRequestLookup returns a context for the request of r.
func WithRequestLookup(ctx context.Context, r *RequestLookup) context.Context {
	return context.WithValue(ctx, requestLookupKey{}, r)
}

// RequestLookupFrom returns the lookup of the request of ctx, nil if it has none.
func RequestLookupFrom(ctx context.Context) *RequestLookup {
	r, _ := ctx.Value(requestLookupKey{}).(*RequestLookup)
	return r
}

// Start searches the cache for the response of a query and reports whether it is there.
func (r *RequestLookup) Start(ctx context.Context, c *Cache, key Key, operationName string) bool {
	r.key, r.operationName = key, operationName
	operation := observe.From(ctx)
	start := operation.EventStart()
	if r.isExplained {
		r.lookup = c.inspect(ctx, key, edu.ViewerFrom(ctx))
	} else {
		r.lookup = c.Get(ctx, key, edu.ViewerFrom(ctx))
	}
	r.detail = r.lookup.BypassReason
	switch {
	case r.lookup.Entry != nil:
		r.result = Hit
	case r.lookup.BypassReason != "":
		r.result = Bypassed
	default:
		r.result = Miss
	}
	operation.AddEvent(observe.LookupEvent, r.result.String(), start, nil)
	return r.result == Hit && !r.isExplained
}

// Started reports whether Start was called. It returns false for a nil lookup.
func (r *RequestLookup) Started() bool { return r != nil && r.result != NotStarted }

// Position returns the position of the log that the response will have as an entry. It returns false if it
// has none.
func (r *RequestLookup) Position() (invalidation.Position, bool) {
	if !r.Started() || r.lookup.BypassReason != "" {
		return invalidation.Position{}, false
	}
	return r.lookup.position, true
}

// Result returns the result of the lookup.
func (r *RequestLookup) Result() Result { return r.result }

// Entry returns the entry of a Hit.
func (r *RequestLookup) Entry() *Entry { return r.lookup.Entry }

// Operation returns the key and the name of the operation that Start was called with.
func (r *RequestLookup) Operation() (Key, string) { return r.key, r.operationName }

// Detail returns why there was no lookup, or why the response was not stored; "" if it is cached.
func (r *RequestLookup) Detail() string { return r.detail }

// Tags returns the tags to which the response's dependencies are added.
func (r *RequestLookup) Tags() *edu.Tags { return &r.tags }

// RecordExecution records that the operation is executed, and the viewer who may share its response. A
// nil lookup ignores it.
func (r *RequestLookup) RecordExecution(v *edu.TrackedViewer) {
	if r != nil {
		r.executed, r.trackedViewer = true, v
	}
}

// Release lets the requests go on that wait for the same response. A nil lookup has none.
func (r *RequestLookup) Release() {
	if r != nil && r.lookup != nil {
		r.lookup.Release()
	}
}

// Abandon ends a lookup that found no entry: the response is sent in parts, which are not stored.
func (r *RequestLookup) Abandon() {
	r.Release()
	r.setDetail(detailDeferred)
}

// StoreResponse builds an entry of the response and stores it if it is cacheable. It returns nil if
// the response may not be reused, neither by this cache nor by others.
func (r *RequestLookup) StoreResponse(ctx context.Context, resp *graphql.Response) *Entry {
	switch {
	case !r.executed:
		r.setDetail(detailRejected)
		return nil
	case r.policy.MaxAge == 0:
		if r.detail == "" { // the policy without the variables allowed more
			r.markUncacheable(ctx, detailMaxAgeZero)
		}
		return nil
	case len(resp.Errors) > 0 || len(resp.Extensions) > 0:
		r.markUncacheable(ctx, detailErrors)
		return nil
	}
	// The body, and its copy for Redis.
	if !memory.MeterFrom(ctx).Reserve(2 * response.EnvelopeSize(resp)) {
		r.markUncacheable(ctx, detailErrors)
		return nil
	}
	entry, detail := Candidate{
		Body: response.EncodeEnvelope(resp), Policy: r.policy, VaryBy: r.trackedViewer.VaryBy(), SignedIn: edu.ViewerFrom(ctx).SignedIn(),
	}.BuildEntry()
	switch {
	case entry == nil:
		r.markUncacheable(ctx, detail)
	case r.Started():
		r.detail = r.lookup.StoreEntry(entry, &r.tags)
	}
	return entry
}

func (r *RequestLookup) markUncacheable(ctx context.Context, detail string) {
	if r.Started() {
		r.lookup.MarkUncacheable(ctx)
	}
	r.setDetail(detail)
}

// setDetail sets the detail, unless an earlier stage has set it.
func (r *RequestLookup) setDetail(detail string) {
	if r.detail == "" {
		r.detail = detail
	}
}

// NeedsRevalidation reports whether the caller has to revalidate the stale entry of a Hit beside the
// request.
func (r *RequestLookup) NeedsRevalidation() bool { return r.Started() && r.lookup.Revalidate }

// NewRevalidation returns the lookup under which the stale entry of r is revalidated. Call its
// BeginRevalidation first.
func (r *RequestLookup) NewRevalidation() *RequestLookup {
	return &RequestLookup{result: Miss, lookup: r.lookup.NewRevalidation()}
}

// BeginRevalidation reports whether the response has to be recomputed: not if another process does so
// or has done so.
func (r *RequestLookup) BeginRevalidation(ctx context.Context) bool {
	if r.lookup.BeginRevalidation(ctx) {
		return true
	}
	r.detail = r.lookup.BypassReason
	return false
}

// cacheStatusName is this server's name in Cache-Status.
const cacheStatusName = `"7p"`

// AppendCacheStatus appends the value of Cache-Status (RFC 9211).
func (r *RequestLookup) AppendCacheStatus(b []byte, now time.Time) []byte {
	b = append(b, cacheStatusName...)
	if r.isExplained {
		return append(b, "; fwd=bypass; detail="+detailExplained...)
	}
	switch {
	case r.overloaded && r.result == Hit: // fresh only when it was computed
		b = append(b, "; hit; ttl="...)
		b = strconv.AppendInt(b, -int64(r.Entry().Age(now)/time.Second), 10)
	case r.result == Hit:
		b = append(b, "; hit; ttl="...)
		b = strconv.AppendInt(b, int64(math.Floor(r.Entry().TTL(now).Seconds())), 10)
	case r.result == NotStarted || r.result == Bypassed:
		b = append(b, "; fwd=bypass"...)
	case r.detail == "":
		b = append(b, "; fwd=miss; stored"...)
	default:
		b = append(b, "; fwd=miss"...)
	}
	if r.detail != "" {
		b = append(append(b, "; detail="...), r.detail...)
	}
	return b
}
