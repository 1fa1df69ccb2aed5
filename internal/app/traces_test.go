package app

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/tracing/tracetest"
)

const (
	tracedID = "4bf92f3577b34da6a3ce929d0e0e4736"
	// sampledCaller is a header of a caller that samples its trace.
	sampledCaller = "Traceparent: 00-" + tracedID + "-00f067aa0ba902b7-01"
)

// tracedServer is a server that sends traces to a collector.
type tracedServer struct {
	*Server
	client    *gqltest.Client
	collector *tracetest.Collector
	log       *logBuffer
}

func startTracedServer(t *testing.T, flags ...string) *tracedServer {
	t.Helper()
	var settings struct {
		config.Config `embed:""`
	}
	s := &tracedServer{collector: tracetest.StartCollector(t), log: new(logBuffer)}
	flags = append(flags, "--database-url="+testdb.NewWithDemo(t), "--jwt-secret="+secret, "--rate-limit=off", "--otel-exporter-otlp-endpoint="+s.collector.URL())
	if _, err := config.Parse(&settings, &settings.Config, flags); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.Server, err = Open(t.Context(), &settings.Config, s.log); err != nil {
		t.Fatal(err)
	}
	s.client = gqltest.NewClient(s.handler)
	s.startBackground(t.Context())
	if err := s.responseCache.invalidation.AwaitLease(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

const tracedQuery = "query Catalog { courses(first: 2) { nodes { title instructor { name } category { name } } } }"

// TestTraceOfOperation checks the spans of an operation that reads two batches, and those of its repetition, which is a
// cache hit. Closing the server sends the spans.
func TestTraceOfOperation(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	s := startTracedServer(t, "--redis-url="+url, "--redis-prefix="+strings.ReplaceAll(prefix, "/", "_"), "--trace-sample=0")
	const hit = "5bf92f3577b34da6a3ce929d0e0e4736"
	for _, caller := range []string{sampledCaller, strings.Replace(sampledCaller, tracedID, hit, 1)} {
		if err := s.responseCache.invalidation.AwaitLease(t.Context()); err != nil { // a busy machine may have lost it
			t.Fatal(err)
		}
		s.client.Query(t, edu.Viewer{}, tracedQuery, nil, caller)
	}
	s.client.Query(t, edu.Viewer{}, tracedQuery, nil) // is not sampled
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left := []string{"sevenp.request.id", "sevenp.document"}
	const want = `query SERVER http.request.method="POST" url.path="/graphql" http.response.status_code=200 http.route="/graphql" graphql.operation.type="query" graphql.operation.name="Catalog" sevenp.cache="miss" sevenp.cost=57
  GraphQL Document Parsing INTERNAL
  GraphQL Document Validation INTERNAL
  cache lookup INTERNAL sevenp.cache="miss"
  GraphQL Operation Execution INTERNAL
    Courses CLIENT db.system.name="postgresql" db.query.summary="Courses" sevenp.database="primary" db.operation.name="Courses" sevenp.rows=3
    batch User INTERNAL sevenp.loader="User" sevenp.loader.keys=2 sevenp.field="Course.instructor" -> query sevenp.field="Course.instructor"
    batch Category INTERNAL sevenp.loader="Category" sevenp.loader.keys=1 sevenp.field="Course.category" -> query sevenp.field="Course.category"
    BATCH CLIENT db.system.name="postgresql" db.query.summary="UsersByID CategoriesByID" sevenp.database="primary" db.operation.name="BATCH" db.operation.batch.size=2 -> batch User -> batch Category
      UsersByID INTERNAL sevenp.rows=2
      CategoriesByID INTERNAL sevenp.rows=1
    encode INTERNAL
`
	tree := s.collector.Tree(tracedID, left...)
	if !strings.Contains(tree, "cache lookup INTERNAL sevenp.cache=\"miss\"\n    mget CLIENT db.system.name=\"redis\" db.operation.name=\"mget\"\n") {
		t.Errorf("the lookup has no command to Redis:\n%s", tree)
	}
	commands := regexp.MustCompile(`(?m)^ +\w+ CLIENT db.system.name="redis".*\n`) // connecting adds some
	if diff := cmp.Diff(want, commands.ReplaceAllString(tree, "")); diff != "" {
		t.Errorf("spans of the miss (-want +got):\n%s", diff)
	}
	const wantHit = `query SERVER http.request.method="POST" url.path="/graphql" http.response.status_code=200 http.route="/graphql" graphql.operation.type="query" graphql.operation.name="Catalog" sevenp.cache="hit"
  cache lookup INTERNAL sevenp.cache="hit"
`
	if diff := cmp.Diff(wantHit, s.collector.Tree(hit, left...)); diff != "" {
		t.Errorf("spans of the hit (-want +got):\n%s", diff)
	}
	if all := s.collector.Spans(""); len(all) != len(s.collector.Spans(tracedID))+len(s.collector.Spans(hit)) {
		t.Errorf("%d spans, with those of a request that is not sampled", len(all))
	}
}

// TestTraceOfError checks that an internal error, the log and the access log have the id of the trace, also of one that
// is not sampled.
func TestTraceOfError(t *testing.T) {
	t.Parallel()
	s := startTracedServer(t, "--trace-sample=0")
	if _, err := s.db.PrimaryPool().Exec(t.Context(), "ALTER TABLE categories RENAME COLUMN name TO title"); err != nil {
		t.Fatal(err)
	}
	query := `{ categories { name } }`
	if resp := s.client.Query(t, edu.Viewer{}, query, nil, sampledCaller).Result(t); len(resp.Errors) != 1 || resp.Errors[0].Extensions["traceId"] != tracedID {
		t.Errorf("errors %v", resp.Errors)
	}
	own, _ := s.client.Query(t, edu.Viewer{}, query, nil).Result(t).Errors[0].Extensions["traceId"].(string)
	if !regexp.MustCompile("^[0-9a-f]{32}$").MatchString(own) || own == tracedID {
		t.Errorf("the trace of a request without one has the id %q", own)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{tracedID, own} {
		if n := strings.Count(s.log.String(), `"trace_id":"`+id+`"`); n != 2 {
			t.Errorf("%d lines with the trace %s, want that of the error and that of the access log:\n%s", n, id, s.log.String())
		}
	}
	if tree := s.collector.Tree(tracedID); !strings.Contains(tree, "STATUS_CODE_ERROR") || !strings.Contains(tree, `error.type="42703"`) {
		t.Errorf("spans:\n%s", tree)
	}
	if spans := s.collector.Spans(own); len(spans) > 0 {
		t.Errorf("a trace that is not sampled has spans: %v", spans)
	}
}

// TestProbesHaveNoTraces checks that probes have no spans, and other routes one each.
func TestProbesHaveNoTraces(t *testing.T) {
	t.Parallel()
	s := startTracedServer(t, "--trace-sample=1", "--response-cache=off")
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", "/nowhere"} {
		s.client.Do(t, gqltest.Request{Method: http.MethodGet, Path: path})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, span := range s.collector.Spans("") {
		names = append(names, span.GetName()+" "+tracetest.Attributes(span)["url.path"])
	}
	if diff := cmp.Diff([]string{`GET /.well-known/jwks.json "/.well-known/jwks.json"`, `GET "/nowhere"`}, names); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}
