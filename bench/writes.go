package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

// writeWorkload is a mutation that is measured beside pgbench with the same SQL.
type writeWorkload struct {
	operation
	clients      []int
	rowsPerWrite int // that a write adds to the table
	table        string
	otherTable   string // the other table that a write changes
	undoSQL      string // removes the writes of a round; $1 is the last key of the table before it
	planRequests func(*writePlanner) ([]request, error)
	script       pgbenchScript
}

var writeWorkloads = []writeWorkload{
	{
		operation: operation{name: "Enroll", file: "enroll", title: "enroll, many courses"}, clients: []int{1, 16, 64},
		rowsPerWrite: 1, table: "enrollments", otherTable: "courses", undoSQL: undoEnrollments, planRequests: (*writePlanner).planSpreadEnrolls, script: spreadEnrollScript,
	},
	{
		operation: operation{name: "Enroll", file: "enroll", title: "enroll, one course"}, clients: []int{16},
		rowsPerWrite: 1, table: "enrollments", otherTable: "courses", undoSQL: undoEnrollments, planRequests: (*writePlanner).planHotEnrolls, script: hotEnrollScript,
	},
	{
		operation: operation{name: "RecordVideoProgress", file: "record-video-progress", title: "progress, 100 events"}, clients: []int{1, 16, 64},
		rowsPerWrite: eventsPerWrite, table: "video_progress", otherTable: "enrollments", undoSQL: undoProgress, planRequests: (*writePlanner).planProgress, script: progressScript,
	},
}

// writeCell is a write at a number of concurrent clients.
type writeCell struct {
	write           writeWorkload
	clients         int
	server, pgbench sample
	otherCPUShare   float64 // largest share of the processors' time that other programs used
}

// benchmarkWrites measures the writes on a copy of the database, and returns the report.
func benchmarkWrites(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	dsn, drop, err := copyDatabase(ctx, database)
	if err != nil {
		return "", fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, drop()) }()
	b, err := newBenchmark(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	r := &writeResults{rounds: 3, roundLength: 4 * time.Second}
	if o.quick {
		r.rounds, r.roundLength = 1, 3*time.Second
	}
	if err := r.readEnvironment(ctx, pool, database.Dir()); err != nil {
		return "", err
	}
	pgbenchRunner, err := newPgbench(ctx, database, b, pool)
	if err != nil {
		return "", err
	}
	for _, w := range writeWorkloads {
		if o.operation == "" || o.operation == w.name {
			if err := b.measureWrite(ctx, pool, w, pgbenchRunner, r); err != nil {
				return "", fmt.Errorf("%s: %w", w.title, err)
			}
		}
	}
	return r.renderMarkdown(), nil
}

// measureWrite measures a write on the server and on pgbench, in turn.
func (b *benchmark) measureWrite(ctx context.Context, pool *pgxpool.Pool, w writeWorkload, pgbenchRunner *pgbench, r *writeResults) (err error) {
	printStatus("%s: planning", w.title)
	plan, err := planWrites(ctx, pool, w)
	if err != nil {
		return err
	}
	c := &writeComparison{pool: pool, write: w, pgbench: pgbenchRunner}
	if c.encodedRequests, err = b.encodeWrites(plan); err != nil {
		return err
	}
	if c.lastKey, err = readLastKey(ctx, pool, w.table); err != nil {
		return err
	}
	if c.scriptFile, err = b.writeScript(ctx, pgbenchRunner, w, plan[len(plan)-1]); err != nil {
		return fmt.Errorf("write pgbench's script: %w", err)
	}
	if c.server, err = b.launchServer(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.server.stopProcess()) }()
	for _, n := range w.clients {
		printStatus("%s, %d clients", w.title, n)
		cell, err := c.measureCell(ctx, loadProfile{connections: n, warmup: time.Second, duration: r.roundLength}, r.rounds)
		if err != nil {
			return fmt.Errorf("%d clients: %w", n, err)
		}
		r.cells = append(r.cells, cell)
	}
	return undoRound(ctx, pool, w, c.lastKey)
}

// encodeWrites encodes the requests of mutations, whose responses must have no user errors.
func (b *benchmark) encodeWrites(plan []request) ([]encodedRequest, error) {
	encoded := make([]encodedRequest, len(plan))
	for i, r := range plan {
		bytes, err := encodeRequest(r, "localhost", b.tokens)
		if err != nil {
			return nil, err
		}
		encoded[i] = encodedRequest{bytes: bytes, contains: `"userErrors":[]`}
	}
	return encoded, nil
}
