package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// liveRow is what was measured of one server with one transport.
type liveRow struct {
	server, transport string
	streams, topics   int
	memory            float64       // bytes for each idle stream, beyond what the server keeps of a first wave of them
	total             int64         // resident bytes of the server with its idle streams
	cpu               time.Duration // of the server for each event
	events            int           // that were received
	wanted            int
	executions        int           // of operations, after the first ones; 0 for other servers
	median, p99       time.Duration // from the request that makes a change until a stream has the event
	last              time.Duration // until the last one has it, median of the changes
}

// measureTargets measures all servers and transports.
func (l *liveBenchmark) measureTargets(ctx context.Context) (rows []*liveRow, err error) {
	ours := func(courses int) func(context.Context) (*liveTarget, error) {
		return func(ctx context.Context) (*liveTarget, error) { return l.launchTarget(ctx, courses) }
	}
	peer := func(name string) func(context.Context) (*liveTarget, error) {
		return func(ctx context.Context) (*liveTarget, error) { return l.launchPeer(ctx, name) }
	}
	for _, c := range []struct {
		name       string
		streams    int
		launch     func(context.Context) (*liveTarget, error)
		transports []string
	}{
		{"7p", liveStreams, ours(1), liveTransports},
		{"7p", 2 * liveStreams, ours(liveCourses), liveTransports},
		{"nbio, without GraphQL", liveStreams, peer("nbio"), liveTransports[1:]},
		{"gqlgen", liveStreams, peer("gqlgen"), liveTransports},
		{"Yoga, graphql-ws", liveStreams, peer("yoga"), liveTransports},
	} {
		for _, transport := range c.transports {
			printStatus("%s, %s, %d streams", c.name, transport, c.streams)
			t, err := c.launch(ctx)
			if err != nil {
				return nil, err
			}
			row := &liveRow{server: c.name, transport: transport, streams: c.streams, topics: len(t.topics)}
			if err := errors.Join(t.measure(ctx, row), t.stopProcess()); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", c.name, transport, err)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// measure fills in a row.
func (t *liveTarget) measure(ctx context.Context, row *liveRow) error {
	// A first wave of streams, so that their memory is not that of a server which has never worked.
	streams, err := t.openStreams(ctx, row.transport, row.streams)
	closeStreams(streams)
	if err != nil {
		return err
	}
	if err := sleepContext(ctx, liveSettle); err != nil {
		return err
	}
	before, err := t.readMemory()
	if err != nil {
		return err
	}
	if streams, err = t.openStreams(ctx, row.transport, row.streams); err == nil {
		defer closeStreams(streams)
		err = sleepContext(ctx, liveSettle)
	}
	if err != nil {
		return err
	}
	if row.total, err = t.readMemory(); err != nil {
		return err
	}
	row.memory = float64(row.total-before) / float64(row.streams)
	return t.measureChanges(ctx, row, streams)
}

// measureChanges changes one topic after the other.
func (t *liveTarget) measureChanges(ctx context.Context, row *liveRow, streams []*eventStream) error {
	before, err := readCPUTime(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	executed, err := t.readExecutions(ctx)
	if err != nil {
		return err
	}
	var all, last []time.Duration
	for n := range liveChanges {
		topic := n % len(t.topics)
		began := time.Now()
		if err := t.change(ctx, topic, n); err != nil {
			return err
		}
		var slowest time.Duration
		for i := topic; i < len(streams); i += len(t.topics) {
			s := streams[i]
			if err := awaitCount(ctx, func() bool { return s.events.Load() >= int64(2+n/len(t.topics)) }); err != nil {
				return err
			}
			took := time.Duration(s.last.Load() - began.UnixNano())
			all, slowest = append(all, took), max(slowest, took)
		}
		last = append(last, slowest)
	}
	after, err := readCPUTime(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	if row.executions, err = t.readExecutions(ctx); err != nil {
		return err
	}
	row.executions -= executed
	for _, s := range streams {
		row.events += int(s.events.Load()) - 1
	}
	slices.Sort(all)
	slices.Sort(last)
	row.wanted = len(all)
	row.cpu = (after - before) / time.Duration(len(all))
	row.median, row.p99, row.last = all[len(all)/2], all[len(all)*99/100], last[len(last)/2]
	return nil
}

// readExecutions returns how often our server has executed operations of streams again, 0 for another server.
func (t *liveTarget) readExecutions(ctx context.Context) (n int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.addr+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "sevenp_stream_executions_total "); ok {
			return strconv.Atoi(value)
		}
	}
	return 0, lines.Err()
}

// readMemory returns the resident memory of the contender (VmRSS) in bytes.
func (c *contender) readMemory() (int64, error) {
	p, err := procfs.NewProc(c.cmd.Process.Pid)
	if err != nil {
		return 0, fmt.Errorf("read the memory of the %s: %w", c.name, err)
	}
	s, err := p.NewStatus()
	if err != nil {
		return 0, fmt.Errorf("read the memory of the %s: %w", c.name, err)
	}
	return int64(s.VmRSS), nil
}

func writeLive(out *strings.Builder, rows []*liveRow) {
	out.WriteString("\n| server | transport | streams | topics | memory of a stream beyond the first wave | memory of the server | CPU of an event | median | p99 | last |\n| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	var figures []hostileFigure
	for _, r := range rows {
		fmt.Fprintf(out, "| %s | %s | %d | %d | %.1f kB | %.0f MB | %.1f µs | %.1f ms | %.1f ms | %.1f ms |\n", r.server, r.transport, r.streams, r.topics,
			r.memory/1000, float64(r.total)/1e6, microseconds(r.cpu), milliseconds(r.median), milliseconds(r.p99), milliseconds(r.last))
		if r.server == "7p" {
			figures = append(figures, r.goals()...)
		}
	}
	writeFigures(out, "goals", figures)
}

// goals returns the figures that have a goal.
func (r *liveRow) goals() []hostileFigure {
	name := fmt.Sprintf("%s, %d streams of %d topics: ", r.transport, r.streams, r.topics)
	figures := []hostileFigure{
		{name: name + "executions", value: fmt.Sprint(r.executions), goal: fmt.Sprintf("= %d changes", liveChanges), met: r.executions == liveChanges},
		{name: name + "events", value: fmt.Sprint(r.events), goal: fmt.Sprintf("= %d", r.wanted), met: r.events == r.wanted},
	}
	if r.topics == 1 {
		return append(figures,
			hostileFigure{name: name + "CPU of an event", value: fmt.Sprintf("%.1f µs", microseconds(r.cpu)), goal: "≤ 10 µs", met: r.cpu <= 10*time.Microsecond},
			hostileFigure{name: name + "last event", value: fmt.Sprintf("%.0f ms", milliseconds(r.last)), goal: "≤ 120 ms", met: r.last <= 120*time.Millisecond})
	}
	return append(figures,
		hostileFigure{name: name + "p99", value: fmt.Sprintf("%.0f ms", milliseconds(r.p99)), goal: "≤ 50 ms", met: r.p99 <= 50*time.Millisecond})
}
