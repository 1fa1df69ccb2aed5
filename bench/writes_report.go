package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// The goals of writes: the least share of pgbench's throughput that the server's
// may be, and how many times pgbench's 99th percentile its own may be.
const (
	leastShare   = 0.7
	mostTimesP99 = 2.0
)

// writeResults are what a run of the writes measured.
type writeResults struct {
	rounds int
	length time.Duration
	cells  []writeCell

	machine  results
	settings string        // of PostgreSQL
	disk     string        // the file system of its data
	sync     time.Duration // of one page there
}

// environment notes what the run is measured on.
func (r *writeResults) environment(ctx context.Context, pool *pgxpool.Pool, dir string) error {
	if err := r.machine.machine(ctx, pool); err != nil {
		return err
	}
	err := pool.QueryRow(ctx, `SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY name) FROM pg_settings
		WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers')`).Scan(&r.settings)
	if err != nil {
		return fmt.Errorf("ask PostgreSQL for its settings: %w", err)
	}
	if r.disk, err = fileSystem(dir); err != nil {
		return err
	}
	r.sync, err = syncTime(dir)
	return err
}

// fileSystem returns the type of the file system that a directory is on.
func fileSystem(dir string) (string, error) {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return "", fmt.Errorf("ask the kernel for the file system: %w", err)
	}
	at, kind := "", "unknown"
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line) // device, directory, type
		if inside := strings.HasPrefix(dir+"/", strings.TrimSuffix(f[1], "/")+"/"); inside && len(f[1]) >= len(at) {
			at, kind = f[1], f[2]
		}
	}
	return kind, nil
}

// syncTime returns the median time that a page takes to the disk.
func syncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, fmt.Errorf("time the disk: %w", err)
	}
	defer f.Close()
	defer func() { _ = os.Remove(f.Name()) }()
	page, took := make([]byte, 8<<10), make([]time.Duration, 101)
	for i := range took {
		start := time.Now()
		if _, err := f.WriteAt(page, 0); err != nil {
			return 0, fmt.Errorf("time the disk: %w", err)
		}
		if err := f.Sync(); err != nil {
			return 0, fmt.Errorf("time the disk: %w", err)
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// markdown is the report.
func (r *writeResults) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Results of writes\n\nMade by `make bench-writes` on %s. README.md tells what is measured and how.\n\n", time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintf(&out, "%d cores (%s), shared by client, server and PostgreSQL; %s, PostgreSQL %s, %s/%s. Medians of %d rounds of %s.\n\n",
		runtime.NumCPU(), r.machine.cpu, runtime.Version(), r.machine.postgres, runtime.GOOS, runtime.GOARCH, r.rounds, r.length)
	fmt.Fprintf(&out, "PostgreSQL has %s. Its data are on %s, where a page of 8 KiB is synced in %.2f ms.\n\n", r.settings, r.disk, ms(r.sync))
	fmt.Fprintf(&out, "## Goals\n\nThe server's figure over pgbench's; of writes a second at least %.1f is the goal, of p99 at most %.1f.\n\n", leastShare, mostTimesP99)
	fmt.Fprintf(&out, "Others is the most of the processors' time that other programs took meanwhile.\n\n")
	out.WriteString("| write | clients | writes/s | p99 | met | others |\n| --- | --: | --: | --: | --- | --: |\n")
	for _, c := range r.cells {
		share, p99 := c.server.perSecond/c.pgbench.perSecond, ratio(c.server.p99, c.pgbench.p99)
		met := "yes"
		if share < leastShare || p99 > mostTimesP99 {
			met = "**no**"
		}
		fmt.Fprintf(&out, "| %s | %d | %.2f | %.2f | %s | %.0f %% |\n", c.write.title, c.clients, share, p99, met, 100*c.others)
	}
	out.WriteString("\n## Figures\n\nLatencies are in milliseconds; CPU is in milliseconds a write: of the server's process, of PostgreSQL's, and of both.\n\n")
	out.WriteString("| write | clients | | writes/s | p50 | p99 | server | PostgreSQL | both |\n| --- | --: | --- | --: | --: | --: | --: | --: | --: |\n")
	for _, c := range r.cells {
		s, p := c.server, c.pgbench
		fmt.Fprintf(&out, "| %s | %d | server | %.0f | %.2f | %.2f | %.3f | %.3f | %.3f |\n", c.write.title, c.clients,
			s.perSecond, ms(s.p50), ms(s.p99), ms(s.serverCPU), ms(s.totalCPU-s.serverCPU), ms(s.totalCPU))
		fmt.Fprintf(&out, "| %s | %d | pgbench | %.0f | %.2f | %.2f | – | %.3f | – |\n", c.write.title, c.clients,
			p.perSecond, ms(p.p50), ms(p.p99), ms(p.totalCPU))
	}
	return out.String()
}
