package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/store"
)

// BenchmarkKnownDocument measures the gain of the cache of parsed, checked and validated documents: a
// request whose document is in the cache, beside one with a new document, which differs only in the
// number in its comment.
//
//	go test ./bench -run - -bench KnownDocument
//
// The database is left out: each document has a second operation that reads nothing, and only that one
// runs.
func BenchmarkKnownDocument(b *testing.B) {
	h := gql.New(gql.Options{Store: new(store.Store), Log: slog.New(slog.DiscardHandler), Introspection: true})
	for _, o := range operations {
		text, err := operationFiles.ReadFile("operations/" + o.file + ".graphql")
		if err != nil {
			b.Fatal(err)
		}
		bodies := func(comment string) []byte {
			body, err := json.Marshal(map[string]string{
				"query": string(text) + "\nquery Nothing { __typename }\n#" + comment, "operationName": "Nothing",
			})
			if err != nil {
				b.Fatal(err)
			}
			return body
		}
		before, after, _ := strings.Cut(string(bodies("N")), "#N")
		for _, known := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/%s", o.name, map[bool]string{true: "known", false: "unknown"}[known]), func(b *testing.B) {
				out := &responseCounter{header: http.Header{}}
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
				r.Header.Set("Content-Type", "application/json")
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					if !known {
						n++
					}
					body := strings.NewReader(fmt.Sprintf("%s#%08d%s", before, n, after))
					r.Body, r.ContentLength = io.NopCloser(body), body.Size()
					clear(out.header)
					h.ServeHTTP(out, r)
				}
				if out.status != http.StatusOK {
					b.Fatalf("status %d", out.status)
				}
				b.ReportMetric(float64(len(text))/1000, "kB")
			})
		}
	}
}
