package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

// pgbench is the contender of the server: a program in C that sends the same SQL, without GraphQL or
// HTTP.
type pgbench struct {
	program, dir, dsn string
	database          *embedpg.Server
	postmasterPID     int
	variables         []string // of all scripts
}

// newPgbench finds the pgbench of the running PostgreSQL.
func newPgbench(ctx context.Context, database *embedpg.Server, b *benchmark, pool *pgxpool.Pool) (*pgbench, error) {
	pid, err := postmasterPID(database)
	if err != nil {
		return nil, err
	}
	postgres, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return nil, fmt.Errorf("find PostgreSQL's programs: %w", err)
	}
	p := &pgbench{
		program: filepath.Join(filepath.Dir(postgres), "pgbench"), dir: b.dir, dsn: pool.Config().ConnString(),
		database: database, postmasterPID: pid,
	}
	if _, err := exec.LookPath(p.program); err != nil {
		return nil, fmt.Errorf("pgbench not found; install PostgreSQL's packages: %w", err)
	}
	var users, courses, hot int64
	if err := pool.QueryRow(ctx, "SELECT (SELECT max(id) FROM users), (SELECT max(id) FROM courses)").Scan(&users, &courses); err != nil {
		return nil, fmt.Errorf("count users and courses: %w", err)
	}
	if hot, err = findHotCourse(ctx, pool); err != nil {
		return nil, err
	}
	p.variables = []string{fmt.Sprint("users=", users), fmt.Sprint("courses=", courses), fmt.Sprint("hot=", hot)}
	return p, nil
}

// runScript runs a script with a load. Its connections have the settings of the server's (store.Open).
func (p *pgbench) runScript(ctx context.Context, l loadProfile, file string) (sample, error) {
	seconds := int((l.warmup + l.duration) / time.Second)
	args := []string{
		"--no-vacuum", "--protocol=prepared", "--log", "--log-prefix=pgbench", "--random-seed=7",
		fmt.Sprint("--client=", l.connections), fmt.Sprint("--jobs=", min(2, l.connections)),
		fmt.Sprint("--time=", seconds), "--file=" + file, "--define=i=0", fmt.Sprint("--define=clients=", l.connections),
	}
	for _, v := range p.variables {
		args = append(args, "--define="+v)
	}
	cmd := exec.CommandContext(ctx, p.program, append(args, p.dsn)...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "PGOPTIONS=-c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC -c statement_timeout=5000")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return sample{}, fmt.Errorf("start pgbench: %w", err)
	}
	w, err := l.measureWindow(ctx, new(atomic.Int64), newCPUMeter(nil, p.postmasterPID, nil))
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return sample{}, fmt.Errorf("pgbench: %w\n%s", err, output.Bytes())
	}
	return p.readLogs(w.start, l.duration, w.cpu.database)
}

// readLogs reads pgbench's logs, which have one line per transaction, and removes them.
func (p *pgbench) readLogs(start time.Time, length, databaseCPU time.Duration) (s sample, err error) {
	logs, err := filepath.Glob(filepath.Join(p.dir, "pgbench.*"))
	if err != nil {
		return s, err
	}
	var all []time.Duration
	finished := 0 // in the window
	for _, file := range logs {
		text, err := os.ReadFile(file)
		if err != nil {
			return s, fmt.Errorf("read pgbench's log: %w", err)
		}
		for line := range bytes.Lines(text) {
			var client, number, micros, script, second, micro int64
			if _, err := fmt.Sscan(string(line), &client, &number, &micros, &script, &second, &micro); err != nil {
				return s, fmt.Errorf("read pgbench's log: %q: %w", line, err)
			}
			took, end := time.Duration(micros)*time.Microsecond, time.Unix(second, micro*1000).Sub(start)
			s.answered++
			if end > 0 && end <= length {
				finished++
			}
			if begin := end - took; begin > 0 && begin <= length {
				all = append(all, took)
			}
		}
		if err := os.Remove(file); err != nil {
			return s, fmt.Errorf("remove pgbench's log: %w", err)
		}
	}
	if finished == 0 || len(all) == 0 {
		return s, fmt.Errorf("no transaction ended within %s", length)
	}
	slices.Sort(all)
	s.setPercentiles(all)
	s.perSecond = float64(finished) / length.Seconds()
	s.totalCPU = databaseCPU / time.Duration(finished)
	return s, nil
}
