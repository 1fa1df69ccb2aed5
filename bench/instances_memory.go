package main

import (
	"context"
	"errors"

	"github.com/prometheus/procfs"
)

// serverMemory is the memory of one server under the mixed load.
type serverMemory struct {
	title          string
	resident, peak int64 // VmRSS and VmHWM
	files          int64 // RssFile: the resident pages of the program
	heap, cache    int64 // heap in use, and the responses in it
	idleHeap       int64 // of the heap, resident and not in use
	failed         int   // requests before, as on a machine that is too busy for the load
}

// The goals of resident memory without a response cache and with one of 64 MiB.
const (
	maxUncachedMemory = 100 << 20
	maxCachedMemory   = 170 << 20
)

// measureMemory reads the memory of one of the servers, and of one without a response cache that gets the same load.
func (s *instances) measureMemory(ctx context.Context, l instancesLoad) (err error) {
	failed, _ := failedRequests(s.phases[phaseMixed].results)
	if err := s.addMemory(ctx, "response cache of 64 MiB", s.servers[0], failed); err != nil {
		return err
	}
	printStatus("memory without a response cache")
	server, err := s.startInstance(ctx, "RESPONSE_CACHE=off", "RATE_LIMIT_COST=off")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	if err := s.requestReads(ctx, server.addr); err != nil {
		return err
	}
	results, err := s.sendLoad(ctx, l, []*contender{server})
	if err != nil {
		return err
	}
	failed, _ = failedRequests(results)
	return s.addMemory(ctx, "no response cache", server, failed)
}

// addMemory reads the memory of a server after a load.
func (s *instances) addMemory(ctx context.Context, title string, server *contender, failed int) error {
	p, err := procfs.NewProc(server.cmd.Process.Pid)
	if err != nil {
		return err
	}
	status, err := p.NewStatus()
	if err != nil {
		return err
	}
	figures := map[string]float64{}
	if err := addMetrics(ctx, server.addr, figures); err != nil {
		return err
	}
	s.memory = append(s.memory, serverMemory{
		title: title, failed: failed, resident: int64(status.VmRSS), peak: int64(status.VmHWM), files: int64(status.RssFile),
		heap: int64(figures["go_memstats_heap_inuse_bytes"]), cache: int64(figures["sevenp_cache_bytes"]),
		idleHeap: int64(figures["go_memstats_heap_idle_bytes"] - figures["go_memstats_heap_released_bytes"]),
	})
	return nil
}
