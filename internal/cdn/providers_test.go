package cdn

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const apiToken = "token-of-the-purges"

// purgeRequest is a request that an API of a CDN received.
type purgeRequest struct {
	method, path, body string
	header             http.Header
}

// serveAPI serves an API that responds with a status, and returns its URL and the requests that it receives.
func serveAPI(t *testing.T, status int) (url string, received <-chan purgeRequest) {
	t.Helper()
	requests := make(chan purgeRequest, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- purgeRequest{r.Method, r.URL.Path, string(body), r.Header}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "the reason")
	}))
	t.Cleanup(srv.Close)
	return srv.URL, requests
}

// purgersOf returns the purgers of all CDNs with an API at a URL.
func purgersOf(t *testing.T, url string) map[string]Purger {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", apiToken)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	client := &http.Client{}
	front, err := NewCloudFront(t.Context(), client, url, "E1/2")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Purger{
		"varnish":    Varnish{Nodes: []string{url + "/", url + "/"}, Client: client},
		"fastly":     Fastly{BaseURL: url, Service: "S1/2", Token: apiToken, Client: client},
		"cloudflare": Cloudflare{BaseURL: url + "/", Zone: "Z1/2", Token: apiToken, Client: client},
		"cloudfront": front,
	}
}

// Each CDN gets the request of its documentation.
func TestPurgeRequests(t *testing.T) {
	url, received := serveAPI(t, http.StatusOK)
	purgers := purgersOf(t, url)
	for name, want := range map[string]struct {
		method, path, body, header, value string
		requests                          int
	}{
		"varnish":    {"PURGE", "/", "", "Xkey-Purge", "k1 k2", 2},
		"fastly":     {"POST", "/service/S1/2/purge", `{"surrogate_keys":["k1","k2"]}`, "Fastly-Key", apiToken, 1},
		"cloudflare": {"POST", "/zones/Z1/2/purge_cache", `{"tags":["k1","k2"]}`, "Authorization", "Bearer " + apiToken, 1},
		"cloudfront": {
			"POST", "/2020-05-31/distribution/E1/2/invalidation", "<Paths><Quantity>2</Quantity><Items><Path>#k1</Path><Path>#k2</Path></Items></Paths>",
			"Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/", 1,
		},
	} {
		if err := purgers[name].Purge(t.Context(), []string{"k1", "k2"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for range want.requests {
			got := <-received
			if got.method != want.method || got.path != want.path || !strings.Contains(got.body, want.body) || !strings.HasPrefix(got.header.Get(want.header), want.value) {
				t.Errorf("%s received %+v\nwant %+v", name, got, want)
			}
		}
	}
}

// A rejected purge is an error with its reason and without the token. So is one that does not reach the CDN.
func TestFailedPurges(t *testing.T) {
	url, _ := serveAPI(t, http.StatusForbidden)
	for name, p := range purgersOf(t, url) {
		err := p.Purge(t.Context(), []string{"k1"})
		if err == nil || !strings.Contains(err.Error(), "403: the reason") || strings.Contains(err.Error(), apiToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for name, p := range purgersOf(t, url) {
		if err := p.Purge(ended, []string{"k1"}); err == nil || strings.Contains(err.Error(), apiToken) {
			t.Errorf("%s after the context ended: %v", name, err)
		}
	}
}
