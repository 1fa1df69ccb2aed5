package main

import (
	"cmp"
	"fmt"
	"slices"
)

// unitCosts are what a resource spends on each read, on each write with the reads that it makes miss, and on each server in
// a second.
type unitCosts struct{ read, write, server float64 }

// loadCosts are what a phase spent of a resource.
type loadCosts struct{ reads, writes, serverSeconds, spent float64 }

// solveCosts returns the costs that explain three phases: without requests, and with two shares of writes. A cost that noise
// makes negative is 0.
func solveCosts(idle, mixed, writes loadCosts) (u unitCosts) {
	u.server = idle.spent / idle.serverSeconds
	a, b := mixed.spent-u.server*mixed.serverSeconds, writes.spent-u.server*writes.serverSeconds
	determinant := mixed.reads*writes.writes - writes.reads*mixed.writes
	u.read = max(0, (a*writes.writes-b*mixed.writes)/determinant)
	u.write = max(0, (b*mixed.reads-a*writes.reads)/determinant)
	return u
}

// solvePhases returns the unit costs of a resource, of which spent returns what a phase spent.
func (s *instances) solvePhases(spent func(instancesPhase) float64) unitCosts {
	var costs [phaseWrites + 1]loadCosts
	for i := range costs {
		p := s.phases[i]
		requests, writes := 0, 0
		if i != phaseIdle {
			requests, writes = p.count()
		}
		costs[i] = loadCosts{float64(requests - writes), float64(writes), p.elapsed.Seconds() * instanceCount, spent(p)}
	}
	return solveCosts(costs[phaseIdle], costs[phaseMixed], costs[phaseWrites])
}

// The fleet of the arithmetic: 10 million requests a minute, 100,000 of them writes.
const (
	targetInstances = 100
	targetWrites    = 100_000.0 / 60
	targetReads     = 10_000_000.0/60 - targetWrites
)

// resource is something of which a fleet has a limited amount.
type resource struct {
	name, unit string
	units      unitCosts
	has        float64 // of the unit
	shared     float64 // among how many servers the needs of reads and writes divide
	perMember  bool    // a write costs the resource something for each server
}

// needAt returns how many units a fleet needs.
func (r resource) needAt(reads, writes float64, servers int) float64 {
	write := r.units.write
	if r.perMember {
		write *= float64(servers) / instanceCount
	}
	return (r.units.read*reads+write*writes)/r.shared + r.units.server*float64(servers)/r.shared
}

// limitOf returns the share of the target at which the resource ends.
func (r resource) limitOf() float64 {
	constant := r.needAt(0, 0, targetInstances)
	return max(0, r.has-constant) / max(1e-12, r.needAt(targetReads, targetWrites, targetInstances)-constant)
}

// listResources returns the resources of the target, the one that ends first at the beginning.
func (s *instances) listResources() []resource {
	cpuOf := func(name string) func(instancesPhase) float64 {
		return func(p instancesPhase) float64 {
			i := slices.IndexFunc(p.usage.processes, func(k fleetProcess) bool { return k.name == name })
			return p.usage.cpu[i].Seconds()
		}
	}
	all := []resource{
		{name: "processors of a server", unit: "processors", units: s.solvePhases(cpuOf("7p")), has: 4, shared: targetInstances},
		{name: "processors of the primary", unit: "processors", units: s.solvePhases(cpuOf("postgres, primary")), has: 64, shared: 1},
		{name: redisThread, unit: "threads", units: s.solvePhases(cpuOf("redis")), has: 1, shared: 1, perMember: true},
		{
			name: "network of Redis", unit: "Gbit/s", has: 10, shared: 1, perMember: true,
			units: s.solvePhases(func(p instancesPhase) float64 { return 8e-9 * float64(p.commands.outputBytes) }),
		},
	}
	slices.SortFunc(all, func(a, b resource) int { return cmp.Compare(a.limitOf(), b.limitOf()) })
	return all
}

// redisThread is the name of the resource of which the invalidation log takes most.
const redisThread = "thread of Redis"

// describeEnd returns the sentence about the resource that ends first.
func describeEnd(first resource) string {
	need, limit := first.needAt(targetReads, targetWrites, targetInstances), first.limitOf()
	if limit >= 1 {
		return fmt.Sprintf("No resource ends at this load. The next to end is the %s, at %.1f times it.", first.name, limit)
	}
	return fmt.Sprintf("The **%s** ends first: the load needs %.1f %s of %.0f, so it ends at %.1f million requests and %.0f writes a minute.",
		first.name, need, first.unit, first.has, 60e-6*limit*(targetReads+targetWrites), 60*limit*targetWrites)
}

// logCosts are what the invalidation log costs Redis for a write.
type logCosts struct {
	entries   float64 // stream entries of a write
	waits     float64 // blocking reads of a server for a write
	exchanges float64 // exchanges of a server for a write
}

// readLog returns what the log costs in a phase with writes. Renewals of leases are in the exchanges.
func (p instancesPhase) readLog() (c logCosts) {
	_, writes := p.count()
	w := float64(max(writes, 1))
	c.entries = p.commands.calls("xadd") / w
	c.waits = p.commands.calls("xread") / w / instanceCount
	c.exchanges = p.commands.calls("xrange") / w / instanceCount // only exchanges read ranges
	return c
}
