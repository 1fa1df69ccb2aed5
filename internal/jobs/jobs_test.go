package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/testdb"
)

func setup(t *testing.T) ([]jobs.Job, *pgxpool.Pool) {
	t.Helper()
	dsn := testdb.NewWithDemo(t)
	return jobs.ServerJobs(openStore(t, dsn), 13), testdb.OpenPool(t, dsn)
}

// TestServerJobs checks that each job of the server does its work in its first run and finds nothing to
// do in the second.
func TestServerJobs(t *testing.T) {
	t.Parallel()
	serverJobs, db := setup(t)
	if _, err := db.Exec(t.Context(), "DELETE FROM course_related; DELETE FROM course_related_made"); err != nil {
		t.Fatal(err)
	}
	for _, j := range serverJobs {
		if j.Interval <= 0 || j.Name == "" {
			t.Errorf("job %+v has no interval or no name", j)
		}
		if _, err := j.Run(t.Context()); err != nil {
			t.Errorf("%s: %v", j.Name, err)
		}
		if report, err := j.Run(t.Context()); err != nil || report != nil {
			t.Errorf("second run of %s reported %v, %v; want nothing to do", j.Name, report, err)
		}
	}
	for name, sql := range map[string]string{
		"partitions of this month and the next two": "SELECT count(*) = 3 FROM generate_series(0, 2) n WHERE to_regclass('video_progress_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month', 'YYYY_MM')) IS NOT NULL",
		"related courses": "SELECT count(*) > 0 FROM course_related",
		"fresh analytics": "SELECT min(refreshed_at) > now() - interval '5 minutes' FROM course_analytics",
	} {
		var exists bool
		if err := db.QueryRow(t.Context(), sql).Scan(&exists); err != nil || !exists {
			t.Errorf("%s: exists %v, error %v", name, exists, err)
		}
	}
}

// TestStartPeriodic checks that a failed job is logged and runs again, and that the end of the context
// stops all jobs.
func TestStartPeriodic(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	runs := make(chan int)
	n := 0
	ready := make(chan struct{})
	close(ready)
	done := jobs.StartPeriodic(ctx, slog.New(slog.NewTextHandler(&out, nil)), ready, []jobs.Job{
		{Name: "fails_first", Interval: time.Millisecond, Run: func(ctx context.Context) ([]any, error) {
			n++
			select {
			case runs <- n:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if n == 1 {
				return nil, errors.New("first run fails")
			}
			return []any{"runs", n}, nil
		}},
		{Name: "nothing_to_do", Interval: time.Hour, Run: func(context.Context) ([]any, error) { return nil, nil }},
	})
	for want := 1; want <= 3; want++ {
		if got := <-runs; got != want {
			t.Errorf("run %d, want %d", got, want)
		}
	}
	cancel()
	<-done
	log := out.String()
	if !strings.Contains(log, `error="first run fails"`) || !strings.Contains(log, "runs=2") || strings.Contains(log, "nothing_to_do") || strings.Contains(log, "canceled") {
		t.Errorf("the log has no failed first run, no report of the second, or more than these:\n%s", log)
	}
}

// TestStartPeriodicWaitsForReady checks that no job runs before ready is closed, even if it never is.
func TestStartPeriodicWaitsForReady(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	done := jobs.StartPeriodic(ctx, slog.New(slog.DiscardHandler), make(chan struct{}), []jobs.Job{
		{Name: "early", Interval: time.Millisecond, Run: func(context.Context) ([]any, error) {
			t.Error("a job ran before ready was closed")
			return nil, nil
		}},
	})
	cancel()
	<-done
}

// A job that is woken runs at once, before its interval.
func TestWokenJob(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ready, wake, runs := make(chan struct{}), make(chan struct{}), make(chan struct{})
	close(ready)
	done := jobs.StartPeriodic(ctx, slog.New(slog.DiscardHandler), ready, []jobs.Job{
		{Name: "woken", Interval: time.Hour, Wake: wake, Run: func(ctx context.Context) ([]any, error) {
			select {
			case runs <- struct{}{}:
			case <-ctx.Done():
			}
			return nil, nil
		}},
	})
	<-runs
	for range 2 {
		wake <- struct{}{}
		<-runs
	}
	cancel()
	<-done
}

// The first runs follow one another, so that they share a connection. A long one delays the next by a second only.
func TestFirstRunsFollowOneAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ready := make(chan struct{})
		start := time.Now()
		begun := make(chan time.Duration, 4)
		job := func(duration time.Duration) jobs.Job {
			return jobs.Job{Interval: time.Hour, Run: func(context.Context) ([]any, error) {
				begun <- time.Since(start)
				time.Sleep(duration)
				return nil, nil
			}}
		}
		const short, long = 10 * time.Millisecond, time.Minute
		done := jobs.StartPeriodic(ctx, slog.New(slog.DiscardHandler), ready, []jobs.Job{job(short), job(long), job(short), job(short)})
		close(ready)
		time.Sleep(long)
		synctest.Wait()
		for i, want := range []time.Duration{0, short, short + time.Second, 2*short + time.Second} {
			if got := <-begun; got != want {
				t.Errorf("the first run of job %d began after %s, want %s", i, got, want)
			}
		}
		cancel()
		<-done
	})
}
