package response_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/response"
)

func BenchmarkEnvelope(b *testing.B) {
	data := []byte(`{"courses":[` + strings.TrimSuffix(strings.Repeat(`{"id":"Y291cnNlOjEy","title":"A course","rating":4.5},`, 38), ",") + `]}`)
	resp := &graphql.Response{Data: data}
	b.Run("ours", func(b *testing.B) {
		var buf bytes.Buffer
		b.ReportAllocs()
		for b.Loop() {
			buf.Reset()
			response.WriteEnvelope(&buf, resp)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(resp); err != nil {
				b.Fatal(err)
			}
		}
	})
}
