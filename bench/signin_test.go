package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
)

// A flood is a number of clients that sign in repeatedly, beside four that read a page of courses.
const (
	browsers   = 4
	floodTime  = 5 * time.Second
	signInBody = `{"query":"mutation($in: SignInInput!) { signIn(input: $in) { accessToken } }","variables":{"in":{"email":"student@7p.example","password":"` + demo.Password + `"}}}`
	browseBody = `{"query":"{ courses(first: 20) { nodes { title rating instructor { name } } } }"}`
	signedIn   = `"accessToken":"`
	tooMany    = "too many sign-ins at once"
)

// BenchmarkSignInFlood floods the real program with the small demo data:
//
//	go test ./bench -run - -bench SignInFlood -benchtime 1x
func BenchmarkSignInFlood(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "7p")
	if err := buildBinary(b.Context(), ".", "github.com/7p-education/api", binary); err != nil {
		b.Fatal(err)
	}
	for _, clients := range []int{2, 20, 200, 1000} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) { benchmarkFlood(b, binary, clients) })
	}
}

func benchmarkFlood(b *testing.B, binary string, clients int) {
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
	quiet := (&flood{b: b, addr: server.addr}).run(0)
	before := peakMebibytes(b, server)
	var f *flood
	for b.Loop() {
		f = (&flood{b: b, addr: server.addr}).run(clients)
	}
	b.ReportMetric(0, "ns/op") // removes the duration of the flood, which is constant
	b.ReportMetric(before, "MiB-before")
	b.ReportMetric(peakMebibytes(b, server), "MiB-peak")
	b.ReportMetric(float64(len(f.signIns))/floodTime.Seconds(), "signins/s")
	b.ReportMetric(milliseconds(median(f.signIns)), "ms-signin")
	b.ReportMetric(100*float64(f.rejected)/float64(len(f.signIns)+f.rejected), "%rejected")
	b.ReportMetric(milliseconds(median(quiet.browses)), "ms-others-before")
	b.ReportMetric(milliseconds(median(f.browses)), "ms-others")
}

func peakMebibytes(b *testing.B, server *contender) float64 {
	n, err := server.readPeakMemory()
	if err != nil {
		b.Fatal(err)
	}
	return mebibytes(n)
}

// flood is the result of one flood of a server.
type flood struct {
	b    *testing.B
	addr string

	mu               sync.Mutex
	signIns, browses []time.Duration // latencies
	rejected         int             // sign-ins
}

// run lets clients sign in while the browsers browse.
func (f *flood) run(clients int) *flood {
	var wg sync.WaitGroup
	end := time.Now().Add(floodTime)
	for range clients {
		wg.Go(func() { f.sendRequests(signInBody, end, f.recordSignIn) })
	}
	for range browsers {
		wg.Go(func() {
			f.sendRequests(browseBody, end, func(response []byte, latency time.Duration) bool {
				f.browses = append(f.browses, latency)
				return bytes.HasPrefix(response, []byte(`{"data":{"courses":`))
			})
		})
	}
	wg.Wait()
	return f
}

func (f *flood) recordSignIn(response []byte, latency time.Duration) bool {
	switch {
	case bytes.Contains(response, []byte(signedIn)):
		f.signIns = append(f.signIns, latency)
	case bytes.Contains(response, []byte(tooMany)):
		f.rejected++
	default:
		return false
	}
	return true
}

// sendRequests sends a body repeatedly. record reports whether it expected the response.
func (f *flood) sendRequests(body string, end time.Time, record func(response []byte, latency time.Duration) bool) {
	conn, err := dialContender(f.addr)
	if err != nil {
		f.b.Error(err)
		return
	}
	defer conn.conn.Close()
	request := fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", f.addr, len(body), body)
	for time.Now().Before(end) {
		sent := time.Now()
		status, response, err := conn.sendRequest(request)
		latency := time.Since(sent)
		f.mu.Lock()
		expected := err == nil && record(response, latency)
		f.mu.Unlock()
		if !expected {
			f.b.Errorf("unexpected response: %d %s (%v)", status, response, err)
			return
		}
	}
}
