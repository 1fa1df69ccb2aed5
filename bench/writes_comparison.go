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

// Other programs on the processors slow the contenders down unequally: the one with more processes gets
// more of the remaining time. So a round waits for a quiet second, in which other programs use at most
// maxQuietShare of the processors' time; a cell waits for maxQuietWait in all. A pair of rounds that was
// not quiet is repeated, up to maxRoundFactor pairs for each pair of the report. The quietest pairs count.
const (
	maxQuietShare  = 0.1
	maxQuietWait   = time.Minute
	maxRoundFactor = 3
)

// writeComparison compares the server with pgbench for one write.
type writeComparison struct {
	pool            *pgxpool.Pool
	write           writeWorkload
	encodedRequests []encodedRequest
	lastKey         int64 // of the table, before the first round
	server          *contender
	pgbench         *pgbench
	scriptFile      string
	waited          time.Duration
}

// roundPair is a round of each contender.
type roundPair struct {
	server, pgbench sample
	otherCPUShare   float64
}

// measureCell measures a load on the server and on pgbench, in turn.
func (c *writeComparison) measureCell(ctx context.Context, l loadProfile, rounds int) (writeCell, error) {
	c.waited = 0
	var pairs []roundPair
	for quiet := 0; quiet < rounds && len(pairs) < rounds*maxRoundFactor; {
		var p roundPair
		var err error
		if p.server, err = c.measureRound(ctx, &p, func() (sample, error) { return l.applyLoad(ctx, c.server.addr, c.encodedRequests, c.readCPUTimes) }); err != nil {
			return writeCell{}, fmt.Errorf("the server: %w", err)
		}
		if p.pgbench, err = c.measureRound(ctx, &p, func() (sample, error) { return c.pgbench.runScript(ctx, l, c.scriptFile) }); err != nil {
			return writeCell{}, fmt.Errorf("pgbench: %w", err)
		}
		if pairs = append(pairs, p); p.otherCPUShare <= maxQuietShare {
			quiet++
		}
	}
	slices.SortFunc(pairs, func(a, b roundPair) int { return cmp.Compare(a.otherCPUShare, b.otherCPUShare) })
	cell := writeCell{write: c.write, clients: l.connections, otherCPUShare: pairs[rounds-1].otherCPUShare}
	var samples [2][]sample
	for _, p := range pairs[:rounds] {
		samples[0], samples[1] = append(samples[0], p.server), append(samples[1], p.pgbench)
	}
	cell.server, cell.pgbench = medianSample(samples[0]), medianSample(samples[1])
	return cell, nil
}

// measureRound restores the first state, runs a round of writes, and checks that every acknowledged
// write is in the table. A few of pgbench's writes write nothing, because the student is enrolled
// already.
func (c *writeComparison) measureRound(ctx context.Context, p *roundPair, run func() (sample, error)) (s sample, err error) {
	if err := undoRound(ctx, c.pool, c.write, c.lastKey); err != nil {
		return s, err
	}
	if err := c.awaitQuiet(ctx); err != nil {
		return s, err
	}
	others, err := c.measureOthers(func() (err error) {
		s, err = run()
		return err
	})
	if err != nil {
		return s, err
	}
	p.otherCPUShare = max(p.otherCPUShare, others)
	var rows int
	if err := c.pool.QueryRow(ctx, "SELECT count(*) FROM "+c.write.table+" WHERE id > $1", c.lastKey).Scan(&rows); err != nil {
		return s, fmt.Errorf("count the written rows: %w", err)
	}
	if want := s.answered * c.write.rowsPerWrite; rows > want || rows < want*98/100 {
		return s, fmt.Errorf("%d rows written, %d acknowledged", rows, want)
	}
	return s, nil
}

func (c *writeComparison) readCPUTimes() (cpuTimes, error) {
	return newCPUMeter(c.server, c.pgbench.postmasterPID, nil)()
}

// awaitQuiet waits for a quiet second.
func (c *writeComparison) awaitQuiet(ctx context.Context) error {
	for c.waited < maxQuietWait {
		others, err := c.measureOthers(func() error { return sleepContext(ctx, time.Second) })
		if err != nil || others <= maxQuietShare {
			return err
		}
		c.waited += time.Second
	}
	return nil
}

// measureOthers runs f, and returns the share of all processors' time that programs other than the
// benchmark used meanwhile.
func (c *writeComparison) measureOthers(f func() error) (float64, error) {
	start := time.Now()
	before, err := c.readOtherCPUTime()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := c.readOtherCPUTime()
	return float64(after-before) / float64(time.Since(start)) / float64(runtime.NumCPU()), err
}

// readOtherCPUTime returns the CPU time that other programs have used since the start of the machine.
func (c *writeComparison) readOtherCPUTime() (time.Duration, error) {
	ours, err := c.readCPUTimes()
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
	all, err := fs.Stat()
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of the machine: %w", err)
	}
	t := all.CPUTotal
	busy := time.Duration((t.User + t.Nice + t.System + t.IRQ + t.SoftIRQ + t.Steal) * float64(time.Second))
	own := time.Duration(self.UTime+self.STime+uint(self.CUTime+self.CSTime)) * clockTick
	return busy - own - ours.server - ours.database, nil
}
