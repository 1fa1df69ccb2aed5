package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/store"
)

type jobCommands struct {
	List jobsListCommand `cmd:"" help:"List the background jobs and their last runs."`
	Run  jobsRunCommand  `cmd:"" help:"Run a background job now, unless a server runs it."`
}

type jobsListCommand struct{}

// Run lists the jobs of servers with the state of their last runs.
func (*jobsListCommand) Run(ctx context.Context, c *config.Config) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error {
		states, err := db.ListJobs(ctx)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(out, "JOB\tINTERVAL\tLAST SUCCESS\tDURATION\tSTATE")
		for _, j := range jobs.ServerJobs(db.Store, c.ProgressRetentionMonths) {
			i := slices.IndexFunc(states, func(s store.Job) bool { return s.Name == j.Name })
			if i < 0 {
				fmt.Fprintf(out, "%s\t%s\tnever\t\tnever run\n", j.Name, j.Interval)
				continue
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", j.Name, j.Interval, formatTime(states[i].SucceededAt), states[i].Duration, jobState(states[i]))
		}
		return out.Flush()
	})
}

func formatTime(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return at.UTC().Format(time.RFC3339)
}

func jobState(j store.Job) string {
	switch {
	case j.Running:
		return "running since " + formatTime(&j.StartedAt)
	case j.FinishedAt == nil || j.FinishedAt.Before(j.StartedAt):
		return "its server died" // before it recorded the end of the run
	case j.Error != "":
		return fmt.Sprintf("failed %d times: %s", j.Failures, j.Error)
	}
	return "ok"
}

type jobsRunCommand struct {
	Name string `arg:"" help:"Name of the job, as \"7p jobs list\" has it."`
}

// Run runs a job and prints its report.
func (j *jobsRunCommand) Run(ctx context.Context, c *config.Config) error {
	return withPreparedDatabase(ctx, c, func(db *app.Database) error {
		list := jobs.ServerJobs(db.Store, c.ProgressRetentionMonths)
		i := slices.IndexFunc(list, func(job jobs.Job) bool { return job.Name == j.Name })
		if i < 0 {
			names := make([]string, len(list))
			for i, job := range list {
				names[i] = job.Name
			}
			return fmt.Errorf("there is no job %q: the jobs are %s", j.Name, strings.Join(names, ", "))
		}
		start := time.Now()
		report, err := jobs.RunNow(ctx, db.Store, slog.New(slog.NewTextHandler(os.Stderr, nil)), list[i])
		if errors.Is(err, jobs.ErrRunning) {
			return fmt.Errorf("a server runs %s now: \"7p jobs list\" has its state", j.Name)
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s done in %s", j.Name, time.Since(start).Round(time.Millisecond))
		for n := 0; n+1 < len(report); n += 2 {
			fmt.Printf(", %v %v", report[n], report[n+1])
		}
		fmt.Println()
		return nil
	})
}
