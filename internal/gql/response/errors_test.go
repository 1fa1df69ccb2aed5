package response_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

func TestWriteError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		contentType string // set before
		extensions  []response.Extension
		want        http.Header
		body        string
	}{
		"without extensions": {
			want: http.Header{"Content-Type": {"application/graphql-response+json; charset=utf-8"}, "Cache-Control": {"no-store"}, "Content-Length": {"85"}},
			body: `{"errors":[{"message":"say \"when\" \u003c 9","extensions":{"code":"RATE_LIMITED"}}]}`,
		},
		"with an extension": {
			extensions: []response.Extension{{Name: "retryAfter", Value: 9}},
			want:       http.Header{"Content-Type": {"application/graphql-response+json; charset=utf-8"}, "Cache-Control": {"no-store"}, "Content-Length": {"100"}},
			body:       `{"errors":[{"message":"say \"when\" \u003c 9","extensions":{"code":"RATE_LIMITED","retryAfter":9}}]}`,
		},
		"keeps the Content-Type": {
			contentType: "application/json",
			want:        http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Content-Length": {"85"}},
			body:        `{"errors":[{"message":"say \"when\" \u003c 9","extensions":{"code":"RATE_LIMITED"}}]}`,
		},
	} {
		rec := httptest.NewRecorder()
		if tt.contentType != "" {
			rec.Header().Set("Content-Type", tt.contentType)
		}
		response.WriteError(rec, http.StatusTooManyRequests, string(edu.RateLimited), `say "when" < 9`, tt.extensions...)
		if rec.Code != http.StatusTooManyRequests {
			t.Errorf("%s: status %d", name, rec.Code)
		}
		if diff := cmp.Diff(tt.want, rec.Header()); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", name, diff)
		}
		if got := rec.Body.String(); got != tt.body {
			t.Errorf("%s: body %s, want %s", name, got, tt.body)
		}
	}
}

func TestHTTPStatusFor(t *testing.T) {
	t.Parallel()
	failed := func(codes ...string) gqlerror.List {
		var list gqlerror.List
		for _, code := range codes {
			list = append(list, response.ErrorWithCode(code, "failed"))
		}
		return list
	}
	for name, tt := range map[string]struct {
		resp graphql.Response
		want int
	}{
		"data":                   {graphql.Response{Data: json.RawMessage("{}")}, 200},
		"null data and an error": {graphql.Response{Data: json.RawMessage("null"), Errors: failed(response.CodeInternal)}, 200},
		"neither":                {graphql.Response{}, 500},
		"first error decides":    {graphql.Response{Errors: failed(response.CodeTimeout, response.CodeInternal)}, 504},
		"cancelled":              {graphql.Response{Errors: failed(response.CodeCancelled)}, 499},
		"unlisted code":          {graphql.Response{Errors: failed("SOMETHING_ELSE")}, 422},
		"no code":                {graphql.Response{Errors: gqlerror.List{{Message: "failed"}}}, 422},
	} {
		if got := response.HTTPStatusFor(&tt.resp); got != tt.want {
			t.Errorf("%s: status %d, want %d", name, got, tt.want)
		}
	}
}
