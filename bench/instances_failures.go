package main

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"time"
)

// failureFigures are the figures of the servers that did not fail, over several rounds.
type failureFigures struct {
	title         string
	rounds        int
	reads, writes [failureWindows][]time.Duration // latencies by window, in ascending order
	failed        int
	example       string
}

// The windows of a round: before the failure, the second after it, and the time in which the server returns.
const failureWindows = 3

// failureRound is the load of a round.
var failureRound = instancesLoad{
	perSecond: instanceRate, duration: 2 * time.Second, readsPerWrite: readsPerWrite,
	windows: []time.Duration{time.Second / 2, 3 * time.Second / 2},
}

// measureFailures measures the other servers while one is stopped, and while one has just died.
func (s *instances) measureFailures(ctx context.Context, quick bool) error {
	rounds := 15
	if quick {
		rounds = 2
	}
	for _, f := range []struct {
		title string
		run   func(context.Context, int) ([]openResults, error)
	}{{"stopped (SIGSTOP)", s.stopInstance}, {"killed (SIGKILL)", s.killInstance}} {
		printStatus("one server is %s, in each of %d rounds", f.title, rounds)
		figures := failureFigures{title: f.title, rounds: rounds}
		for round := range rounds {
			failing := round % len(s.servers)
			results, err := f.run(ctx, failing)
			if err != nil {
				return err
			}
			figures.addRound(slices.Delete(results, failing, failing+1))
		}
		s.failures = append(s.failures, figures)
	}
	return nil
}

// addRound adds the results of the servers that did not fail.
func (f *failureFigures) addRound(results []openResults) {
	for window := range failureWindows {
		f.reads[window] = slices.Sorted(slices.Values(slices.Concat(f.reads[window], latenciesOf(results, window, false))))
		f.writes[window] = slices.Sorted(slices.Values(slices.Concat(f.writes[window], latenciesOf(results, window, true))))
	}
	failed, example := failedRequests(results)
	f.failed += failed
	if example != "" {
		f.example = example
	}
}

// stopInstance sends a load during which a server is stopped for a second.
func (s *instances) stopInstance(ctx context.Context, failing int) ([]openResults, error) {
	process := s.servers[failing].cmd.Process
	round := failureRound
	round.event = func() error {
		if err := process.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		waited := sleepContext(ctx, round.windows[1]-round.windows[0])
		return errors.Join(waited, process.Signal(syscall.SIGCONT))
	}
	return s.sendLoad(ctx, round, s.servers)
}

// killInstance sends a load during which a server dies. Afterwards another one takes its place.
func (s *instances) killInstance(ctx context.Context, failing int) ([]openResults, error) {
	round := failureRound
	round.event = s.servers[failing].cmd.Process.Kill
	results, err := s.sendLoad(ctx, round, s.servers)
	if err != nil {
		return nil, err
	}
	_ = s.servers[failing].cmd.Wait() // returns an error because the process was killed
	server, err := s.startInstance(ctx)
	if err != nil {
		s.servers = slices.Delete(s.servers, failing, failing+1) // stopAll stops the others
		return nil, err
	}
	s.servers[failing] = server
	return results, nil
}
