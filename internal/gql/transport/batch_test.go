package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
)

// newBatchHandler accepts three operations a request, and responds with the text of each.
func newBatchHandler() http.Handler {
	respond := func(ctx context.Context) *graphql.Response {
		return &graphql.Response{Data: fmt.Appendf(nil, "%q", graphql.GetOperationContext(ctx).RawQuery)}
	}
	return transport.New(newExecutor(respond), transport.Options{MaxBodyBytes: maxBody, MaxBatchSize: 3})
}

func TestBatch(t *testing.T) {
	t.Parallel()
	const hello = `{"query":"{hello}"}`
	for _, tt := range []struct{ body, want string }{
		{`[` + hello + `]`, `"{hello}"`},
		{` [ {"query":"mutation{wave}"} , ` + hello + `,{"query":"{a:hello}","variables":{}} ] `, `"mutation{wave}" "{hello}" "{a:hello}"`},
		{`[{"query":"{nope}"},` + hello + `,{"query":"{"}]`, `GRAPHQL_VALIDATION_FAILED "{hello}" GRAPHQL_PARSE_FAILED`},
		{`[3,null,` + hello + `]`, `BAD_REQUEST BAD_REQUEST "{hello}"`},
		{`[{},[` + hello + `],` + hello + `]`, `BAD_REQUEST BAD_REQUEST "{hello}"`},
		{`[{"query":7},{"query":"a","query":"b"},` + hello + `]`, `BAD_REQUEST BAD_REQUEST "{hello}"`},
		{`[{"query":"subscription{ticks}"},` + hello + `]`, `BATCHING_SUBSCRIPTION_UNSUPPORTED "{hello}"`},
	} {
		resp := post(t, newBatchHandler(), tt.body)
		if got := gqltest.Summary(resp.Batch(t)); got != tt.want || resp.Status != http.StatusOK || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s\ngot  %d %s\nwant %s", tt.body, resp.Status, got, tt.want)
		}
	}
}

func TestRejectedBatch(t *testing.T) {
	t.Parallel()
	const hello = `{"query":"{hello}"}`
	for _, tt := range []struct {
		body, header  string
		status        int
		code, message string
	}{
		{`[]`, "", 422, "BAD_REQUEST", "the batch is empty"},
		{`[` + hello, "", 400, "BAD_REQUEST", "ends too early"},
		{`[` + hello + `,]`, "", 400, "BAD_REQUEST", "byte 22"},
		{`[` + hello + `] 1`, "", 400, "BAD_REQUEST", "follows its end"},
		{`[` + hello + `,{"query":"{hello}",}]`, "", 400, "BAD_REQUEST", "unexpected character"},
		{`[` + strings.Repeat(hello+`,`, 3) + hello + `]`, "", 422, "BATCH_LIMIT_EXCEEDED", "a batch may have 3 operations at most"},
		{`[1,2,3,4,`, "", 422, "BATCH_LIMIT_EXCEEDED", "3 operations"},
		{`[{"query":"mutation{wave}"}]`, "Idempotency-Key: k", 400, "BAD_REQUEST", "send the mutation on its own"},
		{`[` + hello + `]` + strings.Repeat(" ", maxBody), "", 413, "PAYLOAD_TOO_LARGE", "2000 bytes"},
		{strings.Repeat("[", 200), "", 400, "BAD_REQUEST", "nests deeper"},
	} {
		resp := post(t, newBatchHandler(), tt.body, tt.header)
		r := resp.Result(t)
		if resp.Status != tt.status || len(r.Errors) != 1 || r.Code() != tt.code || !strings.Contains(r.Errors[0].Message, tt.message) {
			t.Errorf("%.100s: got %s", tt.body, resp)
		}
	}
}

func TestBatchMediaType(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{"application/json": mediaTypeJSON, "*/*": mediaTypeGraphQL} {
		resp := post(t, newBatchHandler(), `[{"query":"{hello}"}]`, "Accept: "+accept)
		if got := resp.Header.Get("Content-Type"); got != want {
			t.Errorf("Accept %s: %s", accept, got)
		}
	}
}
