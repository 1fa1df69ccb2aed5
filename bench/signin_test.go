package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
)

// A flood is clients that sign in again and again, beside four that browse.
const (
	browsers   = 4
	floodTime  = 5 * time.Second
	signInBody = `{"query":"mutation($in: SignInInput!) { signIn(input: $in) { accessToken } }","variables":{"in":{"email":"student@7p.example","password":"` + demo.Password + `"}}}`
	browseBody = `{"query":"{ courses(first: 20) { nodes { title rating instructor { name } } } }"}`
	signedIn   = `"accessToken":"`
	tooMany    = "too many sign-ins at once"
)

// BenchmarkSignInFlood floods a server of its own, the real program, over the
// small demo data:
//
//	go test ./bench -run - -bench SignInFlood -benchtime 1x
func BenchmarkSignInFlood(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "7p")
	if err := buildBinary(b.Context(), "github.com/7p-education/api", binary); err != nil {
		b.Fatal(err)
	}
	for _, clients := range []int{2, 20, 200, 1000} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) { flood(b, binary, clients) })
	}
}

func flood(b *testing.B, binary string, clients int) {
	server, err := launchContender(b.Context(), "server", binary, os.DevNull, []string{
		"DATABASE_URL=" + testdb.NewWithDemo(b), "JWT_SECRET=" + strings.Repeat("x", auth.MinSecretBytes), "RATE_LIMIT=off", "REDIS_URL=",
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.stopProcess(); err != nil {
			b.Error(err)
		}
	})
	calm := (&crowd{b: b, addr: server.addr}).run(0)
	before := peak(b, server)
	var c *crowd
	for b.Loop() {
		c = (&crowd{b: b, addr: server.addr}).run(clients)
	}
	b.ReportMetric(0, "ns/op") // the length of the flood, which says nothing
	b.ReportMetric(before, "MiB-before")
	b.ReportMetric(peak(b, server), "MiB-peak")
	b.ReportMetric(float64(len(c.in))/floodTime.Seconds(), "signins/s")
	b.ReportMetric(middle(c.in), "ms-signin")
	b.ReportMetric(100*float64(c.refused)/float64(len(c.in)+c.refused), "%refused")
	b.ReportMetric(middle(calm.browsed), "ms-others-before")
	b.ReportMetric(middle(c.browsed), "ms-others")
}

func peak(b *testing.B, server *contender) float64 {
	n, err := server.readPeakMemory()
	if err != nil {
		b.Fatal(err)
	}
	return float64(n) / (1 << 20)
}

// middle is the median in milliseconds.
func middle(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000
}

// crowd is what clients of one server saw.
type crowd struct {
	b    *testing.B
	addr string

	mu          sync.Mutex
	in, browsed []time.Duration // how long each took
	refused     int
}

// run has some clients sign in while the browsers browse.
func (c *crowd) run(clients int) *crowd {
	var wg sync.WaitGroup
	end := time.Now().Add(floodTime)
	for range clients {
		wg.Go(func() { c.client(signInBody, end, c.noteSignIn) })
	}
	for range browsers {
		wg.Go(func() {
			c.client(browseBody, end, func(answer []byte, took time.Duration) bool {
				c.browsed = append(c.browsed, took)
				return bytes.HasPrefix(answer, []byte(`{"data":{"courses":`))
			})
		})
	}
	wg.Wait()
	return c
}

func (c *crowd) noteSignIn(answer []byte, took time.Duration) bool {
	switch {
	case bytes.Contains(answer, []byte(signedIn)):
		c.in = append(c.in, took)
	case bytes.Contains(answer, []byte(tooMany)):
		c.refused++
	default:
		return false
	}
	return true
}

// client sends a body again and again. Note tells whether the answer is one that
// may come.
func (c *crowd) client(body string, end time.Time, note func(answer []byte, took time.Duration) bool) {
	conn, err := dialContender(c.addr)
	if err != nil {
		c.b.Error(err)
		return
	}
	defer conn.conn.Close()
	request := fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", c.addr, len(body), body)
	for time.Now().Before(end) {
		sent := time.Now()
		status, answer, err := conn.sendRequest(request)
		took := time.Since(sent)
		c.mu.Lock()
		good := err == nil && note(answer, took)
		c.mu.Unlock()
		if !good {
			c.b.Errorf("answered %d %s (%v)", status, answer, err)
			return
		}
	}
}
