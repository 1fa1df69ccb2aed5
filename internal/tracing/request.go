package tracing

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/7p-education/api/internal/observe"
)

// Request is a request that is complete.
type Request struct {
	ID, Method, Path string
	Route            string // pattern of the http.ServeMux, "" for none
	Status           int
	Start            time.Time
	Duration         time.Duration
	Operation        *observe.Operation
}

// internalCode is the code of errors that are the server's own.
const internalCode = "INTERNAL_SERVER_ERROR"

// failed reports whether the server failed, in the whole request or in a field.
func (r *Request) failed() bool {
	return r.Status >= http.StatusInternalServerError || r.Operation.Code == internalCode ||
		slices.ContainsFunc(r.Operation.FieldErrors, func(e observe.ErrorCount) bool { return e.Code == internalCode })
}

// spanName returns the name of the server's span. Callers choose the names of operations, unless documents are trusted.
func (r *Request) spanName() string {
	o := r.Operation
	switch {
	case o.Kind == "" && r.Route == "":
		return httpMethod(r.Method)
	case o.Kind == "":
		return httpMethod(r.Method) + " " + pathOf(r.Route)
	case o.Document != nil && o.Document.Trusted && o.Document.Operation != "":
		return o.Kind + " " + o.Document.Operation
	}
	return o.Kind
}

// requestSpans makes the spans of one request.
type requestSpans struct {
	*Tracer
	server    trace.Span
	ctx       context.Context // of server
	enclosing []enclosingSpan
}

// enclosingSpan is the span of a lookup or an execution, which is the parent of what happens in its time.
type enclosingSpan struct {
	start, end time.Time
	ctx        context.Context
}

// Record sends the spans of a request, if it is sampled.
func (t *Tracer) Record(r Request) {
	if t == nil || !r.Operation.IsSampled() {
		return
	}
	s := requestSpans{Tracer: t}
	s.ctx, s.server = t.begin(parentContext(r.Operation.Trace), r.spanName(), r.Start, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(r.attributes()...), trace.WithAttributes(t.draftDocument(r.Operation)...))
	events := r.Operation.Events()
	for _, e := range events {
		switch {
		case e.Kind == observe.LookupEvent:
			s.recordEnclosing("cache lookup", e, attribute.String("sevenp.cache", e.Name))
		case e.Kind == observe.PhaseEvent && e.Name == observe.Execute.String():
			s.recordEnclosing("GraphQL Operation Execution", e, s.draftProcessing(e.Name)...)
		}
	}
	for _, e := range events {
		s.recordEvent(e)
	}
	for _, trip := range r.Operation.RoundTrips() {
		s.recordRoundTrip(trip)
	}
	if r.failed() {
		s.server.SetStatus(codes.Error, "")
	}
	s.server.End(trace.WithTimestamp(r.Start.Add(r.Duration)))
}

// begin begins a span, and counts it.
func (t *Tracer) begin(parent context.Context, name string, start time.Time, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	t.exporting.recorded.Add(1)
	return t.tracer.Start(parent, name, append(options, trace.WithTimestamp(start))...)
}

// attributes returns the attributes of the server's span.
func (r *Request) attributes() []attribute.KeyValue {
	o := r.Operation
	list := []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(httpMethod(r.Method)), semconv.URLPath(r.Path), semconv.HTTPResponseStatusCode(r.Status),
		attribute.String("sevenp.request.id", r.ID),
	}
	text := func(key, value string) {
		if value != "" {
			list = append(list, attribute.String(key, value))
		}
	}
	text(string(semconv.HTTPRouteKey), pathOf(r.Route))
	text(string(semconv.GraphQLOperationTypeKey), o.Kind)
	text(string(semconv.GraphQLOperationNameKey), o.Name)
	if o.Document != nil {
		text("sevenp.document", o.Document.ID)
	}
	text("sevenp.cache", o.Cache)
	text("sevenp.cache.detail", o.CacheDetail)
	text("sevenp.client.name", o.Client)
	text("sevenp.viewer.role", o.Role)
	text("sevenp.error.code", o.Code)
	if o.Cost > 0 {
		list = append(list, attribute.Int64("sevenp.cost", o.Cost))
	}
	switch {
	case o.Code != "":
		text(string(semconv.ErrorTypeKey), o.Code)
	case r.failed():
		text(string(semconv.ErrorTypeKey), strconv.Itoa(r.Status))
	}
	return list
}

// parentAt returns the context of the span that something belongs to which began at a time.
func (s *requestSpans) parentAt(start time.Time) context.Context {
	for _, e := range s.enclosing {
		if !start.Before(e.start) && start.Before(e.end) {
			return e.ctx
		}
	}
	return s.ctx
}

func (s *requestSpans) recordEnclosing(name string, e observe.Event, attributes ...attribute.KeyValue) {
	end := e.Start.Add(e.Duration)
	ctx, span := s.begin(s.ctx, name, e.Start, trace.WithAttributes(attributes...))
	span.End(trace.WithTimestamp(end)) // spans may begin below it afterwards
	s.enclosing = append(s.enclosing, enclosingSpan{e.Start, end, ctx})
}

// phaseSpans are the names of the phases' spans.
var phaseSpans = map[string]string{
	observe.Parse.String():    "GraphQL Document Parsing",
	observe.Validate.String(): "GraphQL Document Validation",
	observe.Encode.String():   "encode",
}

// recordEvent makes the span of an event, unless it has one that encloses others.
func (s *requestSpans) recordEvent(e observe.Event) {
	name, parent, options := phaseSpans[e.Name], s.parentAt(e.Start), []trace.SpanStartOption(nil)
	switch e.Kind {
	case observe.PhaseEvent:
		if name == "" {
			return
		}
		if e.Name != observe.Encode.String() {
			options = append(options, trace.WithAttributes(s.draftProcessing(e.Name)...))
		}
	case observe.LookupEvent:
		return
	case observe.CommandEvent:
		name = e.Name
		options = append(options, trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(semconv.DBSystemNameRedis, semconv.DBOperationName(e.Name)))
	}
	_, span := s.begin(parent, name, e.Start, options...)
	setFailure(span, e.Err)
	span.End(trace.WithTimestamp(e.Start.Add(e.Duration)))
}
