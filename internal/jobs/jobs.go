// Package jobs runs the server's periodic maintenance in the background.
package jobs

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/7p-education/api/store"
)

// Job is a task that runs at the start and then at an interval.
type Job struct {
	Name     string
	Interval time.Duration
	// RequestedWithin is the time between two checks whether a run was requested; 0 is Interval.
	RequestedWithin time.Duration
	// Wake also runs the job when it receives; nil never does.
	Wake <-chan struct{}
	// Run runs the job once and returns its report as log attributes, nil if there was nothing to do.
	Run func(context.Context) (report []any, err error)
}

// ServerJobs returns the jobs on the database, of which one server at a time should run each: see Exclusive. Progress
// of videos is stored for retentionMonths; 0 is without end.
func ServerJobs(s *store.Store, retentionMonths int) []Job {
	list := []Job{
		{Name: "partitions", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.EnsurePartitions(ctx, time.Now(), 2)
			return countReport("created_partitions", n), err
		}},
		{Name: "analytics", Interval: 5 * time.Minute, RequestedWithin: 30 * time.Second, Run: func(ctx context.Context) ([]any, error) {
			return nil, s.RefreshAnalytics(ctx)
		}},
		{Name: "related_courses", Interval: 10 * time.Minute, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.RefreshRelatedCourses(ctx, 12*time.Hour)
			return countReport("refreshed_courses", n), err
		}},
		{Name: "sessions", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DeleteExpiredSessions(ctx)
			return countReport("deleted_tokens", n), err
		}},
		{Name: "mail_tokens", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DeleteExpiredMailTokens(ctx)
			return countReport("deleted_tokens", n), err
		}},
		{Name: "idempotent_responses", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DeleteExpiredResponses(ctx)
			return countReport("deleted_responses", n), err
		}},
		{Name: "unused_document_uses", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DeleteUnusedDocumentUses(ctx)
			return countReport("deleted_uses", n), err
		}},
	}
	if retentionMonths > 0 {
		list = append(list, Job{Name: "old_partitions", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DropOldPartitions(ctx, time.Now(), retentionMonths)
			return countReport("dropped_partitions", n), err
		}})
	}
	return list
}

// countReport returns a report of one count, nil for a count of 0.
func countReport(key string, n int) []any {
	if n == 0 {
		return nil
	}
	return []any{key, n}
}

// maxFirstRunDelay limits how long the first run of a job delays that of the next job.
const maxFirstRunDelay = time.Second

// StartPeriodic starts the jobs once ready is closed and runs each at its interval until the context
// ends. The returned channel is closed when all jobs have returned. A failed job is logged and runs
// again after its interval.
//
// The first runs follow one another, except after a long one: together, each would open a connection to the database.
func StartPeriodic(ctx context.Context, log *slog.Logger, ready <-chan struct{}, jobs []Job) <-chan struct{} {
	var wg sync.WaitGroup
	previous := ready
	for _, j := range jobs {
		begin, ran := previous, make(chan struct{})
		previous = ran
		wg.Go(func() {
			select {
			case <-ctx.Done():
				return
			case <-begin:
			}
			j.runPeriodically(ctx, log, sync.OnceFunc(func() { close(ran) }))
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	return done
}

// runPeriodically runs the job at its interval until the context ends. It calls next after the first run, or after
// maxFirstRunDelay.
func (j Job) runPeriodically(ctx context.Context, log *slog.Logger, next func()) {
	ticker := time.NewTicker(cmp.Or(j.RequestedWithin, j.Interval))
	defer ticker.Stop()
	timer := time.AfterFunc(maxFirstRunDelay, next)
	j.runAndLog(ctx, log)
	timer.Stop()
	next()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-j.Wake:
		}
		j.runAndLog(ctx, log)
	}
}

// runAndLog runs the job once. It logs errors and reports, unless the context has ended.
func (j Job) runAndLog(ctx context.Context, log *slog.Logger) {
	start := time.Now()
	report, err := j.Run(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		log.ErrorContext(ctx, "job failed, retried after its interval", "job", j.Name, "error", err)
	case report != nil:
		log.InfoContext(ctx, "job done", append([]any{"job", j.Name, "ms", time.Since(start).Milliseconds()}, report...)...)
	}
}
