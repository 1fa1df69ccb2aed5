package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/7p-education/api/store"
)

// ErrRunning is the error of RunNow for a job that another process runs.
var ErrRunning = errors.New("another process runs this job")

// dueShare is the share of its interval after which a job is due: the clocks of servers tick at other moments.
const dueShare = 0.9

// leaseRenewal is the time between two renewals of a lease; tests shorten it.
var leaseRenewal = store.JobLease / 4

// finishTimeout is how long the record of a job's end may take, also while the server stops.
const finishTimeout = 5 * time.Second

// Exclusive returns jobs that one server at a time runs, once in about their interval however many servers there are.
func Exclusive(s *store.Store, log *slog.Logger, jobs []Job) []Job {
	list := make([]Job, len(jobs))
	for i, j := range jobs {
		list[i] = j
		list[i].Run = func(ctx context.Context) ([]any, error) {
			report, _, err := runExclusively(ctx, s, log, j, time.Duration(dueShare*float64(j.Interval)))
			return report, err
		}
	}
	return list
}

// RunNow runs a job that may not be due.
func RunNow(ctx context.Context, s *store.Store, log *slog.Logger, j Job) (report []any, err error) {
	report, claimed, err := runExclusively(ctx, s, log, j, 0)
	if err == nil && !claimed {
		err = ErrRunning
	}
	return report, err
}

// runExclusively runs a job unless another process runs it, or has begun to less than minAge ago. The run is cancelled
// when its lease cannot be renewed. claimed reports whether it ran.
func runExclusively(ctx context.Context, s *store.Store, log *slog.Logger, j Job, minAge time.Duration) (report []any, claimed bool, err error) {
	run := rand.Text()
	if claimed, err = s.ClaimJob(ctx, j.Name, run, minAge); err != nil || !claimed {
		return nil, false, err
	}
	start := time.Now()
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go keepLease(running, cancel, s, j.Name, run)
	failure := ""
	if report, err = j.Run(running); err != nil {
		if running.Err() != nil {
			err = context.Cause(running)
		}
		if failure = err.Error(); ctx.Err() != nil {
			failure = "the process stopped"
		}
	}
	finish, stop := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer stop()
	if err := s.FinishJob(finish, j.Name, run, time.Since(start), failure); err != nil {
		log.WarnContext(ctx, "the end of a job is not recorded", "job", j.Name, "error", err)
	}
	return report, true, err
}

// keepLease renews a lease until the context is done. It cancels the context when another run has the lease, or when
// the lease may have expired.
func keepLease(ctx context.Context, cancel context.CancelCauseFunc, s *store.Store, name, run string) {
	ticker := time.NewTicker(leaseRenewal)
	defer ticker.Stop()
	for renewed := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		attempt := time.Now()
		held, err := s.RenewJob(ctx, name, run)
		switch {
		case err == nil && held:
			renewed = attempt
		case err == nil, time.Since(renewed) > store.JobLease*3/4:
			cancel(errors.New("the lease of the job was lost"))
			return
		}
	}
}
