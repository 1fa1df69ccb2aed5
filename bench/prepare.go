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

// prepared is what the load needs of an operation.
type prepared struct {
	shots      []shot
	bytes      int     // of an answer, on average
	statements float64 // of SQL a request of the server's, on average
	roundTrips float64
}

// prepare plans the requests, asks both contenders each of them once, and
// compares the answers. Its server is not the one that is measured: it writes
// its log to a file, which tells the SQL statements.
func (b *bench) prepare(ctx context.Context, pool *pgxpool.Pool) (_ map[string]*prepared, err error) {
	log := filepath.Join(b.dir, "server.log")
	server, err := launch(ctx, "server", b.binary("7p"), log, b.environment)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	yardstick, err := launch(ctx, "yardstick", b.binary("yardstick"), os.DevNull, b.environment)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, yardstick.stop()) }()
	plans, err := plan(ctx, pool, func(_ context.Context, r request) ([]byte, error) {
		answer, _, err := askOnce(server, r, b.tokens)
		return answer, err
	})
	if err != nil {
		return nil, err
	}
	planned, err := logged(log)
	if err != nil {
		return nil, err
	}
	all := map[string]*prepared{}
	for _, op := range operations {
		p := &prepared{}
		for _, r := range plans[op.name] {
			if err := p.add(server, yardstick, r, b.tokens); err != nil {
				return nil, fmt.Errorf("%s with %v of viewer %d: %w", op.name, r.variables, r.viewer.ID, err)
			}
		}
		p.bytes /= len(p.shots)
		all[op.name] = p
	}
	lines, err := logged(log)
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

// add asks both contenders one request.
func (p *prepared) add(server, yardstick *contender, r request, tokens *auth.Tokens) error {
	ours, bytes, err := askOnce(server, r, tokens)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	theirs, _, err := askOnce(yardstick, r, tokens)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	if err := compare(ours, theirs); err != nil {
		return err
	}
	p.bytes += len(ours)
	// What a viewer did lately changes with the clock, hence the half.
	p.shots = append(p.shots, shot{request: bytes, atLeast: min(len(ours), len(theirs)) / 2})
	return nil
}

func askOnce(c *contender, r request, tokens *auth.Tokens) (answer, bytes []byte, err error) {
	if bytes, err = wire(r, "localhost", tokens); err != nil {
		return nil, nil, err
	}
	conn, err := dial(c.addr)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	defer conn.conn.Close()
	status, answer, err := conn.send(bytes)
	if err == nil {
		err = check(status, answer)
	}
	return answer, bytes, err
}

// line is what the server's access log tells of a request.
type line struct {
	Msg        string  `json:"msg"`
	Path       string  `json:"path"`
	Statements float64 `json:"sql_statements"`
	RoundTrips float64 `json:"sql_round_trips"`
}

// logged returns the requests of a log.
func logged(file string) ([]line, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the server's log: %w", err)
	}
	defer f.Close()
	var requests []line
	for in := bufio.NewScanner(f); in.Scan(); {
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("read the server's log: %w", err)
		}
		if l.Msg == "request" && l.Path == "/graphql" {
			requests = append(requests, l)
		}
	}
	return requests, nil
}
