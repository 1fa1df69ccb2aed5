package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

const (
	// fleetRate is 50,000 requests a minute.
	fleetRate = 50_000.0 / 60
	// fleetMaxP95 is the goal of the 95th percentile.
	fleetMaxP95 = 200 * time.Millisecond
	// fleetMaxErrors is the share of the requests that may fail.
	fleetMaxErrors = 1e-4
	// fleetConnections are the connections of a load without idle ones.
	fleetConnections = 256
)

// fleetLoad is a load on the fleet.
type fleetLoad struct {
	title        string
	cache        string // RESPONSE_CACHE
	perSecond    float64
	duration     time.Duration
	active, idle int // connections
}

// fleetOutcome is what a load measured.
type fleetOutcome struct {
	fleetLoad
	results     openResults
	usage       fleetUsage
	loadAverage string // of the machine, before
	idleClosed  int    // idle connections that did not answer at the end
}

// isHeld reports whether the fleet held the rate: p95 below the goal, and almost no error.
func (o fleetOutcome) isHeld() bool {
	return float64(o.results.failed()) <= fleetMaxErrors*float64(len(o.results.delays)) && percentileOf(o.results.allLatencies(), 95) < fleetMaxP95 && o.idleClosed == 0
}

// fleetResults are the results of a run.
type fleetResults struct {
	machine  machine
	files    uint64 // that a process may open
	outcomes []fleetOutcome
	ceilings []fleetCeiling
	scales   string // a section of the report
}

// onlyScales is the name for -operation of the amounts of data without the fleet.
const onlyScales = "scales"

// benchmarkFleet measures a fleet on this machine and then amounts of data, and returns the report.
func benchmarkFleet(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	r := &fleetResults{}
	if o.operation != onlyScales {
		if r, err = measureLoads(ctx, database, o); err != nil {
			return "", err
		}
	}
	if o.scales != "" {
		if r.scales, err = benchmarkScales(ctx, o.scales); err != nil {
			return "", err
		}
	}
	return r.renderMarkdown(), nil
}

// measureLoads measures the loads of a fleet that the options select, by default all.
func measureLoads(ctx context.Context, database *embedpg.Server, o options) (r *fleetResults, err error) {
	f, err := startFleet(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.stopAll()) }()
	r = &fleetResults{}
	if r.machine, err = f.readFleetMachine(ctx); err != nil {
		return nil, err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	r.files = limit.Cur
	if err := f.planLoad(ctx, fleetWriteCount); err != nil {
		return nil, fmt.Errorf("plan the load: %w", err)
	}
	duration, step := time.Minute, 15*time.Second
	if o.quick {
		duration, step = 5*time.Second, 3*time.Second
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the generator needs a fifth of a processor, and idle ones cost
	for _, cache := range []string{"on", "off"} {
		if err := f.measureFleet(ctx, r, o.operation, fleetLoad{cache: cache, duration: duration}, step); err != nil {
			return nil, fmt.Errorf("RESPONSE_CACHE=%s: %w", cache, err)
		}
	}
	return r, nil
}

// readFleetMachine reads the versions of the programs.
func (f *fleet) readFleetMachine(ctx context.Context) (m machine, err error) {
	pool, err := pgxpool.New(ctx, f.dsn)
	if err != nil {
		return m, err
	}
	defer pool.Close()
	m, err = readMachine(ctx, pool)
	m.redis = f.redis.version
	return m, err
}

// measureFleet measures the loads with the response cache on or off, or only the load of a title.
func (f *fleet) measureFleet(ctx context.Context, r *fleetResults, only string, base fleetLoad, step time.Duration) (err error) {
	if err := f.startServers(ctx, base.cache); err != nil {
		return errors.Join(err, f.stopServers())
	}
	defer func() { err = errors.Join(err, f.stopServers()) }()
	if err := f.requestEachRead(ctx); err != nil {
		return err
	}
	base.title, base.perSecond, base.active = "warm-up", fleetRate, fleetConnections
	warmup, steady, many, search := base, base, base, base
	warmup.duration = base.duration
	if base.cache == "off" {
		warmup.perSecond /= 4
	}
	if _, err := f.measureLoad(ctx, warmup); err != nil {
		return err
	}
	steady.title = "50,000 a minute"
	many.title, many.active, many.idle = "50,000 a minute, 10,000 connections", 1000, 9000
	for _, load := range []fleetLoad{steady, many} {
		if base.cache == "off" || only != "" && only != load.title {
			continue
		}
		outcome, err := f.measureLoad(ctx, load)
		if err != nil {
			return err
		}
		r.outcomes = append(r.outcomes, outcome)
	}
	search.title, search.duration = "the highest rate", step
	if only != "" && only != search.title {
		return nil
	}
	ceiling, err := f.findCeiling(ctx, search)
	r.ceilings = append(r.ceilings, ceiling)
	return err
}

// measureLoad applies a load and reads what it used. Memory is read in the middle, when all connections
// are open.
func (f *fleet) measureLoad(ctx context.Context, load fleetLoad) (o fleetOutcome, err error) {
	printStatus("RESPONSE_CACHE=%s, %s: %.0f requests/s for %s", load.cache, load.title, load.perSecond, load.duration)
	o.fleetLoad = load
	a := arrivals{perSecond: load.perSecond, duration: load.duration, connections: load.active, groups: len(fleetOperations())}
	requests, err := f.nextRequests(a.count(), fleetReadsPerWrite)
	if err != nil {
		return o, err
	}
	idle, err := openIdle(ctx, f.proxy.addr, load.active, load.idle)
	defer closeIdle(idle)
	if err != nil {
		return o, fmt.Errorf("open idle connections: %w", err)
	}
	average, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return o, err
	}
	o.loadAverage = strings.Join(strings.Fields(string(average))[:3], " ")
	before, err := f.readUsage(ctx)
	if err != nil {
		return o, err
	}
	resident := make(chan error, 1)
	go func() {
		_ = sleepContext(ctx, load.duration/2)
		resident <- before.readResident()
	}()
	o.results, err = a.applyArrivals(ctx, f.proxy.addr, requests)
	if err := errors.Join(err, <-resident); err != nil {
		return o, err
	}
	after, err := f.readUsage(ctx)
	if err != nil {
		return o, err
	}
	o.usage = after.subtractUsage(before)
	o.idleClosed = countClosed(idle)
	printStatus("p95 %.1f ms, %d errors %v %s", milliseconds(percentileOf(o.results.allLatencies(), 95)), o.results.failed(), o.results.errors, o.results.example)
	return o, nil
}
