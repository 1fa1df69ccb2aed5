package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

// The map handler returns to each caller the response to its own request.
func TestMapHandler(t *testing.T) {
	t.Parallel()
	tokens, err := auth.NewTokens(strings.Repeat("x", auth.MinSecretBytes), "")
	if err != nil {
		t.Fatal(err)
	}
	responses := responseMap{}
	var sent [3][]byte
	for i := range sent {
		r := request{operation: operations[3], viewer: edu.Viewer{ID: int64(i), Role: edu.RoleStudent}} // the first is anonymous
		if sent[i], err = encodeRequest(r, "localhost", tokens); err != nil {
			t.Fatal(err)
		}
		if i == 2 { // has no response
			continue
		}
		if err := responses.addFromRequest(sent[i], fmt.Appendf(nil, `{"data":{"viewer":%d}}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := dialContender(startHandler(t, responses.ServeHTTP))
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusNotFound} {
		status, response, err := c.sendRequest(sent[i])
		if err != nil || status != want || want == http.StatusOK && string(response) != fmt.Sprintf(`{"data":{"viewer":%d}}`, i) {
			t.Errorf("viewer %d got %d %s %v", i, status, response, err)
		}
	}
}

func TestLoadCountsCacheHits(t *testing.T) {
	t.Parallel()
	n := 0
	addr := startHandler(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n%4 == 0 { // one connection: one request at a time
			w.Header().Set("Cache-Status", `"7p"; fwd=miss; stored`)
		} else {
			w.Header().Set("Cache-Status", `"7p"; hit; ttl=3`)
		}
		_, _ = w.Write([]byte(`{"data":{"a":1}}`))
	})
	requests := []encodedRequest{{bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), group: 1}}
	l := loadProfile{connections: 1, warmup: time.Millisecond, duration: 50 * time.Millisecond, groups: 2}
	s, err := l.applyLoad(t.Context(), addr, requests, func() (cpuTimes, error) { return cpuTimes{}, nil })
	if err != nil {
		t.Fatal(err)
	}
	if got := s.counts[1]; s.counts[0].answered != 0 || got.answered < 4 || got.hitRate() < 0.6 || got.hitRate() > 0.9 || got.lastMissStatus != `"7p"; fwd=miss; stored` {
		t.Errorf("counted %+v, want three of four in the second group", s.counts)
	}
}

// One request in a hundred writes, and no two runs send the same write.
func TestMixRequests(t *testing.T) {
	t.Parallel()
	m := &requestMixer{reads: make([][]encodedRequest, len(operations))}
	for i := range operations {
		for k := range planLength {
			m.reads[i] = append(m.reads[i], encodedRequest{bytes: fmt.Append(nil, i, k), group: i})
		}
	}
	for i := range 100 {
		m.writes = append(m.writes, encodedRequest{bytes: fmt.Append(nil, "write", i), group: len(operations)})
	}
	written := map[string]int{}
	for run := range 2 {
		skewed := run == 0
		counts, first := make([]int, len(operations)+1), 0
		for _, s := range m.mixRequests(skewed, run, 2) {
			counts[s.group]++
			switch {
			case s.group == len(operations):
				written[string(s.bytes)]++
			case s.group == 0 && string(s.bytes) == fmt.Sprint(0, 0):
				first++
			}
		}
		if counts[len(operations)] != 50 || counts[0] < 1300 || counts[0] > 1700 {
			t.Errorf("%d writes and %d reads of the catalog in 5,000 requests, want 50 and 1,500", counts[len(operations)], counts[0])
		}
		if skewed != (first > counts[0]/10) {
			t.Errorf("the first of 512 requests was sent %d times of %d; skewed: %v", first, counts[0], skewed)
		}
	}
	for request, n := range written {
		if n > 1 {
			t.Errorf("%s is sent by %d runs", request, n)
		}
	}
}

func TestStartRedis(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := startRedis(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readCPUTime(r.cmd.Process.Pid); err != nil || r.version == "" || !strings.HasPrefix(r.socketURL(), "unix:///") {
		t.Errorf("Redis %q at %s: %v", r.version, r.socketURL(), err)
	}
	if err := r.killProcess(); err != nil {
		t.Error(err)
	}
}
