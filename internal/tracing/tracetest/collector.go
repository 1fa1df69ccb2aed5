// Package tracetest is an OpenTelemetry collector for tests.
package tracetest

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector receives spans by OTLP over HTTP until its test ends.
type Collector struct {
	t   testing.TB
	url string

	mu     sync.Mutex
	status int // of responses; 0 accepts spans
	spans  []*otlp.Span
	// Resource has the attributes of the newest spans' resource.
	resource map[string]string
}

// StartCollector starts a collector.
func StartCollector(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{t: t}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// URL returns the endpoint.
func (c *Collector) URL() string { return c.url }

// Reject has later requests answered with a status; 0 accepts them.
func (c *Collector) Reject(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// ServeHTTP receives spans.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			c.t.Errorf("the body is no gzip: %v", err)
			return
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	if err != nil {
		c.t.Errorf("read the spans: %v", err)
		return
	}
	var message collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(text, &message); err != nil || r.URL.Path != "/v1/traces" {
		c.t.Errorf("%s to %s: %v", r.Method, r.URL.Path, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status != 0 {
		w.WriteHeader(c.status)
		return
	}
	for _, resource := range message.GetResourceSpans() {
		c.resource = attributeMap(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// Resource returns the attributes of the newest spans' resource.
func (c *Collector) Resource() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resource
}

// Spans returns the spans of a trace, in the order of their start; "" is every trace.
func (c *Collector) Spans(traceID string) []*otlp.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*otlp.Span
	for _, s := range c.spans {
		if traceID == "" || hex.EncodeToString(s.GetTraceId()) == traceID {
			found = append(found, s)
		}
	}
	slices.SortStableFunc(found, func(a, b *otlp.Span) int {
		return int(int64(a.GetStartTimeUnixNano()) - int64(b.GetStartTimeUnixNano()))
	})
	return found
}

// AwaitSpan waits until the trace has the server's span.
func (c *Collector) AwaitSpan(traceID string) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		for _, s := range c.Spans(traceID) {
			if s.GetKind() == otlp.Span_SPAN_KIND_SERVER {
				return
			}
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("no span of the server in the trace %s", traceID)
		}
	}
}

// Tree returns a trace as text: a line for each span, below its parent, with its kind, its attributes except left, and
// its links.
func (c *Collector) Tree(traceID string, left ...string) string {
	spans := c.Spans(traceID)
	names := map[string]string{}
	for _, s := range spans {
		names[string(s.GetSpanId())] = s.GetName()
	}
	var b strings.Builder
	var write func(parent, indent string)
	write = func(parent, indent string) {
		for _, s := range spans {
			if string(s.GetParentSpanId()) == parent {
				b.WriteString(indent + describe(s, names, left) + "\n")
				write(string(s.GetSpanId()), indent+"  ")
			}
		}
	}
	for _, s := range spans {
		if _, ok := names[string(s.GetParentSpanId())]; !ok {
			b.WriteString(describe(s, names, left) + "\n")
			write(string(s.GetSpanId()), "  ")
		}
	}
	return b.String()
}

func describe(s *otlp.Span, names map[string]string, left []string) string {
	text := s.GetName() + " " + strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_") + formatAttributes(s.GetAttributes(), left)
	if s.GetStatus().GetCode() != otlp.Status_STATUS_CODE_UNSET {
		text += " " + s.GetStatus().GetCode().String()
	}
	for _, l := range s.GetLinks() {
		text += " -> " + names[string(l.GetSpanId())] + formatAttributes(l.GetAttributes(), left)
	}
	return text
}

func formatAttributes(list []*common.KeyValue, left []string) string {
	values := attributeMap(list)
	text := ""
	for _, a := range list {
		if !slices.Contains(left, a.GetKey()) {
			text += " " + a.GetKey() + "=" + values[a.GetKey()]
		}
	}
	return text
}

// Attributes returns the attributes of a span as text.
func Attributes(s *otlp.Span) map[string]string { return attributeMap(s.GetAttributes()) }

func attributeMap(list []*common.KeyValue) map[string]string {
	values := map[string]string{}
	for _, a := range list {
		switch v := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			values[a.GetKey()] = strconv.Quote(v.StringValue)
		case *common.AnyValue_IntValue:
			values[a.GetKey()] = strconv.FormatInt(v.IntValue, 10)
		case *common.AnyValue_BoolValue:
			values[a.GetKey()] = strconv.FormatBool(v.BoolValue)
		default:
			values[a.GetKey()] = a.GetValue().String()
		}
	}
	return values
}
