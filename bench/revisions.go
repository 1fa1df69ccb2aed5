package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

// cacheMode is a setting of the response cache for a comparison of revisions.
type cacheMode struct {
	title       string
	settings    []string
	redis       bool
	connections []int
}

var cacheModes = []cacheMode{
	{title: "cold", connections: []int{1, 16}},
	{title: "in process", settings: []string{"RESPONSE_CACHE=on"}, connections: []int{16}},
	{title: "with Redis", settings: []string{"RESPONSE_CACHE=on"}, redis: true, connections: []int{16}},
}

// revisionComparison compares the server of a base revision with the server of this tree.
type revisionComparison struct {
	*benchmark
	base        string
	binaries    [2]string // of the base and of this tree
	pool        *pgxpool.Pool
	postmaster  int
	only        string // operation or load, or ""
	rounds      int
	roundLength time.Duration
	loads       []*cacheLoad
	cells       []revisionCell
	machine     machine
}

// revisionCell is a load in a cache mode, at a number of connections.
type revisionCell struct {
	load, mode    string
	connections   int
	base, current sample
}

// benchmarkRevisions measures the loads of the reads and of the cache hits on the server of o.base and on
// that of this tree, in turn, and returns the report. Both servers use the schema of this tree.
func benchmarkRevisions(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	c := &revisionComparison{benchmark: b, base: o.base, only: o.operation, rounds: 5, roundLength: 1200 * time.Millisecond}
	c.binaries = [2]string{b.binaryPath("7p-base"), b.binaryPath("7p")}
	if o.quick {
		c.rounds = 1
	}
	printStatus("building the server of %s", o.base)
	if err := buildRevision(ctx, o.base, filepath.Join(b.dir, "base"), c.binaries[0]); err != nil {
		return "", err
	}
	if c.postmaster, err = postmasterPID(database); err != nil {
		return "", err
	}
	if c.pool, err = pgxpool.New(ctx, database.DSN()); err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer c.pool.Close()
	if c.machine, err = readMachine(ctx, c.pool); err != nil {
		return "", err
	}
	for _, mode := range cacheModes {
		if err := c.measureMode(ctx, mode); err != nil {
			return "", fmt.Errorf("%s: %w", mode.title, err)
		}
	}
	return c.renderMarkdown(), nil
}

// buildRevision builds the server of a revision in a temporary git worktree.
func buildRevision(ctx context.Context, revision, tree, binary string) (err error) {
	if err := runProgram(ctx, "git", "worktree", "add", "--detach", tree, revision); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, runProgram(context.WithoutCancel(ctx), "git", "worktree", "remove", "--force", tree))
	}()
	return buildBinary(ctx, tree, "github.com/7p-education/api", binary)
}

// formerSettings has the former names of settings, for servers of revisions before their renaming.
var formerSettings = strings.NewReplacer("RESPONSE_CACHE=", "CACHE=", "DATABASE_MAX_CONNS=", "DATABASE_POOL=")

// revisionServer is a running server, with its Redis or nil.
type revisionServer struct {
	*contender
	redis *redisServer
}

// launchRevision starts the server of a binary in a cache mode. The help of a server shows the names of
// its settings.
func (c *revisionComparison) launchRevision(ctx context.Context, binary string, mode cacheMode) (s revisionServer, err error) {
	help, err := exec.CommandContext(ctx, binary, "--help").Output()
	if err != nil {
		return s, fmt.Errorf("read the settings of %s: %w", filepath.Base(binary), err)
	}
	settings := slices.Concat(c.environment, mode.settings)
	if mode.redis {
		dir, err := os.MkdirTemp(c.dir, "redis")
		if err != nil {
			return s, fmt.Errorf("create a directory for Redis: %w", err)
		}
		if s.redis, err = startRedis(ctx, dir); err != nil {
			return s, err
		}
		c.machine.redis = s.redis.version
		settings = append(settings, "REDIS_URL="+s.redis.socketURL())
	}
	if !bytes.Contains(help, []byte("$RESPONSE_CACHE")) {
		for i, setting := range settings {
			settings[i] = formerSettings.Replace(setting)
		}
	}
	if s.contender, err = launchContender(ctx, filepath.Base(binary), binary, os.DevNull, settings); err != nil {
		err = errors.Join(err, s.stop())
	}
	return s, err
}

func (s revisionServer) stop() (err error) {
	if s.contender != nil {
		err = s.stopProcess()
	}
	if s.redis != nil {
		err = errors.Join(err, s.redis.killProcess())
	}
	return err
}

// measureMode starts both servers in a cache mode, and measures every load.
func (c *revisionComparison) measureMode(ctx context.Context, mode cacheMode) (err error) {
	var servers [2]revisionServer
	for i, binary := range c.binaries {
		if servers[i], err = c.launchRevision(ctx, binary, mode); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, servers[i].stop()) }()
	}
	if c.loads == nil {
		if err := c.prepareLoads(ctx, servers[1].contender); err != nil {
			return fmt.Errorf("prepare the requests: %w", err)
		}
	}
	for _, l := range c.loads {
		for _, n := range mode.connections {
			if !slices.Contains(l.connections, n) {
				continue
			}
			printStatus("%s, %s, %d connections", l.title, mode.title, n)
			medians, err := measureInTurn(c.rounds, len(servers), func(i int) (sample, error) { return c.measureRound(ctx, servers[i], mode, l, n) })
			if err != nil {
				return fmt.Errorf("%s, %d connections: %w", l.title, n, err)
			}
			c.cells = append(c.cells, revisionCell{load: l.title, mode: mode.title, connections: n, base: medians[0], current: medians[1]})
		}
	}
	return nil
}

// measureRound measures a load once. Before it, servers with a response cache get every request.
func (c *revisionComparison) measureRound(ctx context.Context, server revisionServer, mode cacheMode, l *cacheLoad, connections int) (s sample, err error) {
	cached := len(mode.settings) > 0
	if cached {
		err = refreshResponses(ctx, server.addr, l.encodedRequests)
	}
	if err == nil {
		profile := loadProfile{connections: connections, warmup: 300 * time.Millisecond, duration: c.roundLength}
		s, err = profile.applyLoad(ctx, server.addr, l.encodedRequests, newCPUMeter(server.contender, c.postmaster, server.redis))
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", server.name, err)
	}
	if cached {
		warnOfMisses(server.name, s.counts[0])
	}
	return s, nil
}

// prepareLoads plans the requests with the server of this tree.
func (c *revisionComparison) prepareLoads(ctx context.Context, server *contender) (err error) {
	if _, c.loads, err = c.planLoads(ctx, c.pool, server, c.only, []int{1, 16}); err != nil {
		return err
	}
	conn, err := dialContender(server.addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.conn.Close()
	for _, l := range c.loads {
		if err := l.encodeRequests(c.tokens, func(encoded []byte) ([]byte, error) { return fetchResponse(conn, encoded) }); err != nil {
			return err
		}
	}
	return nil
}

// ratios returns the ratios of this tree's figures to the base's.
func (c revisionCell) ratios() [4]float64 {
	return [4]float64{
		durationRatio(c.current.serverCPU, c.base.serverCPU), durationRatio(c.current.totalCPU, c.base.totalCPU),
		durationRatio(c.current.p50, c.base.p50), c.current.perSecond / c.base.perSecond,
	}
}

// renderMarkdown returns the report.
func (c *revisionComparison) renderMarkdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Comparison with %s\n\n%s Medians of %d rounds of %s.\n\n", c.base, c.machine, c.rounds, c.roundLength)
	fmt.Fprintf(&out, "Ratios of this tree's figures to those of %s. Server CPU is in microseconds per request, of this tree; all CPU includes PostgreSQL and Redis.\n\n", c.base)
	out.WriteString("| load | cache | connections | server CPU | ratio | all CPU | p50 | requests/s |\n| --- | --- | --: | --: | --: | --: | --: | --: |\n")
	for _, mode := range cacheModes {
		var logs [4]float64
		n := 0
		for _, cell := range c.cells {
			if cell.mode != mode.title {
				continue
			}
			r := cell.ratios()
			fmt.Fprintf(&out, "| %s | %s | %d | %.1f | %.2f | %.2f | %.2f | %.2f |\n",
				cell.load, cell.mode, cell.connections, microseconds(cell.current.serverCPU), r[0], r[1], r[2], r[3])
			for i := range r {
				logs[i] += math.Log(r[i])
			}
			n++
		}
		mean := func(i int) float64 { return math.Exp(logs[i] / float64(n)) }
		fmt.Fprintf(&out, "| geometric mean | %s | | | %.3f | %.3f | %.3f | %.3f |\n", mode.title, mean(0), mean(1), mean(2), mean(3))
	}
	return out.String()
}
