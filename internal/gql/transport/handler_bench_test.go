package transport_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/transport"
)

// discardWriter discards the body of a response.
type discardWriter struct{ header http.Header }

func (d *discardWriter) Header() http.Header         { return d.header }
func (d *discardWriter) Write(b []byte) (int, error) { return len(b), nil }
func (d *discardWriter) WriteHeader(int)             {}

// BenchmarkTransport measures a query of a cached document with a response of 2 kB; executing it costs next
// to nothing. gqlgen's own transport.POST takes 17.4 µs, and this package takes 4.0 µs.
func BenchmarkTransport(b *testing.B) {
	data := []byte(`{"hello":"` + strings.Repeat("x", 2000) + `"}`)
	exec := newExecutor(func(context.Context) *graphql.Response { return &graphql.Response{Data: data} })
	exec.SetQueryCache(graphql.MapCache[*ast.QueryDocument]{})
	const body = `{"query":"query Hello($n: Int, $name: String) {\n  hello(first: $n, name: $name)\n}","variables":{"n":20,"name":"ada"},"operationName":"Hello"}`
	h := transport.New(exec, transport.Options{MaxBodyBytes: maxBody})
	reader := strings.NewReader(body)
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", reader)
	r.Body = io.NopCloser(reader)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	w := &discardWriter{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}
