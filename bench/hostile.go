package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
)

// hostileScenario measures what hostile callers can do to a server with the default limits. Each has a
// file hostile_….go, and is a section of the report.
type hostileScenario struct {
	title   string
	measure func(context.Context, *hostileBenchmark) ([]hostileFigure, error)
}

var hostileScenarios = []hostileScenario{
	{"large responses", measureLargeResponses},
	{"connections of one address", measureConnections},
	{"variables of one address", measureVariables},
}

// hostileFigure is a line of the report. The goal is "" for a figure without one.
type hostileFigure struct {
	name, value, goal string
	met               bool
}

// hostileBenchmark is a run of the scenarios, on a copy of the database.
type hostileBenchmark struct {
	*benchmark
	pool *pgxpool.Pool // of the copy
	dsn  string
}

// errGoalMissed reports that a goal of a report is not met.
var errGoalMissed = errors.New("a goal is not met: see the report")

// benchmarkHostile runs the scenarios and returns the report.
func benchmarkHostile(ctx context.Context, database *embedpg.Server, o options) (report string, err error) {
	b, err := newBenchmark(ctx, database.DSN())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	dsn, drop, err := copyDatabase(ctx, database)
	if err != nil {
		return "", fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, drop()) }()
	h := &hostileBenchmark{benchmark: b, dsn: dsn}
	if h.pool, err = pgxpool.New(ctx, dsn); err != nil {
		return "", fmt.Errorf("open the copy: %w", err)
	}
	defer h.pool.Close()
	m, err := readMachine(ctx, h.pool)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	writeHeader(&out, "Hostile callers", "bench-hostile", "-hostile")
	fmt.Fprintf(&out, "%s\n", m)
	for _, s := range hostileScenarios {
		if o.operation != "" && !strings.EqualFold(o.operation, s.title) {
			continue
		}
		printStatus("%s", s.title)
		figures, err := s.measure(ctx, h)
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.title, err)
		}
		writeFigures(&out, s.title, figures)
	}
	return out.String(), nil
}

// writeFigures writes the section of a scenario.
func writeFigures(out *strings.Builder, title string, figures []hostileFigure) {
	fmt.Fprintf(out, "\n## %s\n\n| figure | value | goal | met |\n| --- | --: | --: | --- |\n", strings.ToUpper(title[:1])+title[1:])
	for _, f := range figures {
		verdict := ""
		if f.goal != "" {
			verdict = formatVerdict(f.met)
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", f.name, f.value, f.goal, verdict)
	}
}

// missesGoal reports whether a report has a goal that is not met.
func missesGoal(report string) bool { return strings.Contains(report, "| "+formatVerdict(false)+" |") }

// launchHostileServer starts a server with the default limits, on the copy of the database. It takes the
// address of a caller from X-Forwarded-For.
func (h *hostileBenchmark) launchHostileServer(ctx context.Context, settings ...string) (*contender, error) {
	defaults := []string{"DATABASE_URL=" + h.dsn, "RATE_LIMIT=100/15m", "RESPONSE_CACHE=on", "TRUSTED_PROXIES=127.0.0.0/8"}
	return h.launchServer(ctx, append(defaults, settings...)...)
}
