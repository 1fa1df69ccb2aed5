package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/auth"
)

// preparedLoad holds the encoded requests of an operation, and means over them.
type preparedLoad struct {
	encodedRequests []encodedRequest
	meanBytes       int     // of a response
	statements      float64 // SQL statements of the server per request
	roundTrips      float64 // per request
}

// prepareReads plans the requests, sends each to both contenders, and compares the responses. Its server
// is not the measured one: it writes its log to a file, which has the numbers of SQL statements.
func (b *benchmark) prepareReads(ctx context.Context, pool *pgxpool.Pool) (_ map[string]*preparedLoad, err error) {
	log := filepath.Join(b.dir, "server.log")
	server, err := launchContender(ctx, "server", b.binaryPath("7p"), log, b.environment)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	yardstick, err := b.launchYardstick(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, yardstick.stopProcess()) }()
	plans, err := planRequests(ctx, pool, func(_ context.Context, r request) ([]byte, error) {
		response, _, err := fetchOnce(server, r, b.tokens)
		return response, err
	})
	if err != nil {
		return nil, err
	}
	planned, err := readAccessLog(log)
	if err != nil {
		return nil, err
	}
	all := map[string]*preparedLoad{}
	for _, op := range operations {
		p := &preparedLoad{}
		for _, r := range plans[op.name] {
			if err := p.addRequest(server, yardstick, r, b.tokens); err != nil {
				return nil, fmt.Errorf("%s with %v of viewer %d: %w", op.name, r.variables, r.viewer.ID, err)
			}
		}
		p.meanBytes /= len(p.encodedRequests)
		all[op.name] = p
	}
	lines, err := readAccessLog(log)
	if err != nil {
		return nil, err
	}
	for i, line := range lines[len(planned):] {
		p := all[operations[i/planLength].name]
		p.statements += line.Statements / planLength
		p.roundTrips += line.RoundTrips / planLength
	}
	return all, nil
}

// addRequest sends a request to both contenders, compares the responses, and adds it to the load.
func (p *preparedLoad) addRequest(server, yardstick *contender, r request, tokens *auth.Tokens) error {
	response, bytes, err := fetchOnce(server, r, tokens)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	expected, _, err := fetchOnce(yardstick, r, tokens)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	if err := compareResponses(response, expected); err != nil {
		return err
	}
	p.meanBytes += len(response)
	// Dashboards change with the clock, so half of the bytes must do.
	p.encodedRequests = append(p.encodedRequests, encodedRequest{bytes: bytes, minBytes: min(len(response), len(expected)) / 2})
	return nil
}

// fetchOnce sends a request on a new connection, and returns the response and the encoded request.
func fetchOnce(c *contender, r request, tokens *auth.Tokens) (response, bytes []byte, err error) {
	if bytes, err = encodeRequest(r, "localhost", tokens); err != nil {
		return nil, nil, err
	}
	conn, err := dialContender(c.addr)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	defer conn.conn.Close()
	status, response, err := conn.sendRequest(bytes)
	if err == nil {
		err = checkResponse(status, response)
	}
	return response, bytes, err
}

// accessLogEntry is a line of the server's log.
type accessLogEntry struct {
	Msg        string  `json:"msg"`
	Path       string  `json:"path"`
	Statements float64 `json:"sql_statements"`
	RoundTrips float64 `json:"sql_round_trips"`
}

// readAccessLog returns the GraphQL requests of a log.
func readAccessLog(file string) ([]accessLogEntry, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the server's log: %w", err)
	}
	defer f.Close()
	var requests []accessLogEntry
	for in := bufio.NewScanner(f); in.Scan(); {
		var l accessLogEntry
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("read the server's log: %w", err)
		}
		if l.Msg == "request" && l.Path == "/graphql" {
			requests = append(requests, l)
		}
	}
	return requests, nil
}
