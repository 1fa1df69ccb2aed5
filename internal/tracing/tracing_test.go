package tracing_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/internal/tracing"
	"github.com/7p-education/api/internal/tracing/tracetest"
)

const (
	callerTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callerSpan  = "00f067aa0ba902b7"
)

func newTracer(t *testing.T, o tracing.Options) *tracing.Tracer {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Endpoint == "" {
		o.Endpoint = "http://127.0.0.1:1"
	}
	tracer, err := tracing.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func traceparent(flags string) http.Header {
	return http.Header{"Traceparent": {"00-" + callerTrace + "-" + callerSpan + "-" + flags}}
}

// TestSampling checks which requests are sampled: a caller cannot have all of its requests sampled.
func TestSampling(t *testing.T) {
	t.Parallel()
	const requests = 1000
	for _, tt := range []struct {
		name       string
		share      float64
		perSecond  int
		header     http.Header
		trusted    bool
		least, max int
	}{
		{"none without a share", 0, 10, nil, false, 0, 0},
		{"every request", 1, 0, nil, false, requests, requests},
		{"a share", 0.5, 10, nil, false, 400, 600},
		{"what callers sample, up to a number a second", 0, 10, traceparent("01"), false, 10, 30},
		{"a share of what callers sample beyond it", 0.5, 0, traceparent("01"), false, 400, 600},
		{"nothing that callers sample", 0, 0, traceparent("01"), false, 0, 0},
		{"all that a trusted caller samples", 0, 10, traceparent("01"), true, requests, requests},
		{"nothing that callers do not sample", 1, 10, traceparent("00"), false, 0, 0},
		{"a share of requests with an invalid traceparent", 0, 10, http.Header{"Traceparent": {"00-" + strings.Repeat("0", 32) + "-" + callerSpan + "-01"}}, false, 0, 0},
	} {
		tracer, sampled := newTracer(t, tracing.Options{Share: tt.share, CallersPerSecond: tt.perSecond}), 0
		for range requests {
			if tracer.Begin(tt.header, tt.trusted).Sampled {
				sampled++
			}
		}
		if sampled < tt.least || sampled > tt.max {
			t.Errorf("%s: %d of %d requests are sampled, want %d to %d", tt.name, sampled, requests, tt.least, tt.max)
		}
		tracer.Close()
	}
}

// TestTraceIDs checks that a caller's trace goes on, and that other requests have traces of their own.
func TestTraceIDs(t *testing.T) {
	t.Parallel()
	tracer := newTracer(t, tracing.Options{})
	defer tracer.Close()
	header := traceparent("01")
	header.Set("Tracestate", "vendor=1")
	if got := tracer.Begin(header, false); got.IDText() != callerTrace || hex.EncodeToString(got.Parent[:]) != callerSpan || got.State != "vendor=1" {
		t.Errorf("trace %+v", got)
	}
	a, b := tracer.Begin(nil, false), tracer.Begin(nil, false)
	if a.ID == b.ID || a.ID == [16]byte{} || a.Parent != [8]byte{} {
		t.Errorf("traces %+v and %+v", a, b)
	}
}

// sampledRequest returns a request of an operation without events.
func sampledRequest(tracer *tracing.Tracer, header http.Header) tracing.Request {
	trace := tracer.Begin(header, true)
	return tracing.Request{
		ID: "r1", Method: http.MethodPost, Path: "/graphql", Route: "/graphql", Status: 200, Start: time.Now(), Duration: time.Millisecond,
		Operation: &observe.Operation{Kind: "query", Name: "Catalog", Trace: trace},
	}
}

// stateError is an error of PostgreSQL whose text has data.
type stateError struct{}

func (stateError) Error() string    { return "duplicate key: ada@example.com" }
func (stateError) SQLState() string { return "23505" }

// TestSpans checks the spans of an operation with a caller's trace, a failed statement and draft attributes.
func TestSpans(t *testing.T) {
	t.Parallel()
	c := tracetest.StartCollector(t)
	tracer := newTracer(t, tracing.Options{Endpoint: c.URL(), Version: "v1", DraftAttributes: true})
	r := sampledRequest(tracer, traceparent("01"))
	o := r.Operation
	at := func(ms int) time.Time { return r.Start.Add(time.Duration(ms) * time.Millisecond) }
	r.Start, r.Duration = r.Start.Add(-time.Second), 100*time.Millisecond
	o.Document = &observe.Document{ID: "d1", Trusted: true, Operation: "Catalog"}
	o.Code, o.FieldErrors = "INTERNAL_SERVER_ERROR", []observe.ErrorCount{{Code: "INTERNAL_SERVER_ERROR", Count: 1}}
	o.AddPhase(observe.Parse, at(1), time.Millisecond)
	o.AddPhase(observe.Validate, at(3), time.Millisecond)
	o.AddPhase(observe.Execute, at(10), 80*time.Millisecond)
	ctx := observe.NewContext(t.Context(), o)
	trip := observe.BeginRoundTrip(observe.WithLoads(ctx, []observe.Load{
		{Loader: "User", Keys: 3, Type: "Course", Field: "instructor"}, {Loader: "Category", Keys: 2, Timed: true},
	}), "replica_1", 2)
	trip.Start = at(20)
	trip.EndStatement("UsersByID", 3, nil)
	trip.EndStatement("CategoriesByID", 0, fmt.Errorf("store: %w", stateError{}))
	trip.End(ctx, nil)
	tracer.Record(r)
	tracer.Close()
	want := `query Catalog SERVER http.request.method="POST" url.path="/graphql" http.response.status_code=200 sevenp.request.id="r1" http.route="/graphql" graphql.operation.type="query" graphql.operation.name="Catalog" sevenp.document="d1" sevenp.error.code="INTERNAL_SERVER_ERROR" error.type="INTERNAL_SERVER_ERROR" graphql.processing.type="request" graphql.document.id="d1" STATUS_CODE_ERROR
  GraphQL Document Parsing INTERNAL graphql.processing.type="parse"
  GraphQL Document Validation INTERNAL graphql.processing.type="validate"
  GraphQL Operation Execution INTERNAL graphql.processing.type="execute"
    batch User INTERNAL sevenp.loader="User" sevenp.loader.keys=3 sevenp.field="Course.instructor" graphql.processing.type="dataloader_batch" graphql.dataloader.name="User" graphql.dataloader.batch.size=3 db.response.status_code="23505" error.type="23505" STATUS_CODE_ERROR -> query Catalog sevenp.field="Course.instructor" graphql.field.schema_coordinate="Course.instructor"
    batch Category INTERNAL sevenp.loader="Category" sevenp.loader.keys=2 sevenp.loader.timed=true graphql.processing.type="dataloader_batch" graphql.dataloader.name="Category" graphql.dataloader.batch.size=2 db.response.status_code="23505" error.type="23505" STATUS_CODE_ERROR -> query Catalog
    BATCH CLIENT db.system.name="postgresql" db.query.summary="UsersByID CategoriesByID" sevenp.database="replica_1" db.operation.name="BATCH" db.operation.batch.size=2 db.response.status_code="23505" error.type="23505" STATUS_CODE_ERROR -> batch User -> batch Category
      UsersByID INTERNAL sevenp.rows=3
      CategoriesByID INTERNAL sevenp.rows=0 db.response.status_code="23505" error.type="23505" STATUS_CODE_ERROR
`
	if diff := cmp.Diff(want, c.Tree(callerTrace)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for _, s := range c.Spans(callerTrace) {
		if s.GetKind().String() == "SPAN_KIND_SERVER" && (hex.EncodeToString(s.GetParentSpanId()) != callerSpan ||
			s.GetEndTimeUnixNano()-s.GetStartTimeUnixNano() != uint64(r.Duration)) {
			t.Errorf("the server's span is %v", s)
		}
		if strings.Contains(s.String(), "ada@") {
			t.Errorf("a span has data: %v", s)
		}
	}
	if got := c.Resource(); got["service.name"] != `"7p"` || got["service.version"] != `"v1"` {
		t.Errorf("resource %v", got)
	}
}

// TestUnreachableCollector checks that a collector that cannot be reached delays no request, is logged once, and
// delays the end of the server by little.
func TestUnreachableCollector(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	tracer := newTracer(t, tracing.Options{Endpoint: "http://" + address, Share: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
	begun := time.Now()
	const requests = 10_000 // five times the queue
	for range requests {
		tracer.Record(sampledRequest(tracer, nil))
	}
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("%d requests took %v", requests, d)
	}
	begun = time.Now()
	tracer.Close()
	if d := time.Since(begun); d > 10*time.Second {
		t.Errorf("Close took %v", d)
	}
	recorded, sent, failed := tracer.Spans()
	if recorded != requests || sent != 0 || failed == 0 || failed > requests {
		t.Errorf("%d spans recorded, %d sent, %d failed", recorded, sent, failed)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "sending traces failed") {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}

// TestCheck checks that a collector that accepts traces passes, and one that rejects them does not.
func TestCheck(t *testing.T) {
	t.Parallel()
	c := tracetest.StartCollector(t)
	if err := tracing.Check(t.Context(), c.URL()); err != nil {
		t.Error(err)
	}
	c.Reject(http.StatusUnauthorized)
	if err := tracing.Check(t.Context(), c.URL()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("the error is %v", err)
	}
}

// TestCollectorRecovers checks that the log names the beginning and the end of an outage.
func TestCollectorRecovers(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	c := tracetest.StartCollector(t)
	log := &lines{added: make(chan string, 10)}
	tracer := newTracer(t, tracing.Options{Endpoint: c.URL(), Share: 1, Log: slog.New(slog.NewTextHandler(log, nil))})
	defer tracer.Close()
	c.Reject(http.StatusBadRequest)
	tracer.Record(sampledRequest(tracer, nil))
	log.await(t, "sending traces failed")
	c.Reject(0)
	tracer.Record(sampledRequest(tracer, nil))
	log.await(t, "traces are sent again")
	if _, sent, failed := tracer.Spans(); sent != 1 || failed != 1 {
		t.Errorf("%d sent, %d failed", sent, failed)
	}
}

// lines passes on the lines of a log.
type lines struct{ added chan string }

func (l *lines) Write(b []byte) (int, error) {
	select {
	case l.added <- string(b):
		return len(b), nil
	default:
		return 0, errors.New("too many lines")
	}
}

func (l *lines) await(t *testing.T, text string) {
	t.Helper()
	select {
	case line := <-l.added:
		if !strings.Contains(line, text) {
			t.Fatalf("the log has %q, want %q", line, text)
		}
	case <-time.After(time.Minute):
		t.Fatalf("the log has no line with %q", text)
	}
}
