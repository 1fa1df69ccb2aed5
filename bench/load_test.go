package main

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestLoadEndsAtIncompleteResponse(t *testing.T) {
	t.Parallel()
	addr := startHandler(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	for _, c := range []struct {
		response string
		minBytes int
		contains string
		complete bool
	}{
		{`{"data":{"a":1}}`, 10, `"a":1`, true},
		{`{"data":{"a":1}}`, 100, "", false},
		{`{"data":{"a":1}}`, 10, `"a":2`, false},
		{`{"data":null}`, 1, "", false},
	} {
		s := encodedRequest{bytes: fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(c.response), c.response), minBytes: c.minBytes, contains: c.contains}
		l := loadProfile{connections: 2, warmup: time.Millisecond, duration: 50 * time.Millisecond}
		got, err := l.applyLoad(t.Context(), addr, []encodedRequest{s}, func() (cpuTimes, error) { return cpuTimes{}, nil })
		if (err == nil) != c.complete {
			t.Errorf("%s of at least %d bytes with %s: %v", c.response, c.minBytes, c.contains, err)
		}
		if c.complete && (got.perSecond <= 0 || got.p50 <= 0 || got.p50 > got.p99 || got.answered == 0) {
			t.Errorf("got %+v", got)
		}
	}
}

func TestMedianSample(t *testing.T) {
	t.Parallel()
	got := medianSample([]sample{{perSecond: 3, p50: 1}, {perSecond: 1, p50: 9}, {perSecond: 2, p50: 5}})
	if got.perSecond != 2 || got.p50 != 5 {
		t.Errorf("got %+v, want 2 per second and a p50 of 5", got)
	}
}
