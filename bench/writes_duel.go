package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Where other programs take the processors, both contenders slow down, and not
// alike: the one with more processes is given more of what is left. So a round
// waits, up to patience in all of a cell, for a second in which others take less
// than quiet of their time; and a pair of rounds in which they took more is done
// again, up to mostRounds in all for one that counts. The quietest count.
const (
	quiet      = 0.1
	patience   = time.Minute
	mostRounds = 3
)

// duel is between the server and pgbench, over a write.
type duel struct {
	pool   *pgxpool.Pool
	write  write
	shots  []shot
	last   int64 // the table's last key before
	server *contender
	rival  *pgbench
	script string
	waited time.Duration
}

// pair is a round of each.
type pair struct {
	server, pgbench sample
	others          float64
}

// cell lets the server and pgbench bear a load in turn.
func (d *duel) cell(ctx context.Context, l load, rounds int) (writeCell, error) {
	d.waited = 0
	var pairs []pair
	for calm := 0; calm < rounds && len(pairs) < rounds*mostRounds; {
		var p pair
		var err error
		if p.server, err = d.round(ctx, &p, func() (sample, error) { return l.fire(ctx, d.server.addr, d.shots, d.meter) }); err != nil {
			return writeCell{}, fmt.Errorf("the server: %w", err)
		}
		if p.pgbench, err = d.round(ctx, &p, func() (sample, error) { return d.rival.fire(ctx, l, d.script) }); err != nil {
			return writeCell{}, fmt.Errorf("pgbench: %w", err)
		}
		if pairs = append(pairs, p); p.others <= quiet {
			calm++
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.others, b.others) })
	c := writeCell{write: d.write, clients: l.connections, others: pairs[rounds-1].others}
	var samples [2][]sample
	for _, p := range pairs[:rounds] {
		samples[0], samples[1] = append(samples[0], p.server), append(samples[1], p.pgbench)
	}
	c.server, c.pgbench = median(samples[0]), median(samples[1])
	return c, nil
}

// round lets one write, from the state that all begin with, and looks whether it
// wrote what it was answered for. Of pgbench's draws some are enrolled already,
// and write nothing.
func (d *duel) round(ctx context.Context, p *pair, fire func() (sample, error)) (s sample, err error) {
	if err := undo(ctx, d.pool, d.write, d.last); err != nil {
		return s, err
	}
	if err := d.await(ctx); err != nil {
		return s, err
	}
	others, err := d.others(func() (err error) {
		s, err = fire()
		return err
	})
	if err != nil {
		return s, err
	}
	p.others = max(p.others, others)
	var rows int
	if err := d.pool.QueryRow(ctx, "SELECT count(*) FROM "+d.write.table+" WHERE id > $1", d.last).Scan(&rows); err != nil {
		return s, fmt.Errorf("count what was written: %w", err)
	}
	if want := s.answered * d.write.rows; rows > want || rows < want*98/100 {
		return s, fmt.Errorf("%d rows were written where %d were answered for", rows, want)
	}
	return s, nil
}

func (d *duel) meter() (s spent, err error) {
	if s.server, err = d.server.cpu(); err != nil {
		return s, err
	}
	s.database, err = familyCPU(d.rival.postmaster)
	return s, err
}

// await waits for a quiet second.
func (d *duel) await(ctx context.Context) error {
	for d.waited < patience {
		others, err := d.others(func() error { return sleep(ctx, time.Second) })
		if err != nil || others <= quiet {
			return err
		}
		d.waited += time.Second
	}
	return nil
}

// others returns the share of all processors' time that programs other than ours
// took while f ran.
func (d *duel) others(f func() error) (float64, error) {
	start := time.Now()
	before, err := d.foreign()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := d.foreign()
	return float64(after-before) / float64(time.Since(start)) / float64(runtime.NumCPU()), err
}

// foreign returns the CPU time that all other programs have used since the
// machine was started.
func (d *duel) foreign() (time.Duration, error) {
	ours, err := d.meter()
	if err != nil {
		return 0, err
	}
	self, err := readStat("self")
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of the machine: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var ticks int64
	for i, field := range strings.Fields(line) { // "cpu", user, nice, system, idle, iowait, irq, softirq, steal, …
		if i >= 1 && i <= 8 && i != 4 && i != 5 {
			n, _ := strconv.ParseInt(field, 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks)*tick - self.own - self.ended - ours.server - ours.database, nil
}
