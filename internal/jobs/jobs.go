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
	Name  string
	Every time.Duration
	// Run does it once and tells what was done; nil for nothing.
	Run func(context.Context) ([]any, error)
}

// All returns the jobs of the server.
func All(s *store.Store) []Job {
	return []Job{
		{Name: "partitions", Every: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.EnsurePartitions(ctx, time.Now(), 2)
			return counted("made", n), err
		}},
		{Name: "analytics", Every: 5 * time.Minute, Run: func(ctx context.Context) ([]any, error) {
			done, err := s.RefreshAnalytics(ctx, 4*time.Minute)
			if !done {
				return nil, err
			}
			return []any{"refreshed", true}, err
		}},
		{Name: "related", Every: 10 * time.Minute, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.RefreshRelated(ctx, 12*time.Hour)
			return counted("courses", n), err
		}},
		{Name: "sessions", Every: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DeleteExpiredSessions(ctx)
			return counted("expired_tokens", n), err
		}},
		{Name: "answers", Every: time.Hour, Run: func(ctx context.Context) ([]any, error) {
			n, err := s.DeleteExpiredAnswers(ctx)
			return counted("expired_answers", n), err
		}},
	}
}

func counted(what string, n int) []any {
	if n == 0 {
		return nil
	}
	return []any{what, n}
}

// Start runs the jobs from when ready is closed until the context ends; the channel
// is closed once all have returned. A job that fails is logged and tried again at its
// next turn.
func Start(ctx context.Context, log *slog.Logger, ready <-chan struct{}, jobs []Job) <-chan struct{} {
	var wg sync.WaitGroup
	for _, j := range jobs {
		wg.Go(func() {
			select {
			case <-ctx.Done():
				return
			case <-ready:
			}
			turn := time.NewTicker(j.Every)
			defer turn.Stop()
			for {
				j.once(ctx, log)
				select {
				case <-ctx.Done():
					return
				case <-turn.C:
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	return done
}

func (j Job) once(ctx context.Context, log *slog.Logger) {
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
