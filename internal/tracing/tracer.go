package tracing

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"github.com/7p-education/api/internal/observe"
)

// Options configure a Tracer. The standard variables of the SDK and of its exporter apply to what they leave out.
type Options struct {
	Endpoint string // of the collector, without /v1/traces
	Version  string // of the server
	// Share is the share of requests that are sampled, from 0 to 1.
	Share float64
	// CallersPerSecond is how many requests a second are sampled because their caller's trace is.
	CallersPerSecond int
	// DraftAttributes adds the attributes of drafts of the semantic conventions.
	DraftAttributes bool
	Log             *slog.Logger
}

// Tracer decides which requests are sampled, and sends their spans. A nil Tracer samples none.
type Tracer struct {
	share     float64
	callers   *rate.Limiter
	draft     bool
	provider  *sdktrace.TracerProvider
	tracer    trace.Tracer
	exporting *exporter
}

// tracesPath is the path of a collector's endpoint for traces.
const tracesPath = "/v1/traces"

// maxAttributeBytes is the maximum length of an attribute's text: callers choose the names of their operations.
const maxAttributeBytes = 1024

// New returns a tracer. It does not connect: a collector may be unavailable.
func New(ctx context.Context, o Options) (*Tracer, error) {
	otlp, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.Endpoint+tracesPath))
	if err != nil {
		return nil, err
	}
	described, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(semconv.ServiceName("7p"), semconv.ServiceVersion(o.Version)), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	limits := sdktrace.NewSpanLimits()
	if limits.AttributeValueLengthLimit < 0 {
		limits.AttributeValueLengthLimit = maxAttributeBytes
	}
	t := &Tracer{share: o.Share, callers: rate.NewLimiter(rate.Limit(o.CallersPerSecond), o.CallersPerSecond), draft: o.DraftAttributes}
	t.exporting = &exporter{SpanExporter: otlp, log: o.Log}
	t.provider = sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(t.exporting), // its queue is bounded, and drops spans when it is full
		sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithIDGenerator(idGenerator{}),
		sdktrace.WithResource(described), sdktrace.WithRawSpanLimits(limits))
	t.tracer = t.provider.Tracer("github.com/7p-education/api", trace.WithInstrumentationVersion(o.Version),
		trace.WithSchemaURL(semconv.SchemaURL))
	return t, nil
}

// closeTimeout is how long Close waits for the collector.
const closeTimeout = 3 * time.Second

// Close sends the spans that are queued. A collector that does not respond delays it by closeTimeout at most.
func (t *Tracer) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.exporting.logFailure(err)
	}
}

// Begin returns the trace of a request with a header. Without a caller's trace, a share of requests is sampled. A
// caller's trace goes on: if the caller does not sample it, nor does the server. If it does, the server samples it for a
// trusted caller, and for other callers up to a number a second; beyond it, the share decides.
func (t *Tracer) Begin(header http.Header, trusted bool) *observe.Trace {
	caller := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(header)))
	if !caller.IsValid() {
		started := &observe.Trace{Sampled: t.isInShare()}
		for started.ID == [16]byte{} {
			binary.NativeEndian.PutUint64(started.ID[:8], rand.Uint64())
			binary.NativeEndian.PutUint64(started.ID[8:], rand.Uint64())
		}
		return started
	}
	return &observe.Trace{
		ID: caller.TraceID(), Parent: caller.SpanID(), State: caller.TraceState().String(),
		Sampled: caller.IsSampled() && (trusted || t.callers.Allow() || t.isInShare()),
	}
}

// isInShare decides by chance: the caller chooses the ids of its traces.
func (t *Tracer) isInShare() bool { return t.share > 0 && rand.Float64() < t.share }

// Spans returns how many spans were recorded, sent, and lost because sending them failed.
func (t *Tracer) Spans() (recorded, sent, failed uint64) {
	return t.exporting.recorded.Load(), t.exporting.sent.Load(), t.exporting.failed.Load()
}

// newTraceKey is the key of the observe.Trace that a span begins.
type newTraceKey struct{}

// parentContext returns the context of the first span of a trace.
func parentContext(t *observe.Trace) context.Context {
	if t.Parent == [8]byte{} {
		return context.WithValue(context.Background(), newTraceKey{}, t)
	}
	state, _ := trace.ParseTraceState(t.State) // it was valid
	return trace.ContextWithRemoteSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: t.ID, SpanID: t.Parent, TraceFlags: trace.FlagsSampled, TraceState: state,
	}))
}

// idGenerator gives a span that begins a trace the id that the request has in logs.
type idGenerator struct{}

// NewIDs implements sdktrace.IDGenerator.
func (g idGenerator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	started := ctx.Value(newTraceKey{}).(*observe.Trace) //nolint:forcetypeassert // of parentContext
	return started.ID, g.NewSpanID(ctx, started.ID)
}

// NewSpanID implements sdktrace.IDGenerator.
func (idGenerator) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}
