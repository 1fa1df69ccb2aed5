package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/embedpg"
)

// scaleWriteCount is the number of planned writes of each scale: small data have few enrollments to add.
const scaleWriteCount = 200

// scaleLatencies are the latencies of each operation with the data of a scale, in ascending order.
type scaleLatencies struct {
	scale  demo.Scale
	groups [][]time.Duration
}

// benchmarkScales measures each operation on one connection, without the response cache, with demo data of
// each scale in turn.
func benchmarkScales(ctx context.Context, scales string) (string, error) {
	var all []scaleLatencies
	for name := range strings.SplitSeq(scales, ",") {
		s, err := measureScale(ctx, demo.Scale(strings.TrimSpace(name)))
		if err != nil {
			return "", fmt.Errorf("scale %s: %w", name, err)
		}
		all = append(all, s)
	}
	return renderScales(all), nil
}

// measureScale starts a PostgreSQL with the data of a scale, and measures.
func measureScale(ctx context.Context, scale demo.Scale) (s scaleLatencies, err error) {
	s.scale = scale
	database, err := startScale(ctx, scale)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, database.Stop(context.WithoutCancel(ctx))) }()
	f, err := startCopy(ctx, database)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.stopAll()) }()
	if err := f.planLoad(ctx, scaleWriteCount); err != nil {
		return s, err
	}
	server, err := f.launchServer(ctx, "DATABASE_URL="+f.dsn)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.stopProcess()) }()
	printStatus("%s: measuring each operation", scale)
	s.groups, err = measureEach(server.addr, f.mixer)
	return s, err
}

// startCopy copies a database. Only servers of the caller use it.
func startCopy(ctx context.Context, database *embedpg.Server) (*fleet, error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return nil, err
	}
	f := &fleet{benchmark: b, database: database}
	f.stop = append(f.stop, f.removeFiles)
	dsn, drop, err := copyDatabase(ctx, database)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the database: %w", err), f.stopAll())
	}
	f.dsn = dsn
	f.stop = append(f.stop, drop)
	return f, nil
}

// measureEach sends the requests of each operation one after the other, the reads twice. The first time
// fills the caches of PostgreSQL and of the connections.
func measureEach(addr string, m *requestMixer) ([][]time.Duration, error) {
	if err := registerDocuments(addr); err != nil {
		return nil, err
	}
	conn, err := dialContender(addr)
	if err != nil {
		return nil, err
	}
	defer conn.conn.Close()
	latencies := make([][]time.Duration, len(fleetOperations()))
	for _, requests := range append(slices.Clone(m.reads), m.reads...) {
		group := requests[0].group
		latencies[group] = nil
		for _, r := range requests {
			if latencies[group], err = appendLatency(latencies[group], conn, r); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range m.writes {
		if latencies[r.group], err = appendLatency(latencies[r.group], conn, r); err != nil {
			return nil, err
		}
	}
	for _, l := range latencies {
		slices.Sort(l)
	}
	return latencies, nil
}

// appendLatency sends a request and appends how long its response took.
func appendLatency(all []time.Duration, conn *clientConn, r encodedRequest) ([]time.Duration, error) {
	sent := time.Now()
	status, response, err := conn.sendRequest(r.bytes)
	took := time.Since(sent)
	if err == nil {
		err = r.checkResponse(status, response)
	}
	return append(all, took), err
}

// renderScales returns the section of the report.
func renderScales(all []scaleLatencies) string {
	var out strings.Builder
	out.WriteString("\n## Amounts of data\n\nOne connection to one server, without the response cache, PgBouncer, replica and nginx; p50 (p95) in milliseconds.\n\n| operation |")
	for _, s := range all {
		fmt.Fprintf(&out, " %s |", s.scale)
	}
	out.WriteString("\n| --- |" + strings.Repeat(" --: |", len(all)) + "\n")
	for group, op := range fleetOperations() {
		fmt.Fprintf(&out, "| %s |", op.title)
		for _, s := range all {
			fmt.Fprintf(&out, " %.2f (%.2f) |", milliseconds(percentileOf(s.groups[group], 50)), milliseconds(percentileOf(s.groups[group], 95)))
		}
		out.WriteString("\n")
	}
	return out.String()
}
