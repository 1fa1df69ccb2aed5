package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	variablesConnections = 250 // the default of MAX_CONNECTIONS_PER_ADDRESS
	variablesBytes       = 98 << 10
	variablesDuration    = 15 * time.Second
	variablesPause       = 4 * time.Second // for each connection: six times the rate of ten premium accounts
)

// measureVariables sends variables from one address that take fifty times the memory of their text, and that
// the operation does not declare, while a caller of another address sends requests. RATE_LIMIT is off: it
// would end the attack of an address without accounts after 100 requests.
func measureVariables(ctx context.Context, h *hostileBenchmark) (figures []hostileFigure, err error) {
	server, err := h.launchHostileServer(ctx, "TRUSTED_PROXIES=127.0.0.2", "RATE_LIMIT=off")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	idle, err := server.readPeakMemory()
	if err != nil {
		return nil, err
	}
	printStatus("attacking for %s", variablesDuration)
	ctx, cancel := context.WithTimeout(ctx, variablesDuration)
	defer cancel()
	body := variablesBody()
	var statuses [6]atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range variablesConnections {
		group.Go(func() error {
			client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext}}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				if status := postVariables(ctx, client, "http://"+server.addr+"/graphql", body); status > 0 {
					statuses[status/100].Add(1)
				}
				_ = sleepContext(ctx, variablesPause)
			}
			return nil
		})
	}
	var latencies []time.Duration // of another address
	group.Go(func() (err error) {
		latencies, err = measureOtherAddress(ctx, "http://"+server.addr+"/healthz")
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	peak, err := server.readPeakMemory()
	if err != nil {
		return nil, err
	}
	if len(latencies) == 0 {
		return nil, errors.New("no request of another address was answered")
	}
	slices.Sort(latencies)
	p99 := latencies[len(latencies)*99/100]
	return []hostileFigure{
		{name: "peak memory of the server before", value: fmt.Sprintf("%.0f MiB", mebibytes(idle))},
		{name: "peak memory of the server", value: fmt.Sprintf("%.0f MiB", mebibytes(peak)), goal: "≤ 400 MiB", met: peak <= maxResidentBytes},
		{name: "connections at a time", value: fmt.Sprint(variablesConnections)},
		{name: "hostile requests by class of status: 2xx, 4xx, 5xx", value: fmt.Sprintf("%d, %d, %d", statuses[2].Load(), statuses[4].Load(), statuses[5].Load())},
		{name: "requests of another address, each on a new connection", value: fmt.Sprint(len(latencies))},
		{name: "p99 of them", value: fmt.Sprintf("%.0f ms", milliseconds(p99)), goal: "< 200 ms", met: p99 < maxOrdinaryP99},
	}, nil
}

// variablesBody returns a large operation with variables that it does not declare.
func variablesBody() string {
	variables := strings.Repeat(`{"":1},`, variablesBytes/len(`{"":1},`))
	return `{"query":"{courses(first:100){nodes{reviews(first:100){nodes{id rating}}}}}","variables":{"undeclared":[` + strings.TrimSuffix(variables, ",") + `]}}`
}

// postVariables returns the status of the response, 0 without one.
func postVariables(ctx context.Context, client *http.Client, url, body string) (status int) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
