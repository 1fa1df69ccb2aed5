package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/jobs"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

func setup(t *testing.T) ([]jobs.Job, *pgxpool.Pool) {
	t.Helper()
	dsn := testdb.NewWithDemo(t)
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return jobs.ServerJobs(s), testdb.OpenPool(t, dsn)
}

// Each job of the server does its work at its first turn and has nothing to do
// at the next.
func TestAll(t *testing.T) {
	t.Parallel()
	list, db := setup(t)
	if _, err := db.Exec(t.Context(), "DELETE FROM course_related; DELETE FROM course_related_made"); err != nil {
		t.Fatal(err)
	}
	for _, j := range list {
		if j.Interval <= 0 || j.Name == "" {
			t.Errorf("%+v has no turn or no name", j)
		}
		if _, err := j.Run(t.Context()); err != nil {
			t.Errorf("%s: %v", j.Name, err)
		}
		if report, err := j.Run(t.Context()); err != nil || report != nil {
			t.Errorf("%s did something again: %v, %v", j.Name, report, err)
		}
	}
	for what, sql := range map[string]string{
		"this month and the two after it": "SELECT count(*) = 3 FROM generate_series(0, 2) n WHERE to_regclass('video_progress_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month', 'YYYY_MM')) IS NOT NULL",
		"related courses":                 "SELECT count(*) > 0 FROM course_related",
		"fresh figures":                   "SELECT min(refreshed_at) > now() - interval '5 minutes' FROM course_analytics",
	} {
		var there bool
		if err := db.QueryRow(t.Context(), sql).Scan(&there); err != nil || !there {
			t.Errorf("%s: %v, %v", what, there, err)
		}
	}
}

// A job that fails is logged and has its next turn; the end of the context ends
// them all.
func TestStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	turns := make(chan int)
	n := 0
	ready := make(chan struct{})
	close(ready)
	done := jobs.StartPeriodic(ctx, slog.New(slog.NewTextHandler(&out, nil)), ready, []jobs.Job{
		{Name: "shaky", Interval: time.Millisecond, Run: func(ctx context.Context) ([]any, error) {
			n++
			select {
			case turns <- n:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if n == 1 {
				return nil, errors.New("no luck")
			}
			return []any{"luck", n}, nil
		}},
		{Name: "rare", Interval: time.Hour, Run: func(context.Context) ([]any, error) { return nil, nil }},
	})
	for want := 1; want <= 3; want++ {
		if got := <-turns; got != want {
			t.Errorf("turn %d, want %d", got, want)
		}
	}
	cancel()
	<-done
	log := out.String()
	if !strings.Contains(log, `error="no luck"`) || !strings.Contains(log, "luck=2") || strings.Contains(log, "rare") || strings.Contains(log, "canceled") {
		t.Errorf("the log is\n%s", log)
	}
}

// Nothing runs before all is ready, not even where that never comes.
func TestStartWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	done := jobs.StartPeriodic(ctx, slog.New(slog.DiscardHandler), make(chan struct{}), []jobs.Job{
		{Name: "early", Interval: time.Millisecond, Run: func(context.Context) ([]any, error) {
			t.Error("a job ran")
			return nil, nil
		}},
	})
	cancel()
	<-done
}
