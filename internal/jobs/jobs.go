// Package jobs runs what has to be done again and again beside the requests. It
// must never know of GraphQL or HTTP.
package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/7p-education/api/store"
)

// Job is something done at the start and then every so often.
type Job struct {
	Name     string
	Interval time.Duration
	// Run does it once and tells what was done; nil for nothing.
	Run func(context.Context) ([]any, error)
}

// ServerJobs returns the jobs of the server.
func ServerJobs(s *store.Store) []Job {
	return []Job{
		{Name: "partitions", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.EnsurePartitions(ctx, time.Now(), 2)
			return countReport("made", n), err
		}},
		{Name: "analytics", Interval: 5 * time.Minute, Run: func(ctx context.Context) ([]any, error) {
			done, err := s.RefreshAnalytics(ctx, 4*time.Minute)
			if !done {
				return nil, err
			}
			return []any{"refreshed", true}, err
		}},
		{Name: "related", Interval: 10 * time.Minute, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.RefreshRelatedCourses(ctx, 12*time.Hour)
			return countReport("courses", n), err
		}},
		{Name: "sessions", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DeleteExpiredSessions(ctx)
			return countReport("expired_tokens", n), err
		}},
		{Name: "answers", Interval: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DeleteExpiredResponses(ctx)
			return countReport("expired_answers", n), err
		}},
	}
}

func countReport(what string, n int) []any {
	if n == 0 {
		return nil
	}
	return []any{what, n}
}

// StartPeriodic runs the jobs from when ready is closed until the context ends; the channel
// is closed once all have returned. A job that fails is logged and tried again at its
// next turn.
func StartPeriodic(ctx context.Context, log *slog.Logger, ready <-chan struct{}, jobs []Job) <-chan struct{} {
	var wg sync.WaitGroup
	for _, j := range jobs {
		wg.Go(func() {
			select {
			case <-ctx.Done():
				return
			case <-ready:
			}
			ticker := time.NewTicker(j.Interval)
			defer ticker.Stop()
			for {
				j.runAndLog(ctx, log)
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	return done
}

func (j Job) runAndLog(ctx context.Context, log *slog.Logger) {
	start := time.Now()
	report, err := j.Run(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		log.ErrorContext(ctx, "a job failed; it is tried again at its next turn", "job", j.Name, "error", err)
	case report != nil:
		log.InfoContext(ctx, "a job ran", append([]any{"job", j.Name, "ms", time.Since(start).Milliseconds()}, report...)...)
	}
}
