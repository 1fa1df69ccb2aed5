package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/7p-education/api/internal/embedpg"
)

// instances are many servers over one PostgreSQL and one Redis, without a balancer: each server has connections
// of its own, so a server that fails shows only in its own requests.
type instances struct {
	*fleet
	phases   []instancesPhase
	failures []failureFigures
	memory   []serverMemory
}

const (
	// instanceCount is the number of servers.
	instanceCount = 8
	// instanceRate is the rate of requests to all servers together. The shared processors are half idle then.
	instanceRate = 480.0
	// instanceConnections are the connections of the load to each server.
	instanceConnections = 16
	// instanceWriteCount is the number of planned writes.
	instanceWriteCount = 6000
)

// benchmarkInstances measures what a fleet costs Redis, PostgreSQL and its writers, and returns the report.
func benchmarkInstances(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	f, err := startCopy(ctx, database)
	if err != nil {
		return "", err
	}
	s := &instances{fleet: f}
	defer func() { err = errors.Join(err, f.stopAll()) }()
	if f.redis, err = startRedis(ctx, f.dir); err != nil {
		return "", err
	}
	f.stop = append(f.stop, f.redis.killProcess)
	m, err := f.readFleetMachine(ctx)
	if err != nil {
		return "", err
	}
	if err := f.planLoad(ctx, instanceWriteCount); err != nil {
		return "", fmt.Errorf("plan the load: %w", err)
	}
	if err := s.startInstances(ctx); err != nil {
		return "", err
	}
	if err := s.measurePhases(ctx, o.quick); err != nil {
		return "", err
	}
	if err := s.measureFailures(ctx, o.quick); err != nil {
		return "", err
	}
	return s.renderMarkdown(m), nil
}

// startInstances starts the servers and has each cache every read.
func (s *instances) startInstances(ctx context.Context) error {
	printStatus("starting %d servers and requesting each read from each of them", instanceCount)
	for range instanceCount {
		server, err := s.startInstance(ctx)
		if err != nil {
			return err
		}
		s.servers = append(s.servers, server)
		if err := registerDocuments(server.addr); err != nil {
			return err
		}
		if err := s.requestReads(ctx, server.addr); err != nil {
			return err
		}
	}
	return nil
}

// startInstance starts a server with the settings of production, and one processor.
func (s *instances) startInstance(ctx context.Context, settings ...string) (*contender, error) {
	return s.launchServer(ctx, append([]string{
		"DATABASE_URL=" + s.dsn, "REDIS_URL=" + s.redis.socketURL(), "RESPONSE_CACHE=on", "RATE_LIMIT=100/15m",
		"TRUSTED_PROXIES=127.0.0.0/8", "GOMAXPROCS=1", "DATABASE_MAX_CONNS=4",
	}, settings...)...)
}

// instancesLoad is a mixed load on servers, divided among them.
type instancesLoad struct {
	title         string
	perSecond     float64 // on all servers together
	duration      time.Duration
	readsPerWrite int
	windows       []time.Duration // their ends, from the begin of the load; the last window has no end
	event         func() error    // nil, or what happens at the end of the first window
}

// groupOf returns the group of a request of an operation that arrives at an offset: its window and its operation.
func (l instancesLoad) groupOf(operation int, offset time.Duration) int {
	window := 0
	for window < len(l.windows) && offset >= l.windows[window] {
		window++
	}
	return window*len(fleetOperations()) + operation
}

// divideRequests returns the requests of each server. The order is random, so that writes arrive at random times.
func (s *instances) divideRequests(l instancesLoad, a arrivals, servers int) ([][]encodedRequest, error) {
	all, err := s.nextRequests(servers*a.count(), l.readsPerWrite)
	if err != nil {
		return nil, err
	}
	newShuffle(s.spent).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	divided := slices.Collect(slices.Chunk(all, a.count()))
	for _, requests := range divided {
		for i := range requests {
			requests[i].group = l.groupOf(requests[i].group, a.scheduledOffset(i))
		}
	}
	return divided, nil
}
