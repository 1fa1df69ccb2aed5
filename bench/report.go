package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/procfs"
)

// machine is the environment of a run.
type machine struct {
	cpu, postgres string
	redis         string // version; "" for a run without Redis
}

// readMachine reads the model of the processor and the version of PostgreSQL.
func readMachine(ctx context.Context, pool *pgxpool.Pool) (m machine, err error) {
	if err := pool.QueryRow(ctx, "SHOW server_version").Scan(&m.postgres); err != nil {
		return m, fmt.Errorf("read PostgreSQL's version: %w", err)
	}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return m, err
	}
	processors, err := fs.CPUInfo()
	if err != nil {
		return m, fmt.Errorf("read the model of the processor: %w", err)
	}
	if len(processors) > 0 {
		m.cpu = processors[0].ModelName
	}
	return m, nil
}

// String returns the sentence of a report about the machine.
func (m machine) String() string {
	programs, redis := "server and PostgreSQL", ""
	if m.redis != "" {
		programs, redis = "server, PostgreSQL and Redis", ", Redis "+m.redis
	}
	return fmt.Sprintf("%d cores (%s), shared by client, %s; %s, PostgreSQL %s%s, %s/%s.",
		runtime.NumCPU(), m.cpu, programs, runtime.Version(), m.postgres, redis, runtime.GOOS, runtime.GOARCH)
}

// writeHeader writes the title of a report, and the make target and the day of the run. mode is the
// flag that the target sets, or "".
func writeHeader(out *strings.Builder, title, target, mode string) {
	command := "make " + target
	if args := slices.DeleteFunc(slices.Clone(os.Args[1:]), func(arg string) bool { return arg == mode }); len(args) > 0 {
		command += " BENCH_ARGS='" + strings.Join(args, " ") + "'"
	}
	fmt.Fprintf(out, "# %s\n\nMeasured by `%s` on %s. README.md describes the method.\n\n", title, command, time.Now().UTC().Format(time.DateOnly))
}

// formatVerdict returns the entry of a column "met".
func formatVerdict(met bool) string {
	if met {
		return "yes"
	}
	return "**no**"
}

func durationRatio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
