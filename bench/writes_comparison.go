package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/procfs"
)

// Where other programs take the processors, both contenders slow down, and not
// alike: the one with more processes is given more of what is left. So a round
// waits, up to patience in all of a cell, for a second in which others take less
// than quiet of their time; and a pair of rounds in which they took more is done
// again, up to maxRoundFactor in all for one that counts. The quietest count.
const (
	maxQuietShare  = 0.1
	maxQuietWait   = time.Minute
	maxRoundFactor = 3
)

// writeComparison is between the server and pgbench, over a write.
type writeComparison struct {
	pool            *pgxpool.Pool
	write           writeWorkload
	encodedRequests []encodedRequest
	lastKey         int64 // the table's last key before
	server          *contender
	pgbench         *pgbench
	scriptFile      string
	waited          time.Duration
}

// roundPair is a round of each.
type roundPair struct {
	server, pgbench sample
	otherCPUShare   float64
}

// measureCell lets the server and pgbench bear a load in turn.
func (d *writeComparison) measureCell(ctx context.Context, l loadProfile, rounds int) (writeCell, error) {
	d.waited = 0
	var pairs []roundPair
	for calm := 0; calm < rounds && len(pairs) < rounds*maxRoundFactor; {
		var p roundPair
		var err error
		if p.server, err = d.measureRound(ctx, &p, func() (sample, error) { return l.applyLoad(ctx, d.server.addr, d.encodedRequests, d.readCPUTimes) }); err != nil {
			return writeCell{}, fmt.Errorf("the server: %w", err)
		}
		if p.pgbench, err = d.measureRound(ctx, &p, func() (sample, error) { return d.pgbench.runScript(ctx, l, d.scriptFile) }); err != nil {
			return writeCell{}, fmt.Errorf("pgbench: %w", err)
		}
		if pairs = append(pairs, p); p.otherCPUShare <= maxQuietShare {
			calm++
		}
	}
	slices.SortFunc(pairs, func(a, b roundPair) int { return cmp.Compare(a.otherCPUShare, b.otherCPUShare) })
	c := writeCell{write: d.write, clients: l.connections, otherCPUShare: pairs[rounds-1].otherCPUShare}
	var samples [2][]sample
	for _, p := range pairs[:rounds] {
		samples[0], samples[1] = append(samples[0], p.server), append(samples[1], p.pgbench)
	}
	c.server, c.pgbench = medianSample(samples[0]), medianSample(samples[1])
	return c, nil
}

// measureRound lets one write, from the state that all begin with, and looks whether it
// wrote what it was answered for. Of pgbench's draws some are enrolled already,
// and write nothing.
func (d *writeComparison) measureRound(ctx context.Context, p *roundPair, fire func() (sample, error)) (s sample, err error) {
	if err := undoRound(ctx, d.pool, d.write, d.lastKey); err != nil {
		return s, err
	}
	if err := d.awaitQuiet(ctx); err != nil {
		return s, err
	}
	others, err := d.measureOthers(func() (err error) {
		s, err = fire()
		return err
	})
	if err != nil {
		return s, err
	}
	p.otherCPUShare = max(p.otherCPUShare, others)
	var rows int
	if err := d.pool.QueryRow(ctx, "SELECT count(*) FROM "+d.write.table+" WHERE id > $1", d.lastKey).Scan(&rows); err != nil {
		return s, fmt.Errorf("count what was written: %w", err)
	}
	if want := s.answered * d.write.rowsPerWrite; rows > want || rows < want*98/100 {
		return s, fmt.Errorf("%d rows were written where %d were answered for", rows, want)
	}
	return s, nil
}

func (d *writeComparison) readCPUTimes() (s cpuTimes, err error) {
	if s.server, err = d.server.readCPUTime(); err != nil {
		return s, err
	}
	s.database, err = readTreeCPUTime(d.pgbench.postmasterPID)
	return s, err
}

// awaitQuiet waits for a quiet second.
func (d *writeComparison) awaitQuiet(ctx context.Context) error {
	for d.waited < maxQuietWait {
		others, err := d.measureOthers(func() error { return sleepContext(ctx, time.Second) })
		if err != nil || others <= maxQuietShare {
			return err
		}
		d.waited += time.Second
	}
	return nil
}

// measureOthers returns the share of all processors' time that programs other than ours
// took while f ran.
func (d *writeComparison) measureOthers(f func() error) (float64, error) {
	start := time.Now()
	before, err := d.readOtherCPUTime()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := d.readOtherCPUTime()
	return float64(after-before) / float64(time.Since(start)) / float64(runtime.NumCPU()), err
}

// readOtherCPUTime returns the CPU time that all other programs have used since the
// machine was started.
func (d *writeComparison) readOtherCPUTime() (time.Duration, error) {
	ours, err := d.readCPUTimes()
	if err != nil {
		return 0, err
	}
	self, err := readProcessStat(os.Getpid())
	if err != nil {
		return 0, err
	}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	machine, err := fs.Stat()
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of the machine: %w", err)
	}
	t := machine.CPUTotal
	busy := time.Duration((t.User + t.Nice + t.System + t.IRQ + t.SoftIRQ + t.Steal) * float64(time.Second))
	own := time.Duration(self.UTime+self.STime+uint(self.CUTime+self.CSTime)) * clockTick
	return busy - own - ours.server - ours.database, nil
}
