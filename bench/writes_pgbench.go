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
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

// pgbench is the rival: the same SQL from a program in C, without GraphQL or HTTP.
type pgbench struct {
	program, dir, dsn string
	database          *embedpg.Server
	postmaster        string
	variables         []string // that all scripts know
}

// newPgbench finds the pgbench of the running PostgreSQL.
func newPgbench(ctx context.Context, database *embedpg.Server, b *bench, pool *pgxpool.Pool) (*pgbench, error) {
	pid, err := postmaster(database)
	if err != nil {
		return nil, err
	}
	postgres, err := os.Readlink("/proc/" + pid + "/exe")
	if err != nil {
		return nil, fmt.Errorf("find PostgreSQL's programs: %w", err)
	}
	p := &pgbench{
		program: filepath.Join(filepath.Dir(postgres), "pgbench"), dir: b.dir, dsn: pool.Config().ConnString(),
		database: database, postmaster: pid,
	}
	if _, err := exec.LookPath(p.program); err != nil {
		return nil, fmt.Errorf("pgbench is missing; it comes with PostgreSQL's packages: %w", err)
	}
	var users, courses, hot int64
	if err := pool.QueryRow(ctx, "SELECT (SELECT max(id) FROM users), (SELECT max(id) FROM courses)").Scan(&users, &courses); err != nil {
		return nil, fmt.Errorf("count users and courses: %w", err)
	}
	if hot, err = hotCourse(ctx, pool); err != nil {
		return nil, err
	}
	p.variables = []string{fmt.Sprint("users=", users), fmt.Sprint("courses=", courses), fmt.Sprint("hot=", hot)}
	return p, nil
}

// fire runs a script under a load. Its connections have the server's settings
// (see store.Open).
func (p *pgbench) fire(ctx context.Context, l load, file string) (sample, error) {
	seconds := int((l.warm + l.length) / time.Second)
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
	start, spent, err := p.window(ctx, l)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return sample{}, fmt.Errorf("pgbench: %w\n%s", err, output.Bytes())
	}
	return p.read(start, l.length, spent)
}

// window notes what CPU time PostgreSQL spends while the load is measured.
func (p *pgbench) window(ctx context.Context, l load) (start time.Time, spent time.Duration, err error) {
	if err := sleep(ctx, l.warm); err != nil {
		return start, 0, err
	}
	start = time.Now()
	before, err := familyCPU(p.postmaster)
	if err != nil {
		return start, 0, err
	}
	if err := sleep(ctx, l.length); err != nil {
		return start, 0, err
	}
	after, err := familyCPU(p.postmaster)
	return start, after - before, err
}

// read reads pgbench's logs, a line a transaction, and removes them.
func (p *pgbench) read(start time.Time, length, spent time.Duration) (s sample, err error) {
	logs, err := filepath.Glob(filepath.Join(p.dir, "pgbench.*"))
	if err != nil {
		return s, err
	}
	var all []time.Duration
	finished := 0 // within the window
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
	s.quantiles(all)
	s.perSecond = float64(finished) / length.Seconds()
	s.totalCPU = spent / time.Duration(finished)
	return s, nil
}
