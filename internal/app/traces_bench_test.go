package app

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/testdb"
)

// BenchmarkTraces measures the CPU time of requests without traces, with one percent of them sampled, and with each of
// them sampled: a cache hit, and a query of three levels. Blocks of the servers take turns, so that other programs delay
// all alike. The collector is in the same process, and discards spans.
func BenchmarkTraces(b *testing.B) {
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(collector.Close)
	endpoint := "--otel-exporter-otlp-endpoint=" + collector.URL
	settings := []struct {
		name  string
		flags []string
	}{
		{"off", nil},
		{"1%", []string{endpoint, "--trace-sample=0.01"}},
		{"all", []string{endpoint, "--trace-sample=1"}},
	}
	database := testdb.NewWithDemo(b)
	for _, query := range []struct{ name, text, cache string }{
		{"hit", `{"query":"query Catalog { courses(first: 10) { nodes { id title slug } } }"}`, "on"},
		{"levels", `{"query":"query Levels { courses(first: 5) { nodes { title instructor { name coursesTaught(first: 3) { nodes { title category { name } } } } } } }"}`, "off"},
	} {
		b.Run(query.name, func(b *testing.B) {
			var sends []func()
			for _, s := range settings {
				sends = append(sends, benchmarkedRequest(b, query.text, append(s.flags, "--database-url="+database, "--response-cache="+query.cache)))
			}
			const block = 100
			times := make([][]time.Duration, len(sends))
			for b.Loop() {
				for i, send := range sends {
					begun := cpuTime(b)
					for range block {
						send()
					}
					times[i] = append(times[i], (cpuTime(b)-begun)/block)
				}
			}
			for i, s := range settings {
				slices.Sort(times[i])
				b.ReportMetric(float64(times[i][len(times[i])/2]), s.name+"-cpu-ns/request")
				if i > 0 {
					b.ReportMetric(float64(times[i][len(times[i])/2])/float64(times[0][len(times[0])/2]), s.name+"-ratio")
				}
			}
		})
	}
}

// benchmarkedRequest returns a function that sends a request to a server of its own, without net/http.
func benchmarkedRequest(b *testing.B, text string, flags []string) (send func()) {
	b.Helper()
	var settings struct {
		config.Config `embed:""`
	}
	if _, err := config.Parse(&settings, &settings.Config, append(flags, "--jwt-secret="+secret, "--rate-limit=off")); err != nil {
		b.Fatal(err)
	}
	s, err := Open(b.Context(), &settings.Config, io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	s.startBackground(b.Context())
	if err := s.responseCache.invalidation.AwaitLease(b.Context()); err != nil {
		b.Fatal(err)
	}
	body := []byte(text)
	reader := bytes.NewReader(body)
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
	r.Body, r.ContentLength = io.NopCloser(reader), int64(len(body))
	r.Header.Set("Content-Type", "application/json")
	w := &discardingWriter{http.Header{}}
	send = func() {
		reader.Reset(body)
		clear(w.header)
		s.handler.ServeHTTP(w, r)
	}
	for range 3 {
		send()
	}
	if status := w.header.Get("Cache-Status"); settings.ResponseCache == "on" && !strings.Contains(status, "hit") {
		b.Fatalf("the last response was no hit: %s", status)
	}
	return send
}
