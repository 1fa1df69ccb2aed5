package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

// peerRounds is the number of rounds, of which the report has the medians.
const peerRounds = 5

// peerConnections is the number of connections of the figures other than the p50 at one connection.
const peerConnections = 16

// peerComparison compares the server with other GraphQL servers, with the yardstick and with the map.
type peerComparison struct {
	*benchmark
	postmaster  int
	redis       *redisServer
	scripts     string     // the directory of the installed peers
	server      *contender // without a response cache
	plans       map[string][]request
	operations  []operation
	rounds      int
	roundLength time.Duration
}

// peer is a contender of a table. All but the first are compared with the first.
type peer struct {
	*contender
	encode  func(request) ([]byte, error)    // returns nil for an operation that the contender does not support
	compare func(server, other []byte) error // the responses
	// requests are the requests of each operation that the contender supports, by its name.
	requests map[string][]encodedRequest
	redis    *redisServer
	cached   bool // every response is requested again before each round
	counted  bool // Cache-Status reports hits
}

// peerCell has the figures of a contender for an operation.
type peerCell struct {
	operation    operation
	name         string
	busy, single sample // by peerConnections and by one connection
}

// peerResults are the results of a run.
type peerResults struct {
	rounds         int
	roundLength    time.Duration
	computed, hits []peerCell
	machine        machine
	versions       string
}

// benchmarkPeers measures computed responses and cache hits of the server and of its peers, and returns
// the report.
func benchmarkPeers(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	c := &peerComparison{benchmark: b, operations: operations, rounds: peerRounds, roundLength: 1200 * time.Millisecond}
	if o.quick {
		c.rounds = 1
	}
	if o.operation != "" {
		c.operations = slices.DeleteFunc(slices.Clone(operations), func(op operation) bool { return !strings.EqualFold(op.name, o.operation) })
	}
	r := &peerResults{rounds: c.rounds, roundLength: c.roundLength}
	if c.postmaster, err = postmasterPID(database); err != nil {
		return "", err
	}
	if c.redis, err = startRedis(ctx, b.dir); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.redis.killProcess()) }()
	if err := c.installPeers(ctx); err != nil {
		return "", err
	}
	if r.versions, err = peerVersions(ctx); err != nil {
		return "", err
	}
	if err := c.planOperations(ctx, database.DSN(), r); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.server.stopProcess()) }()
	if r.computed, err = c.measureTable(ctx, c.launchComputing); err != nil {
		return "", fmt.Errorf("computed responses: %w", err)
	}
	if r.hits, err = c.measureTable(ctx, c.launchCaching); err != nil {
		return "", fmt.Errorf("cache hits: %w", err)
	}
	return r.renderMarkdown(), nil
}

// planOperations starts the server and plans the requests.
func (c *peerComparison) planOperations(ctx context.Context, dsn string, r *peerResults) error {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	if r.machine, err = readMachine(ctx, pool); err != nil {
		return err
	}
	r.machine.redis = c.redis.version
	if c.server, err = c.launchServer(ctx); err != nil {
		return err
	}
	c.plans, err = planRequests(ctx, pool, func(_ context.Context, r request) ([]byte, error) {
		response, _, err := fetchOnce(c.server, r, c.tokens)
		return response, err
	})
	if err != nil {
		err = errors.Join(err, c.server.stopProcess())
	}
	return err
}

// measureTable starts the contenders of a table and measures each operation with all of them in turn.
func (c *peerComparison) measureTable(ctx context.Context, launch func(context.Context) ([]*peer, error)) (cells []peerCell, err error) {
	peers, err := launch(ctx)
	defer func() {
		for _, p := range peers {
			if p.contender != c.server {
				err = errors.Join(err, p.stopProcess())
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	for _, op := range c.operations {
		able := slices.DeleteFunc(slices.Clone(peers), func(p *peer) bool { return p.requests[op.name] == nil })
		busy, err := c.measureInTurn(ctx, able, op, peerConnections)
		if err != nil {
			return nil, err
		}
		single, err := c.measureInTurn(ctx, able, op, 1)
		if err != nil {
			return nil, err
		}
		for i, p := range able {
			cells = append(cells, peerCell{operation: op, name: p.name, busy: busy[i], single: single[i]})
		}
	}
	return cells, nil
}

// measureInTurn returns the medians of the contenders for an operation.
func (c *peerComparison) measureInTurn(ctx context.Context, peers []*peer, op operation, connections int) ([]sample, error) {
	printStatus("%s, %d connections", op.title, connections)
	profile := loadProfile{connections: connections, warmup: 300 * time.Millisecond, duration: c.roundLength}
	measure := func(i int) (s sample, err error) {
		p := peers[i]
		if p.cached {
			err = refreshResponses(ctx, p.addr, p.requests[op.name])
		}
		if err == nil {
			s, err = profile.applyLoad(ctx, p.addr, p.requests[op.name], newCPUMeter(p.contender, c.postmaster, p.redis))
		}
		if err != nil {
			err = fmt.Errorf("%s, %d connections to %s: %w", op.title, connections, p.name, err)
		}
		return s, err
	}
	// One round is not counted: all database connections plan the statements, and compilers of Node.js work.
	if _, err := measureInTurn(1, len(peers), measure); err != nil {
		return nil, err
	}
	samples, err := measureInTurn(c.rounds, len(peers), measure)
	for i := range samples {
		if peers[i].counted {
			warnOfMisses(peers[i].name, samples[i].counts[0])
		}
	}
	return samples, err
}
