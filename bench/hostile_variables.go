package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	variablesConnections = 250 // the default of MAX_CONNECTIONS_PER_ADDRESS
	variablesBytes       = 98 << 10
	variablesDuration    = 15 * time.Second
	variablesPause       = 4 * time.Second // for each connection: six times the rate of ten premium accounts
)

// measureVariables sends variables that take fifty times the memory of their text, and that the operation does not
// declare. RATE_LIMIT is off: it would end the attack of an address without accounts.
func measureVariables(ctx context.Context, h *hostileBenchmark) ([]hostileFigure, error) {
	body := variablesBody()
	var statuses [6]atomic.Int64
	figures, err := addressAttack{
		settings: []string{"RATE_LIMIT=off"}, duration: variablesDuration, connections: variablesConnections,
		attack: func(ctx context.Context, addr string) {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				statuses[postVariables(ctx, client, "http://"+addr+"/graphql", body)/100].Add(1)
				_ = sleepContext(ctx, variablesPause)
			}
		},
	}.measure(ctx, h)
	return append(figures,
		hostileFigure{name: "connections at a time", value: fmt.Sprint(variablesConnections)},
		hostileFigure{name: "hostile requests by class of status: 2xx, 4xx, 5xx", value: fmt.Sprintf("%d, %d, %d", statuses[2].Load(), statuses[4].Load(), statuses[5].Load())},
	), err
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
