package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/procfs"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/embedpg"
)

// startCount is how many servers start at once. The empty PostgreSQL accepts 400 connections.
type startCount struct{ servers, rounds, maxConns int }

var startCounts = []startCount{{1, 20, 10}, {12, 5, 10}, {100, 1, 2}}

// startComparison measures starts of the server, and of that of a base revision.
type startComparison struct {
	*benchmark
	binaries   []string
	pool       *pgxpool.Pool
	postmaster int
	redis      *redisServer
	cells      []startCell
}

// startCell has the figures of some servers that start at once.
type startCell struct {
	binary  string
	servers int
	startFigures
}

// startFigures are those of one round. All except ready are of one server.
type startFigures struct {
	ready            time.Duration // until the last server serves requests
	server, database time.Duration // CPU times until then
	connections      float64       // to PostgreSQL, a second later
	memory           int64         // resident, a second later
}

// benchmarkStarts measures how long servers take to start, in turn with those of o.base, and returns the report.
func benchmarkStarts(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	if err := fillDatabase(ctx, database, "postgres", demo.Small); err != nil {
		return "", fmt.Errorf("prepare the database: %w", err)
	}
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	c := &startComparison{benchmark: b, binaries: []string{b.binaryPath("7p")}}
	if o.base != "" {
		c.binaries = slices.Insert(c.binaries, 0, b.binaryPath("7p-"+o.base))
		if err := buildRevision(ctx, o.base, filepath.Join(b.dir, "base"), c.binaries[0]); err != nil {
			return "", err
		}
	}
	if c.postmaster, err = postmasterPID(database); err != nil {
		return "", err
	}
	if c.pool, err = pgxpool.New(ctx, database.DSN()); err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer c.pool.Close()
	m, err := readMachine(ctx, c.pool)
	if err != nil {
		return "", err
	}
	if c.redis, err = startRedis(ctx, b.dir); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.redis.killProcess()) }()
	m.redis = c.redis.version
	for _, count := range startCounts {
		if err := c.measureCount(ctx, count); err != nil {
			return "", fmt.Errorf("%d servers: %w", count.servers, err)
		}
	}
	return c.renderMarkdown(m), nil
}

// measureCount measures rounds of starts of each binary, in turn.
func (c *startComparison) measureCount(ctx context.Context, count startCount) error {
	printStatus("%d servers at once", count.servers)
	all := make([][]startFigures, len(c.binaries))
	for range count.rounds {
		for i, binary := range c.binaries {
			f, err := c.measureRound(ctx, binary, count)
			if err != nil {
				return err
			}
			all[i] = append(all[i], f)
		}
	}
	for i, binary := range c.binaries {
		c.cells = append(c.cells, startCell{filepath.Base(binary), count.servers, startFigures{
			ready:       medianOf(all[i], func(f startFigures) time.Duration { return f.ready }),
			server:      medianOf(all[i], func(f startFigures) time.Duration { return f.server }),
			database:    medianOf(all[i], func(f startFigures) time.Duration { return f.database }),
			connections: medianOf(all[i], func(f startFigures) float64 { return f.connections }),
			memory:      medianOf(all[i], func(f startFigures) int64 { return f.memory }),
		}})
	}
	return nil
}

// measureRound starts servers at once and stops them.
func (c *startComparison) measureRound(ctx context.Context, binary string, count startCount) (f startFigures, err error) {
	n := count.servers
	before, err := readTreeCPUTime(c.postmaster)
	if err != nil {
		return f, err
	}
	servers := make([]*startingServer, 0, n)
	defer func() { err = errors.Join(err, stopServers(servers)) }()
	begin := time.Now()
	for range n {
		s, err := c.startServer(ctx, binary, count.maxConns)
		if err != nil {
			return f, err
		}
		servers = append(servers, s)
	}
	for _, s := range servers {
		if err := s.awaitStart(); err != nil {
			return f, err
		}
	}
	f.ready = time.Since(begin)
	for _, s := range servers {
		used, err := readCPUTime(s.cmd.Process.Pid)
		if err != nil {
			return f, err
		}
		f.server += used / time.Duration(n)
	}
	after, err := readTreeCPUTime(c.postmaster)
	if err != nil {
		return f, err
	}
	f.database = (after - before) / time.Duration(n)
	if err := sleepContext(ctx, time.Second); err != nil {
		return f, err
	}
	const text = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '7p'"
	var connections int
	if err := c.pool.QueryRow(ctx, text).Scan(&connections); err != nil {
		return f, fmt.Errorf("count the connections: %w", err)
	}
	f.connections = float64(connections) / float64(n)
	f.memory, err = servers[0].readMemory()
	return f, err
}

// startingServer is a server whose log is read until it serves requests.
type startingServer struct {
	*contender
	log *bufio.Reader
}

func (c *startComparison) startServer(ctx context.Context, binary string, maxConns int) (*startingServer, error) {
	s := &startingServer{contender: &contender{name: filepath.Base(binary), cmd: exec.CommandContext(ctx, binary)}}
	s.cmd.Env = slices.Concat(os.Environ(), c.environment, []string{"ADDR=127.0.0.1:0", "REDIS_URL=" + c.redis.socketURL(), "RESPONSE_CACHE=on", fmt.Sprint("DATABASE_MAX_CONNS=", maxConns)})
	log, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.log = bufio.NewReader(log)
	return s, s.cmd.Start()
}

// awaitStart waits for the line of the log that reports the end of the start. Polls would take part of the processors.
func (s *startingServer) awaitStart() error {
	for {
		line, err := s.log.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("the log of a server ended before it was ready: %w", err)
		}
		var entry struct{ Msg string }
		if err := json.Unmarshal(line, &entry); err != nil {
			return fmt.Errorf("read the log of a server: %w", err)
		}
		if entry.Msg == "listening" {
			return nil
		}
	}
}

// stopServers stops all servers at once: each waits until it has closed what it used.
func stopServers(servers []*startingServer) error {
	errs := make([]error, len(servers))
	var wait sync.WaitGroup
	for i, s := range servers {
		wait.Go(func() { errs[i] = s.stopProcess() })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// readMemory returns the resident memory in bytes.
func (s *startingServer) readMemory() (int64, error) {
	p, err := procfs.NewProc(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	status, err := p.NewStatus()
	return int64(status.VmRSS), err
}

func (c *startComparison) renderMarkdown(m machine) string {
	var out strings.Builder
	writeHeader(&out, "Starts of the server", "bench-starts", "-starts")
	fmt.Fprintf(&out, "%s\n\n", m)
	out.WriteString("| server | at once | until all serve (ms) | CPU of a server (ms) | CPU of PostgreSQL for it (ms) | connections | resident memory (MiB) |\n")
	out.WriteString("|---|--:|--:|--:|--:|--:|--:|\n")
	for _, cell := range c.cells {
		fmt.Fprintf(&out, "| %s | %d | %.0f | %.0f | %.0f | %.1f | %.1f |\n", cell.binary, cell.servers, milliseconds(cell.ready),
			milliseconds(cell.server), milliseconds(cell.database), cell.connections, mebibytes(cell.memory))
	}
	return out.String()
}
