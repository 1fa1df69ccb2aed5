package ratelimit

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/7p-education/api/edu"
)

// Costs count for the viewer who has signed in after the request, such as on a WebSocket.
func TestTransferCallerToViewer(t *testing.T) {
	t.Parallel()
	address, viewer := netip.MustParseAddr("192.0.2.7"), edu.Viewer{ID: 7, Role: edu.RoleStudent}
	h := New(Rules{Requests: Policy{Limit: 10, Window: 10}}, nil).Middleware(func(*http.Request) netip.Addr { return address })
	h(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		to := TransferCaller(edu.WithViewer(r.Context(), viewer), context.Background())
		if got, want := limitedRequestFrom(to).caller.bucketKey(), CallerKey(viewer, address); got != want {
			t.Errorf("costs count for %s, want %s", got, want)
		}
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil))
}
