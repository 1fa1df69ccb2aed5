package main

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestLoadEndsAtWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	addr := contenderOf(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	for _, c := range []struct {
		answer  string
		atLeast int
		holds   string
		whole   bool
	}{
		{`{"data":{"a":1}}`, 10, `"a":1`, true},
		{`{"data":{"a":1}}`, 100, "", false},
		{`{"data":{"a":1}}`, 10, `"a":2`, false},
		{`{"data":null}`, 1, "", false},
	} {
		s := encodedRequest{[]byte(fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(c.answer), c.answer)), c.atLeast, c.holds, 0}
		l := loadProfile{connections: 2, warmup: time.Millisecond, duration: 50 * time.Millisecond}
		got, err := l.applyLoad(t.Context(), addr, []encodedRequest{s}, func() (cpuTimes, error) { return cpuTimes{}, nil })
		if (err == nil) != c.whole {
			t.Errorf("%s of at least %d bytes with %s: %v", c.answer, c.atLeast, c.holds, err)
		}
		if c.whole && (got.perSecond <= 0 || got.p50 <= 0 || got.p50 > got.p99 || got.answered == 0) {
			t.Errorf("measured %+v", got)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	got := medianSample([]sample{{perSecond: 3, p50: 1}, {perSecond: 1, p50: 9}, {perSecond: 2, p50: 5}})
	if got.perSecond != 2 || got.p50 != 5 {
		t.Errorf("got %+v, want 2 a second and a p50 of 5", got)
	}
}
