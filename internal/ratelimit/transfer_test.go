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
	l := New(Rules{Anonymous: Policy{Limit: 10, Window: 10}, Viewer: Policy{Limit: 20, Window: 10}}, nil)
	h := l.Middleware(func(*http.Request) netip.Addr { return address })
	h(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		to := l.TransferCaller(edu.WithViewer(r.Context(), viewer))(context.Background())
		if limitedRequestFrom(to).tier != &l.viewer {
			t.Error("the limits are not those of a viewer")
		}
		if got, want := limitedRequestFrom(to).caller.bucketKey(), CallerKey(viewer, address); got != want {
			t.Errorf("costs count for %s, want %s", got, want)
		}
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil))
}
