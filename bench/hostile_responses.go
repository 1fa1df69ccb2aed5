package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	hostileCallers     = 10
	hostileConnections = 4 // of each caller; half of them read slowly
	hostileDuration    = 30 * time.Second
	ordinaryPause      = 50 * time.Millisecond
	requestsPerAddress = 40 // of ordinary callers

	maxResidentBytes = 400 << 20
	maxOrdinaryP99   = 200 * time.Millisecond
)

// responseAttack requests large responses from ten addresses, while ordinary callers request small ones.
type responseAttack struct {
	url      string
	bodies   []string // of hostile requests
	statuses [6]atomic.Int64
	received atomic.Int64 // bytes of responses to hostile requests
}

// measureLargeResponses sends the operations of the hostile corpus, which request as much as the limits
// before the execution allow, on data whose texts have their maximum length.
func measureLargeResponses(ctx context.Context, h *hostileBenchmark) (figures []hostileFigure, err error) {
	printStatus("filling texts to their maximum length")
	for _, sql := range []string{
		"UPDATE reviews SET body = repeat('漢', 5000) WHERE course_id IN (SELECT id FROM courses ORDER BY id LIMIT 500)",
		`UPDATE courses SET description = repeat('<"go"> & ', 2222) WHERE id IN (SELECT id FROM courses ORDER BY id LIMIT 500)`,
	} {
		if _, err := h.pool.Exec(ctx, sql); err != nil {
			return nil, fmt.Errorf("fill texts: %w", err)
		}
	}
	a := &responseAttack{}
	if a.bodies, err = readHostileOperations(); err != nil {
		return nil, err
	}
	server, err := h.launchHostileServer(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	a.url = "http://" + server.addr + "/graphql"
	idle, err := server.readPeakMemory()
	if err != nil {
		return nil, err
	}
	printStatus("attacking for %s", hostileDuration)
	latencies, err := a.run(ctx)
	if err != nil {
		return nil, err
	}
	peak, err := server.readPeakMemory()
	if err != nil {
		return nil, err
	}
	p99 := latencies[len(latencies)*99/100]
	return []hostileFigure{
		{name: "peak memory of the server before", value: fmt.Sprintf("%.0f MiB", mebibytes(idle))},
		{name: "peak memory of the server", value: fmt.Sprintf("%.0f MiB", mebibytes(peak)), goal: "≤ 400 MiB", met: peak <= maxResidentBytes},
		{name: "p50 of ordinary callers", value: fmt.Sprintf("%.0f ms", milliseconds(latencies[len(latencies)/2]))},
		{name: "p99 of ordinary callers", value: fmt.Sprintf("%.0f ms", milliseconds(p99)), goal: "< 200 ms", met: p99 < maxOrdinaryP99},
		{name: "ordinary requests, all answered with data", value: fmt.Sprint(len(latencies))},
		{name: "hostile requests by class of status: 2xx, 4xx, 5xx", value: fmt.Sprintf("%d, %d, %d", a.statuses[2].Load(), a.statuses[4].Load(), a.statuses[5].Load())},
		{name: "responses to hostile requests", value: fmt.Sprintf("%.0f MiB", mebibytes(a.received.Load()))},
	}, nil
}

// readHostileOperations returns the bodies of the hostile corpus.
func readHostileOperations() (bodies []string, err error) {
	files, err := filepath.Glob("internal/gql/testdata/hostile/*.graphql")
	if err == nil && len(files) == 0 {
		err = errors.New("the hostile corpus is empty: run this in the root of the repository")
	}
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(map[string]string{"query": string(text)})
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, string(body))
	}
	return bodies, nil
}

// run attacks, and returns the sorted latencies of ordinary callers meanwhile.
func (a *responseAttack) run(ctx context.Context) (latencies []time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, hostileDuration)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for caller := range hostileCallers {
		for connection := range hostileConnections {
			group.Go(func() error {
				a.attack(ctx, fmt.Sprintf("203.0.113.%d", caller+1), caller+connection, connection%2 == 0)
				return nil
			})
		}
	}
	group.Go(func() (err error) {
		latencies, err = a.measureOrdinary(ctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if len(latencies) == 0 {
		return nil, errors.New("no ordinary request was answered")
	}
	return slices.Sorted(slices.Values(latencies)), nil
}

// attack sends hostile requests on one connection until the end.
func (a *responseAttack) attack(ctx context.Context, address string, first int, slow bool) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := first; ctx.Err() == nil; i++ {
		resp, err := a.post(ctx, client, address, a.bodies[i%len(a.bodies)])
		if err != nil {
			continue
		}
		a.statuses[resp.StatusCode/100].Add(1)
		for err == nil && slow { // 40 kB/s
			var n int64
			n, err = io.CopyN(io.Discard, resp.Body, 4<<10)
			a.received.Add(n)
			_ = sleepContext(ctx, 100*time.Millisecond)
		}
		n, _ := io.Copy(io.Discard, resp.Body)
		a.received.Add(n)
		_ = resp.Body.Close()
	}
}

// measureOrdinary sends ordinary requests one after the other, each address within its limits.
func (a *responseAttack) measureOrdinary(ctx context.Context) (latencies []time.Duration, err error) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := 0; sleepContext(ctx, ordinaryPause) == nil; i++ {
		body := fmt.Sprintf(`{"query":"{ courses(first: %d, orderBy: {field: RATING, direction: DESC}) { nodes { id title rating instructor { name } } } }"}`, 10+i%40)
		sent := time.Now()
		resp, err := a.post(ctx, client, fmt.Sprintf("198.51.100.%d", 1+i/requestsPerAddress), body)
		if err != nil {
			break // the end
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			break
		}
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(text), `{"data":`) {
			return nil, fmt.Errorf("an ordinary request failed: %d %.300s", resp.StatusCode, text)
		}
		latencies = append(latencies, time.Since(sent))
	}
	if ctx.Err() == nil {
		return nil, errors.New("the server closed the connection of an ordinary caller")
	}
	return latencies, nil
}

func (a *responseAttack) post(ctx context.Context, client *http.Client, address, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", address)
	return client.Do(req)
}
