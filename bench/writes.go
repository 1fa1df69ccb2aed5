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

// write is a mutation that is measured beside its own SQL under pgbench.
type write struct {
	operation
	clients []int
	rows    int // that one adds to the table
	table   string
	also    string // the other table that it changes
	undo    string // takes away what a round wrote; $1 is the table's last key before
	plan    func(*writePlanner) ([]request, error)
	script  script
}

var writes = []write{
	{
		operation: operation{name: "Enroll", file: "enroll", title: "enroll, many courses"}, clients: []int{1, 16, 64},
		rows: 1, table: "enrollments", also: "courses", undo: undoEnrollments, plan: (*writePlanner).enrollSpread, script: enrollSpread,
	},
	{
		operation: operation{name: "Enroll", file: "enroll", title: "enroll, one course"}, clients: []int{16},
		rows: 1, table: "enrollments", also: "courses", undo: undoEnrollments, plan: (*writePlanner).enrollHot, script: enrollHot,
	},
	{
		operation: operation{name: "RecordVideoProgress", file: "record-video-progress", title: "progress, 100 events"}, clients: []int{1, 16, 64},
		rows: eventsOfAWrite, table: "video_progress", also: "enrollments", undo: undoProgress, plan: (*writePlanner).progress, script: recordProgress,
	},
}

// writeCell is a write by a number of clients at once.
type writeCell struct {
	write           write
	clients         int
	server, pgbench sample
	others          float64 // the most of the processors' time that other programs took
}

// runWrites measures the writes on a copy of the database, and returns the
// report.
func runWrites(ctx context.Context, database *embedpg.Server, o options) (text string, err error) {
	dsn, drop, err := copyDatabase(ctx, database)
	if err != nil {
		return "", fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, drop()) }()
	b, err := newBench(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	r := &writeResults{rounds: 3, length: 4 * time.Second}
	if o.quick {
		r.rounds, r.length = 1, 3*time.Second
	}
	if err := r.environment(ctx, pool, database.Dir()); err != nil {
		return "", err
	}
	rival, err := newPgbench(ctx, database, b, pool)
	if err != nil {
		return "", err
	}
	for _, w := range writes {
		if o.operation == "" || o.operation == w.name {
			if err := b.measureWrite(ctx, pool, w, rival, r); err != nil {
				return "", fmt.Errorf("%s: %w", w.title, err)
			}
		}
	}
	return r.markdown(), nil
}

// measureWrite lets the server and pgbench do a write in turn.
func (b *bench) measureWrite(ctx context.Context, pool *pgxpool.Pool, w write, rival *pgbench, r *writeResults) (err error) {
	say("%s: planning", w.title)
	plan, err := planWrites(ctx, pool, w)
	if err != nil {
		return err
	}
	d := &duel{pool: pool, write: w, rival: rival}
	if d.shots, err = b.writeShots(plan); err != nil {
		return err
	}
	if d.last, err = lastKey(ctx, pool, w.table); err != nil {
		return err
	}
	if d.script, err = b.writeScript(ctx, rival, w, plan[len(plan)-1]); err != nil {
		return fmt.Errorf("write down the server's statements: %w", err)
	}
	if d.server, err = launch(ctx, "server", b.binary("7p"), os.DevNull, b.environment); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.server.stop()) }()
	for _, n := range w.clients {
		say("%s, %d clients", w.title, n)
		c, err := d.cell(ctx, load{connections: n, warm: time.Second, length: r.length}, r.rounds)
		if err != nil {
			return fmt.Errorf("%d clients: %w", n, err)
		}
		r.cells = append(r.cells, c)
	}
	return undo(ctx, pool, w, d.last)
}

// writeShots makes requests ready to be sent.
func (b *bench) writeShots(plan []request) ([]shot, error) {
	shots := make([]shot, len(plan))
	for i, r := range plan {
		bytes, err := wire(r, "localhost", b.tokens)
		if err != nil {
			return nil, err
		}
		shots[i] = shot{request: bytes, holds: `"userErrors":[]`}
	}
	return shots, nil
}
