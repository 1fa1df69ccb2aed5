package gqltest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gqltest"
)

// echo responds with what it has received.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusTeapot)
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{
		"method": r.Method, "query": r.URL.RawQuery, "body": string(body), "viewer": edu.ViewerFrom(r.Context()).ID,
		"contentType": r.Header["Content-Type"], "x": r.Header["X"],
	}})
}

func TestClient(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(server.Close)
	as := edu.Viewer{ID: 7}
	for name, tt := range map[string]struct {
		client *gqltest.Client
		viewer float64
	}{
		"handler": {gqltest.NewClient(http.HandlerFunc(echo)), 7},
		"server":  {gqltest.NewHTTPClient(server.URL), 0},
	} {
		for call, c := range map[string]struct {
			resp *gqltest.Response
			want map[string]any
		}{
			"Query": {tt.client.Query(t, as, "{ a }", map[string]any{"n": 1}, "X: 1", "X: 2"), map[string]any{
				"method": "POST", "query": "", "body": `{"query":"{ a }","variables":{"n":1}}`,
				"contentType": []any{"application/json"}, "x": []any{"1", "2"},
			}},
			"Get": {tt.client.Get(t, as, url.Values{"query": {"{ a }"}}), map[string]any{
				"method": "GET", "query": "query=%7B+a+%7D", "body": "", "contentType": nil, "x": nil,
			}},
		} {
			c.want["viewer"] = tt.viewer
			if diff := cmp.Diff(c.want, c.resp.Result(t).At()); diff != "" || c.resp.Result(t).Status != http.StatusTeapot {
				t.Errorf("%s to a %s: status %d (-want +got):\n%s", call, name, c.resp.Status, diff)
			}
		}
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	resp := &gqltest.Response{Body: []byte(`[{"data":{"a":[{"b":1}]}},{"errors":[{"message":"m","extensions":{"code":"C"}}]}]`)}
	batch := resp.Batch(t)
	if got := batch[0].At("a", 0, "b"); got != 1.0 {
		t.Errorf("a[0].b is %v", got)
	}
	for _, path := range [][]any{{"b"}, {"a", 1}, {"a", "b"}, {"a", 0, "b", "c"}} {
		if got := batch[0].At(path...); got != nil {
			t.Errorf("%v is %v, want nil", path, got)
		}
	}
	if batch[0].Code() != "" || batch[1].Code() != "C" {
		t.Errorf("codes %q and %q", batch[0].Code(), batch[1].Code())
	}
	twice := gqltest.Result{Errors: []gqltest.Error{batch[1].Errors[0], batch[1].Errors[0]}}
	if batch[0].Codes() != "" || batch[1].Codes() != "C" || twice.Codes() != "C C" {
		t.Errorf("codes %q, %q and %q", batch[0].Codes(), batch[1].Codes(), twice.Codes())
	}
}
