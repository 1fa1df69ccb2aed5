package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/procfs"
)

// The goals of writes: the least ratio of the server's throughput to pgbench's, and the largest ratio
// of its 99th percentile.
const (
	minThroughputRatio = 0.7
	maxP99Ratio        = 2.0
)

// writeResults are the results of a run of the writes.
type writeResults struct {
	rounds      int
	roundLength time.Duration
	cells       []writeCell
	machine     machine
	settings    string        // of PostgreSQL
	fileSystem  string        // type of the file system of PostgreSQL's data
	syncTime    time.Duration // of one page in it
}

// readEnvironment reads the machine, PostgreSQL's settings and the properties of its file system.
func (r *writeResults) readEnvironment(ctx context.Context, pool *pgxpool.Pool, dir string) (err error) {
	if r.machine, err = readMachine(ctx, pool); err != nil {
		return err
	}
	err = pool.QueryRow(ctx, `SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY name) FROM pg_settings
		WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers')`).Scan(&r.settings)
	if err != nil {
		return fmt.Errorf("read PostgreSQL's settings: %w", err)
	}
	if r.fileSystem, err = findFileSystem(dir); err != nil {
		return err
	}
	r.syncTime, err = measureSyncTime(dir)
	return err
}

// findFileSystem returns the type of a directory's file system.
func findFileSystem(dir string) (string, error) {
	mounts, err := procfs.GetMounts()
	if err != nil {
		return "", fmt.Errorf("list the file systems: %w", err)
	}
	found := &procfs.MountInfo{FSType: "unknown"}
	for _, m := range mounts {
		inside := strings.HasPrefix(dir+"/", strings.TrimSuffix(m.MountPoint, "/")+"/")
		if inside && len(m.MountPoint) >= len(found.MountPoint) {
			found = m
		}
	}
	return found.FSType, nil
}

// measureSyncTime returns the median time of writing one page to the disk.
func measureSyncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, fmt.Errorf("measure the disk: %w", err)
	}
	defer f.Close()
	defer func() { _ = os.Remove(f.Name()) }()
	page, times := make([]byte, 8<<10), make([]time.Duration, 101)
	for i := range times {
		start := time.Now()
		if _, err := f.WriteAt(page, 0); err != nil {
			return 0, fmt.Errorf("measure the disk: %w", err)
		}
		if err := f.Sync(); err != nil {
			return 0, fmt.Errorf("measure the disk: %w", err)
		}
		times[i] = time.Since(start)
	}
	return median(times), nil
}

// renderMarkdown returns the report.
func (r *writeResults) renderMarkdown() string {
	var out strings.Builder
	writeHeader(&out, "Results of writes", "bench-writes", "-writes")
	fmt.Fprintf(&out, "%s Medians of %d rounds of %s.\n\n", r.machine, r.rounds, r.roundLength)
	fmt.Fprintf(&out, "PostgreSQL has %s. Its data are on %s, where syncing a page of 8 KiB takes %.2f ms.\n\n", r.settings, r.fileSystem, milliseconds(r.syncTime))
	fmt.Fprintf(&out, "## Goals\n\nRatio of the server's figure to pgbench's; the goal is at least %.1f for writes/s and at most %.1f for p99.\n\n", minThroughputRatio, maxP99Ratio)
	fmt.Fprintf(&out, "Others is the largest share of the processors' time that other programs took during a round.\n\n")
	out.WriteString("| write | clients | writes/s | p99 | met | others |\n| --- | --: | --: | --: | --- | --: |\n")
	for _, c := range r.cells {
		throughput, p99 := c.server.perSecond/c.pgbench.perSecond, durationRatio(c.server.p99, c.pgbench.p99)
		met := throughput >= minThroughputRatio && p99 <= maxP99Ratio
		fmt.Fprintf(&out, "| %s | %d | %.2f | %.2f | %s | %.0f %% |\n", c.write.title, c.clients, throughput, p99, formatVerdict(met), 100*c.otherCPUShare)
	}
	out.WriteString("\n## Figures\n\nLatencies are in milliseconds; CPU is in milliseconds per write: of the server's process, of PostgreSQL, and of both.\n\n")
	out.WriteString("| write | clients | | writes/s | p50 | p99 | server | PostgreSQL | both |\n| --- | --: | --- | --: | --: | --: | --: | --: | --: |\n")
	for _, c := range r.cells {
		s, p := c.server, c.pgbench
		fmt.Fprintf(&out, "| %s | %d | server | %.0f | %.2f | %.2f | %.3f | %.3f | %.3f |\n", c.write.title, c.clients,
			s.perSecond, milliseconds(s.p50), milliseconds(s.p99), milliseconds(s.serverCPU), milliseconds(s.totalCPU-s.serverCPU), milliseconds(s.totalCPU))
		fmt.Fprintf(&out, "| %s | %d | pgbench | %.0f | %.2f | %.2f | – | %.3f | – |\n", c.write.title, c.clients,
			p.perSecond, milliseconds(p.p50), milliseconds(p.p99), milliseconds(p.totalCPU))
	}
	return out.String()
}
