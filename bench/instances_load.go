package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// instancesPhase is a load without failures, and what it used.
type instancesPhase struct {
	instancesLoad
	elapsed  time.Duration
	results  []openResults // of each server
	usage    fleetUsage
	commands commandStats
}

// newShuffle returns a source of random numbers for the order of a load.
func newShuffle(seed int) *rand.Rand { return rand.New(rand.NewPCG(planSeed, uint64(seed))) }

// sendLoad sends a load to servers, each on connections of its own.
func (s *instances) sendLoad(ctx context.Context, l instancesLoad, servers []*contender) ([]openResults, error) {
	a := arrivals{
		perSecond: l.perSecond / float64(len(servers)), duration: l.duration, connections: instanceConnections,
		groups: (len(l.windows) + 1) * len(fleetOperations()),
	}
	requests, err := s.divideRequests(l, a, len(servers))
	if err != nil {
		return nil, err
	}
	a.begin = time.Now().Add(time.Second / 2)
	results := make([]openResults, len(servers))
	group, ctx := errgroup.WithContext(ctx)
	for i, server := range servers {
		group.Go(func() (err error) {
			results[i], err = a.applyArrivals(ctx, server.addr, requests[i])
			return err
		})
	}
	if l.event != nil {
		group.Go(func() error {
			if err := sleepContext(ctx, time.Until(a.begin.Add(l.windows[0]))); err != nil {
				return err
			}
			return l.event()
		})
	}
	return results, group.Wait()
}

// measurePhase sends a load to all servers, and reads what it used. Without a rate it waits.
func (s *instances) measurePhase(ctx context.Context, l instancesLoad) error {
	printStatus("%s: %.0f requests/s for %s", l.title, l.perSecond, l.duration)
	p := instancesPhase{instancesLoad: l}
	before, err := s.readUsage(ctx)
	if err != nil {
		return err
	}
	commands, err := s.redis.readCommands(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	if l.perSecond == 0 {
		err = sleepContext(ctx, l.duration)
	} else {
		p.results, err = s.sendLoad(ctx, l, s.servers)
	}
	if err != nil {
		return err
	}
	p.elapsed = time.Since(begin)
	after, err := s.redis.readCommands(ctx)
	if err != nil {
		return err
	}
	p.commands = after.subtractCommands(commands)
	usage, err := s.readUsage(ctx)
	p.usage = usage.subtractUsage(before)
	s.phases = append(s.phases, p)
	return err
}

// The phases, in the order in which they are measured.
const (
	phaseIdle = iota
	phaseMixed
	phaseWrites
)

// measurePhases measures the servers without requests, with one write in a hundred requests, and with one in four.
func (s *instances) measurePhases(ctx context.Context, quick bool) error {
	factor := time.Duration(4)
	if quick {
		factor = 1
	}
	warmup := instancesLoad{title: "warm-up", perSecond: instanceRate, duration: 2 * factor * time.Second, readsPerWrite: readsPerWrite}
	if _, err := s.sendLoad(ctx, warmup, s.servers); err != nil {
		return err
	}
	if err := sleepContext(ctx, 2*time.Second); err != nil { // until the servers are no members any more
		return err
	}
	for _, l := range []instancesLoad{
		{title: "no requests", duration: 2 * factor * time.Second},
		{title: "1 % writes", perSecond: instanceRate, duration: 10 * factor * time.Second, readsPerWrite: readsPerWrite},
		{title: "25 % writes", perSecond: instanceRate / 4, duration: 3 * factor * time.Second, readsPerWrite: 3},
	} {
		if err := s.measurePhase(ctx, l); err != nil {
			return err
		}
	}
	return s.measureMemory(ctx, instancesLoad{title: "memory", perSecond: instanceRate / instanceCount, duration: 2 * factor * time.Second, readsPerWrite: readsPerWrite})
}

// count returns the number of requests and of writes of the phase.
func (p instancesPhase) count() (requests, writes int) {
	return len(latenciesOf(p.results, 0, false)) + len(latenciesOf(p.results, 0, true)), len(latenciesOf(p.results, 0, true))
}

// failedRequests returns the number of failed requests, and one of them.
func failedRequests(results []openResults) (failed int, example string) {
	for _, r := range results {
		failed += r.failed()
		if r.example != "" {
			example = r.example
		}
	}
	return failed, example
}

// latenciesOf returns the latencies of the reads or the writes that arrived within a window, in ascending order.
func latenciesOf(results []openResults, window int, writes bool) (sorted []time.Duration) {
	first := window * len(fleetOperations())
	from, to := first, first+len(operations)
	if writes {
		from, to = to, first+len(fleetOperations())
	}
	for _, r := range results {
		sorted = append(sorted, slices.Concat(r.latencies[from:to]...)...)
	}
	slices.Sort(sorted)
	return sorted
}
