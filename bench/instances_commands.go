package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// commandStats are what Redis executed since its start.
type commandStats struct {
	commands    map[string]commandCount // by name
	outputBytes int64                   // that Redis sent
}

// commandCount counts the calls of a command, also those by scripts, and the time that they took in Redis.
type commandCount struct {
	calls int64
	busy  time.Duration
}

// readCommands reads the counts of commands.
func (r *redisServer) readCommands(ctx context.Context) (s commandStats, err error) {
	c, err := r.openClient()
	if err != nil {
		return s, err
	}
	defer func() { _ = c.Close() }()
	info, err := c.InfoMap(ctx, "commandstats", "stats").Result()
	if err != nil {
		return s, err
	}
	s.commands = map[string]commandCount{}
	for name, text := range info["Commandstats"] {
		if s.commands[strings.TrimPrefix(name, "cmdstat_")], err = parseCommandCount(text); err != nil {
			return s, fmt.Errorf("read INFO of Redis: %s: %w", name, err)
		}
	}
	s.outputBytes, err = strconv.ParseInt(info["Stats"]["total_net_output_bytes"], 10, 64)
	return s, err
}

// parseCommandCount reads a value of the section Commandstats, such as "calls=21,usec=175,usec_per_call=8.33".
func parseCommandCount(text string) (c commandCount, err error) {
	var microseconds int64
	for field := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "calls":
			c.calls, err = strconv.ParseInt(value, 10, 64)
		case "usec":
			microseconds, err = strconv.ParseInt(value, 10, 64)
		}
		if err != nil {
			return c, err
		}
	}
	c.busy = time.Duration(microseconds) * time.Microsecond
	return c, nil
}

// subtractCommands returns what was executed since an earlier reading.
func (s commandStats) subtractCommands(before commandStats) commandStats {
	since := commandStats{commands: map[string]commandCount{}, outputBytes: s.outputBytes - before.outputBytes}
	for name, c := range s.commands {
		earlier := before.commands[name]
		if c.calls > earlier.calls && name != "info" { // of readCommands
			since.commands[name] = commandCount{c.calls - earlier.calls, c.busy - earlier.busy}
		}
	}
	return since
}

// byCalls returns the names of the commands, the most frequent first.
func (s commandStats) byCalls() []string {
	return slices.SortedFunc(maps.Keys(s.commands), func(a, b string) int {
		if d := s.commands[b].calls - s.commands[a].calls; d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
}

// calls returns the number of calls of a command.
func (s commandStats) calls(name string) float64 { return float64(s.commands[name].calls) }

// sentCommands returns how many commands and pipelines the servers sent.
func (u fleetUsage) sentCommands() float64 {
	return u.sumCounters("sevenp_redis_command_duration_seconds_count")
}
